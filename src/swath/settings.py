"""Settings: declared once, read once from the environment, handed down. Nobody else looks at the environment."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from swath.core.errors import InvalidConfig
from swath.wire.endpoints import Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is read from the environment variable `SWATH_<FIELD>`; docs/reference/settings.md lists them.

    Fields that hold a secret are left out of the representation, so that none lands in a traceback.
    """

    home: Path
    """The home folder: database, vectors, caches and built models."""

    database: str = field(repr=False)
    """URL of the database; empty is SQLite in the home folder."""

    secret_key: str = field(repr=False)
    """Key that encrypts the credentials of datasources; empty is a key file in the home folder."""

    roots: tuple[Path, ...]
    """Folders that local datasources may lie in, for all who do not own the server; separated like `PATH`."""

    hosts: tuple[str, ...]
    """Further names under which the server may be asked, separated by commas."""

    public_url: str
    """URL under which others reach the server, for the links it gives out; empty is the one a request came by."""

    endpoints: Endpoints
    """Where buckets really are, `PREFIX=URL` separated by spaces: an S3-compatible store, an emulator, a folder."""

    delegated_roles: tuple[str, ...]
    """ARNs of roles that this machine's own credentials may take on for everybody's buckets, separated by commas."""

    worker_timeout: float
    """Seconds without a sign of life after which a worker counts as dead and its run returns to the queue."""

    webapp_dir: Path | None
    """Folder of the built web app; empty is the one that is installed."""

    server: str
    """URL of the server that workers and clients talk to."""

    token: str = field(repr=False)
    """Token that workers and clients show to the server."""

    worker_id: str
    """Id of the registered worker that `swath worker` is."""

    threads: int
    """Threads that decode images, and as many that embed; 0 is one per available processor core."""

    max_image_pixels: int
    """Images whose header claims more pixels than this are refused as unreadable."""

    kill_at: str
    """For tests: the name of a kill point at which the process kills itself."""


DEFAULTS = {
    "home": str(Path("~") / ".swath"),
    "database": "",
    "secret_key": "",
    "roots": "",
    "hosts": "",
    "public_url": "",
    "endpoints": "",
    "delegated_roles": "",
    "worker_timeout": "30",
    "webapp_dir": "",
    "server": "",
    "token": "",
    "worker_id": "",
    "threads": "0",
    "max_image_pixels": "400000000",
    "kill_at": "",
}
"""Defaults as they would be written in the environment."""

SECRETS = frozenset({"database", "secret_key", "token"})
"""May be given as a file, too, by a variable whose name ends in `_FILE`: containers get their secrets so."""

OLD_NAMES = {"server": "LIGHTLY_SERVER_LOCATION", "token": "LIGHTLY_TOKEN", "worker_id": "LIGHTLY_WORKER_ID"}
"""Variables of the format's official clients and their container; read where ours is not set."""


def load_settings(environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Read the settings from the environment; `home`, if given, comes before `SWATH_HOME`.

    Raises InvalidConfig naming the variable for a value that cannot be used.
    """
    environ = os.environ if environ is None else environ
    text = {field.name: _text(field.name, environ) for field in fields(Settings)}
    threads = _whole_number("threads", text["threads"], least=0)
    return Settings(
        home=(home or Path(text["home"])).expanduser(),
        database=text["database"],
        secret_key=text["secret_key"],
        roots=tuple(Path(root).expanduser().absolute() for root in text["roots"].split(os.pathsep) if root.strip()),
        hosts=tuple(host.strip().lower() for host in text["hosts"].split(",") if host.strip()),
        public_url=_web_address("public_url", text["public_url"].strip().rstrip("/")),
        endpoints=Endpoints.parse(text["endpoints"]),
        delegated_roles=tuple(role.strip() for role in text["delegated_roles"].split(",") if role.strip()),
        worker_timeout=_seconds("worker_timeout", text["worker_timeout"]),
        webapp_dir=Path(text["webapp_dir"]).expanduser() if text["webapp_dir"] else None,
        server=text["server"].strip().rstrip("/"),
        token=text["token"].strip(),
        worker_id=text["worker_id"].strip(),
        threads=threads or available_cores(),
        max_image_pixels=_whole_number("max_image_pixels", text["max_image_pixels"], least=1),
        kill_at=text["kill_at"],
    )


def _text(name: str, environ: Mapping[str, str]) -> str:
    """The value of a setting as somebody wrote it, else its default."""
    given = environ.get(_variable(name), "")
    if not given and name in SECRETS and (path := environ.get(f"{_variable(name)}_FILE", "")):
        given = _secret_in(Path(path), name)
    return given or environ.get(OLD_NAMES.get(name, ""), "") or DEFAULTS[name]


def _secret_in(path: Path, name: str) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        raise InvalidConfig(f"`{path}`, which `{_variable(name)}_FILE` names, cannot be read: {reason}") from exc


def available_cores() -> int:
    """Processor cores this process may use: containers and batch systems often give fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def child_environment(**changed: str) -> dict[str, str]:
    """The environment for a child process: this one's, with settings replaced (given by field name)."""
    return {**os.environ, **{_variable(name): value for name, value in changed.items()}}


def has_display() -> bool:
    """Whether a browser that is opened here would be seen by somebody."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _variable(name: str) -> str:
    return f"SWATH_{name.upper()}"


def _web_address(name: str, text: str) -> str:
    """Scheme and host, maybe a port and a path; "" for none."""
    try:
        parts = urlsplit(text)
        # Only asking for the port tells one that is none.
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if text and (not is_good or parts.username or parts.password or parts.query or parts.fragment or " " in text):
        raise InvalidConfig(
            f"`{_variable(name)}` is not the http or https address of a server, and nothing more",
            field=name,
            hint="Such as `https://swath.example.org`.",
        )
    return text


def _whole_number(name: str, text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise InvalidConfig(f"`{_variable(name)}` is a whole number of at least {least}, got `{text}`", field=name)
    return number


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidConfig(f"`{_variable(name)}` is a number of seconds above 0, got `{text}`", field=name)
    return seconds
