"""Which unit each row belongs to: an object is its own unit, an image is the unit of all its objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """The unit of every row. A unit may have several rows, or none.

    `unit_of_row` is (N,) of any integer dtype with values 0 to `unit_count` - 1. Raises ValueError for others.
    """

    unit_of_row: NDArray[np.integer]
    unit_count: int

    def __post_init__(self) -> None:
        if self.unit_of_row.ndim != 1 or not np.issubdtype(self.unit_of_row.dtype, np.integer):
            raise ValueError(
                f"unit_of_row must be (N,) integers, got {self.unit_of_row.dtype} {self.unit_of_row.shape}"
            )
        if self.unit_count < 0:
            raise ValueError(f"unit_count must not be negative, got {self.unit_count}")
        if self.unit_of_row.size and not 0 <= self.unit_of_row.min() <= self.unit_of_row.max() < self.unit_count:
            raise ValueError(f"unit_of_row must lie in 0 to {self.unit_count - 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowsOfUnits:
    """The rows of every unit: those of unit `u` are `rows[starts[u]:starts[u + 1]]`, ascending.

    With `single`, unit `u` is row `u`, and both arrays are plain counting.
    """

    starts: NDArray[np.int64]  # (U + 1,)
    rows: NDArray[np.int64]  # (N,)
    single: bool

    @classmethod
    def of(cls, units: Units | None, row_count: int) -> RowsOfUnits:
        """Without `units` each row is its own unit. Raises ValueError if `units` speaks of other rows."""
        if units is None:
            return cls(starts=np.arange(row_count + 1), rows=np.arange(row_count), single=True)
        if len(units.unit_of_row) != row_count:
            raise ValueError(f"unit_of_row has {len(units.unit_of_row)} entries for {row_count} vectors")
        starts = np.zeros(units.unit_count + 1, dtype=np.int64)
        np.cumsum(np.bincount(units.unit_of_row, minlength=units.unit_count), out=starts[1:])
        return cls(starts=starts, rows=np.argsort(units.unit_of_row, kind="stable"), single=False)

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    @property
    def unit_count(self) -> int:
        return len(self.starts) - 1

    def rows_of(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """All rows of the given units, unit after unit."""
        if self.single:
            return units
        sizes = self.starts[units + 1] - self.starts[units]
        offset = np.repeat(self.starts[units] - (np.cumsum(sizes) - sizes), sizes)
        return self.rows[offset + np.arange(len(offset))]

    def aggregated(self, values: NDArray[np.float64], aggregate: Literal["mean", "max", "sum"]) -> NDArray[np.float64]:
        """The aggregate (U,) of `values` (N,), 0 or more, over each unit's rows; 0 for a unit without rows.

        Values are added from the smallest up, so that the result does not depend on the order of a unit's rows.
        """
        if self.single:
            return values.copy()
        sizes = self.sizes
        filled = np.flatnonzero(sizes)
        result = np.zeros(self.unit_count)
        if aggregate == "max":
            if len(filled):
                result[filled] = np.maximum.reduceat(values[self.rows], self.starts[filled])
            return result
        sums = self._sum_over_rows(values)[filled]
        result[filled] = sums / sizes[filled] if aggregate == "mean" else sums
        return result

    def _sum_over_rows(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        unit_of_place = np.repeat(np.arange(self.unit_count), self.sizes)
        ascending = np.lexsort((values[self.rows], unit_of_place))
        sums = np.bincount(unit_of_place, weights=values[self.rows][ascending], minlength=self.unit_count)
        return sums.astype(np.float64, copy=False)
