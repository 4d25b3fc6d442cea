"""Vectors as the layouts see them: on their principal axes, where distances are the same but for what hardly varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.principal_axes import ROWS_AT_ONCE, PrincipalAxes

MOST_AXES = 100
"""As many as the authors of PaCMAP keep; distances beyond are small, and cost most of the time."""

FIT_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """The finite ones among the vectors, `rows` (n,) of them ascending, on their axes by falling variance (n, d)."""

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)


def reduce_vectors(vectors: NDArray[np.float16]) -> Reduced:
    """Vectors (N, D) centred and on at most MOST_AXES axes; d is 0 where they do not vary at all."""
    found = PrincipalAxes.fit(vectors, count=MOST_AXES, sample_rows=FIT_ROWS)
    is_finite = np.empty(len(vectors), dtype=np.bool_)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        is_finite[start : start + ROWS_AT_ONCE] = np.isfinite(vectors[start : start + ROWS_AT_ONCE]).all(axis=1)
    rows = np.flatnonzero(is_finite)
    reduced = np.empty((len(rows), len(found.axes)), dtype=np.float32)
    axes, mean = found.axes.T.astype(np.float32), found.mean.astype(np.float32)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = vectors[rows[start : start + ROWS_AT_ONCE]].astype(np.float32)
        reduced[start : start + len(chunk)] = (chunk - mean) @ axes
    return Reduced(rows=rows, vectors=reduced)
