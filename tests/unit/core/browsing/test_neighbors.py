"""Neighbours against measuring every row, on data made to mislead the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from swath.core.browsing import NeighborIndex, neighbors


def brute_force(
    vectors: NDArray[np.float16], target: NDArray[Any], k: int, mask: NDArray[np.bool_] | None = None
) -> tuple[list[int], list[float]]:
    difference = vectors.astype(np.float64) - target.astype(np.float64)
    squared = np.square(difference).sum(axis=1)
    allowed = np.isfinite(squared) if mask is None else np.isfinite(squared) & mask
    rows = np.flatnonzero(allowed)
    best = rows[np.lexsort((rows, squared[rows]))][:k]
    return best.tolist(), np.sqrt(squared[best]).tolist()


def check(index: NeighborIndex, target: NDArray[Any], k: int, mask: NDArray[np.bool_] | None = None) -> None:
    rows, distances = index.query(target, k, mask=mask)
    assert rows.dtype == np.int64
    assert distances.dtype == np.float64
    expected_rows, expected_distances = brute_force(index.vectors, target, k, mask)
    assert rows.tolist() == expected_rows
    assert distances.tolist() == expected_distances


def clustered(count: int, dimension: int, spread: float = 0.05) -> NDArray[np.float16]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(20, dimension))
    vectors = centres[random.integers(0, 20, count)] + random.normal(0, spread, (count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def with_last_axes_only(count: int) -> NDArray[np.float16]:
    """Rows that are alike along the main axes: all that tells them apart is in the residual, of equal length."""
    random = np.random.default_rng(1)
    vectors = np.zeros((count, 100))
    vectors[: count // 2, :40] = random.normal(0, 100, (count // 2, 40))
    vectors[count // 2 :, 40:] = random.normal(0, 1, (count - count // 2, 60))
    return vectors.astype(np.float16)


DATA = {
    "clustered": clustered(9_000, 64),
    "uniform": np.random.default_rng(0).random((9_000, 64)).astype(np.float16),
    "all equal": np.full((9_000, 40), 0.1, dtype=np.float16),
    "zeros": np.zeros((500, 40), dtype=np.float16),
    "two places": np.repeat(np.eye(2, 40, dtype=np.float16), 5_000, axis=0)[::-1],
    "one dimension": np.random.default_rng(0).normal(size=(9_000, 1)).astype(np.float16),
    "one row": np.ones((1, 40), dtype=np.float16),
    "huge": np.random.default_rng(0).choice([-65504.0, 65504.0, 0.0], (3_000, 50)).astype(np.float16),
    "tiny": np.random.default_rng(0).choice([6e-8, -6e-8, 0.0], (3_000, 50)).astype(np.float16),
    "far from the origin": (1000 + np.random.default_rng(0).normal(size=(3_000, 50))).astype(np.float16),
    "differing in the last axes": with_last_axes_only(9_000),
    "one outlier": np.vstack([np.full((1, 64), 60_000, dtype=np.float16), clustered(3_000, 64)]),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("k", [1, 24, 10_000])
def test_neighbours_are_those_that_measuring_every_row_finds(name: str, k: int) -> None:
    vectors = DATA[name]
    index = NeighborIndex.build(vectors)
    random = np.random.default_rng(5)
    for row in random.integers(0, len(vectors), 3).tolist():
        check(index, vectors[row], k)
        check(index, vectors[row] + random.normal(size=vectors.shape[1]), k)
    check(index, np.zeros(vectors.shape[1]), k)


@settings(max_examples=200, deadline=None)
@given(
    vectors=arrays(
        np.float16,
        st.tuples(st.integers(0, 80), st.integers(1, 40)),
        elements=st.floats(width=16, allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 1.0, -1.0]),
    ),
    k=st.integers(1, 90),
    data=st.data(),
)
def test_neighbours_of_any_vector_are_exact(vectors: NDArray[np.float16], k: int, data: st.DataObject) -> None:
    index = NeighborIndex.build(vectors)
    dimension = vectors.shape[1]
    anywhere = arrays(np.float64, dimension, elements=st.floats(-1e6, 1e6))
    target = data.draw(anywhere if not len(vectors) else anywhere | st.sampled_from(list(vectors)))
    mask = data.draw(st.none() | arrays(np.bool_, len(vectors)))
    check(index, target, k, mask)


@pytest.mark.parametrize("length", [1e10, 1e14, 1e16, 1e100])
def test_a_query_far_beyond_the_data_is_exact_too(length: float) -> None:
    index = NeighborIndex.build(DATA["clustered"])
    check(index, np.full(64, length), 5)


def test_only_rows_of_the_mask_count() -> None:
    vectors = DATA["clustered"]
    index = NeighborIndex.build(vectors)
    mask = np.random.default_rng(0).random(len(vectors)) < 0.01
    mask[7] = False
    check(index, vectors[7], 24, mask)
    check(index, vectors[7], 5_000, mask)
    rows, distances = index.query(vectors[7], 3, mask=np.zeros(len(vectors), dtype=np.bool_))
    assert (len(rows), len(distances)) == (0, 0)


def test_equally_near_rows_come_lowest_first() -> None:
    index = NeighborIndex.build(DATA["all equal"])
    assert index.query(DATA["all equal"][0], 4)[0].tolist() == [0, 1, 2, 3]


def test_rows_that_are_not_finite_are_nobodys_neighbour() -> None:
    vectors = clustered(300, 40).copy()
    vectors[3, 5], vectors[4, 0] = np.nan, np.inf
    index = NeighborIndex.build(vectors)
    for target in (vectors[5], np.full(40, 1e100)):
        check(index, target, 300)
        assert set(index.query(target, 300)[0].tolist()) == set(range(300)) - {3, 4}


@pytest.mark.parametrize("name", DATA)
def test_no_bound_is_above_the_distance_it_bounds(name: str) -> None:
    vectors = DATA[name]
    index = NeighborIndex.build(vectors)
    random = np.random.default_rng(6)
    near = vectors[random.integers(0, len(vectors))].astype(np.float64)
    for target in (near, near + random.normal(size=vectors.shape[1]), np.full(vectors.shape[1], 1e9)):
        squared = np.square(vectors.astype(np.float64) - target).sum(axis=1)
        at = neighbors._Coordinates.of(target[None], index.mean, index.axes)
        bounds = index._lower_bounds(at)
        assert (bounds <= squared).all()
        index._refine(bounds, at)
        assert (bounds <= squared).all()


@pytest.mark.parametrize(("dimension", "most"), [(20, 200), (55, 200), (70, 2_000)])
def test_the_more_the_axes_span_the_fewer_rows_are_measured(
    monkeypatch: pytest.MonkeyPatch, dimension: int, most: int
) -> None:
    """Without any structure, which is the worst case; where the axes span all dimensions, the bounds are distances."""
    vectors = np.random.default_rng(0).normal(size=(20_000, dimension)).astype(np.float16)
    index = NeighborIndex.build(vectors)
    measured = 0
    squared_distances = NeighborIndex._squared_distances

    def counted(self: NeighborIndex, target: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        nonlocal measured
        measured += len(rows)
        return squared_distances(self, target, rows)

    monkeypatch.setattr(NeighborIndex, "_squared_distances", counted)
    monkeypatch.setattr(neighbors, "MEASURED_AT_ONCE", 100)
    check(index, vectors[0], 10)
    assert measured < most


@settings(deadline=None)
@given(values=arrays(np.float32, st.integers(1, 800), elements=st.integers(0, 9).map(float)), count=st.integers(1, 9))
def test_the_smallest_values_are_found_by_groups(values: NDArray[np.float32], count: int) -> None:
    rows = neighbors._smallest(values, count)
    assert len(set(rows.tolist())) == len(rows) == min(count, len(values))
    assert sorted(values[rows].tolist()) == sorted(values.tolist())[:count]


def test_values_that_fill_no_group_are_looked_at_too() -> None:
    falling = np.arange(1_000, 0, -1).astype(np.float32)
    assert sorted(neighbors._smallest(falling, 5).tolist()) == [995, 996, 997, 998, 999]


def test_an_index_from_its_arrays_answers_the_same() -> None:
    vectors = DATA["clustered"]
    index = NeighborIndex.build(vectors)
    again = NeighborIndex.from_arrays(index.to_arrays(), vectors)
    for given_rows, found_rows in zip(index.query(vectors[3], 9), again.query(vectors[3], 9), strict=True):
        assert given_rows.tolist() == found_rows.tolist()


def test_an_index_of_other_vectors_is_refused() -> None:
    arrays_of_index = NeighborIndex.build(DATA["clustered"]).to_arrays()
    for other in (DATA["clustered"][:-1], DATA["zeros"]):
        with pytest.raises(ValueError, match="other vectors"):
            NeighborIndex.from_arrays(arrays_of_index, other)


def test_what_cannot_be_asked_is_refused() -> None:
    index = NeighborIndex.build(DATA["zeros"])
    with pytest.raises(ValueError, match="40 finite numbers"):
        index.query(np.zeros(39), 1)
    with pytest.raises(ValueError, match="40 finite numbers"):
        index.query(np.full(40, np.nan), 1)
    with pytest.raises(ValueError, match="40 finite numbers"):
        index.query(np.full(40, 1e200), 1)
    with pytest.raises(ValueError, match="at least 1"):
        index.query(np.zeros(40), 0)


def test_no_vectors_have_no_neighbours() -> None:
    rows, distances = NeighborIndex.build(np.zeros((0, 8), dtype=np.float16)).query(np.zeros(8), 5)
    assert (len(rows), len(distances)) == (0, 0)
