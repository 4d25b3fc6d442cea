from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.maps.grid import push_apart
from swath.core.maps.parallel import Parallel


def pair_by_pair(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    difference = points[:, None] - points[None]
    near = 1 / (1 + (difference**2).sum(axis=2))
    return (near[:, :, None] ** 2 * difference).sum(axis=1), float(near.sum() - len(points))


@pytest.mark.parametrize("span", [1e-3, 1.0, 30.0, 120.0])
def test_sums_on_the_grid_are_those_of_all_pairs(span: float, three_threads: Parallel) -> None:
    points = np.random.default_rng(0).uniform(-span / 2, span / 2, size=(400, 2)) + 7
    repelled, total = push_apart(points, three_threads)
    expected, expected_total = pair_by_pair(points)
    assert total == pytest.approx(expected_total, rel=0.02)
    # Points that nearly touch, far from all others, are where a grid is worst.
    assert np.sqrt(((repelled - expected) ** 2).mean()) < 0.05 * np.sqrt((expected**2).mean())


def test_points_in_one_place_do_not_push() -> None:
    repelled, total = push_apart(np.full((20, 2), 3.0), Parallel())
    np.testing.assert_allclose(repelled, 0, atol=1e-6)
    assert total == pytest.approx(20 * 19, rel=1e-3)
