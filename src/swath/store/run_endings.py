"""The end of runs that cannot report it themselves any more: their process or worker is gone.

Whether a run did what it was for is a matter of its receipt, not of its report: one that committed is COMPLETED.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.additions import CommitReceipt
from swath.core.runs import RunState
from swath.store import runs, schema
from swath.store.runs import Run
from swath.wire.run_result import DatasetResult, RunResult

_table = schema.runs

MOST_DEATHS = 3
"""Workers that may die over a run before it fails: what killed three kills the fourth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Whoever worked on a run and is gone. `name` and `what` are for people: "the worker `w1`", "the worker"."""

    name: str
    what: str


def close_abandoned_runs(connection: Connection) -> None:
    """Close runs of processes that are not over; those of workers have leases instead.

    The caller holds the home's lock, so the processes are gone.
    """
    for run in runs.runs_under_way(connection):
        if run.process_id is None:
            continue
        gone = Gone(name=f"process {run.process_id} on `{run.host_name}`", what="the process")
        if not _complete_if_committed(connection, run, gone):
            message = f"{gone.name} ended in state {run.state}; it added nothing"
            runs.finish_run(connection, run.id, RunState.CRASHED, message=message, result=run.result)


def return_to_queue(connection: Connection, run: Run, gone: Gone, *, is_death: bool) -> RunState:
    """Take a run from a worker that died or gave it up: back to the queue, unless it is over. Returns its state.

    A run that committed is COMPLETED, one that was to be stopped is ABORTED, and one over which too many workers
    died has FAILED.
    """
    deaths = run.deaths + is_death
    connection.execute(sa.update(_table).where(_table.c.id == run.id).values(deaths=deaths))
    if _complete_if_committed(connection, run, gone):
        return RunState.COMPLETED
    if run.cancel_requested:
        message = f"cancelled; {gone.what} was gone in state {run.state}"
        return _finish(connection, run, RunState.ABORTED, message)
    if deaths >= MOST_DEATHS:
        message = f"its worker died {deaths} times, last in state {run.state}"
        runs.append_log(connection, run.id, "ERROR", f"{gone.name} died in state {run.state}")
        return _finish(connection, run, RunState.FAILED, message)
    how = "died" if is_death else "gave the run up"
    runs.append_log(connection, run.id, "WARNING", f"{gone.name} {how} in state {run.state}; the run waits again")
    waiting = {"state": RunState.QUEUED.value, "lease_expires_at": None, "progress": None}
    connection.execute(sa.update(_table).where(_table.c.id == run.id).values(**waiting))
    return RunState.QUEUED


def _complete_if_committed(connection: Connection, run: Run, gone: Gone) -> bool:
    receipt = runs.receipt_of(run)
    if receipt is None:
        return False
    message = f"{_what_was_added(run, receipt)}; {gone.what} ended before its report"
    runs.append_log(connection, run.id, "WARNING", f"{gone.name} ended in state {run.state}, after the commit")
    _finish(connection, run, RunState.COMPLETED, message)
    return True


def _finish(connection: Connection, run: Run, state: RunState, message: str) -> RunState:
    result = _result(run, state, message).model_dump_json()
    runs.finish_run(connection, run.id, state, message=message, result=result)
    return state


def _what_was_added(run: Run, receipt: CommitReceipt) -> str:
    images = f"{_counted(receipt.images_added, 'image')} added to {run.image_dataset_name}"
    if run.crop_dataset_name is None:
        return images
    return f"{_counted(receipt.crops_added, 'crop')} added to {run.crop_dataset_name}, {images}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _result(run: Run, state: RunState, message: str) -> RunResult:
    """What is known of a run that did not report: its datasets, and what it added."""
    receipt = runs.receipt_of(run)
    crops = None
    if run.crop_dataset_id is not None and run.crop_dataset_name is not None and receipt is not None:
        crops = DatasetResult(
            id=run.crop_dataset_id,
            name=run.crop_dataset_name,
            samples=receipt.crop_samples,
            added=receipt.crops_added,
        )
    images = None
    if receipt is not None:
        images = DatasetResult(
            id=run.image_dataset_id,
            name=run.image_dataset_name,
            samples=receipt.image_samples,
            added=receipt.images_added,
        )
    return RunResult(run=run.id, state=state.value, message=message, image_dataset=images, crop_dataset=crops)
