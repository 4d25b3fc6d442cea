"""Google Cloud Storage, by its JSON interface. `google-auth` finds credentials, `google-cloud-storage` signs URLs."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from swath.adapters.datasource.dialect import (
    CredentialsUnavailable,
    Explanation,
    ListingQuery,
    Page,
    Right,
    StoredObject,
    content_type_of,
)
from swath.adapters.datasource.exchange import Answer, Request
from swath.core.errors import InvalidConfig
from swath.wire.endpoints import check_endpoint
from swath.wire.locations import Location

GOOGLE_ENDPOINT = "https://storage.googleapis.com"
KEYS_PER_PAGE = 1000  # the most there is
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"

_OBJECT_FIELDS = "name,size,generation,updated"
_SERVICE_ACCOUNT_FIELDS = ("type", "project_id", "private_key_id", "private_key", "client_email", "token_uri")
_BOUNDARY = "swath-8d1c6a6f0f5b4c0f"


def gcs_dialect(bucket: Location, access: Mapping[str, str] | None, endpoint: str) -> GcsDialect:
    """The dialect of a bucket. Raises InvalidConfig."""
    if access is None:
        credentials = _machine_credentials()
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
        if not endpoint and emulator:
            url = emulator if "://" in emulator else f"http://{emulator}"
            endpoint = check_endpoint(url, field="STORAGE_EMULATOR_HOST")
    else:
        text = access.get("service_account", "")
        credentials = _service_account(text) if text else None
    return GcsDialect(bucket.bucket, endpoint=endpoint or GOOGLE_ENDPOINT, credentials=credentials)


def _service_account(text: str) -> Any:
    from google.oauth2 import service_account

    try:
        info = json.loads(text)
        if not isinstance(info, dict) or info.get("type") != "service_account":
            raise ValueError
        # Tokens are signed here with the key itself. The other way would be to ask whatever address the document
        # names for one: a request that whoever gives credentials to a server could send to anywhere.
        info = {name: info[name] for name in _SERVICE_ACCOUNT_FIELDS if name in info}
        credentials: Any = service_account.Credentials
        return credentials.from_service_account_info(info, scopes=[SCOPE], always_use_jwt_access=True)
    except ValueError:
        pass
    raise InvalidConfig(
        "The service account is none: it is the JSON document of its key",
        field="credentials.service_account",
        hint="Make a key for the service account, in the format JSON, and give the whole document.",
    )


def _machine_credentials() -> Any:
    """What Google's libraries find on this machine (application default credentials), None if there is nothing."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        return google.auth.default(scopes=[SCOPE])[0]
    except DefaultCredentialsError:
        if not os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
            return None
    except (GoogleAuthError, OSError, ValueError):
        pass
    raise InvalidConfig(
        "This machine's credentials for Google Cloud cannot be used",
        hint="Check the file that `GOOGLE_APPLICATION_CREDENTIALS` names.",
    )


