"""Exports as jobs: what was asked, what became of it, and the file below the home's `exports` folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.files import naming_failures
from swath.store.home import Home
from swath.store.ids import new_id
from swath.store.selections import create_selection, find_selection, selection_members
from swath.wire.exports import ExportFormat, ExportOptions, ExportState

DEFAULT_OPTIONS = ExportOptions()

MAX_WAITING = 50
"""Exports of one user that wait at a time."""

_table = schema.exports


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """An export; its samples were settled when it was asked for, so a tag that changes later changes nothing."""

    id: str
    dataset_id: str
    user_id: str
    format: ExportFormat
    tag: str | None  # as it was asked for
    selection_id: str | None  # of its samples; None: all there are when the file is made
    download_name: str
    options: ExportOptions
    link_base: str  # the address of this server as whoever asked knows it, without a slash at its end
    state: ExportState
    message: str
    sample_count: int
    byte_length: int
    created_at: int  # ms
    finished_at: int | None

    def file(self, home: Home) -> Path:
        """Where it lies once it is READY."""
        return home.exports / f"{self.id}{self.format.suffix}"


def create_export(
    connection: Connection,
    *,
    dataset_id: str,
    user_id: str,
    export_format: ExportFormat,
    download_name: str,
    members: NDArray[np.int64] | None,
    sample_count: int,
    selector: str = "",
    tag: str | None = None,
    options: ExportOptions = DEFAULT_OPTIONS,
    link_base: str = "",
) -> ExportJob:
    """Ask for an export of the samples `members` (M,), or of all; `download_name` is the file's name without suffix,
    links begin with `link_base`.

    Raises Conflict if too many of this user wait.
    """
    waiting = sa.select(sa.func.count()).where(_table.c.user_id == user_id, _table.c.state == ExportState.PENDING.value)
    if connection.execute(waiting).scalar_one() >= MAX_WAITING:
        raise Conflict(f"{MAX_WAITING} exports of yours are waiting", hint="Wait for some of them, or delete them.")
    selection_id = None
    if members is not None:
        made = create_selection(connection, dataset_id=dataset_id, user_id=user_id, selector=selector, members=members)
        selection_id = made.id
    request = {
        "format": export_format.value,
        "tag": tag,
        "selection_id": selection_id,
        "download_name": download_name,
        "options": options.model_dump(mode="json", exclude_defaults=True),
        "link_base": link_base,
    }
    export_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=export_id,
            dataset_id=dataset_id,
            user_id=user_id,
            request=json.dumps(request),
            state=ExportState.PENDING.value,
            message="",
            sample_count=sample_count,
            byte_length=0,
            created_at=now_ms(),
        )
    )
    return find_export(connection, export_id)


def find_export(connection: Connection, export_id: str) -> ExportJob:
    """An export of any dataset: whether somebody may see it, its dataset says. Raises NotFound."""
    row = connection.execute(sa.select(_table).where(_table.c.id == export_id)).one_or_none()
    if row is None:
        raise unknown_export(export_id)
    return _job(row)


def unknown_export(export_id: str) -> NotFound:
    return NotFound(f"there is no export `{export_id}`", hint="Old exports are deleted: make it again.")


def list_exports(connection: Connection, dataset_id: str) -> list[ExportJob]:
    """The exports of a dataset, newest first."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id).order_by(_table.c.created_at.desc(), _table.c.id)
    return [_job(row) for row in connection.execute(query)]


def next_waiting(connection: Connection) -> ExportJob | None:
    """The export that has waited longest."""
    query = sa.select(_table).where(_table.c.state == ExportState.PENDING.value)
    row = connection.execute(query.order_by(_table.c.created_at, _table.c.id).limit(1)).one_or_none()
    return None if row is None else _job(row)


def members_of(connection: Connection, job: ExportJob) -> NDArray[np.int64] | None:
    """The sample indices (M,) of an export, ascending; None for all."""
    if job.selection_id is None:
        return None
    return selection_members(connection, find_selection(connection, job.selection_id))


def finish_export(connection: Connection, job: ExportJob, *, byte_length: int) -> bool:
    """Say that the file is there; False if the export was deleted meanwhile."""
    return _finish(connection, job, ExportState.READY, message="", byte_length=byte_length)


def fail_export(connection: Connection, job: ExportJob, message: str) -> bool:
    """Say why there will be no file; False if the export was deleted meanwhile."""
    return _finish(connection, job, ExportState.FAILED, message=message, byte_length=0)


def delete_export(store: Store, home: Home, job: ExportJob) -> None:
    """Remove an export and its file."""
    with store.writing() as connection:
        _delete(connection, [job])
    _unlink(home, job)


def delete_old_exports(store: Store, home: Home, *, before: int) -> int:
    """Remove what was finished before a time (ms); returns how many."""
    with store.writing() as connection:
        old = [_job(row) for row in connection.execute(sa.select(_table).where(_table.c.finished_at < before))]
        _delete(connection, old)
    for job in old:
        _unlink(home, job)
    return len(old)


def sweep_exports(store: Store, home: Home) -> None:
    """Remove files that no export names: left by a server that was killed, or of a dataset that was deleted.

    Only for who makes exports, while none is being made.
    """
    with store.reading() as connection:
        named = {_job(row).file(home).name for row in connection.execute(sa.select(_table))}
    with naming_failures("clear", home.exports):
        home.exports.mkdir(parents=True, exist_ok=True)
        for path in home.exports.iterdir():
            if path.is_file() and path.name not in named:
                path.unlink(missing_ok=True)


def forget_exports(connection: Connection, dataset_id: str) -> None:
    """Drop the exports of a dataset that is being deleted; the next sweep takes their files."""
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id))


def _finish(connection: Connection, job: ExportJob, state: ExportState, *, message: str, byte_length: int) -> bool:
    done = connection.execute(
        sa.update(_table)
        .where(_table.c.id == job.id, _table.c.state == ExportState.PENDING.value)
        .values(state=state.value, message=message, byte_length=byte_length, finished_at=now_ms())
    )
    return done.rowcount == 1


def _delete(connection: Connection, jobs: list[ExportJob]) -> None:
    selections = [job.selection_id for job in jobs if job.selection_id is not None]
    connection.execute(sa.delete(_table).where(_table.c.id.in_([job.id for job in jobs])))
    connection.execute(sa.delete(schema.selections).where(schema.selections.c.id.in_(selections)))


def _unlink(home: Home, job: ExportJob) -> None:
    path = job.file(home)
    with naming_failures("delete", path):
        path.unlink(missing_ok=True)


def _job(row: sa.Row[tuple[object, ...]]) -> ExportJob:
    values = dict(row._mapping)
    # What is asked for can grow: an export of an earlier version has fewer fields.
    request = {"link_base": "", **json.loads(str(values.pop("request")))}
    request["options"] = ExportOptions.model_validate(request.get("options", {}))
    state = ExportState(str(values.pop("state")))
    return ExportJob(**{**values, **request, "format": ExportFormat(request["format"]), "state": state})
