"""Doing things in threads for somebody who waits: none of them is waited for too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from swath.core.errors import SourceUnavailable

Result = TypeVar("Result")


class Hurry:
    """Threads, and two points in time (in seconds from now) until which is waited for what they do.

    What is late goes on until its own end, unheard; what has not begun by the end of the block never does.
    """

    def __init__(self, threads: int, *, patience_s: float, deadline_s: float) -> None:
        self._patience_s = patience_s
        self._deadline_s = deadline_s
        self._started = time.monotonic()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="swath-hurry")

    def __enter__(self) -> Hurry:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, do: Callable[[], Result]) -> Future[Result]:
        """Let a thread do it as soon as one is free; in the order of calls."""
        return self._pool.submit(do)

    def must(self, future: Future[Result], uri: str) -> Result:
        """What came of something nothing goes without. Raises SourceUnavailable, naming the datasource, if late."""
        try:
            return future.result(timeout=self._left(self._patience_s))
        except TimeoutError as exc:
            raise SourceUnavailable(
                f"`{uri}` did not answer within {self._patience_s:g} seconds",
                hint="Can the machine of the server reach it, and is it the right endpoint?",
            ) from exc

    def may(self, future: Future[Result]) -> Result | None:
        """What came of something that can be missing; None if it is late."""
        try:
            return future.result(timeout=self._left(self._deadline_s))
        except TimeoutError:
            return None

    def _left(self, seconds: float) -> float:
        return max(0.0, self._started + seconds - time.monotonic())
