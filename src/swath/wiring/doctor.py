"""Looks whether this installation can work: versions, embedder, storage, database, server."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from dataclasses import dataclass

import swath
from swath.core.errors import SwathError
from swath.settings import Settings

PACKAGES = ("numpy", "numba", "onnxruntime", "onnx", "pillow", "simplejpeg", "sqlalchemy", "pyroaring", "arro3-core")
CLOUD_PACKAGES = ("boto3", "google-cloud-storage")
LOW_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at. `ok` is None for what is worth knowing but not needed."""

    name: str
    ok: bool | None
    detail: str


def examine(settings: Settings, *, embedder: str) -> list[Check]:
    """All checks, in the order a person reads them. Never raises for what is wrong with the installation."""
    return [
        Check(name="swath", ok=True, detail=swath.__version__),
        Check(name="python", ok=True, detail=f"{platform.python_version()} on {platform.platform()}"),
        Check(name="threads", ok=True, detail=str(settings.threads)),
        *_packages(),
        _home(settings),
        _database(settings),
        _server(settings),
        _disk(settings),
        _embedder(settings, embedder),
        _providers(),
        check_buckets(settings),
        _web_app(settings),
    ]


def _packages() -> list[Check]:
    checks = []
    for package in PACKAGES:
        try:
            checks.append(Check(name=package, ok=True, detail=importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            checks.append(Check(name=package, ok=False, detail="not installed: pip install swath"))
    return checks


def _home(settings: Settings) -> Check:
    from swath.store.home import open_home

    try:
        probe = open_home(settings.home).root / ".swath-doctor"
        probe.write_bytes(b"swath")
        probe.unlink()
    except (SwathError, OSError) as exc:
        return Check(name="home", ok=False, detail=f"{settings.home}: {exc}")
    return Check(name="home", ok=True, detail=f"{settings.home} is writable")


def _database(settings: Settings) -> Check:
    """Opening it brings its tables up to date, as every other command would."""
    from swath.store.database_errors import shown
    from swath.store.schema import REVISION
    from swath.wiring.workspace import open_workspace

    try:
        with open_workspace(settings) as workspace:
            engine = workspace.store.engine
    except SwathError as exc:
        return Check(name="database", ok=False, detail=str(exc))
    version = ".".join(map(str, engine.dialect.server_version_info or ()))
    detail = f"{shown(engine.url)} ({engine.dialect.name} {version}), tables at revision {REVISION}"
    return Check(name="database", ok=True, detail=detail)


def _server(settings: Settings) -> Check:
    """The server that uses the home, if one does. One that holds the home but does not answer is bad."""
    from swath.wiring.served import server_of_home

    try:
        with server_of_home(settings) as client:
            if client is None:
                return Check(name="server", ok=None, detail="none uses this home")
            version = client.health()["version"]
    except SwathError as exc:
        return Check(name="server", ok=False, detail=str(exc))
    same = version == swath.__version__
    detail = f"{client.url} answers" if same else f"{client.url} is of version {version}: start it anew"
    return Check(name="server", ok=same, detail=detail)


def _disk(settings: Settings) -> Check:
    folder = settings.home
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check(name="disk", ok=free >= LOW_DISK_BYTES, detail=f"{free / 1024**3:.1f} GiB free at {folder}")


def _embedder(settings: Settings, name: str) -> Check:
    from swath.adapters.embedders import load_embedder

    try:
        identity = load_embedder(name, models_folder=settings.home / "models").identity
    except SwathError as exc:
        return Check(name="embedder", ok=False, detail=str(exc))
    detail = f"{identity.name}, {identity.dimension} dimensions, {identity.input_size} px, {identity.digest[:12]}"
    return Check(name="embedder", ok=True, detail=detail)


def _providers() -> Check:
    try:
        import onnxruntime
    except ImportError as exc:
        return Check(name="inference", ok=False, detail=f"onnxruntime cannot be imported: {exc}")
    return Check(name="inference", ok=True, detail=", ".join(onnxruntime.get_available_providers()))


def check_buckets(settings: Settings) -> Check:
    """Whether there is what speaks to buckets, and where the operator says that some are."""
    where = "".join(f"; {prefix} is at {target}" for prefix, target in settings.endpoints.targets.items())
    for package in CLOUD_PACKAGES:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            detail = f"{package} is not installed: pip install 'swath[cloud]'{where}"
            return Check(name="buckets", ok=False if where else None, detail=detail)
    return Check(name="buckets", ok=True, detail=f"can be opened{where}")


def _web_app(settings: Settings) -> Check:
    from swath.server.webapp import webapp_dir

    folder = webapp_dir(settings.webapp_dir)
    if folder is None:
        return Check(name="web app", ok=None, detail="not built: `make web` in a checkout builds it, with Node 20")
    return Check(name="web app", ok=True, detail=f"built, in {folder}")
