from __future__ import annotations

import os
from typing import Any

import pytest

from swath.core.errors import Conflict, NotFound, RunCancelled
from swath.core.runs import RunState
from swath.store import runs
from swath.store.catalog import list_runs
from swath.store.database import Store
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: StartRun


def find(store: Store, run_id: str) -> runs.Run:
    with store.reading() as connection:
        return runs.find_run(connection, run_id)


def test_a_run_is_recorded_from_its_start_to_its_end(store: Store, start_run: Fixture) -> None:
    run = start_run()
    record = find(store, run.target.run_id)
    assert (record.state, record.process_id, record.config) == (RunState.STARTED, os.getpid(), '{"n_samples": 0.1}')
    assert (record.image_dataset_id, record.crop_dataset_id) == (
        run.target.image_dataset_id,
        run.target.crop_dataset_id,
    )
    run.enter(RunState.EMBEDDING)
    run.enter(RunState.SAMPLING)
    run.finish(RunState.COMPLETED, "3 objects", '{"n": 3}')
    record = find(store, run.target.run_id)
    assert (record.state, record.message, record.result) == (RunState.COMPLETED, "3 objects", '{"n": 3}')
    assert record.started_at is not None
    assert record.finished_at is not None
    assert record.created_at <= record.started_at <= record.finished_at


def test_a_final_state_comes_with_finish_only(store: Store, start_run: Fixture) -> None:
    run = start_run()
    with pytest.raises(Conflict, match="`COMPLETED`"):
        run.enter(RunState.COMPLETED)
    with pytest.raises(Conflict, match="`SAMPLING`"):
        run.finish(RunState.SAMPLING, "", "{}")
    assert find(store, run.target.run_id).state is RunState.STARTED


def test_a_run_left_open_is_closed_by_the_next(store: Store, start_run: Fixture) -> None:
    first, second = start_run(), None
    first.enter(RunState.SAMPLING)
    second = start_run()
    second.commit(make_additions({"a.jpg": 1}))
    start_run()
    record = find(store, first.target.run_id)
    assert record.state is RunState.CRASHED
    assert record.message.startswith(f"process {os.getpid()} on ")
    assert record.message.endswith("ended in state SAMPLING; it added nothing")
    assert find(store, second.target.run_id).message.endswith("what it added is kept")
    assert [run.state for run in list_runs(store)].count("CRASHED") == 2


def test_a_cancelled_run_stops_at_its_next_state(store: Store, start_run: Fixture) -> None:
    run = start_run()
    with store.writing() as connection:
        runs.request_cancel(connection, run.target.run_id)
    with pytest.raises(RunCancelled):
        run.enter(RunState.EMBEDDING)
    run.finish(RunState.ABORTED, "cancelled", "{}")
    with store.writing() as connection, pytest.raises(Conflict, match="is over"):
        runs.request_cancel(connection, run.target.run_id)


def test_a_run_that_is_not_there_is_not_found(store: Store) -> None:
    with store.writing() as connection:
        with pytest.raises(NotFound, match="`nope`"):
            runs.find_run(connection, "nope")
        with pytest.raises(NotFound):
            runs.request_cancel(connection, "nope")
        with pytest.raises(NotFound):
            runs.move_run(connection, "nope", RunState.SAMPLING)


def test_the_log_keeps_the_order_of_its_lines(store: Store, start_run: Fixture) -> None:
    run = start_run()
    for number in range(12):
        run.log("WARNING" if number == 3 else "INFO", f"line {number}")
    with store.reading() as connection:
        lines = runs.read_log(connection, run.target.run_id)
    assert [line.message for line in lines] == [f"line {number}" for number in range(12)]
    assert [line.level for line in lines].index("WARNING") == 3
