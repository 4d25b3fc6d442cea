from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection import Units, typicality


def plain_typicality(vectors: NDArray[np.floating], neighbors: int) -> NDArray[np.float64]:
    """As it is written down, row by row."""
    rows = vectors.astype(np.float64)
    k = min(neighbors, len(rows) - 1)
    nearest = []
    for i, row in enumerate(rows):
        others = np.delete(np.linalg.norm(rows - row, axis=1), i)
        nearest.append(np.sort(others)[:k])
    distances = np.array(nearest).reshape(len(rows), k)
    scale = distances.mean() if k else 0.0
    return np.exp(-distances / scale).mean(axis=1) if scale > 0 else np.ones(len(rows))


@settings(max_examples=50, deadline=None)
@given(
    count=st.integers(1, 60),
    preselected_count=st.integers(0, 20),
    neighbors=st.integers(1, 80),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([np.float16, np.float32]),
    on_a_grid=st.booleans(),
)
def test_typicality_is_the_mean_closeness_of_the_nearest_others(
    count: int, preselected_count: int, neighbors: int, seed: int, dtype: type, on_a_grid: bool
) -> None:
    both = np.random.default_rng(seed).normal(size=(count + preselected_count, 3)) * 3
    both = (np.rint(both) if on_a_grid else both).astype(dtype)
    found = typicality(both[:count], preselected=both[count:], neighbors=neighbors)
    expected = plain_typicality(both, neighbors)
    np.testing.assert_allclose(found.values, expected[:count], rtol=1e-6)
    np.testing.assert_allclose(found.preselected_values, expected[count:], rtol=1e-6)


def test_rows_in_a_crowd_are_more_typical_than_rows_apart() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(size=(200, 8)) * 0.1, rng.normal(size=(20, 8)) * 5]).astype(np.float32)
    values = typicality(vectors).values
    assert values[:200].min() > values[200:].max()


def test_the_order_of_rows_changes_no_bit() -> None:
    vectors = np.round(np.random.default_rng(0).normal(size=(500, 4)), 1).astype(np.float32)
    unit_of_row = np.random.default_rng(1).integers(60, size=500)
    order = np.random.default_rng(2).permutation(500)
    for aggregate in ("mean", "max", "sum"):
        one = typicality(vectors, units=Units(unit_of_row=unit_of_row, unit_count=60), aggregate=aggregate)
        other = typicality(
            vectors[order], units=Units(unit_of_row=unit_of_row[order], unit_count=60), aggregate=aggregate
        )
        np.testing.assert_array_equal(one.values, other.values)


def test_units_get_the_aggregate_over_their_rows_and_0_without_any() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    by_row = typicality(vectors, neighbors=2).values
    units = Units(unit_of_row=np.array([2, 0, 2, 0, 2, 3]), unit_count=4)
    groups = [by_row[[1, 3]], [0.0], by_row[[0, 2, 4]], by_row[[5]]]
    for aggregate, function in (("mean", np.mean), ("max", np.max), ("sum", np.sum)):
        found = typicality(vectors, units=units, neighbors=2, aggregate=aggregate)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.values, [function(group) for group in groups])


@pytest.mark.parametrize("vectors", [np.zeros((1, 4)), np.ones((9, 4)), np.zeros((3, 0))])
def test_rows_that_are_all_equal_or_alone_are_as_typical_as_can_be(vectors: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(typicality(vectors.astype(np.float32)).values, np.ones(len(vectors)))


def test_nothing_has_no_values() -> None:
    found = typicality(np.zeros((0, 4), np.float32))
    assert found.values.shape == found.preselected_values.shape == (0,)


def test_a_number_of_neighbors_below_one_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`0`") as caught:
        typicality(np.zeros((2, 2), np.float32), neighbors=0)
    assert caught.value.field == "neighbors"
