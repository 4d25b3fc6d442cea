"""What is expensive to make and asked for again and again: kept as long as there is room for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


class Memo:
    """Values by key. Those used least recently go first when all together exceed a number of bytes.

    A value is made once, however many threads ask for it: the others wait. If making it fails, all of them get the
    error, and whoever asks next tries again. One value may be larger than the limit; it is then the only one kept, or,
    without `keeps_too_large`, not kept at all.
    """

    def __init__(self, max_bytes: int, *, keeps_too_large: bool = True) -> None:
        self._max_bytes = max_bytes
        self._keeps_too_large = keeps_too_large
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._being_made: dict[Hashable, Future[Any]] = {}
        self._byte_count = 0

    @property
    def byte_count(self) -> int:
        """Of the values that are kept."""
        return self._byte_count

    def get(self, key: Hashable, make: Callable[[], Value], *, size_of: Callable[[Value], int]) -> Value:
        """The value of `key`, made by `make` if it is not kept; `size_of` says how many bytes it takes."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(Value, self._kept[key][0])
            under_way = self._being_made.get(key)
            if under_way is None:
                future: Future[Any] = Future()
                self._being_made[key] = future
        if under_way is not None:
            return cast(Value, under_way.result())
        try:
            value = make()
            size = size_of(value)
        except BaseException as exc:
            with self._lock:
                del self._being_made[key]
            future.set_exception(exc)
            raise
        with self._lock:
            del self._being_made[key]
            if size <= self._max_bytes or self._keeps_too_large:
                self._keep(key, value, size)
        future.set_result(value)
        return value

    def _keep(self, key: Hashable, value: object, size: int) -> None:
        self._kept[key] = (value, size)
        self._byte_count += size
        while self._byte_count > self._max_bytes and len(self._kept) > 1:
            _, (_, released) = self._kept.popitem(last=False)
            self._byte_count -= released

    def discard(self, is_outdated: Callable[[Hashable], bool]) -> None:
        """Let go of the values whose key `is_outdated`."""
        with self._lock:
            for key in [key for key in self._kept if is_outdated(key)]:
                _, size = self._kept.pop(key)
                self._byte_count -= size