class GcsDialect:
    """Requests for one bucket. `credentials` are google-auth's, None to sign nothing."""

    permissions: Mapping[Right, str] = {
        Right.LIST: "storage.objects.list",
        Right.READ: "storage.objects.get",
        Right.WRITE: "storage.objects.create",
        Right.OVERWRITE: "storage.objects.delete",  # to replace an object is to delete the one before
        Right.DELETE: "storage.objects.delete",
    }
    lists_after = True

    def __init__(self, bucket: str, *, endpoint: str, credentials: Any) -> None:
        self._bucket = bucket
        self._endpoint = endpoint
        self._credentials = credentials
        self._client: Any = None  # of google-cloud-storage; signs, is never sent anywhere
        self._token: Callable[[], str] = _Tokens(credentials) if credentials is not None else lambda: ""

    @property
    def is_anonymous(self) -> bool:
        return self._credentials is None

    @property
    def url(self) -> str:
        return f"{self._endpoint}/storage/v1/b/{quote(self._bucket, safe='')}"

    def list_objects(self, query: ListingQuery) -> Request:
        fields = {
            "maxResults": str(KEYS_PER_PAGE),
            "fields": f"items({_OBJECT_FIELDS}),prefixes,nextPageToken",
            "prefix": query.prefix,
            "startOffset": query.after,  # inclusive; nothing has the name that it is used with
            "delimiter": "" if query.flat else "/",
            "pageToken": query.token,
        }
        used = {name: value for name, value in fields.items() if value}
        return self._request("GET", f"{self.url}/o?{urlencode(used, quote_via=quote)}")

    def page(self, answer: Answer) -> Page:
        document = orjson.loads(answer.body)
        if not isinstance(document, dict):
            raise ValueError("not a listing")
        return Page(
            objects=[_object_of(item) for item in document.get("items", ())],
            folders=document.get("prefixes", ()),
            next_token=document.get("nextPageToken", ""),
        )

    def look_up(self, key: str) -> Request:
        return self._request("GET", f"{self._url(key)}?fields={quote(_OBJECT_FIELDS)}")

    def found(self, key: str, answer: Answer) -> StoredObject:
        return _object_of(orjson.loads(answer.body))

    def read(self, key: str, start: int, end: int, version: str) -> Request:
        fields = {"alt": "media"} | ({"ifGenerationMatch": version} if version else {})
        # Objects that are kept compressed are read as they are kept: else ranges and sizes would mean something else.
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "gzip"}
        return self._request("GET", f"{self._url(key)}?{urlencode(fields)}", headers)

    def version_of(self, answer: Answer) -> str:
        return answer.headers.get("x-goog-generation", "")

    def write(self, key: str, data: bytes, *, create: bool) -> Request:
        kind = content_type_of(key)
        head = orjson.dumps({"name": key, "contentType": kind})
        body = b"".join(
            (
                f"--{_BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode(),
                head,
                f"\r\n--{_BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n".encode(),
                data,
                f"\r\n--{_BOUNDARY}--\r\n".encode(),
            )
        )
        bucket = quote(self._bucket, safe="")
        condition = "&ifGenerationMatch=0" if create else ""
        return self._request(
            "POST",
            f"{self._endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=multipart{condition}",
            {"Content-Type": f"multipart/related; boundary={_BOUNDARY}"},
            body,
        )

    def delete(self, key: str) -> Request:
        return self._request("DELETE", self._url(key))

    def read_url(self, key: str, expires_s: int) -> str | None:
        """None where the credentials can get at objects but sign nothing (a user's own login)."""
        if self._credentials is None:
            return f"{self._endpoint}/{self._bucket}/{quote(key, safe='/-._~')}"
        from google.auth.credentials import Signing

        options: dict[str, Any] = {"credentials": self._credentials}
        if not isinstance(self._credentials, Signing):
            email = getattr(self._credentials, "service_account_email", "")
            if not email:
                return None
            # Credentials of a machine in the cloud have no key at hand: the service signs for them.
            options |= {"service_account_email": email, "access_token": self._token()}
        return str(
            self._blob(key).generate_signed_url(
                version="v4",
                expiration=timedelta(seconds=expires_s),
                method="GET",
                api_access_endpoint=self._endpoint,
                **options,
            )
        )

    def _blob(self, key: str) -> Any:
        from google.cloud.storage import Client

        if self._client is None:
            self._client = Client(project="any", credentials=self._credentials)
        return self._client.bucket(self._bucket).blob(key)

    def code(self, answer: Answer) -> str:
        try:
            error = orjson.loads(answer.body)["error"]
            return str(error["errors"][0]["reason"])
        except (ValueError, KeyError, TypeError, IndexError):
            return ""

    def is_missing_bucket(self, answer: Answer) -> bool:
        # The word for a missing bucket is that for a missing object; only the sentence tells them apart.
        return answer.status == 404 and b"bucket does not exist" in answer.body

    def explain(self, code: str, answer: Answer) -> Explanation | None:
        if answer.status == 401 and not self.is_anonymous:
            return Explanation(
                reason="the store does not accept the credentials",
                hint="Was the key of the service account deleted? Is the clock of this machine right?",
            )
        if code == "userProjectMissing":
            return Explanation(reason="who asks has to pay for this bucket, which is not supported")
        if code in ("accountDisabled", "billingNotEnabled"):
            return Explanation(reason="the project's billing account is closed")
        return None

    def adapts_to(self, answer: Answer) -> bool:
        return False

    def _url(self, key: str) -> str:
        return f"{self.url}/o/{quote(key, safe='')}"

    def _request(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        token = self._token()
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return Request(method=method, url=url, headers={**(headers or {}), **authorization}, body=body)


class _Tokens:
    """The access token of this instant. google-auth's credentials are not safe to renew from several threads."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()

    def __call__(self) -> str:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.urllib3 import Request as Transport
        from urllib3 import PoolManager

        with self._lock:
            try:
                if not self._credentials.valid:
                    transport: Any = Transport
                    self._credentials.refresh(transport(PoolManager()))
                return str(self._credentials.token)
            except GoogleAuthError:
                pass
        raise CredentialsUnavailable(
            Explanation(
                reason="no access token can be had with the credentials",
                hint="Was the key of the service account deleted? Log in again, or give another.",
            )
        )


def _object_of(item: Mapping[str, Any]) -> StoredObject:
    """What a document says of an object. Raises ValueError if it says something else."""
    try:
        return StoredObject(
            key=item["name"],
            size=int(item.get("size", 0)),
            version=str(item["generation"]),
            modified_at=int(datetime.fromisoformat(item["updated"]).timestamp() * 1000),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError("not the description of an object") from exc
