"""Where buckets really are: an S3-compatible store, an emulator or a folder that an operator names (`SWATH_ENDPOINTS`).

`PREFIX=TARGET` pairs, separated by spaces. PREFIX is the beginning of a canonical URI, up to a boundary: `s3://` (every
S3 bucket), `s3://bucket`, `s3://bucket/folder`, `az://@account` (every container of an account), `az://container@account`.
The longest one that fits wins. TARGET is an `http(s)://` URL, or an absolute folder that holds what PREFIX names:
`s3://=/data/buckets` puts `s3://photos/2026` at `/data/buckets/photos/2026`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from swath.core.errors import InvalidConfig
from swath.wire.locations import Location, Scheme, parse_location

SETTING = "SWATH_ENDPOINTS"

_WHOLE_SCHEME = re.compile(r"(s3|gs|az|obs)://")
_WHOLE_ACCOUNT = re.compile(r"az://@([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The pairs, by PREFIX without a slash at its end; empty where every bucket is where its name says."""

    targets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Endpoints:
        """Read the setting. Raises InvalidConfig naming the pair that cannot be used."""
        targets: dict[str, str] = {}
        for pair in text.split():
            # URLs hold no bare `=` before their query, and a query makes no sense here: the first one divides.
            prefix, equals, target = pair.partition("=")
            if not equals or not prefix or not target:
                raise _unusable(pair, "it is not `PREFIX=TARGET`")
            name = _checked_prefix(prefix, pair)
            if targets.setdefault(name, _checked_target(target, pair)) != _checked_target(target, pair):
                raise _unusable(pair, f"`{prefix}` has another target already")
        return cls(targets)

    def target_of(self, place: Location) -> str | None:
        """The endpoint of a bucket as an access holds it: an `http(s)://` URL, or `file:///…` of the very folder that
        stands for the location, its path included. None for folders, and where no pair fits."""
        if not place.is_bucket:
            return None
        for prefix, rest in _prefixes(place):
            target = self.targets.get(prefix)
            if target is not None:
                return target if _is_url(target) else _file_url(target, rest)
        return None


def _prefixes(place: Location) -> list[tuple[str, str]]:
    """What may name a place, longest first, each with the path that is left below it."""
    parts = place.path.split("/") if place.path else []
    account = f"@{place.account}" if place.account else ""
    bucket = f"{place.scheme}://{place.bucket}{account}"
    found = [("/".join([bucket, *parts[:count]]), "/".join(parts[count:])) for count in range(len(parts), -1, -1)]
    below_bucket = "/".join([place.bucket, *parts])
    if account:
        found.append((f"{place.scheme}://{account}", below_bucket))
    found.append((f"{place.scheme}://", "/".join([place.account, below_bucket]) if account else below_bucket))
    return found


def _checked_prefix(prefix: str, pair: str) -> str:
    if _WHOLE_SCHEME.fullmatch(prefix) or _WHOLE_ACCOUNT.fullmatch(prefix):
        return prefix
    place = parse_location(prefix, field=SETTING)
    if not place.is_bucket:
        raise _unusable(pair, f"`{prefix}` is no bucket")
    if place.uri != prefix.rstrip("/"):
        raise _unusable(pair, f"`{prefix}` is written `{place.uri}`")
    return place.uri


def _checked_target(target: str, pair: str) -> str:
    if target.startswith("/"):
        return target.rstrip("/") or "/"
    if not _is_url(target):
        raise _unusable(pair, "its target is neither an `http(s)://` URL nor an absolute folder")
    return check_endpoint(target, field=SETTING)


def check_endpoint(url: str, *, field: str = "credentials.endpoint") -> str:
    """The `http(s)://host[:port][/path]` of a store, without a slash at its end. Raises InvalidConfig."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or parts.query or parts.fragment or any(char.isspace() or ord(char) < 32 for char in url):
        raise InvalidConfig(
            "The endpoint of a store is `http(s)://host[:port][/path]`", field=field, hint="Look at its documentation."
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidConfig("Keys and passwords do not belong into the URL of an endpoint", field=field)
    return url.rstrip("/")


def folder_of(endpoint: str) -> str | None:
    """The folder that an endpoint of an access is, None if it is the URL of a store."""
    return parse_location(endpoint).path if endpoint.startswith("file:") else None


def _file_url(folder: str, rest: str) -> str:
    path = f"{folder.rstrip('/')}/{rest}".rstrip("/") or "/"
    return f"{Scheme.FOLDER}://{quote(path)}"


def _is_url(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def _unusable(pair: str, why: str) -> InvalidConfig:
    return InvalidConfig(
        f"`{pair}` in `{SETTING}` cannot be used: {why}",
        field=SETTING,
        hint="Write for example `s3://=http://127.0.0.1:9000` or `gs://photos=/data/photos`, separated by spaces.",
    )
