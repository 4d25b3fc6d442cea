"""Whether picks are those of an exact greedy, by plain float64 arithmetic that is none of the code it checks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

EXACT = 1 - 2e-7
"""A pick is exact if its distance is at least this share of the greatest."""

PICKS_AT_ONCE = 128
ROWS_AT_ONCE = 4096


def deviations(vectors: NDArray[np.floating], picks: NDArray[np.int64], executor: ThreadPoolExecutor) -> int:
    """How many of `picks`, but the first, were not the farthest from those before them.

    For some picks at once and some rows at once, squared distances (rows, picks) are a matrix product; their running
    minimum over the picks is how near each row is to what was selected before each pick.
    """
    norms = np.empty(len(vectors))
    nearest = np.full(len(vectors), np.inf)
    chunks = [slice(low, low + ROWS_AT_ONCE) for low in range(0, len(vectors), ROWS_AT_ONCE)]
    for chunk in chunks:
        norms[chunk] = (vectors[chunk].astype(np.float64) ** 2).sum(axis=1)

    def pass_over(chunk: slice, batch: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each pick of the batch, before it: the greatest distance in the chunk, and its own if it lies there."""
        columns = vectors[batch].astype(np.float64)
        squared = norms[chunk, None] + norms[batch] - 2 * (vectors[chunk].astype(np.float64) @ columns.T)
        running = np.minimum.accumulate(np.column_stack([nearest[chunk], np.maximum(squared, 0)]), axis=1)
        nearest[chunk] = running[:, -1]
        inside = np.flatnonzero((batch >= chunk.start) & (batch < chunk.stop))
        own = np.zeros(len(batch))
        own[inside] = running[batch[inside] - chunk.start, inside]
        return running[:, :-1].max(axis=0), own

    wrong = 0
    for start in range(0, len(picks), PICKS_AT_ONCE):
        batch = picks[start : start + PICKS_AT_ONCE]
        greatest, own = np.max(list(executor.map(partial(pass_over, batch=batch), chunks)), axis=0)
        compared = np.isfinite(greatest)  # the first pick is beside nothing
        wrong += int((np.sqrt(own[compared]) < EXACT * np.sqrt(greatest[compared])).sum())
    return wrong


def numpy_greedy(vectors: NDArray[np.float32], count: int, first: int) -> NDArray[np.int64]:
    """Farthest-first traversal in numpy: one matrix-vector product a pick."""
    norms = np.einsum("ij,ij->i", vectors, vectors)
    nearest = np.full(len(vectors), np.inf, dtype=np.float32)
    picks = np.empty(count, dtype=np.int64)
    pick = first
    for step in range(count):
        picks[step] = pick
        np.minimum(nearest, norms + norms[pick] - 2 * (vectors @ vectors[pick]), out=nearest)
        nearest[pick] = -1
        pick = int(np.argmax(nearest))
    return picks
