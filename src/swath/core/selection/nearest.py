"""How far rows are from what is selected: what figures about a finished selection are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.batched import BatchedNearest
from swath.core.selection.distances import Vectors, largest_magnitude
from swath.core.selection.objective import MapChunks
from swath.core.selection.units import RowsOfUnits


def nearest_selected(
    vectors: Vectors,
    selected_rows: NDArray[np.int64],
    preselected: Vectors | None = None,
    *,
    queries: NDArray[np.int64] | None = None,
    map_chunks: MapChunks = map,
) -> NDArray[np.float64]:
    """Euclidean distance of every row of `vectors` (N, D) to the nearest of `selected_rows` and `preselected` (M, D).

    Exact in float64; infinite where nothing is selected at all. With `queries` (Q,) only those rows are asked for, and
    the result is (Q,). Costs what selecting as many rows costs, or less.
    """
    asked = vectors if queries is None else vectors[queries]
    others = [vectors[selected_rows]] if preselected is None else [vectors[selected_rows], preselected]
    if not len(asked) or not any(map(len, others)):
        return np.full(len(asked), np.inf)
    measure = BatchedNearest(
        asked,
        None,
        RowsOfUnits.of(None, len(asked)),
        max(largest_magnitude(matrix) for matrix in (asked, *others)),
        map_chunks,
        expected_rows=sum(map(len, others)),
    )
    for matrix in others:
        measure.add_rows(matrix, np.arange(len(matrix)))
    return np.sqrt(measure.gains)
