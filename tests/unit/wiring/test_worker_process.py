from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from swath.wiring.worker_process import NICENESS, WorkerProcess


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "SWATH_HOME": str(tmp_path / "home"), "SWATH_TOKEN": "t"}


def test_a_worker_that_ends_is_started_again_until_it_is_stopped(environment: dict[str, str]) -> None:
    notes: list[str] = []
    ended = threading.Event()

    def note(line: str) -> None:
        notes.append(line)
        ended.set()

    # There is no such key, so it ends at once.
    worker = WorkerProcess(["nope=1"], environment, note=note)
    worker.start()
    assert ended.wait(60)
    assert notes[0] == "the worker ended (exit code 2) and starts again in 2 s"
    worker.stop()
    worker.stop()
    assert len(notes) == 1


def test_a_worker_gives_way_and_is_stopped_within_seconds(environment: dict[str, str]) -> None:
    # A server that does not answer keeps it waiting.
    worker = WorkerProcess(["server=http://127.0.0.1:9"], environment, note=pytest.fail)
    worker.start()
    deadline = time.monotonic() + 30
    while (process := worker.process_id) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while os.getpriority(os.PRIO_PROCESS, process) != NICENESS + os.getpriority(os.PRIO_PROCESS, 0):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
