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
        centred = (chunk - mean for chunk in _finite_chunks(vectors, rows))
        variances, directions = _of_few(centred, dimension) if used < dimension else _of_many(centred, dimension)
        # Sums of float16 are exact in float64, so equal vectors have no variance at all.
        meant = variances > NOISE * variances.max(initial=0.0)
        axes = np.linalg.qr(directions[:, meant][:, ::-1][:, :count])[0].T
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
        return cls(mean=mean, axes=np.ascontiguousarray(axes * np.sign(largest)))


def _of_many(centred: Iterator[NDArray[np.float64]], dimension: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances (times the number of rows) ascending, and their directions as columns."""
    scatter = np.zeros((dimension, dimension))
    for chunk in centred:
        scatter += chunk.T @ chunk
    variances, directions = np.linalg.eigh(scatter)
    return variances, directions


def _of_few(centred: Iterator[NDArray[np.float64]], dimension: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same from the products of rows with each other: much faster for fewer rows than dimensions.

    The directions have some length or other, and those of the smallest variances are only roughly orthogonal.
    """
    rows = np.concatenate([np.empty((0, dimension)), *centred])
    variances, weights = np.linalg.eigh(rows @ rows.T)
    return variances, rows.T @ weights


def _sample(count: int, most: int, seed: int) -> NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.Generator(np.random.PCG64(seed)).choice(count, most, replace=False, shuffle=False))


def _finite_chunks(vectors: NDArray[np.floating[Any]], rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = vectors[rows[start : start + ROWS_AT_ONCE]].astype(np.float64)
        yield chunk[np.isfinite(chunk).all(axis=1)]
