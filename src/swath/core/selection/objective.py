"""What the engine asks of an objective, so that new ones join without a change to the engine or its callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MapChunks = Callable[[Callable[[int], None], Iterable[int]], Iterable[None]]
"""Runs a function for every chunk number and yields its results: the built-in `map` (one thread), or the `map` method
of a `ThreadPoolExecutor`. Chunks release the GIL and never touch each other's rows, so any order will do."""


class Term(Protocol):
    """What an objective says of every unit while a selection goes on: the part of the product that it stands for.

    The objective of what is selected and one more unit is `total + gains[unit]`; the engine compares units by the sum
    of strength * log1p(gains / total), and by the logarithm of the gain as long as the total is 0. Objectives have
    a `unit_count` and a `strength` and give a term out by `term(map_chunks=…)`; a selection adds every unit it picks,
    once.
    """

    total: float
    """What everything selected so far is worth, 0 or more: the factor that all candidates have in common."""

    gains: NDArray[np.float64]
    """(U,) what each unit would add now, finite and 0 or more, exact after every `add`. No gain ever rises. Those of
    units that are picked already may be anything. The same array all along, changed in place."""

    def add(self, unit: int) -> None:
        """Add one picked unit: `total` and the `gains` of all units are those of the larger selection afterwards."""
        ...


NOT_A_CANDIDATE = -1.0
"""The gain of a unit that was picked already or has no rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shortlist:
    """The best units of the moment, and the best one left out.

    `units` are sorted by rank. The picks among them are picks among all as long as they come before
    (`bound_gain`, `bound_rank`), the first unit left out: a higher gain, or the same gain and a lower rank.
    """

    units: NDArray[np.int64]  # (S,)
    ranks: NDArray[np.int64]  # (S,)
    bound_gain: float
    bound_rank: int


class Measure(Protocol):
    """How much each unit would add to an objective now. Gains never rise while units are added."""

    gains: NDArray[np.float64]
    """(U,), 0 or more for candidates, else NOT_A_CANDIDATE."""

    shortlist_size: int
    """How many candidates `pick_among` can make good use of."""

    @property
    def knows_selection(self) -> bool:
        """Whether anything is selected yet; gains mean nothing before."""
        ...

    def opening(self) -> NDArray[np.float64]:
        """(U,) for the first pick when nothing is selected: the smallest is best; infinite for units without rows."""
        ...

    def pick_among(
        self, shortlist: Shortlist, *, at_most: int, lowest_gain: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Pick greedily among `shortlist`, one pick at least if its gain allows, never one below `lowest_gain`.

        Returns units and their gains at picking. Does not change the measure.
        """
        ...

    def add(self, units: NDArray[np.int64]) -> None:
        """Add picked units to what is selected, lower all gains accordingly."""
        ...
