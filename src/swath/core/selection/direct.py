"""Distances to the nearest selected row, one pick at a time with numpy alone: small selections need no compiler."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.distances import Vectors, mean_vector, squared_distances
from swath.core.selection.objective import NOT_A_CANDIDATE, Shortlist
from swath.core.selection.opening import distances_from_mean
from swath.core.selection.units import RowsOfUnits


class DirectNearest:
    """Gain of a unit: the mean over its rows of the squared distance to the nearest selected row."""

    shortlist_size = 1

    def __init__(self, vectors: Vectors, preselected: Vectors | None, units: RowsOfUnits, largest: float) -> None:
        self._vectors = vectors
        self._units = units
        self._largest = largest
        self._nearest = np.full(len(vectors), np.inf)
        self._picked = np.zeros(units.unit_count, dtype=np.bool_)
        self.knows_selection = preselected is not None and len(preselected) > 0
        if preselected is not None:
            self._join(preselected)
        self.gains = self._current_gains()

    def opening(self) -> NDArray[np.float64]:
        mean = mean_vector(self._vectors, self._largest)
        return distances_from_mean(self._vectors, self._units, mean, self._largest)

    def pick_among(
        self, shortlist: Shortlist, *, at_most: int, lowest_gain: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        best = shortlist.units[: min(1, at_most)]
        best = best[self.gains[best] >= lowest_gain]
        return best, self.gains[best]

    def add(self, units: NDArray[np.int64]) -> None:
        self.knows_selection = True
        self._picked[units] = True
        self._join(self._vectors[self._units.rows_of(units)])
        self.gains = self._current_gains()

    def _join(self, rows: Vectors) -> None:
        for row in rows:
            np.minimum(self._nearest, squared_distances(self._vectors, row), out=self._nearest)

    def _current_gains(self) -> NDArray[np.float64]:
        gains = self._units.mean_over_rows(self._nearest)
        gains[self._picked] = NOT_A_CANDIDATE
        return gains
