"""PaCMAP: Y. Wang, H. Huang, C. Rudin, Y. Shaposhnik, "Understanding How Dimension Reduction Tools Work: An Empirical
Approach to Deciphering t-SNE, UMAP, TriMap, and PaCMAP for Data Visualization", JMLR 22 (2021).

Three kinds of pairs pull and push: near ones, mid-near ones (which give the map its shape in the large, early on), and
further ones. Numbers are those of the paper.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.neighbours import nearest_rows
from swath.core.maps.pairs import Pairs, both_ways
from swath.core.maps.parallel import Parallel, compiled
from swath.core.maps.steps import OnStep, Step

CANDIDATES_MORE = 50
"""Nearest rows beyond the neighbours, among which scaled distances choose."""

MID_NEAR_PER_NEIGHBOUR, FURTHER_PER_NEIGHBOUR = 0.5, 2.0
MID_NEAR_SAMPLE = 6  # the second nearest of so many
PHASES = (100, 100, 250)  # steps
FIRST_SCALE = 0.01  # of the principal axes that it starts from
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # of Adam, whose rate is 1

NEAR, MID_NEAR, FURTHER = np.float32(10.0), np.float32(10_000.0), np.float32(1.0)


def pacmap(
    vectors: NDArray[np.float32], *, neighbors: int, seed: int, parallel: Parallel, on_step: OnStep
) -> NDArray[np.float32]:
    """Points (n, 2) of `vectors` (n, d) on principal axes, n at least 4 and d at least 1."""
    count = len(vectors)
    random = np.random.Generator(np.random.PCG64(seed))
    neighbors = min(neighbors, count - 1)
    near_rows = _near_rows(vectors, neighbors, parallel, on_step)
    near = _pairs(near_rows, count)
    mid_near = _pairs(_mid_near_rows(vectors, max(1, round(neighbors * MID_NEAR_PER_NEIGHBOUR)), random), count)
    further = _pairs(_further_rows(near_rows, max(1, round(neighbors * FURTHER_PER_NEIGHBOUR)), random), count)
    start = FIRST_SCALE * _two_columns(vectors) + random.normal(scale=1e-6, size=(count, 2))
    points = np.ascontiguousarray(start, dtype=np.float32)
    gradient = np.empty_like(points)
    momentum, square = np.zeros_like(points), np.zeros_like(points)
    total = sum(PHASES)
    for step in range(total):
        near_weight, mid_weight, further_weight = _weights(step)
        gradient[:] = 0.0
        for pairs, weight, half_way in (
            (near, 20 * near_weight, NEAR),
            (mid_near, 20_000 * mid_weight, MID_NEAR),
            (further, -2 * further_weight, FURTHER),
        ):
            if weight:
                _add_all(points, pairs, np.float32(weight), half_way, gradient, parallel)
        momentum += np.float32(1 - BETA_1) * (gradient - momentum)
        square += np.float32(1 - BETA_2) * (gradient * gradient - square)
        rate = np.float32(np.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1)))
        points -= rate * momentum / (np.sqrt(square) + np.float32(EPSILON))
        on_step(Step(done=step + 1, total=total, unit="steps"))
    return points


def _add_all(
    points: NDArray[np.float32],
    pairs: Pairs,
    weight: np.float32,
    half_way: np.float32,
    gradient: NDArray[np.float32],
    parallel: Parallel,
) -> None:
    """Add what the pairs of one kind pull (or, by a negative weight, push)."""
    starts, partners = pairs.starts, pairs.partners
    parallel.over(len(points), lambda low, high: _add(points, low, high, starts, partners, weight, half_way, gradient))


def _weights(step: int) -> tuple[float, float, float]:
    """Of near, mid-near and further pairs at a step."""
    if step < PHASES[0]:
        share = step / PHASES[0]
        return 2.0, (1 - share) * 1000.0 + share * 3.0, 1.0
    if step < PHASES[0] + PHASES[1]:
        return 3.0, 3.0, 1.0
    return 1.0, 0.0, 1.0


def _near_rows(vectors: NDArray[np.float32], neighbors: int, parallel: Parallel, on_step: OnStep) -> NDArray[np.int32]:
    """The neighbours (n, neighbors) by distances that are scaled by how far neighbours are around either end."""
    candidates = min(neighbors + CANDIDATES_MORE, len(vectors) - 1)
    found = nearest_rows(vectors, vectors, candidates, excludes_self=True, parallel=parallel, on_step=on_step)
    around = found.distances[:, 3:6] if candidates >= 6 else found.distances
    scale = np.maximum(around.mean(axis=1), 1e-10)
    scaled = found.distances**2 / scale[:, None] / scale[found.rows]
    best = np.argsort(scaled, axis=1, kind="stable")[:, :neighbors]
    return np.take_along_axis(found.rows, best, axis=1)


def _mid_near_rows(vectors: NDArray[np.float32], count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Of each row `count` partners (n, count): the second nearest of six at random, each time."""
    n = len(vectors)
    chosen = np.empty((n, count), dtype=np.int32)
    for column in range(count):
        drawn = _others(n, MID_NEAR_SAMPLE, random)
        chosen[:, column] = _second_nearest(vectors, drawn)
    return chosen


