"""Compiled loops over rows, and how several threads share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
MapChunks = Callable[[Callable[[tuple[int, int]], None], Iterable[tuple[int, int]]], Iterable[None]]
"""`map`, or that of a pool of threads."""


def compiled(function: Function) -> Function:
    """Kept in numba's disk cache, and without the GIL."""
    return cast(Function, numba.njit(nogil=True, cache=True)(function))


def compiled_reordering(function: Function) -> Function:
    """For loops over finite numbers that may go in any order: they use all lanes of the processor."""
    return cast(Function, numba.njit(nogil=True, cache=True, fastmath={"nnan", "nsz", "reassoc"})(function))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """Threads to share rows among: `map_chunks` runs as many calls at a time as there are `threads`."""

    threads: int = 1
    map_chunks: MapChunks = map

    def over(self, count: int, work: Callable[[int, int], None]) -> None:
        """Call `work(low, high)` for ranges that together are [0, count). It changes its own rows alone."""
        parts = max(1, min(self.threads, count))
        bounds = [count * part // parts for part in range(parts + 1)]
        for _ in self.map_chunks(lambda ends: work(*ends), pairwise(bounds)):
            pass
