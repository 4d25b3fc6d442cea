from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from swath.client import Client
from swath.client.runs import Run
from swath.core.errors import NotFound, NotLoggedIn, RunCancelled, StaleLease
from swath.core.runs import RunState
from swath.wire.runs import Assignment, WorkerRegistration
from swath.worker.loop import Execute, WorkerLife
from swath.worker.progress import ProgressBoard
from swath.worker.server_line import ServerLine

OpenLine = Callable[[], ServerLine]
AskForRun = Callable[[], Run]


class Worker:
    """A worker that serves in a thread, and what it said and raised."""

    def __init__(self, line: ServerLine, execute: Execute) -> None:
        self.notes: list[str] = []
        self.raised: Exception | None = None
        self.id = line.register(WorkerRegistration(name="box")).id
        self.stopping = threading.Event()
        self._life = WorkerLife(
            line=line, execute=execute, at_point=lambda name: None, note=self.notes.append, stopping=self.stopping
        )
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._life.serve()
        except Exception as exc:
            self.raised = exc

    def end(self) -> None:
        self.stopping.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def go_on_for_ever(assignment: Assignment, board: ProgressBoard) -> str:
    """A run in one long stage, which asks at every step whether it has to end."""
    board.stage(RunState.EMBEDDING, total=1000, unit="images")
    while True:
        board.advance(1)
        time.sleep(0.01)


def test_runs_are_executed_one_after_the_other(open_line: OpenLine, ask_for_run: AskForRun) -> None:
    done: list[str] = []

    def execute(assignment: Assignment, board: ProgressBoard) -> str:
        done.append(assignment.run_id)
        # Given back, so that there is a next one without a commit.
        raise StaleLease("given back")

    run = ask_for_run()
    worker = Worker(open_line(), execute)
    wait_until(lambda: done == [run.id])
    worker.end()
    assert worker.notes == [f"run {run.id} starts", f"run {run.id}: dropped: given back"]


def test_progress_is_told_and_a_cancelled_run_ends_at_its_next_step(
    open_line: OpenLine, ask_for_run: AskForRun
) -> None:
    ended: list[Exception] = []

    def execute(assignment: Assignment, board: ProgressBoard) -> str:
        try:
            return go_on_for_ever(assignment, board)
        except RunCancelled as exc:
            ended.append(exc)
            return "cancelled"

    run = ask_for_run()
    worker = Worker(open_line(), execute)
    wait_until(lambda: (progress := run.refresh().progress) is not None and progress.done > 0)
    assert run.progress is not None
    assert (run.progress.state, run.progress.total, run.progress.unit) == (RunState.EMBEDDING, 1000, "images")
    run.cancel()
    wait_until(lambda: len(ended) == 1)
    worker.end()
    assert f"run {run.id}: cancelled" in worker.notes


def test_a_worker_that_stops_gives_its_run_back(open_line: OpenLine, ask_for_run: AskForRun) -> None:
    run = ask_for_run()
    worker = Worker(open_line(), go_on_for_ever)
    wait_until(lambda: run.refresh().state is not RunState.QUEUED)
    worker.end()
    assert worker.raised is None
    assert (run.refresh().state, run.document.deaths) == (RunState.QUEUED, 0)


def test_a_bug_in_one_run_does_not_end_the_worker(open_line: OpenLine, client: Client, ask_for_run: AskForRun) -> None:
    begun: list[str] = []

    def execute(assignment: Assignment, board: ProgressBoard) -> str:
        begun.append(assignment.run_id)
        raise ZeroDivisionError("division by zero")

    run = ask_for_run()
    worker = Worker(open_line(), execute)
    wait_until(lambda: any("ZeroDivisionError: division by zero" in note for note in worker.notes))
    wait_until(lambda: run.refresh().state is RunState.QUEUED or len(begun) > 1)  # nobody beats for it any more
    worker.end()
    assert worker.raised is None


def test_a_worker_whose_token_is_revoked_drops_its_run_and_ends(
    open_line: OpenLine, client: Client, ask_for_run: AskForRun
) -> None:
    run = ask_for_run()
    worker = Worker(open_line(), go_on_for_ever)
    wait_until(lambda: run.refresh().state is not RunState.QUEUED)
    client.tokens.revoke("test")
    wait_until(lambda: worker.raised is not None)
    worker.end()
    assert isinstance(worker.raised, NotLoggedIn)


def test_a_worker_that_was_removed_ends(open_line: OpenLine, client: Client) -> None:
    worker = Worker(open_line(), go_on_for_ever)
    client.workers.delete(worker.id)
    wait_until(lambda: worker.raised is not None)
    worker.end()
    assert isinstance(worker.raised, NotFound)


@pytest.mark.parametrize("is_draining", [True, False])
def test_a_draining_worker_takes_no_run(
    open_line: OpenLine, client: Client, ask_for_run: AskForRun, is_draining: bool
) -> None:
    line = open_line()
    worker = line.register(WorkerRegistration(name="box"))
    client.workers.drain(worker.id, is_draining=is_draining)
    ask_for_run()
    assert (line.claim() is None) == is_draining