def _further_rows(near: NDArray[np.int32], count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Of each row `count` others (n, count) at random that are not its neighbours, as far as there are such."""
    n = len(near)
    chosen = _others(n, count, random)
    for _ in range(8):
        is_near = (chosen[:, :, None] == near[:, None, :]).any(axis=2) if n * count * near.shape[1] < 1 << 24 else None
        if is_near is None:
            # Of so many rows hardly one is a neighbour by chance.
            break
        if not is_near.any():
            break
        chosen = np.where(is_near, _others(n, count, random), chosen)
    return chosen


def _others(n: int, count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Rows (n, count) at random, none of them the row itself."""
    shift = random.integers(1, n, size=(n, count), dtype=np.int64)
    return ((np.arange(n)[:, None] + shift) % n).astype(np.int32)


def _pairs(partners: NDArray[np.int32], count: int) -> Pairs:
    rows = np.repeat(np.arange(count), partners.shape[1])
    return both_ways(rows, partners.reshape(-1), np.ones(partners.size, dtype=np.float32), count)


def _two_columns(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    points = np.zeros((len(vectors), 2), dtype=np.float32)
    points[:, : min(2, vectors.shape[1])] = vectors[:, :2]
    return points


@compiled
def _second_nearest(vectors: Any, drawn: Any) -> Any:
    chosen = np.empty(len(vectors), dtype=np.int32)
    for i in range(len(vectors)):
        nearest, second = np.float32(np.inf), np.float32(np.inf)
        nearest_row, second_row = drawn[i, 0], drawn[i, 0]
        for k in range(drawn.shape[1]):
            row, total = drawn[i, k], np.float32(0.0)
            for j in range(vectors.shape[1]):
                difference = vectors[i, j] - vectors[row, j]
                total += difference * difference
            if total < nearest:
                second, second_row = nearest, nearest_row
                nearest, nearest_row = total, row
            elif total < second:
                second, second_row = total, row
        chosen[i] = second_row
    return chosen


@compiled
def _add(
    points: Any, low: int, high: int, starts: Any, partners: Any, weight: Any, half_way: Any, gradient: Any
) -> None:
    """Add weight / (half_way + 1 + d²)² times the difference, for all partners of rows [low, high)."""
    for i in range(low, high):
        x, y = points[i, 0], points[i, 1]
        gx, gy = np.float32(0.0), np.float32(0.0)
        for p in range(starts[i], starts[i + 1]):
            dx, dy = x - points[partners[p], 0], y - points[partners[p], 1]
            reach = half_way + np.float32(1.0) + dx * dx + dy * dy
            force = weight / (reach * reach)
            gx += force * dx
            gy += force * dy
        gradient[i, 0] += gx
        gradient[i, 1] += gy
