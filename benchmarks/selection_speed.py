"""How fast diversity selection is, beside a plain numpy greedy of the same run.

    python benchmarks/selection_speed.py [--rows 100000] [--picks 10000] [--dimension 128]

The full size is run by Swath alone; the ratio to numpy is taken at half the rows and picks, the two in turn.
Every run of Swath is checked for exactness at the small size: numpy's picks must reach the same distances.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from swath.core.selection import Diversity, Picks, select

CLUSTERS = 200


def make_vectors(kind: str, count: int, dimension: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors (count, dimension). `clustered` and `tight`: 200 clusters of Zipf sizes, each a 12-dimensional local
    subspace with a falling spectrum and a little noise, like embeddings are; `blobs`: the same number of round
    Gaussians in all dimensions; `uniform`: uniform on the sphere, the worst case."""
    random = np.random.default_rng(seed)
    if kind == "uniform":
        vectors = random.standard_normal((count, dimension), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    centres = random.standard_normal((CLUSTERS, dimension), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    sizes = 1 / np.arange(1, CLUSTERS + 1) ** 0.8
    cluster_of_row = random.choice(CLUSTERS, count, p=sizes / sizes.sum())
    spectrum = {"clustered": 0.6, "tight": 0.25, "blobs": 0.0}[kind] * 0.8 ** np.arange(12, dtype=np.float32)
    vectors = np.empty((count, dimension), dtype=np.float32)
    for cluster, centre in enumerate(centres):
        rows = np.flatnonzero(cluster_of_row == cluster)
        if kind == "blobs":
            spread = random.uniform(0.3, 0.8) / np.sqrt(dimension)
            vectors[rows] = centre + random.standard_normal((len(rows), dimension), dtype=np.float32) * spread
            continue
        basis = random.standard_normal((12, dimension), dtype=np.float32) / np.sqrt(dimension)
        places = random.standard_normal((len(rows), 12), dtype=np.float32) * spectrum
        noise = random.standard_normal((len(rows), dimension), dtype=np.float32) * (0.1 / np.sqrt(dimension))
        vectors[rows] = centre + places @ basis + noise
    return np.ascontiguousarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def numpy_greedy(vectors: NDArray[np.float32], count: int, first: int) -> NDArray[np.float64]:
    """Distances at picking of farthest-first traversal, one matrix-vector product a pick."""
    norms = np.einsum("ij,ij->i", vectors, vectors)
    nearest = np.full(len(vectors), np.inf, dtype=np.float32)
    distances = np.full(count, np.nan)
    pick = first
    for step in range(count):
        if step:
            distances[step] = np.sqrt(max(nearest[pick], 0.0))
        np.minimum(nearest, norms + norms[pick] - 2 * (vectors @ vectors[pick]), out=nearest)
        nearest[pick] = -1
        pick = int(np.argmax(nearest))
    return distances


def timed_selection(vectors: NDArray[np.float32], count: int, executor: ThreadPoolExecutor) -> tuple[float, Picks]:
    start = time.perf_counter()
    picks = select([Diversity(vectors=vectors)], count=count, rank=np.arange(len(vectors)), map_chunks=executor.map)
    return time.perf_counter() - start, picks


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--picks", type=int, default=10_000)
    arguments.add_argument("--dimension", type=int, default=128)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--kinds", nargs="+", default=["tight", "clustered", "blobs", "uniform"])
    options = arguments.parse_args()
    threads = os.cpu_count() or 1
    print(
        f"{options.rows} x {options.dimension}, {options.picks} picks, {threads} threads; median of {options.repeats}"
    )
    print(f"{'data':10} {'seconds':>8} {'radius':>8} | half of it: {'seconds':>8} {'numpy':>8} {'ratio':>7}")
    with ThreadPoolExecutor(threads) as executor:
        timed_selection(make_vectors("uniform", 20_000, options.dimension), 2_000, executor)  # loads the kernels
        for kind in options.kinds:
            large = make_vectors(kind, options.rows, options.dimension)
            full = [timed_selection(large, options.picks, executor) for _ in range(options.repeats)]
            small, count = make_vectors(kind, options.rows // 2, options.dimension), options.picks // 2
            ours, theirs = [], []
            for _ in range(options.repeats):
                seconds, picks = timed_selection(small, count, executor)
                ours.append(seconds)
                start = time.perf_counter()
                distances = numpy_greedy(small, count, int(picks.rows[0]))
                theirs.append(time.perf_counter() - start)
                # float32 expansions are off by about 1e-6 in the square
                np.testing.assert_allclose(picks.distances[1:], distances[1:], atol=1e-3)
            print(
                f"{kind:10} {statistics.median(seconds for seconds, _ in full):8.2f} {full[0][1].distances[-1]:8.4f} |"
                f"             {statistics.median(ours):8.3f} {statistics.median(theirs):8.3f}"
                f" {statistics.median(theirs) / statistics.median(ours):6.1f}x"
            )


if __name__ == "__main__":
    main()
