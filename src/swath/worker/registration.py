"""Who a worker is: one that is registered already, or a new one under the name of its machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from swath.core.errors import Conflict
from swath.wire.runs import WorkerDocument, WorkerRegistration, WorkerState
from swath.worker.server_line import ServerLine


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerIdentity:
    """What a worker says of itself. With `worker_id` it is that one; else the one called `name`, or a new one.

    Without either it takes the first free one of `<host>`, `<host>-2`, …. `force` takes the place of a process that
    still gives signs of life.
    """

    host_name: str
    version: str
    labels: tuple[str, ...] = ()
    worker_id: str = ""
    name: str = ""
    force: bool = False


def register_worker(line: ServerLine, identity: WorkerIdentity) -> WorkerDocument:
    """Become a worker of the server.

    Raises NotFound for an id that is not registered, Conflict if another process is that worker now.
    """
    if identity.worker_id:
        known = line.find(identity.worker_id)
        _refuse_if_alive(known, identity)
        name, labels = known.name, identity.labels or known.labels
    else:
        name, labels = _free_name(line.workers(), identity), identity.labels
    return line.register(
        WorkerRegistration(
            name=name,
            labels=labels,
            version=identity.version,
            host_name=identity.host_name,
            details=_details(),
        )
    )


def _free_name(workers: Sequence[WorkerDocument], identity: WorkerIdentity) -> str:
    known = {worker.name: worker for worker in workers}
    if identity.name:
        if identity.name in known:
            _refuse_if_alive(known[identity.name], identity)
        return identity.name
    base = identity.host_name or "worker"
    names = [base, *(f"{base}-{number}" for number in range(2, len(known) + 2))]
    return next(name for name in names if name not in known or not _is_alive(known[name], identity.host_name))


def _refuse_if_alive(worker: WorkerDocument, identity: WorkerIdentity) -> None:
    if identity.force or not _is_alive(worker, identity.host_name):
        return
    raise Conflict(
        f"another process is worker `{worker.name}` ({worker.id}) at this moment, on `{worker.host_name}`",
        hint="Stop it, wait until it counts as offline, or take its place with `worker.force_start=True`.",
    )


def _is_alive(worker: WorkerDocument, host_name: str) -> bool:
    """Whether a process is that worker now. One that ended on this machine need not be waited for."""
    if worker.state is WorkerState.OFFLINE:
        return False
    process = worker.details.get("process")
    if worker.host_name != host_name or not isinstance(process, int):
        return True
    return process != os.getpid() and _exists(process)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _details() -> dict[str, JsonValue]:
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {"process": os.getpid(), "cores": os.cpu_count(), "memory_bytes": pages * page_bytes}
