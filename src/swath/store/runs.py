"""The record of every run: its state, its plan, its log, and what it left."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.additions import CommitReceipt
from swath.core.errors import Conflict, NotFound, StaleLease
from swath.core.runs import FINAL_STATES, RunState
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.users import local_user
from swath.wire.runs import RunKind, storable

_STATES_BEFORE_BEGINNING = (RunState.QUEUED.value, RunState.ABORTED.value)
"""Of runs that nobody started."""

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
    worker_config_id: str | None  # of a run that an old script scheduled
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

    @property
    def is_held(self) -> bool:
        """Whether a worker has the run now."""
        return self.lease_expires_at is not None

    @property
    def has_begun(self) -> bool:
        """Whether anything was tried: not of a run that waits for its first worker, or was cancelled while it did."""
        return self.started_at is not None or self.state not in _STATES_BEFORE_BEGINNING

    @property
    def labels(self) -> frozenset[str]:
        """What a worker must have."""
        return frozenset(json.loads(self.runs_on))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    number: int
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


def list_runs(
    connection: Connection, dataset_id: str | None = None, *, without_kinds: Collection[RunKind] = ()
) -> list[Run]:
    """All runs, or those on a dataset, but for some kinds; newest first."""
    condition = sa.true() if dataset_id is None else _of_dataset(dataset_id)
    condition = sa.and_(condition, _is_of_none(without_kinds))
    return [_run(row) for row in connection.execute(_newest_first(condition))]


def page_of_runs(
    connection: Connection,
    *,
    user_id: str,
    shared_dataset_ids: Collection[str] = (),
    states: Collection[RunState] = (),
    dataset_id: str | None = None,
    only_begun: bool = False,
    without_kinds: Collection[RunKind] = (),
    offset: int = 0,
    limit: int | None = 100,
) -> tuple[list[Run], int]:
    """Runs of a user and on image datasets shared with them, newest first, and how many there are in all.

    `states`, `dataset_id`, `only_begun` (see `Run.has_begun`) and `without_kinds` narrow it down; no states are all
    states.
    """
    condition = sa.or_(_table.c.owner_id == user_id, _table.c.image_dataset_id.in_(shared_dataset_ids))
    condition = sa.and_(condition, _is_of_none(without_kinds))
    if states:
        condition = sa.and_(condition, _table.c.state.in_([state.value for state in states]))
    if dataset_id is not None:
        condition = sa.and_(condition, _of_dataset(dataset_id))
    if only_begun:
        condition = sa.and_(
            condition, sa.or_(_table.c.started_at.is_not(None), _table.c.state.not_in(_STATES_BEFORE_BEGINNING))
        )
    total = connection.execute(sa.select(sa.func.count()).select_from(_table).where(condition)).scalar_one()
    query = _newest_first(condition).offset(offset).limit(limit)
    return [_run(row) for row in connection.execute(query)], int(total)


def _is_of_none(kinds: Collection[RunKind]) -> sa.ColumnElement[bool]:
    return _table.c.kind.not_in([kind.value for kind in kinds])


def _of_dataset(dataset_id: str) -> sa.ColumnElement[bool]:
    return sa.or_(_table.c.image_dataset_id == dataset_id, _table.c.crop_dataset_id == dataset_id)


def _newest_first(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(_table).where(condition).order_by(_table.c.created_at.desc(), _table.c.id.desc())


def runs_under_way(connection: Connection) -> list[Run]:
    """Runs that some process or worker has begun and not ended, oldest first."""
    idle = [state.value for state in (*FINAL_STATES, RunState.QUEUED)]
    query = sa.select(_table).where(_table.c.state.not_in(idle)).order_by(_table.c.created_at, _table.c.id)
    return [_run(row) for row in connection.execute(query)]


def check_lease(connection: Connection, run_id: str, lease: int) -> Run:
    """The run, if a worker holds it under this lease.

    Raises StaleLease if somebody else does or did since, Conflict if the run is over.
    """
    run = find_run(connection, run_id)
    if run.lease == lease and run.state.is_final:
        raise Conflict(f"run `{run_id}` is over: its state is `{run.state}`")
    if run.lease != lease or not run.is_held:
        raise StaleLease(
            f"lease {lease} of run `{run_id}` is over",
            hint="The server did not hear of the worker for too long and gave the run back: drop it.",
        )
    return run


def move_run(connection: Connection, run_id: str, state: RunState) -> None:
    """Record that a run has reached a state that is not final. Raises Conflict for a move that is not legal."""
    if state.is_final:
        raise Conflict(f"a run reaches `{state}` by being finished, with a message")
    _move(connection, run_id, state, {"started_at": sa.func.coalesce(_table.c.started_at, now_ms())})


def finish_run(connection: Connection, run_id: str, state: RunState, *, message: str, result: str | None) -> None:
    """Close a run for good. Raises Conflict if it is closed already or the state is not a final one."""
    if not state.is_final:
        raise Conflict(f"a run cannot be finished with state `{state}`")
    ending: dict[str, object] = {
        "message": storable(message),
        "result": result,
        "finished_at": now_ms(),
        "lease_expires_at": None,
        "progress": None,
    }
    _move(connection, run_id, state, ending)


def finish_leased_run(
    connection: Connection, run_id: str, lease: int, state: RunState, *, message: str, result: str
) -> None:
    """Close the run of a worker, which may say so twice when the answer got lost.

    What it reports also replaces what was written in its name, when it was taken for dead after its commit.
    """
    run = find_run(connection, run_id)
    if run.lease == lease and run.state is state and state.is_final:
        connection.execute(sa.update(_table).where(_table.c.id == run_id).values(message=message, result=result))
        return
    check_lease(connection, run_id, lease)
    finish_run(connection, run_id, state, message=message, result=result)


def _move(connection: Connection, run_id: str, state: RunState, values: dict[str, object]) -> None:
    before = [earlier.value for earlier in RunState if earlier.may_become(state)]
    changed = connection.execute(
        sa.update(_table).where(_table.c.id == run_id, _table.c.state.in_(before)).values(state=state.value, **values)
    )
    if changed.rowcount == 0:
        raise Conflict(f"run `{run_id}` is in state `{find_run(connection, run_id).state}` and cannot become `{state}`")


def record_receipt(connection: Connection, run_id: str, receipt: str) -> None:
    connection.execute(sa.update(_table).where(_table.c.id == run_id).values(receipt=receipt))


def receipt_of(run: Run) -> CommitReceipt | None:
    """What the run added; None as long as it has not."""
    if run.receipt is None:
        return None
    values = json.loads(run.receipt)
    return CommitReceipt(**{**values, "tag_names": tuple(values["tag_names"])})


def request_cancel(connection: Connection, run_id: str) -> None:
    """Ask a run to stop; it does when it reaches its next state. Raises Conflict for a run that is over.

    One that waits for a worker is over at once.
    """
    run = find_run(connection, run_id)
    if run.state.is_final:
        raise Conflict(f"run `{run_id}` is over: its state is `{run.state}`")
    connection.execute(sa.update(_table).where(_table.c.id == run_id).values(cancel_requested=True))
    if run.state is RunState.QUEUED:
        finish_run(connection, run_id, RunState.ABORTED, message="cancelled before it began", result=None)


def append_log(connection: Connection, run_id: str, level: str, message: str) -> None:
    """Add a line of this process to a run's log."""
    append_log_lines(connection, run_id, 0, [(None, level, message)])


