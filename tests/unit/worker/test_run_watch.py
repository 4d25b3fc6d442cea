from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from swath.core.errors import NotLoggedIn, RunCancelled, SourceUnavailable, StaleLease, SwathError
from swath.worker.run_watch import RunWatch


def watch(
    beat: Callable[[], bool],
    *,
    report: Callable[[], None] = lambda: None,
    stopping: threading.Event | None = None,
) -> RunWatch:
    return RunWatch(beat=beat, report=report, timeout_s=0.03, stopping=stopping or threading.Event())


def error_of(watched: RunWatch) -> SwathError:
    """What a run is told within ten seconds of steps."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            watched.check()
        except SwathError as exc:
            return exc
        time.sleep(0.001)
    raise AssertionError("the run was told nothing")


def test_beats_go_on_as_long_as_the_run() -> None:
    beats = threading.Semaphore(0)

    def beat() -> bool:
        beats.release()
        return False

    with watch(beat) as watched:
        assert all(beats.acquire(timeout=10) for _ in range(5))
        watched.check()
    while beats.acquire(blocking=False):
        pass
    assert not beats.acquire(timeout=0.1)


def test_a_run_hears_that_it_was_cancelled() -> None:
    with watch(lambda: True) as watched:
        assert isinstance(error_of(watched), RunCancelled)


def test_a_run_hears_that_another_worker_has_it() -> None:
    def beat() -> bool:
        raise StaleLease("another worker has the run by now")

    with watch(beat) as watched:
        assert isinstance(error_of(watched), StaleLease)
        assert watched.locked_out is None


def test_a_run_of_a_worker_whose_token_was_revoked_is_dropped() -> None:
    def beat() -> bool:
        raise NotLoggedIn("the token was revoked")

    with watch(beat) as watched:
        error = error_of(watched)
    assert isinstance(error, StaleLease)
    assert error.message == "the token was revoked"
    assert isinstance(watched.locked_out, NotLoggedIn)


def test_a_server_that_restarts_ends_no_run() -> None:
    calls = threading.Semaphore(0)

    def beat() -> bool:
        calls.release()
        raise SourceUnavailable("the server does not answer")

    with watch(beat, report=lambda: None) as watched:
        assert all(calls.acquire(timeout=10) for _ in range(3))
        watched.check()


def test_a_stopping_worker_drops_its_run() -> None:
    stopping = threading.Event()
    with watch(lambda: False, stopping=stopping) as watched:
        watched.check()
        stopping.set()
        with pytest.raises(StaleLease, match="goes back to the queue"):
            watched.check()


def test_a_failed_report_does_not_keep_a_beat_from_being_sent() -> None:
    beats = threading.Event()

    def report() -> None:
        raise SourceUnavailable("the server does not answer")

    def beat() -> bool:
        beats.set()
        return False

    with watch(beat, report=report):
        assert beats.wait(10)
