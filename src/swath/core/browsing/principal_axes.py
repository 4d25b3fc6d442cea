"""The directions in which vectors vary most: what the map shows and what the search for neighbours looks at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 8192
NOISE = 1e-12
"""Variances below this share of the largest are rounding: their axes would be arbitrary, so there are none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrincipalAxes:
    """Mean (D,) and orthonormal axes (A, D), float64, by falling variance. A is less than was asked for where the
    vectors vary in fewer directions. The largest entry of each axis is positive."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def fit(cls, vectors: NDArray[np.floating[Any]], *, count: int, sample_rows: int, seed: int = 0) -> PrincipalAxes:
        """At most `count` axes of `vectors` (N, D), from `sample_rows` of them chosen by `seed` if there are more.

        The order of the rows used changes no more than the last digits. Rows that are not finite are left out.
        """
        rows = _sample(len(vectors), sample_rows, seed)
        dimension = vectors.shape[1]
        used, total = 0, np.zeros(dimension)
        for chunk in _finite_chunks(vectors, rows):
            used += len(chunk)
            total += chunk.sum(axis=0)
        mean = total / max(used, 1)
        scatter = np.zeros((dimension, dimension))
        for chunk in _finite_chunks(vectors, rows):
            chunk -= mean
            scatter += chunk.T @ chunk
        variances, directions = np.linalg.eigh(scatter)  # ascending
        # Sums of float16 are exact in float64, so equal vectors have no variance at all.
        meant = variances > NOISE * variances.max(initial=0.0)
        axes = directions[:, meant].T[::-1][:count]
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
        return cls(mean=mean, axes=np.ascontiguousarray(axes * np.sign(largest)))


def _sample(count: int, most: int, seed: int) -> NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.Generator(np.random.PCG64(seed)).choice(count, most, replace=False, shuffle=False))


def _finite_chunks(vectors: NDArray[np.floating[Any]], rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = vectors[rows[start : start + ROWS_AT_ONCE]].astype(np.float64)
        yield chunk[np.isfinite(chunk).all(axis=1)]
