"""t-SNE: L. van der Maaten, G. Hinton, "Visualizing Data using t-SNE", JMLR 9 (2008), with the repulsion of all pairs
computed on a grid: G. Linderman and others, "Fast interpolation-based t-SNE", Nature Methods 16 (2019).

It starts from the principal axes, and its rate grows with the rows, as D. Kobak and P. Berens recommend (Nature
Communications 10, 2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.grid import push_apart
from swath.core.maps.neighbours import Neighbours, nearest_rows
from swath.core.maps.pairs import Pairs, added_up, both_ways
from swath.core.maps.parallel import Parallel, compiled
from swath.core.maps.steps import OnStep, Step

EARLY_STEPS, LATER_STEPS = 250, 500
EXAGGERATION = 12.0
EARLY_MOMENTUM, LATER_MOMENTUM = 0.5, 0.8
LEAST_RATE, SMALLEST_RATE = 200.0, 10.0
"""Of the move per step. A rate that is meant for thousands throws tens of points about: few rows have a smaller one."""

FIRST_SCALE = 1e-4
LONGEST_MOVE = 5.0
FEW_ROWS = 1_500
"""Of fewer rows all pairs are gone through: that is faster than a grid, and exact."""


def tsne(
    vectors: NDArray[np.float32], *, perplexity: float, seed: int, parallel: Parallel, on_step: OnStep
) -> NDArray[np.float32]:
    """Points (n, 2) of `vectors` (n, d) on principal axes, n at least 4 and d at least 1."""
    count = len(vectors)
    perplexity = min(perplexity, (count - 1) / 3)
    k = min(max(1, int(3 * perplexity)), count - 1)
    found = nearest_rows(vectors, vectors, k, excludes_self=True, parallel=parallel, on_step=on_step)
    pairs = similarities(found, perplexity)
    points = _first_points(vectors, seed)
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    rate = count / EXAGGERATION if count < FEW_ROWS else max(LEAST_RATE, count / EXAGGERATION)
    rate = max(rate, SMALLEST_RATE)
    attraction = np.empty_like(points)
    total = EARLY_STEPS + LATER_STEPS
    for step in range(total):
        is_early = step < EARLY_STEPS
        _attract(points, pairs, attraction, parallel)
        repelled, normaliser = _all_pairs(points, parallel) if count <= FEW_ROWS else push_apart(points, parallel)
        gradient = 4 * ((EXAGGERATION if is_early else 1.0) * attraction - repelled / normaliser)
        is_turned = (gradient > 0) == (velocity > 0)
        gains = np.maximum(np.where(is_turned, gains * 0.8, gains + 0.2), 0.01)
        velocity = (EARLY_MOMENTUM if is_early else LATER_MOMENTUM) * velocity - rate * gains * gradient
        moved = np.hypot(velocity[:, 0], velocity[:, 1])[:, None]
        points += velocity * np.minimum(1.0, LONGEST_MOVE / np.maximum(moved, 1e-30))
        points -= points.mean(axis=0)
        on_step(Step(done=step + 1, total=total, unit="steps"))
    return points.astype(np.float32)


def similarities(found: Neighbours, perplexity: float) -> Pairs:
    """The similarity of pairs, either way the same; all add up to 1."""
    count, k = found.rows.shape
    shares = np.empty((count, k), dtype=np.float32)
    _shares(found.distances, float(np.log(perplexity)), shares)
    rows = np.repeat(np.arange(count), k)
    weights = shares.reshape(-1) / (2 * count)
    return added_up(both_ways(rows, found.rows.reshape(-1), weights, count), fuzzy=False)


def _attract(points: NDArray[np.float64], pairs: Pairs, attraction: NDArray[np.float64], parallel: Parallel) -> None:
    starts, partners, weights = pairs.starts, pairs.partners, pairs.weights
    parallel.over(len(points), lambda low, high: _pull(points, low, high, starts, partners, weights, attraction))


def _first_points(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    points = np.zeros((len(vectors), 2), dtype=np.float64)
    points[:, : min(2, vectors.shape[1])] = vectors[:, :2]
    points *= FIRST_SCALE / points[:, 0].std()
    random = np.random.Generator(np.random.PCG64(seed))
    return points + random.normal(scale=FIRST_SCALE * 1e-2, size=points.shape)


def _all_pairs(points: NDArray[np.float64], parallel: Parallel) -> tuple[NDArray[np.float64], float]:
    repelled, sums = np.empty_like(points), np.empty(len(points))
    parallel.over(len(points), lambda low, high: _push(points, low, high, repelled, sums))
    return repelled, max(float(sums.sum()), 1e-12)


@compiled
def _shares(distances: Any, wanted: float, shares: Any) -> None:
    """exp(-beta d²) over its sum, with a beta for each row by which the entropy is `wanted`."""
    count, k = distances.shape
    for i in range(count):
        beta, low, high = 1.0, 0.0, np.inf
        nearest = distances[i, 0] * distances[i, 0]
        mean = 0.0
        for j in range(k):
            mean += (distances[i, j] * distances[i, j] - nearest) / k
        if mean > 0.0:
            beta = 1.0 / mean
        total = 1.0
        for _ in range(100):
            total, weighted = 0.0, 0.0
            for j in range(k):
                beyond = distances[i, j] * distances[i, j] - nearest
                share = np.exp(-beta * beyond)
                total += share
                weighted += share * beyond
            entropy = np.log(total) + beta * weighted / total
            if abs(entropy - wanted) < 1e-5:
                break
            if entropy > wanted:
                low = beta
                beta = beta * 2 if high == np.inf else (low + high) / 2
            else:
                high = beta
                beta = (low + high) / 2
        for j in range(k):
            shares[i, j] = np.exp(-beta * (distances[i, j] * distances[i, j] - nearest)) / total


@compiled
def _pull(points: Any, low: int, high: int, starts: Any, partners: Any, weights: Any, attraction: Any) -> None:
    for i in range(low, high):
        x, y, ax, ay = points[i, 0], points[i, 1], 0.0, 0.0
        for p in range(starts[i], starts[i + 1]):
            dx, dy = x - points[partners[p], 0], y - points[partners[p], 1]
            force = weights[p] / (1.0 + dx * dx + dy * dy)
            ax += force * dx
            ay += force * dy
        attraction[i, 0] = ax
        attraction[i, 1] = ay


@compiled
def _push(points: Any, low: int, high: int, repelled: Any, sums: Any) -> None:
    for i in range(low, high):
        x, y, rx, ry, total = points[i, 0], points[i, 1], 0.0, 0.0, 0.0
        for j in range(len(points)):
            dx, dy = x - points[j, 0], y - points[j, 1]
            near = 1.0 / (1.0 + dx * dx + dy * dy)
            total += near
            rx += near * near * dx
            ry += near * near * dy
        repelled[i, 0] = rx
        repelled[i, 1] = ry
        sums[i] = total - 1.0
