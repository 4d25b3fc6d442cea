"""Azure Blob Storage, with the key of an account, a shared access signature (SAS), or nothing for open containers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from swath.adapters.datasource.dialect import Explanation, ListingQuery, Page, Right, StoredObject, content_type_of
from swath.adapters.datasource.exchange import Answer, Request
from swath.adapters.datasource.xml_stores import (
    XmlStore,
    error_code,
    http_date_milliseconds,
    parse_xml,
)
from swath.core.errors import InvalidConfig
from swath.wire.endpoints import check_endpoint
from swath.wire.locations import Location

API_VERSION = "2021-12-02"

KEYS_PER_PAGE = 5000  # the most there is

_EXPIRED = Explanation(reason="the shared access signature has expired", hint="Give a new SAS.")
_WORDS: Mapping[str, Explanation] = {
    "InvalidAuthenticationInfo": Explanation(
        reason="the store cannot read the credentials", hint="Check `account_key` or `sas_token`: were they cut off?"
    ),
    "BlobArchived": Explanation(reason="the blob is archived", hint="Rehydrate it first, or leave it away."),
    "AccountIsDisabled": Explanation(reason="the storage account is disabled"),
    "KeyBasedAuthenticationNotPermitted": Explanation(
        reason="the storage account takes no account keys", hint="Give a SAS that a user signed (user delegation)."
    ),
    "PublicAccessNotPermitted": Explanation(
        reason="the storage account lets nobody in without credentials", hint="Give an account key or a SAS."
    ),
    "AuthorizationSourceIPMismatch": Explanation(reason="the SAS is for other addresses than this machine's"),
    "AuthorizationProtocolMismatch": Explanation(reason="the SAS is for https alone"),
    "AuthorizationServiceMismatch": Explanation(
        reason="the SAS is not for blobs", hint="Make one whose services (`ss`) hold `b`."
    ),
}
_SIGNED_HEADERS = (
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureKeys:
    """Who asks: an account key (raw bytes) or a SAS (a query without `?`), or neither."""

    account_key: bytes = field(repr=False, default=b"")
    sas_token: str = field(repr=False, default="")


def azure_dialect(bucket: Location, access: Mapping[str, str] | None, endpoint: str) -> AzureDialect:
    """The dialect of a container. Raises InvalidConfig."""
    given = _machine_access() if access is None else dict(access)
    account = bucket.account or given.get("account_name", "")
    if bucket.account and given.get("account_name", bucket.account) != bucket.account:
        if access is not None:
            raise InvalidConfig(
                f"`{bucket.uri}` is of another account than `{given['account_name']}`", field="credentials.account_name"
            )
        given = {}  # the machine's keys are those of another account
    endpoint = endpoint or given.get("endpoint", "")
    if not account:
        raise InvalidConfig(
            f"`{bucket.uri}` does not say of which account it is",
            field="credentials.account_name",
            hint=f"Give `account_name`, or write `az://{bucket.bucket}@ACCOUNT`.",
        )
    return AzureDialect(
        bucket.bucket,
        account=account,
        endpoint=endpoint or f"https://{account}.blob.core.windows.net",
        keys=_keys_of(given),
    )


def _keys_of(given: Mapping[str, str]) -> AzureKeys:
    sas = given.get("sas_token", "").strip().lstrip("?")
    key = given.get("account_key", "").strip()
    if "sig=" in key:  # people put a SAS where a key is asked for; no key looks like one
        sas, key = sas or key.lstrip("?"), ""
    if sas:
        if "sig" not in parse_qs(sas):
            raise InvalidConfig(
                "The shared access signature has no `sig`",
                field="credentials.sas_token",
                hint="Copy the whole SAS token.",
            )
        return AzureKeys(sas_token=sas)
    try:
        return AzureKeys(account_key=base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        pass
    raise InvalidConfig(
        "The account key is none: keys of storage accounts are base64",
        field="credentials.account_key",
        hint="Copy it anew from the page `Access keys` of the storage account.",
    )


def _machine_access() -> dict[str, str]:
    """What the environment holds, by the names that Azure's own tools read."""
    environ = os.environ
    said = dict(
        part.split("=", 1) for part in environ.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";") if "=" in part
    )
    protocol, suffix = said.get("DefaultEndpointsProtocol", "https"), said.get("EndpointSuffix", "")
    account = (
        environ.get("AZURE_STORAGE_ACCOUNT_NAME") or environ.get("AZURE_STORAGE_ACCOUNT") or said.get("AccountName", "")
    )
    endpoint = environ.get("AZURE_STORAGE_ENDPOINT") or said.get("BlobEndpoint", "")
    if not endpoint and suffix and account:
        endpoint = f"{protocol}://{account}.blob.{suffix}"
    found = {
        "account_name": account,
        "account_key": environ.get("AZURE_STORAGE_ACCOUNT_KEY")
        or environ.get("AZURE_STORAGE_KEY")
        or said.get("AccountKey", ""),
        "sas_token": environ.get("AZURE_STORAGE_SAS_TOKEN") or said.get("SharedAccessSignature", ""),
        "endpoint": check_endpoint(endpoint, field="AZURE_STORAGE_CONNECTION_STRING") if endpoint else "",
    }
    return {name: value for name, value in found.items() if value}


