"""Files read ahead of the threads that work on them, so that nobody waits for a storage that takes its time.

Where files are at hand (`requests` = 1) nothing is read ahead: the thread that takes an item reads it itself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

MAX_BYTES_AHEAD = 256 * 1024 * 1024
"""What may lie read, or be on its way, without anybody having taken it. A single larger file is read alone."""

FILES_AHEAD_PER_REQUEST = 2
"""Files on their way or read and not yet taken, per request that may be under way: some are always ready."""

SECONDS_BETWEEN_REPORTS = 0.1

Item = TypeVar("Item")
Content = TypeVar("Content")


class Stopped(Exception):
    """Raised in a thread whose work is no longer wanted; it carries a stop from one thread to another."""


class ReadAhead(Generic[Item, Content]):
    """Hands out items with what was read for them, to any number of threads, in the order in which reads are done.

    `read` is called once per item, in up to `requests` threads of this object; `size_of` says beforehand how many
    bytes that will be. Files under way or waiting are bounded in number and in bytes.
    """

    def __init__(
        self,
        items: Sequence[Item],
        read: Callable[[Item], Content],
        *,
        size_of: Callable[[Item], int],
        requests: int,
        max_bytes: int = MAX_BYTES_AHEAD,
    ) -> None:
        self._items = iter(items)
        self._read = read
        self._size_of = size_of
        self._requests = requests
        self._max_bytes = max_bytes
        self._turn = threading.Lock()
        self._room = threading.Condition(self._turn)
        self._arrived = threading.Condition(self._turn)
        self._done: deque[tuple[Item, int, Future[Content]]] = deque()  # with the size that was counted
        self._next = next(self._items, None)
        self._closed = False
        self._files_ahead = 0
        self._bytes_ahead = 0
        if requests > 1:
            for number in range(min(requests, len(items))):
                threading.Thread(target=self._read_on, name=f"swath-read-{number}", daemon=True).start()

    def take(self) -> tuple[Item, Callable[[], Content]] | None:
        """An item, and a function that returns what was read for it or raises what `read` raised; None at the end.

        Waits until something has been read. After `close` there is nothing more.
        """
        with self._turn:
            if self._requests == 1:
                item = self._pop_next()
                return None if item is None else (item, partial(self._read, item))
            while not self._done and not self._closed and not self._is_over():
                self._arrived.wait()
            if self._closed or not self._done:
                return None
            item, size, future = self._done.popleft()
            self._files_ahead -= 1
            self._bytes_ahead -= size
            self._room.notify()
            if self._is_over():
                self._arrived.notify_all()
        return item, future.result

    def close(self) -> None:
        """Read nothing more. What is under way is left to itself: waiting for it might take long."""
        with self._turn:
            self._closed = True
            self._done.clear()
            self._room.notify_all()
            self._arrived.notify_all()

    def _is_over(self) -> bool:
        return self._next is None and self._files_ahead == 0

    def _pop_next(self) -> Item | None:
        item = None if self._closed else self._next
        if item is not None:
            self._next = next(self._items, None)
        return item

    def _read_on(self) -> None:
        while (admitted := self._admit()) is not None:
            self._read_one(*admitted)

    def _read_one(self, item: Item, size: int) -> None:
        """A function of its own, so that a thread that waits for room holds nothing of what it read before."""
        future: Future[Content] = Future()
        try:
            future.set_result(self._read(item))
        except BaseException as exc:  # raised again in the thread that takes the item
            future.set_exception(exc)
        with self._turn:
            self._done.append((item, size, future))
            self._arrived.notify()

    def _admit(self) -> tuple[Item, int] | None:
        """The next item to read and its size, once there is room for it; None if there is nothing more to read."""
        with self._turn:
            while not self._closed and self._next is not None and not self._fits(self._size_of(self._next)):
                self._room.wait()
            # Of several that wait only one was woken: there may be room for another file, or the end has come.
            self._room.notify()
            item = self._pop_next()
            if item is None:
                return None
            size = self._size_of(item)
            self._files_ahead += 1
            self._bytes_ahead += size
            return item, size

    def _fits(self, size: int) -> bool:
        if self._files_ahead == 0:
            return True
        is_one_too_many = self._files_ahead >= FILES_AHEAD_PER_REQUEST * self._requests
        return not is_one_too_many and self._bytes_ahead + size <= self._max_bytes


def work_through(
    ahead: ReadAhead[Item, Content],
    work: Callable[[Item, Callable[[], Content]], None],
    *,
    threads: int,
    name: str,
    stopped: threading.Event,
    on_done: Callable[[int], None],
) -> None:
    """Have `threads` threads take items and do `work(item, content)`, where `content()` answers what was read.

    `on_done` is called from this thread with the number of items done since the last call. The first error of a
    thread sets `stopped`, as anybody may, and is raised here once all threads have ended.
    """
    done: list[Item] = []  # appending is atomic
    failures: list[BaseException] = []
    reported = 0

    def work_off() -> None:
        while not stopped.is_set() and (taken := ahead.take()) is not None:
            try:
                work(*taken)
            except Stopped:
                return  # whoever stopped the others says why
            except BaseException as exc:  # raised again in the calling thread
                failures.append(exc)
                stopped.set()
                return
            done.append(taken[0])
            del taken  # while this thread waits for the next one, nothing is held

    workers = [threading.Thread(target=work_off, name=f"{name}-{number}", daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers):
            workers[0].join(SECONDS_BETWEEN_REPORTS)
            for worker in workers[1:]:
                worker.join(SECONDS_BETWEEN_REPORTS / 10)
            if stopped.is_set():
                ahead.close()
            now = len(done)
            on_done(now - reported)
            reported = now
    except BaseException:
        stopped.set()
        raise
    finally:
        ahead.close()
        for worker in workers:
            worker.join()
    if failures:
        raise failures[0]
    on_done(len(done) - reported)
