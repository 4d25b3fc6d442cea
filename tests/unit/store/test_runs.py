from __future__ import annotations

import os
from typing import Any

import pytest

from swath.core.errors import Conflict, NotFound, RunCancelled
from swath.core.runs import RunState
from swath.store import runs
from swath.store.database import Store
from swath.testing.session_contract import make_additions
from swath.wire.run_result import RunResult

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


def test_a_run_left_open_before_its_commit_is_closed_as_crashed_by_the_next(store: Store, start_run: Fixture) -> None:
    run = start_run()
    run.enter(RunState.SAMPLING)
    start_run()
    record = find(store, run.target.run_id)
    assert record.state is RunState.CRASHED
    assert record.message.startswith(f"process {os.getpid()} on ")
    assert record.message.endswith("ended in state SAMPLING; it added nothing")


def test_a_run_left_open_after_its_commit_is_closed_as_completed_by_the_next(store: Store, start_run: Fixture) -> None:
    run = start_run()
    run.commit(make_additions({"a.jpg": 2}))
    start_run()
    record = find(store, run.target.run_id)
    assert (record.state, record.message) == (
        RunState.COMPLETED,
        "2 crops added to vehicles-crops, 1 image added to vehicles; the process ended before its report",
    )
    result = RunResult.model_validate_json(record.result or "")
    assert (result.state, result.message) == ("COMPLETED", record.message)
    assert result.crop_dataset is not None
    assert (result.crop_dataset.name, result.crop_dataset.added) == ("vehicles-crops", 2)


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
    assert [line.number for line in lines] == list(range(12))


def test_a_page_of_the_log_starts_after_a_line(store: Store, start_run: Fixture) -> None:
    run = start_run()
    for number in range(5):
        run.log("INFO", f"line {number}")
    with store.reading() as connection:
        page = runs.read_log(connection, run.target.run_id, after=1, limit=2)
        assert runs.log_length(connection, run.target.run_id) == 5
    assert [line.number for line in page] == [2, 3]


def test_a_line_that_is_sent_twice_is_kept_once(store: Store, start_run: Fixture) -> None:
    run_id = start_run().target.run_id
    with store.writing() as connection:
        runs.append_log_lines(connection, run_id, 1, [(0, "INFO", "a"), (1, "INFO", "b")])
        runs.append_log(connection, run_id, "WARNING", "the server's own")
        runs.append_log_lines(connection, run_id, 1, [(1, "INFO", "b"), (2, "INFO", "c")])
        runs.append_log_lines(connection, run_id, 2, [(0, "INFO", "of the next lease")])
        lines = runs.read_log(connection, run_id)
    assert [line.message for line in lines] == ["a", "b", "the server's own", "c", "of the next lease"]
    assert [line.number for line in lines] == [0, 1, 2, 3, 4]


def test_lines_and_messages_that_no_database_keeps_are_escaped(store: Store, start_run: Fixture) -> None:
    run = start_run()
    run.log("INFO", "file a\udcff.jpg holds \0")
    run.finish(RunState.FAILED, "file b\udcff.jpg", "{}")
    with store.reading() as connection:
        (line,) = runs.read_log(connection, run.target.run_id)
    assert line.message == "file a\\udcff.jpg holds \\0"
    assert find(store, run.target.run_id).message == "file b\\udcff.jpg"
