"""The nearest rows of every row, exactly: products of blocks, of which compiled loops keep the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.parallel import Parallel, compiled, compiled_reordering
from swath.core.maps.steps import OnStep, Step

QUERIES_AT_ONCE = 1024
ROWS_AT_ONCE = 8192
"""A block of products is 32 MB."""

GROUP = 64
"""Scores whose least one is looked at first: hardly any group has one that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """Of each query the k nearest rows, nearest first: `rows` (n, k), and Euclidean `distances` (n, k)."""

    rows: NDArray[np.int32]
    distances: NDArray[np.float32]


def nearest_rows(
    queries: NDArray[np.float32],
    rows: NDArray[np.float32],
    k: int,
    *,
    excludes_self: bool,
    parallel: Parallel,
    on_step: OnStep,
) -> Neighbours:
    """The `k` nearest `rows` (m, d) of each of `queries` (n, d), of equally near ones those that come first.

    With `excludes_self` query i is row i, and not its own neighbour. k is at most m, or m - 1.
    """
    count = len(queries)
    half_norms = np.einsum("ij,ij->i", rows, rows) / np.float32(2)
    found = np.full((count, k), -1, dtype=np.int32)
    distances = np.empty((count, k), dtype=np.float32)
    for first in range(0, count, QUERIES_AT_ONCE):
        block = queries[first : first + QUERIES_AT_ONCE]
        best = np.full((len(block), k), np.inf, dtype=np.float32)
        best_rows = found[first : first + len(block)]
        for low in range(0, len(rows), ROWS_AT_ONCE):
            # Half of the squared distance, but for what is the same for all rows of a query.
            scores = half_norms[low : low + ROWS_AT_ONCE] - block @ rows[low : low + ROWS_AT_ONCE].T
            own = first if excludes_self else -1
            parallel.over(len(block), lambda i, j: _keep_best(scores, i, j, low, own, best, best_rows))  # noqa: B023
        out = distances[first : first + len(block)]
        parallel.over(len(block), lambda i, j: _measure(block, rows, i, j, best_rows, out))  # noqa: B023
        on_step(Step(done=first + len(block), total=count, unit="samples"))
    return Neighbours(rows=found, distances=distances)


@compiled_reordering
def _least(scores: Any, start: int, end: int) -> Any:
    least = scores[start]
    for j in range(start + 1, end):
        least = min(least, scores[j])
    return least


@compiled
def _keep_best(scores: Any, first: int, last: int, low: int, own: int, best: Any, best_rows: Any) -> None:
    """Merge a block of scores (n, rows) into the best so far (n, k), which are sorted."""
    k = best.shape[1]
    for i in range(first, last):
        itself = own + i if own >= 0 else -1
        worst = best[i, k - 1]
        for start in range(0, scores.shape[1], GROUP):
            end = min(start + GROUP, scores.shape[1])
            if not _least(scores[i], start, end) < worst:
                continue
            for j in range(start, end):
                score = scores[i, j]
                if not score < worst or low + j == itself:
                    continue
                at = k - 1
                while at > 0 and best[i, at - 1] > score:
                    best[i, at] = best[i, at - 1]
                    best_rows[i, at] = best_rows[i, at - 1]
                    at -= 1
                best[i, at] = score
                best_rows[i, at] = low + j
                worst = best[i, k - 1]


@compiled
def _measure(queries: Any, rows: Any, first: int, last: int, found: Any, distances: Any) -> None:
    """Distances without the rounding of products, and the order that they give."""
    k = found.shape[1]
    for i in range(first, last):
        for n in range(k):
            row, total = found[i, n], np.float32(0.0)
            for j in range(queries.shape[1]):
                difference = queries[i, j] - rows[row, j]
                total += difference * difference
            distance = np.sqrt(total)
            at = n
            while at > 0 and distances[i, at - 1] > distance:
                distances[i, at] = distances[i, at - 1]
                found[i, at] = found[i, at - 1]
                at -= 1
            distances[i, at] = distance
            found[i, at] = row
