"""Picks that stand for all: on a graph of neighbours, beside facility location on all pairs (`apricot-select`)."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selection_data import KINDS, make_vectors
from swath.core.selection import MapChunks, Representative, nearest_selected, select

ROWS, DIMENSION, PICKS = 10_000, 128, 1_000


def compare_representative(*, repeats: int, map_chunks: MapChunks) -> list[dict[str, Any]]:
    """For each kind of data the medians of `repeats` pairs, ours and the other in turn.

    `ratio` is the other's time in multiples of ours; `mean_distance` is that of all rows to their nearest pick, and
    `quality_ratio` ours in multiples of the other's: below 1 is nearer.
    """
    return [_compare(make_vectors(kind, ROWS, DIMENSION), kind, repeats, map_chunks) for kind in KINDS]


def _compare(vectors: NDArray[np.float32], kind: str, repeats: int, map_chunks: MapChunks) -> dict[str, Any]:
    def ours(rows: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        rank = np.arange(len(rows))
        return select([Representative(vectors=rows)], count=count, rank=rank, map_chunks=map_chunks).rows

    engines = {"": ours, "peer_": apricot} if _has_apricot() else {"": ours}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    picks: dict[str, NDArray[np.int64]] = {}
    for engine in engines.values():
        engine(vectors[:500], 50)  # loads and compiles what is loaded and compiled once
    for _ in range(repeats):
        for name, engine in engines.items():
            start = time.perf_counter()
            picks[name] = engine(vectors, PICKS)
            seconds[name].append(time.perf_counter() - start)
    result: dict[str, Any] = {"data": kind, "rows": ROWS, "dimension": DIMENSION, "picks": PICKS}
    for name in engines:
        result[f"{name}seconds"] = statistics.median(seconds[name])
        distances = nearest_selected(vectors, picks[name], map_chunks=map_chunks)
        result[f"{name}mean_distance"] = float(distances.mean())
    if len(engines) == 2:
        result["peer"] = "apricot-select"
        result["ratio"] = statistics.median(b / a for a, b in zip(seconds[""], seconds["peer_"], strict=True))
        result["quality_ratio"] = result["mean_distance"] / result["peer_mean_distance"]
    return result


def apricot(vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    from apricot import FacilityLocationSelection

    fitted = FacilityLocationSelection(count, metric="euclidean", optimizer="lazy").fit(vectors)
    return np.asarray(fitted.ranking, dtype=np.int64)


def _has_apricot() -> bool:
    try:
        import apricot  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True
