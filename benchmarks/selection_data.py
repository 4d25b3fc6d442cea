"""Vectors for measuring selection: unit length, from easy to hard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KINDS = ("tight", "clustered", "blobs", "uniform")
CLUSTERS = 200


def make_vectors(kind: str, count: int, dimension: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors (count, dimension).

    `clustered`: 200 clusters of Zipf sizes, each a 12-dimensional local subspace with a falling spectrum and a little
    noise, like embeddings are; `tight`: the same with 2.4 times less spread; `blobs`: as many round Gaussians in all
    dimensions, hard inside a blob; `uniform`: uniform on the sphere, the worst case.
    """
    random = np.random.default_rng(seed)
    if kind == "uniform":
        return _unit(random.standard_normal((count, dimension), dtype=np.float32))
    centres = _unit(random.standard_normal((CLUSTERS, dimension), dtype=np.float32))
    sizes = 1 / np.arange(1, CLUSTERS + 1) ** 0.8
    sizes /= sizes.sum()
    cluster_of_row = random.choice(CLUSTERS, count, p=sizes)
    vectors = np.empty((count, dimension), np.float32)
    for cluster in range(CLUSTERS):
        rows = np.flatnonzero(cluster_of_row == cluster)
        if kind == "blobs":
            noise = random.standard_normal((len(rows), dimension), dtype=np.float32)
            vectors[rows] = centres[cluster] + noise * (random.uniform(0.3, 0.8) / np.sqrt(dimension))
            continue
        basis = random.standard_normal((12, dimension), dtype=np.float32) / np.sqrt(dimension)
        spectrum = {"clustered": 0.6, "tight": 0.25}[kind] * 0.8 ** np.arange(12, dtype=np.float32)
        places = random.standard_normal((len(rows), 12), dtype=np.float32) * spectrum
        noise = random.standard_normal((len(rows), dimension), dtype=np.float32) * (0.1 / np.sqrt(dimension))
        vectors[rows] = centres[cluster] + places @ basis + noise
    return _unit(vectors)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
