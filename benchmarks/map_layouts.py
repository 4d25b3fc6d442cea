"""How long maps take, and how many neighbours they keep: drawn clusters, every method, and principal axes to compare.

python benchmarks/map_layouts.py 20000 100000
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing import PcaBasis
from swath.core.browsing.projections import ProjectionMethod
from swath.core.maps.layout import Layout, extend_map, make_map
from swath.core.maps.parallel import Parallel

DIMENSION, CLUSTERS, NEIGHBOURS, ASKED, THREADS = 128, 40, 15, 1000, 2
LAYOUTS = (
    Layout(method=ProjectionMethod.PACMAP),
    Layout(method=ProjectionMethod.UMAP, neighbors=15),
    Layout(method=ProjectionMethod.TSNE),
)


def draw_vectors(count: int) -> NDArray[np.float16]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(CLUSTERS, DIMENSION))
    directions = random.normal(size=(CLUSTERS, 8, DIMENSION))
    cluster = random.integers(0, CLUSTERS, count)
    width = random.uniform(0.1, 0.4, CLUSTERS)[cluster][:, None]
    along = np.empty((count, DIMENSION))
    for number in range(CLUSTERS):
        rows = np.flatnonzero(cluster == number)
        along[rows] = random.normal(size=(len(rows), 8)) @ directions[number]
    return (centres[cluster] + width * along + random.normal(size=along.shape) * 0.1).astype(np.float16)


def kept_neighbours(vectors: NDArray[Any], points: NDArray[Any]) -> float:
    """The share of the nearest vectors that are among the nearest points, over some samples."""
    asked = np.random.default_rng(1).choice(len(vectors), min(ASKED, len(vectors)), replace=False)
    pairs = zip(_nearest(vectors, asked).tolist(), _nearest(points, asked).tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) for a, b in pairs])) / NEIGHBOURS


def _nearest(rows: NDArray[Any], asked: NDArray[np.int64]) -> NDArray[np.intp]:
    wide = rows.astype(np.float32)
    squares = (wide * wide).sum(axis=1)
    distances = squares[asked][:, None] - 2 * wide[asked] @ wide.T + squares
    distances[np.arange(len(asked)), asked] = np.inf
    return np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]


def main(counts: list[int]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        parallel = Parallel(threads=THREADS, map_chunks=pool.map)
        for layout in LAYOUTS:
            make_map(draw_vectors(2_000), layout, parallel=parallel)  # compiles
        for count in counts:
            vectors = draw_vectors(count)
            by_axes = PcaBasis.fit(vectors).project(vectors)
            print(f"{count:,} samples: principal axes keep {kept_neighbours(vectors, by_axes):.3f}")
            for layout in LAYOUTS:
                started, busy = time.perf_counter(), time.process_time()
                points = make_map(vectors, layout, parallel=parallel)
                took, busy = time.perf_counter() - started, time.process_time() - busy
                kept = kept_neighbours(vectors, points)
                print(f"  {layout.method.value:<7} {took:6.1f} s, {busy:6.1f} s of processors, keeps {kept:.3f}")
            most = count - count // 10
            started, busy = time.perf_counter(), time.process_time()
            extend_map(vectors, points[:most], parallel=parallel)
            took, busy = time.perf_counter() - started, time.process_time() - busy
            print(f"  a tenth more {took:6.1f} s, {busy:6.1f} s of processors")


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [20_000])