class AzureDialect(XmlStore):
    """Requests for one container."""

    permissions: Mapping[Right, str] = {
        Right.LIST: "sp=l",
        Right.READ: "sp=r",
        Right.WRITE: "sp=c",
        Right.OVERWRITE: "sp=w",
        Right.DELETE: "sp=d",
    }
    lists_after = False

    def __init__(self, container: str, *, account: str, endpoint: str, keys: AzureKeys) -> None:
        self._container = container
        self._account = account
        self._endpoint = endpoint
        self._keys = keys

    @property
    def is_anonymous(self) -> bool:
        return not self._keys.account_key and not self._keys.sas_token

    @property
    def url(self) -> str:
        return f"{self._endpoint}/{self._container}"

    def list_objects(self, query: ListingQuery) -> Request:
        fields = {"restype": "container", "comp": "list", "maxresults": str(KEYS_PER_PAGE)}
        if query.prefix:
            fields["prefix"] = query.prefix
        if not query.flat:
            fields["delimiter"] = "/"
        if query.token:
            fields["marker"] = query.token
        return self._signed("GET", self.url, fields=fields)

    def page(self, answer: Answer) -> Page:
        root = parse_xml(answer.body)
        if root.tag != "EnumerationResults":
            raise ValueError("not a listing")
        blobs = root.find("Blobs")
        return Page(
            objects=[
                _object_of(item)
                for item in (() if blobs is None else blobs.iterfind("Blob"))
                # With a hierarchical namespace folders are listed too; they are no objects.
                if item.findtext("Properties/ResourceType") != "directory"
            ],
            folders=[_name_of(item) for item in (() if blobs is None else blobs.iterfind("BlobPrefix"))],
            next_token=root.findtext("NextMarker") or "",
        )

    def write(self, key: str, data: bytes, *, create: bool) -> Request:
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": content_type_of(key)}
        if create:
            headers["If-None-Match"] = "*"
        return self._signed("PUT", self._url(key), headers, body=data)

    def read_url(self, key: str, expires_s: int) -> str | None:
        """Signed for this blob alone. None with a SAS: it cannot be narrowed, and whoever got the URL would have it."""
        if self._keys.sas_token:
            return None
        url = self._url(key)
        return f"{url}?{self._blob_sas(key, expires_s)}" if self._keys.account_key else url

    def code(self, answer: Answer) -> str:
        return answer.headers.get("x-ms-error-code", "") or error_code(answer.body)

    def is_missing_bucket(self, answer: Answer) -> bool:
        return self.code(answer) in ("ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled")

    def explain(self, code: str, answer: Answer) -> Explanation | None:
        if answer.status == 403 and self._has_expired():
            return _EXPIRED
        if code in ("AuthenticationFailed", "AuthorizationFailure") and not self.is_anonymous:
            firewall = (
                " The account's firewall may also keep this machine out." if code == "AuthorizationFailure" else ""
            )
            if self._keys.sas_token:
                return Explanation(
                    reason="the store does not accept the shared access signature",
                    hint=f"Check `sas_token`: it may not hold yet, or its key was changed.{firewall}",
                )
            return Explanation(
                reason="the store does not accept the account key",
                hint=f"Check `account_name` and `account_key`, and the clock of this machine.{firewall}",
            )
        if code == "ResourceNotFound" and self.is_anonymous:
            return Explanation(
                reason="it is not there, or not open to everybody", hint="Check its name, or give credentials."
            )
        return _WORDS.get(code)

    def adapts_to(self, answer: Answer) -> bool:
        return False

    def _has_expired(self) -> bool:
        ends = parse_qs(self._keys.sas_token).get("se", [""])[0]
        try:
            end = datetime.fromisoformat(ends)
        except ValueError:
            return False
        return (end if end.tzinfo else end.replace(tzinfo=UTC)) < datetime.now(UTC)

    def _url(self, key: str) -> str:
        return f"{self.url}/{quote(key, safe='/-._~')}"

    def _signed(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Request:
        query = urlencode(fields or {}, quote_via=quote)
        if self._keys.sas_token:
            query = f"{query}&{self._keys.sas_token}" if query else self._keys.sas_token
        whole = {
            **(headers or {}),
            "x-ms-version": API_VERSION,
            "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
        }
        if method == "PUT":
            whole["Content-Length"] = str(len(body))
        if self._keys.account_key:
            text = _text_to_sign(method, self._account, url, query, whole)
            whole["Authorization"] = f"SharedKey {self._account}:{self._signature(text)}"
        return Request(method=method, url=f"{url}?{query}" if query else url, headers=whole, body=body)

    def _signature(self, text: str) -> str:
        return base64.b64encode(hmac.new(self._keys.account_key, text.encode(), hashlib.sha256).digest()).decode()

    def _blob_sas(self, key: str, expires_s: int) -> str:
        """A service SAS: what the store checks, in its order, empty lines for what is not used."""
        expiry = (datetime.now(UTC) + timedelta(seconds=expires_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
        resource = f"/blob/{self._account}/{self._container}/{key}"
        signed = ["r", "", expiry, resource, "", "", "", API_VERSION, "b", "", "", "", "", "", "", ""]
        fields = {"sv": API_VERSION, "sr": "b", "sp": "r", "se": expiry, "sig": self._signature("\n".join(signed))}
        return urlencode(fields, quote_via=quote)


def _text_to_sign(method: str, account: str, url: str, query: str, headers: Mapping[str, str]) -> str:
    """What a shared key signs: verb, headers and resource in the order that the store lays down."""
    lines = [method]
    for name in _SIGNED_HEADERS:
        value = headers.get(name, "")
        lines.append("" if name == "Content-Length" and value == "0" else value)
    lines += sorted(f"{name}:{value}" for name, value in headers.items() if name.startswith("x-ms-"))
    lines.append(f"/{account}{urlsplit(url).path}")
    lines += sorted(f"{name.lower()}:{value}" for name, value in parse_qsl(query, keep_blank_values=True))
    return "\n".join(lines)


def _object_of(item: ET.Element) -> StoredObject:
    return StoredObject(
        key=_name_of(item),
        size=int(item.findtext("Properties/Content-Length") or 0),
        version=(item.findtext("Properties/Etag") or "").strip('"'),
        modified_at=http_date_milliseconds(item.findtext("Properties/Last-Modified") or ""),
    )


def _name_of(item: ET.Element) -> str:
    """The name of a blob; those that XML cannot hold come percent-encoded."""
    name = item.find("Name")
    if name is None:
        raise ValueError("a blob without a name")
    text = name.text or ""
    return unquote(text) if name.get("Encoded") == "true" else text
