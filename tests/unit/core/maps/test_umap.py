from __future__ import annotations

import numpy as np
import pytest

from swath.core.maps.neighbours import Neighbours
from swath.core.maps.umap import fit_curve, fuzzy_pairs


@pytest.mark.parametrize(
    ("min_distance", "a", "b"), [(0.0, 1.929, 0.7915), (0.1, 1.577, 0.8951), (0.5, 0.583, 1.334), (0.99, 0.119, 1.919)]
)
def test_the_curve_is_that_of_the_authors(min_distance: float, a: float, b: float) -> None:
    assert fit_curve(min_distance) == pytest.approx((a, b), rel=5e-3)


def test_shares_add_up_to_the_logarithm_of_the_neighbours() -> None:
    random = np.random.default_rng(0)
    count, k = 200, 14
    rows = np.stack([(np.arange(k) + i + 1) % count for i in range(count)]).astype(np.int32)
    distances = np.sort(random.uniform(1, 5, size=(count, k)), axis=1).astype(np.float32)
    pairs = fuzzy_pairs(Neighbours(rows=rows, distances=distances), neighbors=k + 1)
    # No pair is one from both sides, so every share is there twice.
    assert float(pairs.weights.sum()) / 2 == pytest.approx(count * np.log2(k + 1), rel=1e-3)
    assert pairs.weights.max() == 1.0
