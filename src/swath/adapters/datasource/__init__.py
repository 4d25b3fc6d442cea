"""Where files live: local folders, and buckets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from swath.adapters.datasource.exchange import Patience
from swath.adapters.datasource.local import LocalFolder
from swath.core.errors import NotFound
from swath.pipeline.ports import Datasource
from swath.wire.datasource_access import check_access
from swath.wire.endpoints import Endpoints, folder_of
from swath.wire.locations import Location, Scheme, parse_location


def open_datasource(
    location: str,
    access: Mapping[str, str] | None = None,
    *,
    endpoints: Endpoints | None = None,
    patience: Patience | None = None,
) -> Datasource:
    """The datasource at a path, `file://` URL or bucket URI.

    `access` is what it takes to get at a bucket (`swath.wire.datasource_access`). None is whatever this machine has:
    environment, files of the stores' own tools, the cloud it runs in. With any other, {} too, only what it holds is
    used. `endpoints` say where buckets really are; they come before the `endpoint` of an access.
    `patience` is with a store that fails; None is that of runs.

    A bucket is not asked anything yet, so opening one is cheap; that it is missing or closed shows at the first use.
    Raises InvalidConfig for a location or an access that cannot be, or if what speaks to buckets is not installed,
    NotFound where there is no such folder and SourceUnavailable where that cannot be read.
    """
    place = parse_location(location)
    if not place.is_bucket:
        return LocalFolder(Path(place.path))
    given = None if access is None else check_access(place.scheme, access)
    account = place.account or (given or {}).get("account_name", "")
    known = replace(place, account=account) if place.scheme is Scheme.AZURE else place
    endpoint = (endpoints.target_of(known) if endpoints else None) or (given or {}).get("endpoint", "")
    folder = folder_of(endpoint) if endpoint else None
    if folder is not None:
        return _stand_in(Path(folder), place)
    from swath.adapters.datasource.connections import open_bucket

    return open_bucket(place, given, endpoint, patience=patience)


def _stand_in(folder: Path, place: Location) -> LocalFolder:
    """The folder that stands for a bucket. Prefixes of buckets need not be made, so that one's folder is made here."""
    top = folder
    for _ in place.path.split("/") if place.path else ():
        top = top.parent
    try:
        if place.path and top.is_dir():
            os.makedirs(folder, exist_ok=True)
        return LocalFolder(folder, uri=place.uri)
    except (NotFound, OSError):
        pass
    raise NotFound(
        f"There is no folder `{folder}`, which stands for `{place.uri}`",
        hint="Make it, or change `SWATH_ENDPOINTS`.",
    )
