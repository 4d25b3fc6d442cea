"""Diversity beside other objectives: what is selected so far counts too, not only what a candidate adds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.distances import Vectors, mean_vector, squared_distances
from swath.core.selection.diversity import Diversity
from swath.core.selection.exact_sum import ExactSum
from swath.core.selection.kernels import Aggregate
from swath.core.selection.objective import MapChunks
from swath.core.selection.opening import distances_from_mean
from swath.core.selection.units import RowsOfUnits


class DiversityTerm:
    """A `Term`: the total is the sum over all that is selected of its squared distance to the nearest of the rest.

    Units of several rows count with the aggregate over their rows, of distances to rows of other units; every
    preselected row counts by itself. Before anything is selected (`knows_selection`) all gains are 0.
    """

    def __init__(self, objective: Diversity, *, count: int, map_chunks: MapChunks) -> None:
        self._objective = objective
        self.units = RowsOfUnits.of(objective.units, objective.row_count)
        self._measure = objective.measure(
            RowsOfUnits.of(None, objective.row_count), count=self._rows_expected(count), map_chunks=map_chunks
        )
        self.total = 0.0
        self.has_rows = self.units.sizes > 0
        self.gains = np.zeros(self.units.unit_count)
        self._spread = SelectedSpread(objective.vectors.shape[1], objective.aggregate)
        if objective.preselected is not None and len(objective.preselected):
            self._spread.preselect(objective.preselected)
            self.total = self._spread.total
            self._refresh()

    @property
    def knows_selection(self) -> bool:
        return self._measure.knows_selection

    def opening(self) -> NDArray[np.float64]:
        """(U,) squared distance of each unit's own mean to the mean of all; infinite for units without rows."""
        vectors, largest = self._objective.vectors, self._objective.largest
        if not len(vectors):
            return np.full(self.units.unit_count, np.inf)
        return distances_from_mean(vectors, self.units, mean_vector(vectors, largest), largest)

    def add(self, unit: int) -> None:
        rows = self.units.rows_of(np.array([unit]))
        if not len(rows):
            return
        nearest = self._measure.gains[rows] if self.knows_selection else np.full(len(rows), np.inf)
        self._spread.add(self._objective.vectors[rows], nearest)
        self.total = self._spread.total
        self._measure.add(rows)
        self._refresh()

    def _refresh(self) -> None:
        nearest = np.maximum(self._measure.gains, 0.0)
        self.gains[:] = self.units.aggregated(nearest, self._objective.aggregate)

    def _rows_expected(self, count: int) -> int:
        return max(1, round(count * self._objective.row_count / max(1, self.units.unit_count)))


class SelectedSpread:
    """Of everything selected the squared distance to the nearest of the rest, and the sum of that over all."""

    def __init__(self, dimension: int, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._rows: NDArray[np.float32] = np.zeros((0, dimension), dtype=np.float32)
        self._nearest = np.zeros(0)
        self._unit_of_row = np.zeros(0, dtype=np.int64)
        self._starts = [0]
        self._values: list[float] = []
        self._sum = ExactSum()

    @property
    def total(self) -> float:
        return float(self._sum)

    def preselect(self, vectors: Vectors) -> None:
        for row in vectors:
            nearest = np.full(1, np.inf)
            if len(self._rows):
                nearest[0] = squared_distances(self._rows, row).min()
            self.add(row[None], nearest)

    def add(self, vectors: Vectors, nearest: NDArray[np.float64]) -> None:
        """Add a unit's rows, `nearest` (n,) being their distances to what is selected."""
        for row in vectors:
            distances = squared_distances(self._rows, row)
            closer = np.flatnonzero(distances < self._nearest)
            self._nearest[closer] = distances[closer]
            for unit in np.unique(self._unit_of_row[closer]):
                self._revalue(int(unit))
        self._rows = np.concatenate([self._rows, vectors.astype(np.float32)])
        self._nearest = np.concatenate([self._nearest, nearest])
        self._unit_of_row = np.concatenate([self._unit_of_row, np.full(len(vectors), len(self._values))])
        self._starts.append(len(self._rows))
        self._values.append(0.0)
        self._revalue(len(self._values) - 1)

    def _revalue(self, unit: int) -> None:
        nearest = np.sort(self._nearest[self._starts[unit] : self._starts[unit + 1]])
        value = 0.0
        if np.isfinite(nearest).all():
            value = float(nearest.max(initial=0.0)) if self._aggregate == "max" else float(sum(nearest))
            if self._aggregate == "mean":
                value /= len(nearest)
        self._sum.subtract(self._values[unit])
        self._sum.add(value)
        self._values[unit] = value
