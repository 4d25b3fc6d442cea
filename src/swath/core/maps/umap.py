"""UMAP: L. McInnes, J. Healy, J. Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension
Reduction", arXiv:1802.03426 (2018).

It starts from the principal axes, and takes one pair after the other in one thread: the same seed gives the same map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.neighbours import Neighbours, nearest_rows
from swath.core.maps.pairs import Pairs, added_up, both_ways
from swath.core.maps.parallel import Parallel, compiled
from swath.core.maps.steps import OnStep, Step

FEW_ROWS, EPOCHS_OF_FEW, EPOCHS = 10_000, 500, 200
FIRST_SPAN = 10.0  # points start within ±10
PUSHES_PER_PULL = 5
CURVE_SPREAD = 1.0


def umap(
    vectors: NDArray[np.float32],
    *,
    neighbors: int,
    min_distance: float,
    seed: int,
    parallel: Parallel,
    on_step: OnStep,
) -> NDArray[np.float32]:
    """Points (n, 2) of `vectors` (n, d) on principal axes, n at least 4 and d at least 1."""
    count = len(vectors)
    # The authors count the row itself.
    k = min(max(neighbors - 1, 1), count - 1)
    found = nearest_rows(vectors, vectors, k, excludes_self=True, parallel=parallel, on_step=on_step)
    pairs = fuzzy_pairs(found, neighbors=k + 1)
    epochs = EPOCHS_OF_FEW if count <= FEW_ROWS else EPOCHS
    a, b = fit_curve(min_distance)
    points = _first_points(vectors, seed)
    epochs_per_pull = (pairs.weights.max() / np.maximum(pairs.weights, 1e-12)).astype(np.float64)
    # What would be pulled less than once is not pulled.
    epochs_per_pull[epochs_per_pull > epochs] = np.inf
    next_pull = epochs_per_pull.copy()
    heads = np.repeat(np.arange(count, dtype=np.int32), np.diff(pairs.starts))
    state = np.array([np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] | np.uint64(1)], dtype=np.uint64)
    for epoch in range(epochs):
        rate = np.float32(1.0 - epoch / epochs)
        _epoch(
            points, heads, pairs.partners, epochs_per_pull, next_pull, epoch, np.float32(a), np.float32(b), rate, state
        )
        on_step(Step(done=epoch + 1, total=epochs, unit="steps"))
    return points


def fuzzy_pairs(found: Neighbours, *, neighbors: int) -> Pairs:
    """Neighbours with the share (0, 1] in which each is one, the union of both ways."""
    count, k = found.rows.shape
    shares = np.empty((count, k), dtype=np.float32)
    _smooth(found.distances, float(np.log2(neighbors)), float(found.distances.mean()), shares)
    rows = np.repeat(np.arange(count), k)
    return added_up(both_ways(rows, found.rows.reshape(-1), shares.reshape(-1), count), fuzzy=True)


def fit_curve(min_distance: float) -> tuple[float, float]:
    """a and b for which 1 / (1 + a x^2b) is nearest to the curve that is 1 up to `min_distance` and then falls."""
    x = np.linspace(0, 3 * CURVE_SPREAD, 300)[1:]
    wanted = np.where(x < min_distance, 1.0, np.exp(-(x - min_distance) / CURVE_SPREAD))
    log_x = np.log(x)
    log_a, b, damping, error = 0.0, 1.0, 1e-3, np.inf
    for _ in range(200):
        power = np.exp(log_a + 2 * b * log_x)
        curve = 1 / (1 + power)
        residual = wanted - curve
        slope = -curve * curve * power
        jacobian = np.stack([slope, slope * 2 * log_x], axis=1)
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ residual)
        tried = ((wanted - 1 / (1 + np.exp(log_a + step[0] + 2 * (b + step[1]) * log_x))) ** 2).sum()
        if tried < error:
            log_a, b, damping = log_a + step[0], b + step[1], damping / 3
            if error - tried < 1e-12:
                break
            error = tried
        else:
            damping *= 3
    return float(np.exp(log_a)), float(b)


def _first_points(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    points = np.zeros((len(vectors), 2), dtype=np.float32)
    points[:, : min(2, vectors.shape[1])] = vectors[:, :2]
    points *= FIRST_SPAN / np.abs(points).max()
    random = np.random.Generator(np.random.PCG64(seed))
    return points + random.normal(scale=1e-4, size=points.shape).astype(np.float32)


@compiled
def _smooth(distances: Any, wanted: float, mean_of_all: float, shares: Any) -> None:
    """exp(-(d - nearest) / sigma), with a sigma for each row by which the shares add up to `wanted`."""
    count, k = distances.shape
    for i in range(count):
        nearest, mean = 0.0, 0.0
        for j in range(k):
            mean += distances[i, j] / k
            if nearest == 0.0:
                nearest = distances[i, j]
        low, high, sigma = 0.0, np.inf, 1.0
        for _ in range(64):
            total = 0.0
            for j in range(k):
                beyond = distances[i, j] - nearest
                total += np.exp(-beyond / sigma) if beyond > 0 else 1.0
            if abs(total - wanted) < 1e-5:
                break
            if total > wanted:
                high = sigma
                sigma = (low + high) / 2
            else:
                low = sigma
                sigma = sigma * 2 if high == np.inf else (low + high) / 2
        sigma = max(sigma, 1e-3 * (mean if nearest > 0.0 else mean_of_all), 1e-30)
        for j in range(k):
            beyond = distances[i, j] - nearest
            shares[i, j] = np.exp(-beyond / sigma) if beyond > 0 else 1.0


@compiled
def _clipped(value: Any) -> Any:
    return min(max(value, np.float32(-4.0)), np.float32(4.0))


@compiled
def _epoch(
    points: Any,
    heads: Any,
    tails: Any,
    epochs_per_pull: Any,
    next_pull: Any,
    epoch: int,
    a: Any,
    b: Any,
    rate: Any,
    state: Any,
) -> None:
    """Pull the pairs whose turn it is together, and push each away from a few rows at random."""
    count = len(points)
    word = state[0]
    one, two = np.float32(1.0), np.float32(2.0)
    for e in range(len(heads)):
        if next_pull[e] > epoch:
            continue
        next_pull[e] += epochs_per_pull[e]
        i, j = heads[e], tails[e]
        dx, dy = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
        square = dx * dx + dy * dy
        if square > 0:
            powered = square ** (b - one)
            force = -two * a * b * powered / (one + a * powered * square)
            mx, my = _clipped(force * dx) * rate, _clipped(force * dy) * rate
            points[i, 0] += mx
            points[i, 1] += my
            points[j, 0] -= mx
            points[j, 1] -= my
        for _ in range(PUSHES_PER_PULL):
            # xorshift64
            word ^= word << np.uint64(13)
            word ^= word >> np.uint64(7)
            word ^= word << np.uint64(17)
            other = np.int64((word >> np.uint64(11)) % np.uint64(count))
            if other == i:
                continue
            dx, dy = points[i, 0] - points[other, 0], points[i, 1] - points[other, 1]
            square = dx * dx + dy * dy
            if square > 0:
                force = two * b / ((np.float32(0.001) + square) * (one + a * square**b))
                points[i, 0] += _clipped(force * dx) * rate
                points[i, 1] += _clipped(force * dy) * rate
    state[0] = word
