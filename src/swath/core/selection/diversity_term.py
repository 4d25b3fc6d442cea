"""Diversity beside other objectives: what is selected so far counts too, not only what a candidate adds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.combined_kernels import lower_selected
from swath.core.selection.distances import SUM_LANES, Vectors, blocks, squared_distances
from swath.core.selection.diversity import Diversity
from swath.core.selection.exact_sum import ExactSum
from swath.core.selection.kernels import Aggregate, padded
from swath.core.selection.neighbor_graph import OrderedRows, nearest_others
from swath.core.selection.objective import MapChunks
from swath.core.selection.units import RowsOfUnits


class DiversityTerm:
    """A `Term`: the total is the sum over all that is selected of its squared distance to the nearest of the rest.

    Units of several rows count with the aggregate over their rows, of distances to rows of other units; every
    preselected row counts by itself. As long as nothing is selected, all gains are 0. Where nobody `needs_total`, which
    takes comparing every pick with all others, it stays 0.

    Gains are exact after `settle` only, which brings all rows up to date with everything added; that is what takes
    time. In between they are those of the last time, and higher than they should be.
    """

    def __init__(self, objective: Diversity, *, count: int, needs_total: bool, map_chunks: MapChunks) -> None:
        self.objective = objective
        self.units = RowsOfUnits.of(objective.units, objective.row_count)
        self.has_rows = self.units.sizes > 0
        self.total = 0.0
        self.gains = np.zeros(self.units.unit_count)
        self._measure = objective.measure(self.units, count=count, map_chunks=map_chunks)
        self._spread = SelectedSpread(objective.vectors.shape[1], objective.aggregate) if needs_total else None
        self._added: list[int] = []
        if objective.preselected is not None and len(objective.preselected):
            if self._spread is not None:
                self._spread.preselect(objective.preselected, map_chunks)
                self.total = self._spread.total
            self._refresh()

    @property
    def knows_selection(self) -> bool:
        return self._measure.knows_selection or bool(self._added)

    @property
    def source(self) -> Vectors:
        """The vectors as kernels read them."""
        return self._measure.source

    def nearest_of(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distances of rows to the nearest row selected, at the last time all was settled."""
        return self._measure.nearest[rows]

    def opening(self) -> NDArray[np.float64]:
        """(U,) squared distance of each unit's own mean to the mean of all; infinite for units without rows."""
        if not self.objective.row_count:
            return np.full(self.units.unit_count, np.inf)
        return self._measure.opening()

    def too_near(self) -> NDArray[np.bool_]:
        """Units (U,) that are nearer than the minimum distance. Those without rows never are."""
        if not self.knows_selection:
            return np.zeros(len(self.gains), dtype=np.bool_)
        return self.has_rows & (self.gains < self.objective.lowest_gain)

    def add(self, unit: int) -> None:
        self.add_measured(unit, self.nearest_of(self.units.rows_of(np.array([unit]))))

    def add_measured(self, unit: int, nearest: NDArray[np.float64]) -> None:
        """Add a unit of which is known how near its rows are now."""
        if not len(nearest):
            return
        self._added.append(unit)
        if self._spread is not None:
            self._spread.add(self.source[self.units.rows_of(np.array([unit]))], nearest)
            self.total = self._spread.total

    def settle(self) -> None:
        if self._added:
            self._measure.add(np.array(self._added, dtype=np.int64))
            self._added = []
            self._refresh()

    def _refresh(self) -> None:
        np.maximum(self._measure.gains, 0.0, out=self.gains)


class SelectedSpread:
    """Of everything selected the squared distance to the nearest of the rest, and the sum of that over all."""

    def __init__(self, dimension: int, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._width = padded(max(1, dimension), SUM_LANES)
        self._rows = np.zeros((256, self._width), dtype=np.float32)
        self._nearest = np.zeros(256)
        self._closer = np.zeros(256, dtype=np.int64)
        self._unit_of_row = np.zeros(256, dtype=np.int64)
        self._count = 0
        self._starts = [0]
        self._values: list[float] = []
        self._sum = ExactSum()

    @property
    def total(self) -> float:
        return float(self._sum)

    def preselect(self, vectors: Vectors, map_chunks: MapChunks) -> None:
        """Start with rows that count by themselves."""
        count = len(vectors)
        self._make_room(count)
        self._rows[:count, : vectors.shape[1]] = vectors
        self._nearest[:count] = _nearest_of_the_rest(vectors, map_chunks)
        self._unit_of_row[:count] = np.arange(count)
        self._count = count
        self._starts = list(range(count + 1))
        self._values = [0.0] * count
        for unit in range(count):
            self._revalue(unit)

    def add(self, vectors: Vectors, nearest: NDArray[np.float64]) -> None:
        """Add a unit's rows (n, D), `nearest` (n,) being their squared distances to what is selected."""
        before, count = self._count, len(vectors)
        self._make_room(count)
        self._rows[before : before + count, : vectors.shape[1]] = vectors
        changed: set[int] = set()
        for place, limit in enumerate(nearest.tolist()):
            found = lower_selected(
                self._rows, before, self._width, self._rows[before + place], limit, self._nearest, self._closer
            )
            if found:
                changed.update(self._unit_of_row[self._closer[:found]].tolist())
        self._nearest[before : before + count] = nearest
        self._unit_of_row[before : before + count] = len(self._values)
        self._count += count
        self._starts.append(self._count)
        self._values.append(0.0)
        changed.add(len(self._values) - 1)
        for unit in changed:
            self._revalue(unit)

    def _revalue(self, unit: int) -> None:
        nearest = sorted(self._nearest[self._starts[unit] : self._starts[unit + 1]].tolist())
        value = nearest[-1]
        if self._aggregate != "max":
            value = 0.0
            for number in nearest:  # not `sum`: it rounds in another way in newer versions of Python
                value += number
            value = value / len(nearest) if self._aggregate == "mean" else value
        if value == float("inf"):
            value = 0.0  # nothing else is selected yet
        self._sum.subtract(self._values[unit])
        self._sum.add(value)
        self._values[unit] = value

    def _make_room(self, count: int) -> None:
        capacity = len(self._nearest)
        if self._count + count <= capacity:
            return
        capacity = max(self._count + count, capacity * 3 // 2)
        self._rows = _longer(self._rows, capacity)
        self._nearest = _longer(self._nearest, capacity)
        self._closer = np.zeros(capacity, dtype=np.int64)
        self._unit_of_row = _longer(self._unit_of_row, capacity)


def _nearest_of_the_rest(vectors: Vectors, map_chunks: MapChunks) -> NDArray[np.float64]:
    """Squared distance (N,) of each row to the nearest other row; infinite if there is none."""
    nearest = np.full(len(vectors), np.inf)
    if len(vectors) > 1:
        rows = OrderedRows.of(vectors, map_chunks=map_chunks)
        found = nearest_others(rows, 1, map_chunks=map_chunks, exact_up_to=np.inf).places[:, 0]
        others = rows.order[found[rows.place_of_row]]
        for block in blocks(vectors):
            nearest[block] = squared_distances(vectors[block], vectors[others[block]])
    return nearest


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    longer = np.zeros((length, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
