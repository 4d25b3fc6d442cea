"""How far a run is, kept where another thread can read it and tell the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from swath.core.runs import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProgress:
    """One stage under way: `done` of `total` (None: nobody knows) units, at `rate` units a second."""

    state: RunState
    done: int
    total: int | None
    unit: str
    rate: float


class ProgressBoard:
    """A RunObserver that keeps the latest numbers. `check` is called at every step and may raise to end the run.

    The run writes from its thread, another one takes; nothing the run does waits for the network.
    """

    def __init__(self, check: Callable[[], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._clock = clock
        self._turn = threading.Lock()
        self._latest: StageProgress | None = None
        self._is_news = False
        self._started = 0.0

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self._check()
        with self._turn:
            self._started = self._clock()
            self._latest = StageProgress(state=state, done=0, total=total, unit=unit, rate=0.0)
            self._is_news = True

    def advance(self, count: int = 1) -> None:
        self._check()
        if not count:
            return
        with self._turn:
            if self._latest is None:
                return
            done = self._latest.done + count
            seconds = max(self._clock() - self._started, 1e-3)
            self._latest = StageProgress(
                state=self._latest.state,
                done=done,
                total=self._latest.total,
                unit=self._latest.unit,
                rate=round(done / seconds, 2),
            )
            self._is_news = True

    def note(self, level: str, message: str) -> None:
        """Nothing: the run writes its notes to its log as well, which the server keeps."""

    def take(self) -> StageProgress | None:
        """The latest numbers, if there are any that nobody has taken yet."""
        with self._turn:
            if not self._is_news:
                return None
            self._is_news = False
            return self._latest
