"""Typicality: how dense it is around a row. Typical rows have many others close by, outliers none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection.distances import Vectors
from swath.core.selection.neighbor_graph import OrderedRows, nearest_others
from swath.core.selection.objective import MapChunks
from swath.core.selection.units import RowsOfUnits, Units

Aggregate = Literal["mean", "max", "sum"]

_ROWS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitValues:
    """A number for every candidate unit and for every preselected row."""

    values: NDArray[np.float64]  # (U,)
    preselected_values: NDArray[np.float64]  # (M,)


def typicality(
    vectors: Vectors,
    *,
    units: Units | None = None,
    preselected: Vectors | None = None,
    neighbors: int = 20,
    aggregate: Aggregate = "mean",
    map_chunks: MapChunks = map,
) -> UnitValues:
    """Between 0 and 1 for every row: the mean of exp(-d / s) over its `neighbors` nearest other rows.

    Neighbors are looked for among `vectors` (N, D) and `preselected` (M, D), float16 or float32, d is the Euclidean
    distance, s the mean of the distances of all rows to their neighbors: a unit of length has no say. Where all rows
    are equal, and for a row without any other, it is 1. With fewer rows than `neighbors` and one more, all others are
    neighbors. Units get the `aggregate` over their rows, those without rows 0.

    Raises ValueError for matrices that do not fit or hold NaN or infinity, InvalidConfig for `neighbors` below 1.
    """
    if neighbors < 1:
        raise InvalidConfig(
            f"Number of neighbors cannot be used: `{neighbors}`",
            field="neighbors",
            hint="use a whole number from 1; 20 is usual",
        )
    rows = OrderedRows.of(vectors, preselected, map_chunks=map_chunks)
    near = nearest_others(rows, max(0, min(neighbors, len(rows) - 1)), map_chunks=map_chunks)
    typical = _means_of_closeness(near.distances)[rows.place_of_row]
    units_of_rows = RowsOfUnits.of(units, len(vectors))
    return UnitValues(
        values=units_of_rows.aggregated(typical[: len(vectors)], aggregate),
        preselected_values=typical[len(vectors) :],
    )


def _means_of_closeness(distances: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean (R,) of exp(-d / s) over each row of `distances` (R, k)."""
    scale = float(distances.mean(dtype=np.float64)) if distances.size else 0.0
    means = np.ones(len(distances))
    if scale > 0:
        for low in range(0, len(distances), _ROWS_AT_ONCE):
            part = distances[low : low + _ROWS_AT_ONCE].astype(np.float64)
            means[low : low + _ROWS_AT_ONCE] = np.exp(part / -scale).mean(axis=1)
    return means
