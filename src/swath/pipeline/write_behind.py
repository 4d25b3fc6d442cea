"""Files written while the work that makes them goes on, so that nobody waits for a storage that takes its time."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from swath.pipeline.ports import Datasource

MAX_BYTES_BEHIND = 64 * 1024 * 1024
"""What may wait to be written. A single larger file waits alone."""

FILES_BEHIND_PER_REQUEST = 2


class WriteBehind:
    """Writes files to a datasource, as many at a time as its `concurrency` says; with 1 the caller writes itself.

    Use as a context manager. Leaving it waits until everything is written; leaving it with an error waits for what is
    under way and drops the rest, so that nothing is written afterwards. The first error of a write is raised by the
    next `write` or on leaving. What waits is bounded in number and in bytes: then `write` waits too.
    """

    def __init__(self, target: Datasource, *, max_bytes: int = MAX_BYTES_BEHIND) -> None:
        self._target = target
        self._requests = target.concurrency
        self._max_bytes = max_bytes
        self._turn = threading.Condition()
        self._files = 0
        self._bytes = 0
        self._failure: BaseException | None = None
        self._pool = ThreadPoolExecutor(self._requests, thread_name_prefix="swath-write")

    def __enter__(self) -> Self:
        return self

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        """As `Datasource.write`, but the file may not be there yet on return."""
        if self._requests == 1:
            self._target.write(key, data, overwrite=overwrite)
            return
        with self._turn:
            while self._failure is None and not self._fits(len(data)):
                self._turn.wait()
            if self._failure is not None:
                raise self._failure
            self._files += 1
            self._bytes += len(data)
        future = self._pool.submit(self._target.write, key, data, overwrite=overwrite)
        future.add_done_callback(partial(self._done, len(data)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None and self._failure is not None:
            raise self._failure

    def _fits(self, size: int) -> bool:
        if self._files == 0:
            return True
        return self._files < FILES_BEHIND_PER_REQUEST * self._requests and self._bytes + size <= self._max_bytes

    def _done(self, size: int, future: Future[None]) -> None:
        failure = None if future.cancelled() else future.exception()
        with self._turn:
            self._files -= 1
            self._bytes -= size
            self._failure = self._failure or failure
            self._turn.notify_all()
