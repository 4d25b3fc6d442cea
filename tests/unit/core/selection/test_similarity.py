from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.core.selection import Units, similarity


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 50),
    preselected_count=st.integers(0, 10),
    query_count=st.integers(1, 9),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([np.float16, np.float32]),
)
def test_similarity_falls_with_the_distance_to_the_nearest_row_that_was_asked_for(
    count: int, preselected_count: int, query_count: int, seed: int, dtype: type
) -> None:
    rng = np.random.default_rng(seed)
    both = np.rint(rng.normal(size=(count + preselected_count, 5)) * 2).astype(dtype)
    query = np.rint(rng.normal(size=(query_count, 5)) * 2).astype(np.float32)
    found = similarity(both[:count], query, preselected=both[count:])
    nearest = np.linalg.norm(both.astype(np.float64)[:, None] - query, axis=2).min(axis=1)
    expected = np.exp(-nearest / nearest.mean()) if nearest.any() else np.ones(len(both))
    np.testing.assert_allclose(found.values, expected[:count], rtol=1e-12)
    np.testing.assert_allclose(found.preselected_values, expected[count:], rtol=1e-12)


def test_the_order_of_rows_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    vectors, query = rng.normal(size=(999, 7)).astype(np.float32), rng.normal(size=(4, 7)).astype(np.float32)
    order = rng.permutation(999)
    np.testing.assert_array_equal(similarity(vectors, query).values[order], similarity(vectors[order], query).values)


def test_units_get_the_aggregate_over_their_rows_and_0_without_any() -> None:
    vectors = np.array([[0], [1], [3]], np.float32)
    units = Units(unit_of_row=np.array([2, 2, 0]), unit_count=3)
    near = np.exp(-np.array([0, 1, 3]) / (4 / 3))
    query = np.zeros((1, 1), np.float32)
    np.testing.assert_allclose(similarity(vectors, query, units=units).values, [near[2], 0, near[0]])
    np.testing.assert_allclose(
        similarity(vectors, query, units=units, aggregate="mean").values, [near[2], 0, near[:2].mean()]
    )


def test_without_candidates_there_are_no_values() -> None:
    assert similarity(np.zeros((0, 2), np.float32), np.zeros((1, 2), np.float32)).values.shape == (0,)


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    good = np.zeros((3, 2), np.float32)
    with pytest.raises(ValueError, match="query must have a row"):
        similarity(good, good[:0])
    with pytest.raises(ValueError, match="query has 1 dimensions, vectors have 2"):
        similarity(good, good[:, :1])
    with pytest.raises(ValueError, match="query has 2 dimensions, preselected have 1"):
        similarity(good, good, preselected=good[:, :1])
    bad = good.copy()
    bad[2, 0] = np.inf
    with pytest.raises(ValueError, match="row 2 of query"):
        similarity(good, bad)