def append_log_lines(
    connection: Connection, run_id: str, lease: int, lines: Sequence[tuple[int | None, str, str]]
) -> None:
    """Add lines (number, level, message) that somebody wrote under a lease; 0 is this process.

    Lines of one lease come in the order of their numbers: one that is not above the last that was kept was sent
    twice. Without a number a line is the next.
    """
    lasts = sa.select(
        sa.func.coalesce(sa.func.max(_log.c.line_number), -1),
        sa.func.coalesce(sa.func.max(sa.case((_log.c.lease == lease, _log.c.lease_line))), -1),
    ).where(_log.c.run_id == run_id)
    last_line, last_of_lease = connection.execute(lasts).one()
    now = now_ms()
    for number, level, message in lines:
        if number is not None and number <= last_of_lease:
            continue
        last_line += 1
        last_of_lease = last_of_lease + 1 if number is None else number
        connection.execute(
            sa.insert(_log).values(
                run_id=run_id,
                line_number=last_line,
                lease=lease,
                lease_line=last_of_lease,
                logged_at=now,
                level=level,
                message=storable(message),
            )
        )


def read_log(connection: Connection, run_id: str, *, after: int = -1, limit: int | None = None) -> list[LogLine]:
    """The lines of a run's log after line number `after`, at most `limit` of them."""
    query = (
        sa.select(_log.c.line_number.label("number"), _log.c.logged_at, _log.c.level, _log.c.message)
        .where(_log.c.run_id == run_id, _log.c.line_number > after)
        .order_by(_log.c.line_number)
        .limit(limit)
    )
    return [LogLine(**row._mapping) for row in connection.execute(query)]


def log_length(connection: Connection, run_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(_log).where(_log.c.run_id == run_id)
    return int(connection.execute(query).scalar_one())


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    values = dict(row._mapping)
    return Run(**{**values, "state": RunState(values["state"])})
