"""The first pick when nothing is selected yet: the unit closest to the mean, so that no order of rows decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.distances import BLOCK_ELEMENTS, Vectors, blocks, squared_distances, summation_step
from swath.core.selection.units import RowsOfUnits


def distances_from_mean(
    vectors: Vectors, units: RowsOfUnits, mean: NDArray[np.float64], largest: float
) -> NDArray[np.float64]:
    """Squared distance (U,) of each unit's own mean vector to `mean` (D,); infinite for a unit without rows."""
    distances = np.full(units.unit_count, np.inf)
    if units.single:
        for block in blocks(vectors):
            distances[block] = squared_distances(vectors[block], mean)
        return distances
    step = summation_step(largest, len(vectors))
    filled = np.flatnonzero(units.sizes)
    rows_before = np.concatenate([[0], np.cumsum(units.sizes[filled])])
    rows_at_once = max(1, BLOCK_ELEMENTS // max(1, vectors.shape[1]))
    first = 0
    while first < len(filled):
        last = max(first + 1, int(np.searchsorted(rows_before, rows_before[first] + rows_at_once, side="right")) - 1)
        members = filled[first:last]
        multiples = np.rint(vectors[units.rows_of(members)].astype(np.float64) / step)
        sums = np.add.reduceat(multiples, rows_before[first:last] - rows_before[first], axis=0)
        distances[members] = squared_distances(sums * step / units.sizes[members, None], mean)
        first = last
    return distances
