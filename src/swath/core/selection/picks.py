"""What a selection returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

StoppedBy = Literal["count", "minimum_distance", "exhausted"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """What was picked, in order of picking.

    `rows` are row numbers, or unit numbers where units were given. `distances` are Euclidean, from the unit to the
    nearest of everything selected before it (for a unit of several rows the root of the mean of squares over them);
    NaN where there is none: the first pick when nothing was selected before, units without rows, random picks.
    `stopped_by` is `count` if as many were picked as were asked for, `exhausted` if there were no more.
    """

    rows: NDArray[np.int64]  # (K,)
    distances: NDArray[np.float64]  # (K,)
    stopped_by: StoppedBy

    def __len__(self) -> int:
        return len(self.rows)
