"""The record of every run: its state, its plan, its log, and what it left."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound
from swath.core.runs import FINAL_STATES, RunState
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.users import local_user

_table = schema.runs
_log = schema.run_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Dataset ids are what it planned: the datasets need not exist (yet, or any more)."""

    id: str
    owner_id: str
    kind: str
    state: RunState
    message: str
    config: str  # JSON
    result: str | None  # JSON
    receipt: str | None  # JSON; there once the run's samples are
    image_dataset_id: str
    image_dataset_name: str
    crop_dataset_id: str | None
    crop_dataset_name: str | None
    task: str | None
    input_uri: str
    output_uri: str
    process_id: int | None  # of a run in the process that made it; None for runs of workers
    host_name: str | None
    cancel_requested: bool
    priority: int  # higher ones are claimed first
    runs_on: str  # JSON list: labels a worker must have
    worker_id: str | None
    lease: int
    lease_expires_at: int | None  # ms
    deaths: int  # workers that died over it
    progress: str | None  # JSON
    created_at: int  # ms
    started_at: int | None
    finished_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    logged_at: int  # ms
    level: str
    message: str


def create_run(
    connection: Connection,
    *,
    config: str,
    image_dataset: tuple[str, str],
    crop_dataset: tuple[str, str] | None,
    task: str | None,
    input_uri: str,
    output_uri: str,
    owner_id: str | None = None,
) -> str:
    """Record a new run of this process in state STARTED; datasets are (id, name). Returns its id.

    The owner is the local user where none is named.
    """
    run_id = new_id()
    crop_dataset_id, crop_dataset_name = crop_dataset or (None, None)
    connection.execute(
        sa.insert(_table).values(
            id=run_id,
            owner_id=owner_id or local_user(connection).id,
            kind="object-level",
            state=RunState.STARTED.value,
            message="",
            config=config,
            image_dataset_id=image_dataset[0],
            image_dataset_name=image_dataset[1],
            crop_dataset_id=crop_dataset_id,
            crop_dataset_name=crop_dataset_name,
            task=task,
            input_uri=input_uri,
            output_uri=output_uri,
            process_id=os.getpid(),
            host_name=socket.gethostname(),
            cancel_requested=False,
            priority=0,
            runs_on="[]",
            lease=0,
            deaths=0,
            created_at=now_ms(),
        )
    )
    return run_id


def find_run(connection: Connection, run_id: str) -> Run:
    row = connection.execute(sa.select(_table).where(_table.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no run `{run_id}`")
    return _run(row)


def list_runs(connection: Connection, dataset_id: str | None = None) -> list[Run]:
    """All runs, or those that add to a dataset; newest first."""
    query = sa.select(_table).order_by(_table.c.created_at.desc(), _table.c.id.desc())
    if dataset_id is not None:
        query = query.where(sa.or_(_table.c.image_dataset_id == dataset_id, _table.c.crop_dataset_id == dataset_id))
    return [_run(row) for row in connection.execute(query)]


def move_run(connection: Connection, run_id: str, state: RunState) -> None:
    """Record that a run has reached a state that is not final. Raises Conflict for a move that is not legal."""
    if state.is_final:
        raise Conflict(f"a run reaches `{state}` by being finished, with a message")
    _move(connection, run_id, state, {"started_at": sa.func.coalesce(_table.c.started_at, now_ms())})


def finish_run(connection: Connection, run_id: str, state: RunState, *, message: str, result: str | None) -> None:
    """Close a run for good. Raises Conflict if it is closed already or the state is not a final one."""
    if not state.is_final:
        raise Conflict(f"a run cannot be finished with state `{state}`")
    _move(connection, run_id, state, {"message": message, "result": result, "finished_at": now_ms()})


def _move(connection: Connection, run_id: str, state: RunState, values: dict[str, object]) -> None:
    before = [earlier.value for earlier in RunState if earlier.may_become(state)]
    changed = connection.execute(
        sa.update(_table).where(_table.c.id == run_id, _table.c.state.in_(before)).values(state=state.value, **values)
    )
    if changed.rowcount == 0:
        raise Conflict(f"run `{run_id}` is in state `{find_run(connection, run_id).state}` and cannot become `{state}`")


def record_receipt(connection: Connection, run_id: str, receipt: str) -> None:
    connection.execute(sa.update(_table).where(_table.c.id == run_id).values(receipt=receipt))


def request_cancel(connection: Connection, run_id: str) -> None:
    """Ask a run to stop; it does when it reaches its next state. Raises Conflict for a run that is over."""
    final = [state.value for state in FINAL_STATES]
    changed = connection.execute(
        sa.update(_table).where(_table.c.id == run_id, _table.c.state.not_in(final)).values(cancel_requested=True)
    )
    if changed.rowcount == 0:
        raise Conflict(f"run `{run_id}` is over: its state is `{find_run(connection, run_id).state}`")


def close_abandoned_runs(connection: Connection) -> None:
    """Mark runs of processes CRASHED that are not over; those of workers have leases instead.

    The caller holds the home's lock, so the processes are gone.
    """
    not_abandoned = [state.value for state in (*FINAL_STATES, RunState.QUEUED)]
    query = sa.select(_table).where(_table.c.state.not_in(not_abandoned), _table.c.process_id.is_not(None))
    for run in [_run(row) for row in connection.execute(query)]:
        kept = "what it added is kept" if run.receipt is not None else "it added nothing"
        finish_run(
            connection,
            run.id,
            RunState.CRASHED,
            message=f"process {run.process_id} on `{run.host_name}` ended in state {run.state}; {kept}",
            result=run.result,
        )


def append_log(connection: Connection, run_id: str, line_number: int, level: str, message: str) -> None:
    connection.execute(
        sa.insert(_log).values(
            run_id=run_id,
            line_number=line_number,
            lease=0,
            lease_line=line_number,
            logged_at=now_ms(),
            level=level,
            message=message,
        )
    )


def read_log(connection: Connection, run_id: str) -> list[LogLine]:
    query = (
        sa.select(_log.c.logged_at, _log.c.level, _log.c.message)
        .where(_log.c.run_id == run_id)
        .order_by(_log.c.line_number)
    )
    return [LogLine(**row._mapping) for row in connection.execute(query)]


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    values = dict(row._mapping)
    return Run(**{**values, "state": RunState(values["state"])})
