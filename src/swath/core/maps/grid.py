"""How points push each other apart in t-SNE, summed up on a grid instead of pair by pair.

Every point is spread over the nodes near it, the kernel between nodes is applied by a Fourier transform, and every
point reads the sums off the nodes near it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.maps.parallel import Parallel, compiled

NODES_PER_BOX = 3
FEWEST_BOXES, MOST_BOXES = 50, 128
"""Boxes are as wide as the kernel, 1, as long as there are not too many; a map that spreads further has wider ones."""


def push_apart(points: NDArray[np.float64], parallel: Parallel) -> tuple[NDArray[np.float64], float]:
    """Of each of `points` (n, 2) the sum over all others of (a - b) / (1 + |a - b|²)², and over all pairs the sum of
    1 / (1 + |a - b|²)."""
    low = points.min(axis=0)
    span = float((points.max(axis=0) - low).max()) or 1.0
    boxes = int(np.clip(np.ceil(span), FEWEST_BOXES, MOST_BOXES))
    nodes, width = boxes * NODES_PER_BOX, span / boxes
    spacing = width / NODES_PER_BOX
    box = np.empty((len(points), 2), dtype=np.int64)
    shares = np.empty((len(points), 2, NODES_PER_BOX))
    parallel.over(len(points), lambda i, j: _locate(points, i, j, low, width, boxes, box, shares))
    # Centred, so that sums of positions do not cancel out what they are for.
    centred = points - (low + span / 2)
    squares = (centred * centred).sum(axis=1)
    charges = np.stack([np.ones(len(points)), centred[:, 0], centred[:, 1], squares])
    grid = np.zeros((4, nodes, nodes))
    parallel.over(4, lambda i, j: _spread(charges, i, j, box, shares, grid))
    kernel = _kernel(nodes, spacing)

    def apply(first: int, last: int) -> None:
        for number in range(first, last):
            padded = np.fft.rfft2(grid[number], s=(2 * nodes, 2 * nodes))
            grid[number] = np.fft.irfft2(padded * kernel, s=(2 * nodes, 2 * nodes))[:nodes, :nodes]

    parallel.over(4, apply)
    sums = np.empty((len(points), 4))
    parallel.over(len(points), lambda i, j: _gather(grid, i, j, box, shares, sums))
    repelled = centred * sums[:, :1] - sums[:, 1:3]
    # 1 / (1 + d²) is (1 + d²) / (1 + d²)², and d² = a² - 2ab + b².
    pairs = (1 + squares) * sums[:, 0] - 2 * (centred * sums[:, 1:3]).sum(axis=1) + sums[:, 3]
    # Each point is its own partner once: by what the grid makes of that, which is not quite 1.
    own = np.empty(len(points))
    near = _reach(np.linspace(0.0, (NODES_PER_BOX - 1) * spacing, NODES_PER_BOX))
    parallel.over(len(points), lambda i, j: _of_itself(near, i, j, shares, own))
    return repelled, max(float((pairs - own).sum()), 1e-12)


def _kernel(nodes: int, spacing: float) -> NDArray[np.complex128]:
    """The transform of 1 / (1 + d²)² between nodes, d in both directions."""
    steps = np.arange(2 * nodes)
    distance = np.minimum(steps, 2 * nodes - steps) * spacing
    transformed: NDArray[np.complex128] = np.fft.rfft2(_reach(distance))
    return transformed


def _reach(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + d²)² for distances in one direction (rows) and the other (columns)."""
    found: NDArray[np.float64] = 1 / (1 + distance[:, None] ** 2 + distance[None, :] ** 2) ** 2
    return found


@compiled
def _locate(points: Any, first: int, last: int, low: Any, width: float, boxes: int, box: Any, shares: Any) -> None:
    """The box of each point, and how much of it each node of the box gets (Lagrange polynomials)."""
    for i in range(first, last):
        for axis in range(2):
            at = (points[i, axis] - low[axis]) / width
            number = min(int(at), boxes - 1)
            box[i, axis] = number
            # Nodes lie at 1/6, 3/6 and 5/6 of a box.
            t = 3.0 * (at - number) - 0.5
            shares[i, axis, 0] = (t - 1.0) * (t - 2.0) / 2.0
            shares[i, axis, 1] = t * (2.0 - t)
            shares[i, axis, 2] = t * (t - 1.0) / 2.0


@compiled
def _spread(charges: Any, first: int, last: int, box: Any, shares: Any, grid: Any) -> None:
    for number in range(first, last):
        for i in range(len(box)):
            row, column = NODES_PER_BOX * box[i, 0], NODES_PER_BOX * box[i, 1]
            charge = charges[number, i]
            for a in range(NODES_PER_BOX):
                for b in range(NODES_PER_BOX):
                    grid[number, row + a, column + b] += charge * shares[i, 0, a] * shares[i, 1, b]


@compiled
def _of_itself(near: Any, first: int, last: int, shares: Any, own: Any) -> None:
    for i in range(first, last):
        total = 0.0
        for a in range(NODES_PER_BOX):
            for b in range(NODES_PER_BOX):
                charge = shares[i, 0, a] * shares[i, 1, b]
                for c in range(NODES_PER_BOX):
                    for d in range(NODES_PER_BOX):
                        total += charge * shares[i, 0, c] * shares[i, 1, d] * near[abs(a - c), abs(b - d)]
        own[i] = total


@compiled
def _gather(grid: Any, first: int, last: int, box: Any, shares: Any, sums: Any) -> None:
    for i in range(first, last):
        row, column = NODES_PER_BOX * box[i, 0], NODES_PER_BOX * box[i, 1]
        for number in range(4):
            total = 0.0
            for a in range(NODES_PER_BOX):
                for b in range(NODES_PER_BOX):
                    total += grid[number, row + a, column + b] * shares[i, 0, a] * shares[i, 1, b]
            sums[i, number] = total
