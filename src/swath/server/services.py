"""What endpoints work with: the store, the home, and what wiring hands in because the server may not import it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from swath.core.errors import InvalidConfig
from swath.pipeline.ports import Datasource, ImageCodec, KillPoint, TableWriter
from swath.server.browsing import Browser
from swath.server.events import EventHub
from swath.server.thumbnails import Thumbnails
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """What an operator can choose; `swath.settings` reads it."""

    roots: tuple[Path, ...] = ()
    """Local folders below which datasources may lie, for everybody but who holds the home's local token."""

    hosts: tuple[str, ...] = ()
    """Names, besides those of this machine, by which browsers may call the server (no port: any)."""

    public_url: str = ""
    """The URL (no slash at its end) under which others reach the server, for links; empty: the one they came by."""

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
    open_datasource: Callable[[str], Datasource]
    """Opens the datasource at a location. Raises InvalidConfig, NotFound, SourceUnavailable."""

    codec: ImageCodec
    tables: TableWriter
    """Writes Parquet."""

    events: EventHub = field(default_factory=EventHub)
    options: ServerOptions = field(default_factory=ServerOptions)
    at_point: KillPoint = do_nothing
    browser: Browser = field(default_factory=Browser)
    """What is kept in memory of the datasets that people look at."""
    thumbnails: Thumbnails = field(default_factory=Thumbnails)

    export_requested: threading.Event = field(default_factory=threading.Event)
    """Wakes whoever makes exports."""


def resolve_location(text: str, options: ServerOptions, *, anywhere: bool, field: str = "datasource") -> str:
    """The absolute path of a local folder that somebody named as a datasource, links resolved.

    Without `anywhere` it must lie below one of the roots; a relative path starts at the first one. Raises
    InvalidConfig, naming `field`, for what is no local folder or lies elsewhere or is not there.
    """
    path = _local_path(text, field)
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


def _local_path(text: str, field: str) -> Path:
    if not text.strip():
        raise InvalidConfig("the location of a datasource cannot be empty", field=field, hint="Name a folder.")
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() == "file":
        host, slash, path = rest.partition("/")
        if host.lower() not in ("", "localhost") or not slash:
            raise InvalidConfig(
                f"`{text}` names the machine `{host}`; only folders of the server's machine can be read",
                field=field,
                hint="Write three slashes before an absolute path: `file:///data/images`.",
            )
        return Path(unquote(f"/{path}"))
    if separator:
        raise InvalidConfig(
            f"`{scheme}://` is not supported by this version: `{text}`",
            field=field,
            hint="Copy or mount the data and name that folder instead.",
        )
    return Path(text)
