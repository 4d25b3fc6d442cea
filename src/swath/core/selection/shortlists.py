"""The few best of many units, and what is known of those that are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHTS = 32
"""Buckets of `by_height`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buckets:
    """Units sorted into buckets 0 to `count` - 1: those of bucket b are `units[starts[b]:starts[b + 1]]`."""

    of_unit: NDArray[np.uint8]  # (U,)
    units: NDArray[np.int64]  # (U,)
    starts: NDArray[np.int64]  # (B + 1,)

    @classmethod
    def of(cls, of_unit: NDArray[np.uint8], count: int) -> Buckets:
        starts = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(of_unit, minlength=count), out=starts[1:])
        return cls(of_unit=of_unit, units=np.argsort(of_unit, kind="stable"), starts=starts)

    @classmethod
    def by_height(cls, numbers: NDArray[np.float64], among: NDArray[np.bool_]) -> Buckets:
        """Units `among` all whose `numbers` (U,) lie near each other share a bucket; the others are in any."""
        of_unit = np.zeros(len(numbers), dtype=np.uint8)
        if among.any():
            least, most = numbers[among].min(), numbers[among].max()
            if most > least:
                heights = (numbers[among] - least) * (HEIGHTS / (most - least))
                of_unit[among] = np.minimum(heights, HEIGHTS - 1).astype(np.uint8)
        return cls.of(of_unit, HEIGHTS)

    @property
    def count(self) -> int:
        return len(self.starts) - 1

    def largest(self, numbers: NDArray[np.float64], among: NDArray[np.bool_], empty: float) -> NDArray[np.float64]:
        """(B,) the largest of `numbers` (U,) over the units `among`; `empty` where there are none."""
        found = np.full(self.count, empty)
        filled = np.flatnonzero(np.diff(self.starts))
        if len(filled):
            sorted_numbers = np.where(among[self.units], numbers[self.units], empty)
            found[filled] = np.maximum.reduceat(sorted_numbers, self.starts[filled])
        return found


def best_of(
    scores: NDArray[np.float64], places: NDArray[np.int64], candidates: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """The `size` best of `candidates`: the highest of `scores` (U,), of equal ones the least of `places` (U,)."""
    if len(candidates) <= size:
        return candidates
    own = scores[candidates]
    limit = np.partition(own, len(own) - size)[len(own) - size]
    above = candidates[own > limit]
    level = candidates[own == limit]
    room = size - len(above)
    if len(level) > room:
        level = level[np.argpartition(places[level], room - 1)[:room]] if room else level[:0]
    return np.concatenate([above, level])
