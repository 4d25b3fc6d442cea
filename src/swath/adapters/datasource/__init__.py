"""Where files live: local folders, and buckets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from swath.core.errors import InvalidConfig
from swath.pipeline.ports import Datasource
from swath.wire.locations import parse_location


def open_datasource(location: str, access: Mapping[str, str] | None = None) -> Datasource:
    """The datasource at a path, `file://` URL or bucket URI.

    `access` is what it takes to get at a bucket; None is whatever this machine has, {} nothing at all. Raises
    InvalidConfig for a location of another kind, NotFound where there is no such folder and SourceUnavailable where
    it cannot be read.
    """
    from swath.adapters.datasource.local import LocalFolder

    place = parse_location(location)
    if place.is_bucket:
        raise InvalidConfig(
            f"Buckets are not supported yet: `{location}`", hint="Copy or mount the data and name that folder instead."
        )
    return LocalFolder(Path(place.path))
