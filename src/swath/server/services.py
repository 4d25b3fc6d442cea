"""What endpoints work with: the store, the home, and what wiring hands in because the server may not import it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swath.core.errors import InvalidConfig
from swath.pipeline.ports import DatasourceOpener, ImageCodec, KillPoint, TableWriter
from swath.server.browsing import Browser
from swath.server.events import EventHub
from swath.server.memo import Memo
from swath.server.previews import Previews
from swath.server.thumbnails import Thumbnails
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.wire.endpoints import Endpoints
from swath.wire.locations import parse_location

MIB = 1 << 20

MAX_LISTING_BYTES = 256 * MIB
"""Of listings that are kept for those who page through them."""

MOST_OPEN_BUCKETS = 64

MOST_COUNTS = 100_000
"""Of categories of datasets, that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """What an operator can choose; `swath.settings` reads it."""

    roots: tuple[Path, ...] = ()
    """Local folders below which datasources may lie, for everybody but who holds the home's local token."""

    hosts: tuple[str, ...] = ()
    """Names, besides those of this machine, by which browsers may call the server (no port: any)."""

    is_private: bool = False
    """Whether the server answers this machine alone, under no other name: then whoever is logged in as the home's owner
    in a browser sits at this machine, and may name any folder as on its command line."""

    public_url: str = ""
    """The URL (no slash at its end) under which others reach the server, for links; empty: the one they came by."""

    endpoints: Endpoints = field(default_factory=Endpoints)
    """Where buckets really are; workers are told."""

    delegated_roles: tuple[str, ...] = ()
    """Roles that the machine's own credentials may take on for the buckets of everybody; `*` stands for any text."""

    webapp: Path | None = None
    """Folder of the built web app; None: the one that is installed with Swath."""

    worker_timeout_s: float = 30.0
    """A worker that has not been heard of for so long is dead, and its run waits again."""

    max_body_bytes: int = 2 * MIB
    max_selector_bytes: int = 16 * MIB
    """Of requests that may name every sample of a large dataset."""

    max_report_bytes: int = 64 * MIB
    """Of what workers report: lines of a log, a result, which of a million samples a run chose."""

    max_upload_bytes: int = 16 * 1024 * MIB
    """Of the parts and artifacts that workers hand in."""


def do_nothing(point: str) -> None:
    """The kill point of every server outside tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One per server, made by wiring (or by a test) and never changed."""

    store: Store
    home: Home
    vault: Vault
    open_datasource: DatasourceOpener
    """Opens any place with any access, in the machine's name if none is given; `swath.server.datasources` says what a
    dataset may have opened."""

    codec: ImageCodec
    tables: TableWriter
    """Writes Parquet."""

    open_quickly: DatasourceOpener | None = None
    """As `open_datasource`, but gives up soon on stores that fail: requests wait for it. None: the very same."""

    events: EventHub = field(default_factory=EventHub)
    options: ServerOptions = field(default_factory=ServerOptions)
    at_point: KillPoint = do_nothing
    browser: Browser = field(default_factory=Browser)
    """What is kept in memory of the datasets that people look at."""
    thumbnails: Thumbnails = field(default_factory=Thumbnails)
    previews: Previews = field(default_factory=Previews)
    """What people looked at before they stored anything of it."""
    dataset_totals: Memo = field(default_factory=lambda: Memo(MOST_COUNTS))
    """What was counted in datasets, by their version."""
    open_buckets: Memo = field(default_factory=lambda: Memo(MOST_OPEN_BUCKETS))
    """Buckets that were opened, with their connections."""
    listings: Memo = field(default_factory=lambda: Memo(MAX_LISTING_BYTES))
    """What lay in datasources when somebody began to page through them."""

    export_requested: threading.Event = field(default_factory=threading.Event)
    """Wakes whoever makes exports."""


def resolve_location(text: str, options: ServerOptions, *, anywhere: bool, field: str = "datasource") -> str:
    """The one spelling of a place that somebody named as a datasource: a bucket's URI, or the absolute path of a local
    folder, links resolved.

    Without `anywhere` a folder must lie below one of the roots; a relative path starts at the first one. Whether a
    bucket can be opened is not asked here. Raises InvalidConfig, naming `field`, for what is no place and for a folder
    that lies elsewhere or is not there.
    """
    place = parse_location(text, field=field)
    if place.is_bucket:
        return place.uri
    path = Path(place.path)
    if ".." in path.parts or "\0" in str(path):
        raise InvalidConfig(f"`{path}` holds `..` or a NUL", field=field, hint="Name the folder without it.")
    # Whoever may name any folder means the first root too when they name a relative one.
    free = anywhere and (path.is_absolute() or not options.roots)
    resolved = _resolved_anywhere(path, field) if free else _resolved_below_roots(path, options.roots, field)
    # Unlike a path's own method, this is False, not an error, for names that are too long or may not be looked at.
    if not os.path.isdir(resolved) or not _is_text(str(resolved)):
        raise InvalidConfig(
            f"there is no folder `{text}`", field=field, hint="The server looks for it on its own machine."
        )
    return str(resolved)


def _is_text(path: str) -> bool:
    """Whether a path is UTF-8: a link may lead to one that is not, and no database could keep that."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _resolved_anywhere(path: Path, field: str) -> Path:
    if not path.is_absolute():
        raise InvalidConfig(
            f"`{path}` is not an absolute path",
            field=field,
            hint="Write all of it, or start the server with `--root FOLDER`: relative paths begin there.",
        )
    return Path(os.path.realpath(path))


def _resolved_below_roots(path: Path, roots: Sequence[Path], field: str) -> Path:
    if not roots:
        raise InvalidConfig(
            f"`{path}` cannot be used: this server reads local folders for its owner only",
            field=field,
            hint="Its operator can allow a folder, and all below it: `swath up --root FOLDER`.",
        )
    real_roots = [Path(os.path.realpath(root)) for root in roots]
    resolved = Path(os.path.realpath(real_roots[0] / path))
    # After links are resolved: one that leaves the root is as good as a path outside of it.
    if not any(resolved.is_relative_to(root) for root in real_roots):
        names = ", ".join(f"`{root}`" for root in roots)
        raise InvalidConfig(
            f"`{path}` does not lie below a folder that this server reads",
            field=field,
            hint=f"It reads what lies below {names}.",
        )
    return resolved
