"""A worker on this machine: its line to the server, and claimed runs done with the adapters of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import swath
from swath.client.transport import checked_url
from swath.core.errors import InvalidConfig, SwathError
from swath.settings import Settings
from swath.store.home import open_home
from swath.wiring.doctor import Check, check_buckets
from swath.wiring.machinery import EmbedderShelf, Reach
from swath.wiring.remote_runs import RunExecution
from swath.wiring.runs import kill_point
from swath.wiring.served import server_address
from swath.wiring.server_access import ServerAccess
from swath.worker.loop import WorkerLife
from swath.worker.registration import WorkerIdentity, register_worker

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What settings do not say. See docs/reference/cli.md, `swath worker`."""

    name: str = ""
    labels: tuple[str, ...] = ()
    force: bool = False
    trusts_server: bool = False


def run_worker(settings: Settings, options: WorkerOptions, *, stopping: threading.Event, note: Note) -> None:
    """Serve the runs of the server until `stopping` is set.

    Raises InvalidConfig if no server or token is known, NotLoggedIn for a token that is not good (any more),
    NotFound for a worker id that is not registered, Conflict if another process is that worker.
    """
    access = find_access(settings)
    home = open_home(settings.home)
    with access.line() as line, access.run_transport() as transport:
        worker = register_worker(line, _identity(settings, options))
        note(f"worker {worker.name} ({worker.id}) at {access.url}: waiting for runs")
        execution = RunExecution(
            settings=settings,
            home=home,
            transport=transport,
            reach=Reach(
                roots=settings.roots,
                trusts_server=options.trusts_server,
                endpoints=settings.endpoints,
                delegated_roles=settings.delegated_roles,
            ),
            embedders=EmbedderShelf(home.models),
        )
        WorkerLife(
            line=line, execute=execution.execute, at_point=kill_point(settings), note=note, stopping=stopping
        ).serve()
    note("stopped")


def check_worker(settings: Settings, options: WorkerOptions) -> list[Check]:
    """Whether a worker could work here: server, token, worker id, folders, embedder. Registers nothing."""
    try:
        access = find_access(settings)
    except SwathError as exc:
        return [_bad("server", exc)]
    checks = [Check(name="version", ok=True, detail=swath.__version__), *_server_checks(settings, access)]
    checks += [_folder_check(str(root)) for root in settings.roots]
    if not settings.roots:
        where = "those that the server names" if options.trusts_server else "none, buckets only: give `root=FOLDER`"
        checks.append(Check(name="folders", ok=options.trusts_server or None, detail=where))
    checks.append(check_buckets(settings))
    try:
        identity = EmbedderShelf(open_home(settings.home).models).get("efficientnet-lite0").identity
        checks.append(Check(name="embedder", ok=True, detail=f"{identity.name}, {identity.dimension} dimensions"))
    except SwathError as exc:
        checks.append(_bad("embedder", exc))
    return checks


def _server_checks(settings: Settings, access: ServerAccess) -> Iterator[Check]:
    try:
        with access.line() as line:
            others = len(line.workers())
            yield Check(name="server", ok=True, detail=f"{access.url} takes the token")
            known = (
                f"is `{line.find(settings.worker_id).name}`" if settings.worker_id else f"none, {others} are registered"
            )
            yield Check(name="worker id", ok=True, detail=known)
    except SwathError as exc:
        yield _bad("server", exc)


def find_access(settings: Settings) -> ServerAccess:
    """The server that was named, else the one that uses the home on this machine. Raises InvalidConfig."""
    address = server_address(settings)
    url, token = settings.server, settings.token
    if address is not None and url in ("", address.url):
        url, token = address.url, token or address.token
    if not url:
        raise InvalidConfig(
            "no server is named",
            field="server",
            hint="Give `server=URL`, or set `SWATH_SERVER`; `swath up` starts one.",
        )
    if not token:
        raise InvalidConfig(
            f"there is no token for {url}",
            field="token",
            hint="Set `SWATH_TOKEN`; `swath token create --scope worker` makes one on the server's machine.",
        )
    return ServerAccess(url=checked_url(url), token=token)


def _identity(settings: Settings, options: WorkerOptions) -> WorkerIdentity:
    return WorkerIdentity(
        host_name=socket.gethostname(),
        version=swath.__version__,
        labels=options.labels,
        worker_id=settings.worker_id,
        name=options.name,
        force=options.force,
    )


def _folder_check(root: str) -> Check:
    from swath.adapters.datasource import open_datasource

    try:
        reason = open_datasource(root).why_not_writable()
    except SwathError as exc:
        return _bad("folder", exc)
    detail = f"{root} can be read and written" if reason is None else f"{root} can be read, but not written: {reason}"
    return Check(name="folder", ok=True, detail=detail)


def _bad(name: str, error: SwathError) -> Check:
    return Check(name=name, ok=False, detail=f"{error.message}. {error.hint}".rstrip())
