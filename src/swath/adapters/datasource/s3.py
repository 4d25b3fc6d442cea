"""Amazon S3 and what speaks like it: MinIO, Ceph, Huawei OBS, ….

Requests are signed by botocore, which also finds the machine's credentials and assumes roles.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode, urlsplit

from swath.adapters.datasource.dialect import (
    Explanation,
    ListingQuery,
    Page,
    Right,
    StoredObject,
    content_type_of,
)
from swath.adapters.datasource.exchange import Answer, Request
from swath.adapters.datasource.xml_stores import XmlStore, parse_xml

DEFAULT_REGION = "us-east-1"

KEYS_PER_PAGE = 1000  # the most there is

_UNRESERVED = "-._~"
_HOST_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_EXPIRED = Explanation(
    reason="the credentials have expired", hint="Session tokens end after some hours: give new credentials."
)
_WORDS: Mapping[str, Explanation] = {
    "InvalidAccessKeyId": Explanation(
        reason="the store does not know the access key", hint="Check `access_key_id`: was the key deleted?"
    ),
    "SignatureDoesNotMatch": Explanation(
        reason="the secret access key is not that of the access key", hint="Check `secret_access_key`."
    ),
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": Explanation(
        reason="the session token is not that of the access key", hint="Check `session_token`, or leave it away."
    ),
    "InvalidClientTokenId": Explanation(
        reason="the store does not know the access key", hint="Check `access_key_id` and `session_token`."
    ),
    "RequestTimeTooSkewed": Explanation(reason="the clock of this machine is wrong", hint="Set the clock."),
    "InvalidObjectState": Explanation(reason="the object is archived", hint="Restore it first, or leave it away."),
    "AccountProblem": Explanation(reason="the store has closed the account"),
    "AllAccessDisabled": Explanation(reason="the store has closed the bucket"),
    "KMS.DisabledException": Explanation(reason="the KMS key is disabled", hint="Enable it, or set another `kms_key`."),
    "KMS.NotFoundException": Explanation(reason="there is no such KMS key", hint="Check `kms_key` and its region."),
}
_AFTER_KEY = "\0after "
_KMS_RIGHT = re.compile(rb"kms:[A-Za-z]{1,40}")
_ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect", "MovedPermanently"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys of S3 and what speaks like it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False, default="")


class S3Dialect(XmlStore):
    """Requests for one bucket. `credentials` gives the keys of this instant, None to sign nothing."""

    permissions: Mapping[Right, str] = {
        Right.LIST: "s3:ListBucket",
        Right.READ: "s3:GetObject",
        Right.WRITE: "s3:PutObject",
        Right.OVERWRITE: "s3:PutObject",
        Right.DELETE: "s3:DeleteObject",
    }
    lists_after = True

    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str = "",
        region: str = "",
        kms_key: str = "",
        is_obs: bool = False,
        credentials: Callable[[], Keys | None],
        is_anonymous: bool = False,
    ) -> None:
        self._bucket = bucket
        self._endpoint = endpoint
        self._is_region_given = bool(region)
        self._region = region or DEFAULT_REGION
        self._kms_key = kms_key
        self._is_obs = is_obs
        self._credentials = credentials
        self.is_anonymous = is_anonymous
        self._lists_by_marker = False

    @property
    def url(self) -> str:
        """Of the bucket."""
        return self._url("")

    def list_objects(self, query: ListingQuery) -> Request:
        fields = {"list-type": "2", "encoding-type": "url", "max-keys": str(KEYS_PER_PAGE), "prefix": query.prefix}
        if not query.flat:
            fields["delimiter"] = "/"
        if query.token and not query.token.startswith(_AFTER_KEY):
            fields["continuation-token"] = query.token
        elif after := query.token.removeprefix(_AFTER_KEY) or query.after:
            fields["marker" if self._lists_by_marker else "start-after"] = after
        return self._signed("GET", f"{self._url('')}?{urlencode(fields, quote_via=quote)}")

    def page(self, answer: Answer) -> Page:
        root = parse_xml(answer.body)
        if root.tag != "ListBucketResult":
            raise ValueError("not a listing")
        decoded = unquote_plus if root.findtext("EncodingType") == "url" else str
        token = root.findtext("NextContinuationToken") or ""
        # Stores that know the first version of listings alone do not count, and go on after a key.
        self._lists_by_marker = root.find("KeyCount") is None and not token
        if self._lists_by_marker and root.findtext("IsTruncated") == "true":
            last = root.findtext("NextMarker") or root.findtext("Contents[last()]/Key")
            if not last:
                raise ValueError("a listing that does not say how it goes on")
            token = f"{_AFTER_KEY}{decoded(last)}"
        return Page(
            objects=[
                StoredObject(
                    key=decoded(item.findtext("Key") or ""),
                    size=int(item.findtext("Size") or 0),
                    version=(item.findtext("ETag") or "").strip('"'),
                    modified_at=_milliseconds(item.findtext("LastModified")),
                )
                for item in root.iterfind("Contents")
            ],
            folders=[decoded(item.findtext("Prefix") or "") for item in root.iterfind("CommonPrefixes")],
            next_token=token,
        )

    def write(self, key: str, data: bytes, *, create: bool) -> Request:
        # The digest is what buckets demand that lock their objects, and no harm elsewhere.
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        headers = {"Content-Type": content_type_of(key), "Content-MD5": base64.b64encode(digest).decode()}
        if create:
            headers["If-None-Match"] = "*"
        if self._kms_key:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = self._kms_key
        return self._signed("PUT", self._url(key), headers, data)

    def read_url(self, key: str, expires_s: int) -> str | None:
        from botocore.auth import S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest

        keys = self._credentials()
        if keys is None:
            return self._url(key)
        request = AWSRequest(method="GET", url=self._url(key))
        S3SigV4QueryAuth(_botocore_keys(keys), "s3", self._region, expires=expires_s).add_auth(request)
        return str(request.url)

    def is_missing_bucket(self, answer: Answer) -> bool:
        return self.code(answer) == "NoSuchBucket"

    def explain(self, code: str, answer: Answer) -> Explanation | None:
        if code in _ELSEWHERE or answer.status in (301, 307):
            region = _region_in(answer)
            where = f"in the region `{region}`, not `{self._region}`" if region else "at another endpoint or region"
            return Explanation(reason=f"the bucket is {where}", hint="Check `region` and `endpoint`.")
        if code == "AccessDenied" and (found := _KMS_RIGHT.search(answer.body[:65536])):
            return Explanation(
                reason=f"the credentials lack the right `{found.group().decode()}` to the KMS key",
                hint="Grant it, or give other credentials.",
            )
        return _WORDS.get(code)

    def adapts_to(self, answer: Answer) -> bool:
        """Take over the region that the store names, unless somebody gave one: a wrong one is theirs to hear of."""
        if self._is_region_given or answer.status not in (301, 307, 400):
            return False
        region = _region_in(answer)
        if not region:
            return False
        self._region = region  # another thread may have set it already: the request was signed before that
        return True

    def _url(self, key: str) -> str:
        path = quote(key, safe=f"/{_UNRESERVED}")
        base = self._endpoint or _amazon_endpoint(self._region)
        # As part of a host's name, which not every name of a bucket can be (and a dot in it breaks the certificate);
        # stores elsewhere are asked by path, which all know.
        by_host = not self._endpoint or (self._is_obs and _has_domain(base))
        if by_host and _HOST_LABEL.fullmatch(self._bucket):
            scheme, _, host = base.partition("://")
            return f"{scheme}://{self._bucket}.{host}/{path}"
        return f"{base}/{self._bucket}/{path}" if path else f"{base}/{self._bucket}"

    def _signed(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest

        keys = self._credentials()
        if keys is None:
            return Request(method=method, url=url, headers=headers or {}, body=body)
        request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
        S3SigV4Auth(_botocore_keys(keys), "s3", self._region).add_auth(request)
        return Request(method=method, url=url, headers=dict(request.headers.items()), body=body)


def explained(code: str) -> Explanation | None:
    """What a word of S3 or STS means, None if it says nothing of the credentials."""
    return _WORDS.get(code)


def _botocore_keys(keys: Keys) -> Any:
    from botocore.credentials import ReadOnlyCredentials

    return ReadOnlyCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None, None)


def _amazon_endpoint(region: str) -> str:
    return f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def _has_domain(url: str) -> bool:
    """Whether the host of an endpoint can have a bucket's name before it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not parts.path
    return False


def _region_in(answer: Answer) -> str:
    region = answer.headers.get("x-amz-bucket-region", "")
    if not region and (found := re.search(rb"<Region>([a-z0-9-]{1,40})</Region>", answer.body[:65536])):
        region = found.group(1).decode()
    return region if re.fullmatch(r"[a-z0-9-]{1,40}", region) else ""


def _milliseconds(text: str | None) -> int:
    try:
        return int(datetime.fromisoformat(text or "").timestamp() * 1000)
    except ValueError:
        return 0
