"""Putting samples onto a map that is there: each goes to its nearest neighbours on it, and nothing else moves.

One rule for all methods, so no model has to be kept. Of a sample's nearest placed samples (in the space of the vectors,
at distances d) those count that lie together on the map: the half that is nearest to the one the others are nearest to,
all weighted by 1 / d². The sample comes to their weighted mean, moved by

    (d of the nearest) / (mean d) · (mean distance of these from the mean) / sqrt(their number)

in a direction of its own, by its index: about as far as points lie apart there. An equal vector therefore comes to the
very place of its equal, and others do not pile up on what is there. What it cannot do: a sample that is like nothing on
the map still comes to the nearest there is, and many of a new kind open no new area. Then the map is to be made anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.neighbours import nearest_rows
from swath.core.maps.parallel import Parallel, compiled
from swath.core.maps.steps import OnStep

NEIGHBOURS = 10
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def place(
    vectors: NDArray[np.float32],
    indices: NDArray[np.int64],
    placed: NDArray[np.float32],
    points: NDArray[np.float32],
    *,
    parallel: Parallel,
    on_step: OnStep,
) -> NDArray[np.float32]:
    """Points (n, 2) of `vectors` (n, d) with sample indices (n,), among `placed` vectors (m, d) at `points` (m, 2)."""
    k = min(NEIGHBOURS, len(placed))
    found = nearest_rows(vectors, placed, k, excludes_self=False, parallel=parallel, on_step=on_step)
    angles = (indices % 1_000_003) * GOLDEN_ANGLE
    out = np.empty((len(vectors), 2), dtype=np.float32)
    there = points.astype(np.float64)
    parallel.over(len(vectors), lambda low, high: _place(found.rows, found.distances, there, angles, low, high, out))
    return out


@compiled
def _place(rows: Any, distances: Any, points: Any, angles: Any, low: int, high: int, out: Any) -> None:
    k = rows.shape[1]
    kept = (k + 1) // 2
    weights, apart = np.empty(k), np.empty(k)
    for i in range(low, high):
        mean_distance = 0.0
        for a in range(k):
            mean_distance += distances[i, a] / k
        floor = (1e-4 * mean_distance) ** 2 + 1e-30
        for a in range(k):
            weights[a] = 1.0 / (np.float64(distances[i, a]) ** 2 + floor)
        # The neighbour to which the others, by their weight, are nearest on the map.
        middle, least = 0, np.inf
        for a in range(k):
            total = 0.0
            for b in range(k):
                dx = points[rows[i, a], 0] - points[rows[i, b], 0]
                dy = points[rows[i, a], 1] - points[rows[i, b], 1]
                total += weights[b] * np.sqrt(dx * dx + dy * dy)
            if total < least:
                middle, least = a, total
        for b in range(k):
            dx = points[rows[i, middle], 0] - points[rows[i, b], 0]
            dy = points[rows[i, middle], 1] - points[rows[i, b], 1]
            apart[b] = dx * dx + dy * dy
        limit = np.sort(apart)[kept - 1]
        x, y, weight, number, around = 0.0, 0.0, 0.0, 0, 0.0
        for a in range(k):
            if apart[a] <= limit:
                x += weights[a] * points[rows[i, a], 0]
                y += weights[a] * points[rows[i, a], 1]
                weight += weights[a]
                around += distances[i, a]
                number += 1
        x /= weight
        y /= weight
        spread = 0.0
        for a in range(k):
            if apart[a] <= limit:
                dx, dy = points[rows[i, a], 0] - x, points[rows[i, a], 1] - y
                spread += np.sqrt(dx * dx + dy * dy) / number
        move = 0.0
        if around > 0.0:
            move = distances[i, 0] / (around / number) * spread / np.sqrt(number)
        out[i, 0] = x + move * np.cos(angles[i])
        out[i, 1] = y + move * np.sin(angles[i])
