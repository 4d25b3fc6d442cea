"""Where files live, as people name it: a folder, or a bucket with a prefix. One place has one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from swath.core.errors import InvalidConfig

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_BUCKET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,220}[A-Za-z0-9])?")
_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_AZURE_HOST = re.compile(r"([^.]+)\.(?:blob|dfs)\.core\.[a-z0-9.-]+")


class Scheme(StrEnum):
    """The kinds of places; the value is how the canonical URI begins."""

    FOLDER = "file"
    S3 = "s3"
    GCS = "gs"
    AZURE = "az"
    OBS = "obs"


_SPELLINGS = {
    "file": Scheme.FOLDER,
    "s3": Scheme.S3,
    "s3a": Scheme.S3,
    "gs": Scheme.GCS,
    "gcs": Scheme.GCS,
    "az": Scheme.AZURE,
    "azure": Scheme.AZURE,
    "abfs": Scheme.AZURE,
    "abfss": Scheme.AZURE,
    "obs": Scheme.OBS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place. Of a folder `path` is its path as given; else `path` is the prefix, without slashes at its ends.

    `account` is Azure's; "" means that whoever opens it must know.
    """

    scheme: Scheme
    bucket: str = ""
    account: str = ""
    path: str = ""

    @property
    def is_bucket(self) -> bool:
        return self.scheme is not Scheme.FOLDER

    @property
    def uri(self) -> str:
        """The canonical spelling: `s3://bucket/prefix`, `az://container@account/prefix`, or the path of a folder."""
        if not self.is_bucket:
            return self.path
        account = f"@{self.account}" if self.account else ""
        rest = f"/{self.path}" if self.path else ""
        return f"{self.scheme}://{self.bucket}{account}{rest}"


def is_bucket_uri(text: str) -> bool:
    """Whether text names a bucket rather than a folder, however well."""
    found = _URL.match(text)
    return found is not None and found.group(1).lower() not in ("file",)


def parse_location(text: str, *, field: str = "") -> Location:
    """The place that somebody named. `field` is what the error names.

    Takes paths, `file:///…`, `s3://bucket/prefix`, `gs://…`, `obs://…`, `az://container/prefix`,
    `az://container@account/prefix` and `abfss://container@account.dfs.core.windows.net/prefix`. Prefixes are taken
    as they stand: `%` and `#` are characters of keys. Raises InvalidConfig.
    """
    if not text.strip():
        raise InvalidConfig(
            "The location of a datasource cannot be empty", field=field, hint="Name a folder or a bucket."
        )
    found = _URL.match(text)
    if found is None:
        return Location(scheme=Scheme.FOLDER, path=text)
    scheme = _SPELLINGS.get(found.group(1).lower())
    if scheme is None:
        raise InvalidConfig(
            f"`{text}` is not a datasource: `{found.group(1)}://` is not supported",
            field=field,
            hint="Name a folder, or a bucket as `s3://…`, `gs://…` or `az://…`.",
        )
    rest = text[found.end() - 1 :]
    if scheme is Scheme.FOLDER:
        return Location(scheme=scheme, path=_path_of_file_url(text, rest, field))
    if not rest.startswith("//"):
        raise InvalidConfig(f"`{text}` lacks a slash: it is `{scheme}://bucket/prefix`", field=field)
    authority, _, path = rest[2:].partition("/")
    bucket, at, account = authority.partition("@")
    if scheme is Scheme.AZURE and at and (host := _AZURE_HOST.fullmatch(account)):
        account = host.group(1)
    if at and scheme is not Scheme.AZURE:
        raise InvalidConfig(
            f"`{scheme}://…@…` is no bucket: keys and passwords do not belong into a location",
            field=field,
            hint="Give credentials apart from it.",
        )
    if not _BUCKET.fullmatch(bucket) or (at and not _ACCOUNT.fullmatch(account)):
        raise InvalidConfig(f"`{text}` names no bucket: `{authority}` cannot be one", field=field)
    return Location(scheme=scheme, bucket=bucket, account=account, path=_prefix(path, text, field))


def _prefix(path: str, text: str, field: str) -> str:
    prefix = path.strip("/")
    if "\0" in prefix or "\\" in prefix or any(part in ("", ".", "..") for part in prefix.split("/") if prefix):
        raise InvalidConfig(
            f"`{text}` has a prefix that is none: no part of it is empty, `.` or `..`, or holds a backslash",
            field=field,
        )
    return prefix


def _path_of_file_url(url: str, rest: str, field: str) -> str:
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host.lower() not in ("", "localhost") or not slash:
            raise InvalidConfig(
                f"`{url}` names the machine `{host}`; only folders of this machine can be read",
                field=field,
                hint="Write three slashes before an absolute path: `file:///data/images`.",
            )
        rest = f"/{path}"
    return unquote(rest)
