"""Vectors in clusters, and how well a map keeps neighbours together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.maps.parallel import Parallel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """`vectors` (n, D) and the cluster (n,) of each."""

    vectors: NDArray[np.float16]
    cluster: NDArray[np.int64]


def draw_clusters(count: int, *, clusters: int = 8, dimension: int = 32, seed: int = 0) -> Clusters:
    """Clusters that are apart, each stretched in a few directions of its own."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(clusters, dimension)) * 2
    directions = random.normal(size=(clusters, 4, dimension)) * 0.4
    cluster = np.arange(count) % clusters
    along = np.einsum("nk,nkd->nd", random.normal(size=(count, 4)), directions[cluster])
    vectors = centres[cluster] + along + random.normal(size=(count, dimension)) * 0.1
    return Clusters(vectors=vectors.astype(np.float16), cluster=cluster)


def kept_neighbours(vectors: NDArray[Any], points: NDArray[Any], k: int = 10) -> float:
    """The share of the k nearest vectors that are among the k nearest points, over all."""
    kept = [
        len(set(a) & set(b)) for a, b in zip(_nearest(vectors, k).tolist(), _nearest(points, k).tolist(), strict=True)
    ]
    return float(np.mean(kept)) / k


def _nearest(rows: NDArray[Any], k: int) -> NDArray[np.intp]:
    wide = rows.astype(np.float64)
    squares = (wide * wide).sum(axis=1)
    distances = squares[:, None] - 2 * wide @ wide.T + squares
    np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, k, axis=1)[:, :k]


@pytest.fixture
def three_threads() -> Any:
    with ThreadPoolExecutor(3) as pool:
        yield Parallel(threads=3, map_chunks=pool.map)
