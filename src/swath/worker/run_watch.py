"""Keeps the lease of a run alive from a thread of its own, and tells the run what the server said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from swath.core.errors import NotAllowed, RunCancelled, StaleLease, SwathError

BEATS_PER_TIMEOUT = 3
"""Two signs of life may get lost before the server takes a worker for dead."""

SECONDS_BETWEEN_REPORTS = 0.5


class RunWatch:
    """While it is entered, `beat` is called three times per `timeout_s` and `report` every half second.

    `beat` answers whether somebody cancelled the run. What it raises decides: StaleLease or NotAllowed ends the run,
    anything else is tried again, for a server that restarts comes back. The run calls `check` at every step.
    """

    def __init__(
        self,
        *,
        beat: Callable[[], bool],
        report: Callable[[], None],
        timeout_s: float,
        stopping: threading.Event,
    ) -> None:
        self._beat = beat
        self._report = report
        self._interval_s = timeout_s / BEATS_PER_TIMEOUT
        self._stopping = stopping
        self._over = threading.Event()
        self._end: Callable[[], SwathError] | None = None
        self._thread = threading.Thread(target=self._watch, name="swath-beat", daemon=True)
        self.locked_out: NotAllowed | None = None
        """Set when the server no longer takes the worker's token."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # Not waited for: it may be amid a call to a server that does not answer.
        self._thread.join(timeout=1.0)

    def check(self) -> None:
        """Raises RunCancelled if somebody cancelled the run, StaleLease if it has to be dropped as it is."""
        if self._stopping.is_set():
            raise StaleLease("the worker is stopping: the run goes back to the queue")
        if self._end is not None:
            raise self._end()

    def _watch(self) -> None:
        next_beat = time.monotonic() + self._interval_s
        while not self._over.wait(min(SECONDS_BETWEEN_REPORTS, self._interval_s)):
            self._try(self._report)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._interval_s
                self._try(self._beat_once)

    def _beat_once(self) -> None:
        if self._beat() and self._end is None:
            self._end = lambda: RunCancelled("somebody cancelled the run")

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except StaleLease as exc:
            self._drop(exc)
        except NotAllowed as exc:
            self.locked_out = exc
            self._drop(exc)
        except SwathError:
            # The server may be restarting. The calls of the run itself decide when it has been gone for too long.
            return

    def _drop(self, reason: SwathError) -> None:
        self._end = lambda: StaleLease(reason.message, hint=reason.hint)
        self._over.set()
