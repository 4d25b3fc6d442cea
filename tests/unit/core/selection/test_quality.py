from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.selection.quality import expected_coverage, random_units


@given(
    members=st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=7),
    share=st.floats(0, 1),
)
def test_the_expected_coverage_is_the_mean_over_all_selections_there_are(members: list[set[int]], share: float) -> None:
    """Units may have several categories, or none."""
    picked = round(share * len(members))
    held = [len(set[int]().union(*chosen)) for chosen in combinations(members, picked)]
    units_with = np.array([sum(category in one for one in members) for category in range(4)])
    assert expected_coverage(units_with, len(members), picked) == pytest.approx(np.mean(held))


def test_the_expected_coverage_of_very_many_is_finite() -> None:
    coverage = expected_coverage(np.array([1, 1_000_000]), 10_000_000, 1_000_000)
    assert coverage == pytest.approx(1.1)
    assert expected_coverage(np.array([3]), 3, 3) == 1.0
    assert expected_coverage(np.array([], dtype=np.int64), 3, 2) == 0.0


def test_random_units_are_the_same_whatever_the_order() -> None:
    rank = np.random.default_rng(0).permutation(50)
    order = np.random.default_rng(1).permutation(50)
    straight = random_units(50, 10, rank=rank, seed=3)
    shuffled = random_units(50, 10, rank=rank[order], seed=3)
    assert order[shuffled].tolist() == straight.tolist()
    assert len(set(straight.tolist())) == 10
    assert straight.tolist() != random_units(50, 10, rank=rank, seed=4).tolist()
