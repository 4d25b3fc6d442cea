"""Where files live: local folders today; buckets answer the same port later."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from swath.core.errors import InvalidConfig
from swath.pipeline.ports import Datasource

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_BUCKET_SCHEMES = frozenset({"s3", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl"})


def open_datasource(location: str) -> Datasource:
    """The datasource at a path or `file://` URL.

    Raises InvalidConfig for a location of another kind, NotFound where there is no such folder and
    SourceUnavailable where it cannot be read.
    """
    from swath.adapters.datasource.local import LocalFolder

    if not location.strip():
        raise InvalidConfig("The location of a datasource cannot be empty", hint="Name a folder.")
    matched = _SCHEME.match(location)
    scheme = matched.group(1).lower() if matched else ""
    if not scheme:
        return LocalFolder(Path(location))
    if scheme == "file":
        return LocalFolder(_path_of_file_url(location))
    if scheme in _BUCKET_SCHEMES:
        raise InvalidConfig(
            f"Buckets are not supported yet: `{location}`", hint="Copy or mount the data and name that folder instead."
        )
    raise InvalidConfig(
        f"`{location}` is not a datasource: `{scheme}://` is not supported", hint="Name a folder or a `file://` URL."
    )


def _path_of_file_url(url: str) -> Path:
    rest = url[len("file:") :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host.lower() not in ("", "localhost") or not slash:
            raise InvalidConfig(
                f"`{url}` names the machine `{host}`; only folders of this machine can be read",
                hint="Write three slashes before an absolute path: `file:///data/images`.",
            )
        rest = f"/{path}"
    return Path(unquote(rest))
