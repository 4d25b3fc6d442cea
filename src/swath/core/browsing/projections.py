"""The map of a dataset: two coordinates for every vector, and the order in which its points are sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.principal_axes import ROWS_AT_ONCE, PrincipalAxes

SAMPLE_ROWS = 100_000


class ProjectionMethod(StrEnum):
    """How a map is made. PCA comes with every commit; the others lay out neighbourhoods, on a worker."""

    PCA = "pca"
    PACMAP = "pacmap"
    TSNE = "tsne"
    UMAP = "umap"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PcaBasis:
    """The two directions of largest variance, by which vectors are projected linearly.

    Where vectors vary in fewer than two directions (one row, equal rows, one dimension), the rest of `components` is
    zero, and so are those coordinates.
    """

    mean: NDArray[np.float32]  # (D,)
    components: NDArray[np.float32]  # (2, D), rows of length one or zero; the largest entry of each is positive

    @classmethod
    def fit(cls, vectors: NDArray[np.floating[Any]], *, sample_rows: int = SAMPLE_ROWS, seed: int = 0) -> PcaBasis:
        """Fit to `vectors` (N, D), or to `sample_rows` of them chosen by `seed` if there are more.

        As long as all rows are used, their order changes no more than rounding. Rows that are not finite have no say.
        """
        found = PrincipalAxes.fit(vectors, count=2, sample_rows=sample_rows, seed=seed)
        components = np.zeros((2, vectors.shape[1]), dtype=np.float32)
        components[: len(found.axes)] = found.axes
        return cls(mean=found.mean.astype(np.float32), components=components)

    def project(self, vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Coordinates (N, 2) of `vectors` (N, D); NaN where a row is not finite."""
        coordinates = np.empty((len(vectors), 2), dtype=np.float32)
        mean, directions = self.mean.astype(np.float64), self.components.astype(np.float64).T
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            chunk = vectors[start : start + ROWS_AT_ONCE].astype(np.float64)
            chunk[~np.isfinite(chunk).all(axis=1)] = np.nan
            coordinates[start : start + len(chunk)] = (chunk - mean) @ directions
        return coordinates


def display_order(count: int, seed: int) -> NDArray[np.int32]:
    """A random order (count,) of points, the same for the same seed: any first part of it is a fair sample."""
    return np.random.Generator(np.random.PCG64(seed)).permutation(count).astype(np.int32)
