"""The workers that have registered, and when each was last heard of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound
from swath.store import runs, schema
from swath.store.ids import new_id

_table = schema.workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    id: str
    owner_id: str
    name: str
    labels: tuple[str, ...]
    version: str
    host_name: str
    details: dict[str, Any]  # for people
    is_draining: bool  # takes no new run
    created_at: int  # ms
    last_seen_at: int | None


def register_worker(
    connection: Connection,
    *,
    owner_id: str,
    name: str,
    labels: Sequence[str] = (),
    version: str = "",
    host_name: str = "",
    details: dict[str, Any] | None = None,
    now: int,
) -> Worker:
    """Record a worker; one of the same owner and name is the same, with what it says of itself now.

    A worker that starts anew is not draining any more.
    """
    said = {
        "labels": json.dumps(sorted(set(labels))),
        "version": version,
        "host_name": host_name,
        "details": json.dumps(details or {}),
        "is_draining": False,
        "last_seen_at": now,
    }
    same = sa.and_(_table.c.owner_id == owner_id, _table.c.name == name)
    if connection.execute(sa.update(_table).where(same).values(**said)).rowcount == 0:
        values = {"id": new_id(), "owner_id": owner_id, "name": name, "created_at": now, **said}
        connection.execute(sa.insert(_table).values(**values))
    return _worker(connection.execute(sa.select(_table).where(same)).one())


def announce_worker(
    connection: Connection, *, owner_id: str, name: str, labels: Sequence[str] | None = None, now: int
) -> Worker:
    """Record a worker that somebody will start. One of the same owner and name is the same; once a process has been
    that worker, what it says of itself counts. Without `labels` it keeps those it has."""
    same = sa.and_(_table.c.owner_id == owner_id, _table.c.name == name)
    row = connection.execute(sa.select(_table).where(same)).one_or_none()
    said = json.dumps(sorted(set(labels or ())))
    if row is None:
        values = {"id": new_id(), "owner_id": owner_id, "name": name, "labels": said, "created_at": now}
        unknown = {"version": "", "host_name": "", "details": "{}", "is_draining": False}
        connection.execute(sa.insert(_table).values(**values, **unknown))
    elif labels is not None and row.last_seen_at is None:
        connection.execute(sa.update(_table).where(same).values(labels=said))
    return _worker(connection.execute(sa.select(_table).where(same)).one())


def find_worker(connection: Connection, worker_id: str, *, owner_id: str | None = None) -> Worker:
    """The worker of an id, of `owner_id` if given. Raises NotFound."""
    row = connection.execute(sa.select(_table).where(_table.c.id == worker_id)).one_or_none()
    if row is None or owner_id not in (None, row.owner_id):
        raise NotFound(f"there is no worker `{worker_id}`", hint="A worker that was removed has to register again.")
    return _worker(row)


def list_workers(connection: Connection, *, owner_id: str | None = None) -> list[Worker]:
    """All workers, or those of one user, by name."""
    query = sa.select(_table)
    if owner_id is not None:
        query = query.where(_table.c.owner_id == owner_id)
    return sorted((_worker(row) for row in connection.execute(query)), key=lambda worker: (worker.name, worker.id))


def worker_names(connection: Connection, worker_ids: Sequence[str]) -> dict[str, str]:
    """The names of those that are registered, by id."""
    query = sa.select(_table.c.id, _table.c.name).where(_table.c.id.in_(worker_ids))
    return {row.id: row.name for row in connection.execute(query)}


def held_runs(connection: Connection) -> dict[str, list[str]]:
    """Worker id -> ids of the runs it holds."""
    held: dict[str, list[str]] = {}
    for run in runs.runs_under_way(connection):
        if run.is_held and run.worker_id is not None:
            held.setdefault(run.worker_id, []).append(run.id)
    return held


def record_sign_of_life(connection: Connection, worker_id: str, *, now: int) -> None:
    connection.execute(sa.update(_table).where(_table.c.id == worker_id).values(last_seen_at=now))


def set_draining(connection: Connection, worker_id: str, is_draining: bool) -> None:
    """Say whether a worker is to take no new run."""
    connection.execute(sa.update(_table).where(_table.c.id == worker_id).values(is_draining=is_draining))


def remove_worker(connection: Connection, worker_id: str) -> None:
    """Forget a worker. Raises Conflict while it holds a run."""
    held = held_runs(connection).get(worker_id)
    if held:
        raise Conflict(
            f"worker `{find_worker(connection, worker_id).name}` works on run `{held[0]}`",
            hint="Cancel the run, or wait until it is over.",
        )
    connection.execute(sa.delete(_table).where(_table.c.id == worker_id))


def _worker(row: sa.Row[Any]) -> Worker:
    values = dict(row._mapping)
    labels, details = tuple(json.loads(values["labels"])), json.loads(values["details"])
    return Worker(**{**values, "labels": labels, "details": details})
