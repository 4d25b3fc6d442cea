"""What a selection returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

StoppedBy = Literal["count", "minimum_distance", "minimum_value", "maximum_sum", "limits", "exhausted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmetLimit:
    """A group of which fewer were picked than were wanted. `limit` is the name of its `GroupLimit`."""

    limit: str
    group: int
    wanted: int
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """What was picked, in order of picking.

    `rows` are numbers of units; where no objective was given units they are row numbers. `distances` are of the first
    diversity: Euclidean, from the unit to the nearest of everything selected before it (for a unit of several rows the
    root of the aggregate of squares over them); NaN where there is none: the first pick when nothing was selected
    before, units without rows, selections without diversity.

    `stopped_by` says why there are not more: `count`, as many were picked as were asked for; `minimum_distance`, what
    was best, or all that was left, was too near; `minimum_value`, the best had too low a value; `maximum_sum`, the
    values of the picks sum up to what is allowed; `limits`, all groups of what was left are full; `exhausted`,
    everything was picked. `unmet` are the groups that got fewer than was wanted.
    """

    rows: NDArray[np.int64]  # (K,)
    distances: NDArray[np.float64]  # (K,)
    stopped_by: StoppedBy
    unmet: tuple[UnmetLimit, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)
