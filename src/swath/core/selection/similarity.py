"""Similarity: how near a row is to the nearest of some rows that were asked for."""

from __future__ import annotations

import math

import numpy as np

from swath.core.selection.distances import Vectors
from swath.core.selection.nearest import nearest_selected
from swath.core.selection.neighbor_graph import largest_of
from swath.core.selection.objective import MapChunks
from swath.core.selection.typicality import Aggregate, UnitValues
from swath.core.selection.units import RowsOfUnits, Units


def similarity(
    vectors: Vectors,
    query: Vectors,
    *,
    units: Units | None = None,
    preselected: Vectors | None = None,
    aggregate: Aggregate = "max",
    map_chunks: MapChunks = map,
) -> UnitValues:
    """Between 0 and 1 for every row: exp(-d / s), d being the Euclidean distance to the nearest row of `query` (Q, D).

    s is the mean of these distances over `vectors` (N, D) and `preselected` (M, D), float16 or float32: a unit of
    length has no say. Where all are 0, every row is 1. Exact, and so dear for many query rows: N x Q x D products at
    most. Units get the `aggregate` over their rows, those without rows 0.

    Raises ValueError for an empty query and for matrices that do not fit or hold NaN or infinity.
    """
    matrices = [vectors] if preselected is None else [vectors, preselected]
    largest_of("query", query)
    if not len(query):
        raise ValueError("query must have a row at least")
    nothing = np.zeros(0, dtype=np.int64)
    distances = []
    for name, matrix in zip(("vectors", "preselected"), matrices, strict=False):
        largest_of(name, matrix)
        if matrix.shape[1] != query.shape[1]:
            raise ValueError(f"query has {query.shape[1]} dimensions, {name} have {matrix.shape[1]}")
        distances.append(nearest_selected(matrix, nothing, query, map_chunks=map_chunks))
    joined = np.concatenate(distances)
    scale = math.fsum(joined) / len(joined) if len(joined) else 0.0
    similar = np.exp(joined / -scale) if scale > 0 else np.ones(len(joined))
    return UnitValues(
        values=RowsOfUnits.of(units, len(vectors)).aggregated(similar[: len(vectors)], aggregate),
        preselected_values=similar[len(vectors) :],
    )
