"""Squared Euclidean distances in float64, added up in one fixed order, and a mean that no order of rows can change.

The compiled kernels add in the same order, so both ways give the same bits, and with them the same ties.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float16] | NDArray[np.float32]

SUM_LANES = 8
"""Coordinate j is added to partial sum j % 8; the partial sums are then folded in halves."""

BLOCK_ELEMENTS = 1 << 19
"""Numbers converted at a time: 4 MB as float64, small beside any matrix that needs blocks."""


def squared_distances(vectors: NDArray[np.floating], point: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squared distances (N,) from `vectors` (N, D) to `point` (D,), or each to its own of points (N, D)."""
    squares = vectors.astype(np.float64)
    squares -= point.astype(np.float64)
    squares *= squares
    dimension = squares.shape[1]
    lanes = np.zeros((len(squares), SUM_LANES))
    for start in range(0, dimension, SUM_LANES):
        width = min(SUM_LANES, dimension - start)
        lanes[:, :width] += squares[:, start : start + width]
    lanes = lanes[:, :4] + lanes[:, 4:]
    lanes = lanes[:, :2] + lanes[:, 2:]
    return lanes[:, 0] + lanes[:, 1]


def blocks(vectors: Vectors) -> Iterator[slice]:
    """Slices of rows that hold at most about BLOCK_ELEMENTS numbers."""
    rows = max(1, BLOCK_ELEMENTS // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), rows):
        yield slice(start, min(start + rows, len(vectors)))


def largest_magnitude(vectors: Vectors) -> float:
    """The largest absolute value, NaN or infinity if there is one; 0 for an empty matrix."""
    largest = 0.0
    for block in blocks(vectors):
        if vectors[block].size:
            largest = float(np.maximum(largest, np.abs(vectors[block].astype(np.float32)).max()))
    return largest


def summation_step(largest: float, count: int) -> float:
    """A power of two so coarse that `count` numbers up to `largest`, rounded to its multiples, add up exactly."""
    if largest == 0.0 or count == 0:
        return 1.0
    exponent = math.frexp(largest)[1] - 52 + math.ceil(math.log2(count + 1))
    return math.ldexp(1.0, exponent)


def mean_vector(vectors: Vectors, largest: float) -> NDArray[np.float64]:
    """The mean (D,) of `vectors` (N, D), the same whatever the order of the rows; 0 if there are none.

    Each number is first rounded to a multiple of a tiny power of two (relative to the largest: 2^-52 times N),
    which makes every partial sum exact.
    """
    step = summation_step(largest, len(vectors))
    total = np.zeros(vectors.shape[1])
    for block in blocks(vectors):
        total += np.rint(vectors[block].astype(np.float64) / step).sum(axis=0)
    return np.asarray(total * step / max(1, len(vectors)))
