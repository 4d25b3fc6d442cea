"""Both ways of selecting against a slow float64 one, on data chosen to be hard on rounding and on ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.selection import Diversity, Picks, Units, diversity, select

CLOSE_ENOUGH = 1 - 2e-7


def gains_beside(
    vectors: NDArray[np.floating], unit_of_row: NDArray[np.integer], unit_count: int, selected: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean over each unit's rows of the squared distance to the nearest of `selected`; NaN without rows."""
    differences = vectors.astype(np.float64)[:, None, :] - selected.astype(np.float64)[None, :, :]
    nearest = (differences**2).sum(axis=2).min(axis=1)
    return np.array([nearest[unit_of_row == unit].mean() if (unit_of_row == unit).any() else np.nan
                     for unit in range(unit_count)])  # fmt: skip


def distances_from_mean(
    vectors: NDArray[np.floating], unit_of_row: NDArray[np.integer], unit_count: int
) -> NDArray[np.float64]:
    mean = vectors.astype(np.float64).mean(axis=0)
    distances = np.full(unit_count, np.inf)
    for unit in np.unique(unit_of_row):
        distances[unit] = ((vectors[unit_of_row == unit].astype(np.float64).mean(axis=0) - mean) ** 2).sum()
    return distances


def check_picks(
    picked: NDArray[np.int64],
    distances: NDArray[np.float64],
    *,
    vectors: NDArray[np.floating],
    rank: NDArray[np.int64],
    preselected: NDArray[np.floating] | None = None,
    unit_of_row: NDArray[np.integer] | None = None,
    unit_count: int | None = None,
    exact_arithmetic: bool = False,
) -> None:
    """Every pick is within rounding the farthest at its time; with `exact_arithmetic` (data whose sums are exact) it
    is the farthest, and of several the one of lowest rank."""
    unit_of_row = np.arange(len(vectors)) if unit_of_row is None else unit_of_row
    unit_count = len(vectors) if unit_count is None else unit_count
    selected = np.zeros((0, vectors.shape[1])) if preselected is None else preselected.astype(np.float64)
    left = np.ones(unit_count, dtype=bool)
    for unit, distance in zip(picked, distances, strict=True):
        assert left[unit], f"unit {unit} was picked twice"
        own_rows = vectors[unit_of_row == unit].astype(np.float64)
        filled = left & np.isin(np.arange(unit_count), unit_of_row)
        if not filled.any():
            assert np.isnan(distance)
            assert rank[unit] == rank[left].min()
        elif not len(selected):
            assert np.isnan(distance)
            offsets = distances_from_mean(vectors, unit_of_row, unit_count)
            smallest = offsets[filled].min()
            # the mean itself is rounded, to about 2^-52 of the largest number, so ties need not show here
            assert offsets[unit] <= smallest * (1 + 1e-9) + 1e-13 * np.abs(vectors.astype(np.float64)).max() ** 2
        else:
            gains = gains_beside(vectors, unit_of_row, unit_count, selected)
            largest = gains[filled].max()
            assert np.sqrt(gains[unit]) >= CLOSE_ENOUGH * np.sqrt(largest)
            if exact_arithmetic or largest == 0:
                assert gains[unit] == largest
                assert rank[unit] == rank[filled & (gains == largest)].min()
            assert distance == np.float64(np.sqrt(gains[unit])) or abs(distance / np.sqrt(gains[unit]) - 1) < 1e-12
        selected = np.concatenate([selected, own_rows])
        left[unit] = False


KINDS = ("normal", "unit", "lattice", "duplicates", "tight clusters", "far from zero", "mixed norms", "huge", "tiny")


def vectors_of(kind: str, count: int, dimension: int, dtype: type, random: np.random.Generator) -> np.ndarray:
    normal = random.standard_normal((count, dimension))
    clusters = random.standard_normal((5, dimension))[random.integers(0, 5, count)] + 1e-3 * normal
    made = {
        "normal": normal,
        "unit": normal / np.linalg.norm(normal, axis=1, keepdims=True),
        "lattice": random.integers(0, 3, (count, dimension)),
        "duplicates": normal[random.integers(0, max(1, count // 4), count)],
        "tight clusters": clusters,
        "far from zero": 100 + 1e-2 * normal,
        "mixed norms": normal * 10.0 ** random.integers(-3, 4, (count, 1)),
        "huge": clusters * (1e30 if dtype == np.float32 else 1e4),
        "tiny": clusters * (1e-36 if dtype == np.float32 else 1e-6),
    }
    return made[kind].astype(dtype)


def run_both_ways(pick: Callable[[], Picks]) -> Iterator[Picks]:
    for limit in (10**18, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(diversity, "DIRECT_UP_TO", limit)
            yield pick()


cases = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "count": st.integers(1, 150),
        "dimension": st.sampled_from([1, 2, 3, 8, 13, 16, 33]),
        "dtype": st.sampled_from([np.float16, np.float32]),
        "preselected": st.sampled_from([0, 0, 1, 20]),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@settings(max_examples=120, deadline=None)
@given(case=cases, asked=st.floats(0, 1.2))
def test_every_pick_is_exact_and_both_ways_agree(case: dict, asked: float) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    rank = random.permutation(len(vectors)) * 3
    count = int(asked * len(vectors))

    def pick() -> Picks:
        return select([Diversity(vectors=vectors, preselected=preselected)], count=count, rank=rank)

    direct, batched = run_both_ways(pick)
    np.testing.assert_array_equal(direct.rows, batched.rows)
    np.testing.assert_array_equal(direct.distances, batched.distances)
    assert len(direct) == min(count, len(vectors))
    check_picks(
        direct.rows,
        direct.distances,
        vectors=vectors,
        rank=rank,
        preselected=preselected if len(preselected) else None,
        exact_arithmetic=case["kind"] == "lattice",
    )


@settings(max_examples=80, deadline=None)
@given(case=cases, unit_count=st.integers(1, 60))
def test_every_pick_of_units_is_exact_and_both_ways_agree(case: dict, unit_count: int) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    unit_of_row = random.integers(0, unit_count, len(vectors))
    rank = random.permutation(unit_count)

    def pick() -> Picks:
        return select(
            [Diversity(vectors=vectors, preselected=preselected)],
            count=unit_count,
            rank=rank,
            units=Units(unit_of_row=unit_of_row, unit_count=unit_count),
        )

    direct, batched = run_both_ways(pick)
    np.testing.assert_array_equal(direct.rows, batched.rows)
    np.testing.assert_array_equal(direct.distances, batched.distances)
    check_picks(
        direct.rows,
        direct.distances,
        vectors=vectors,
        rank=rank,
        preselected=preselected if len(preselected) else None,
        unit_of_row=unit_of_row,
        unit_count=unit_count,
    )


@settings(max_examples=60, deadline=None)
@given(case=cases, with_units=st.booleans())
def test_the_order_of_the_input_changes_nothing(case: dict, with_units: bool) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    unit_count = max(1, len(vectors) // 3) if with_units else len(vectors)
    unit_of_row = random.integers(0, unit_count, len(vectors)) if with_units else np.arange(len(vectors))
    rank = random.permutation(unit_count)
    new_rows, new_units = random.permutation(len(vectors)), random.permutation(unit_count)
    place_of_unit = np.argsort(new_units)
    if not with_units:
        new_rows = new_units

    def pick(shuffled: bool) -> Picks:
        rows = new_rows if shuffled else np.arange(len(vectors))
        units = place_of_unit[unit_of_row[rows]] if shuffled else unit_of_row
        return select(
            [Diversity(vectors=vectors[rows], preselected=preselected)],
            count=unit_count,
            rank=rank[new_units] if shuffled else rank,
            units=Units(unit_of_row=units, unit_count=unit_count) if with_units else None,
        )

    for straight, shuffled in zip(run_both_ways(lambda: pick(False)), run_both_ways(lambda: pick(True)), strict=True):
        np.testing.assert_array_equal(straight.rows, new_units[shuffled.rows])
        np.testing.assert_array_equal(straight.distances, shuffled.distances)


@settings(max_examples=60, deadline=None)
@given(case=cases, quantile=st.floats(0, 1), mode=st.sampled_from(["stop", "filter"]))
def test_the_minimum_distance_cuts_the_picks_where_they_get_nearer(case: dict, quantile: float, mode: str) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    rank = random.permutation(len(vectors))

    def pick(limit: float | None) -> Picks:
        objective = Diversity(
            vectors=vectors, preselected=preselected, minimum_distance=limit, minimum_distance_mode=mode
        )
        return select([objective], count=len(vectors), rank=rank)

    everything = pick(None)
    known = everything.distances[~np.isnan(everything.distances)]
    limit = float(np.sort(known)[int(quantile * (len(known) - 1))]) if len(known) else 1.0
    expected = everything.rows[~(everything.distances < limit)]
    for picks in run_both_ways(lambda: pick(limit)):
        np.testing.assert_array_equal(picks.rows, expected)
        assert picks.stopped_by == ("count" if len(expected) == len(vectors) else "minimum_distance")


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dimension", [3, 24])
def test_many_batches_stay_exact(kind: str, dtype: type, dimension: int) -> None:
    """Large enough for several batches, tiles and chunks; in 3 dimensions the triangle inequality pays as well."""
    random = np.random.default_rng(5)
    vectors = vectors_of(kind, 5000, dimension, dtype, random)
    rank = random.permutation(len(vectors))
    direct, batched = run_both_ways(lambda: select([Diversity(vectors=vectors)], count=700, rank=rank))
    np.testing.assert_array_equal(direct.rows, batched.rows)
    np.testing.assert_array_equal(direct.distances, batched.distances)


def test_many_batches_of_preselected_rows_and_large_units_stay_exact() -> None:
    random = np.random.default_rng(6)
    vectors = vectors_of("tight clusters", 3000, 24, np.float32, random)
    preselected = vectors_of("tight clusters", 700, 24, np.float16, random)
    unit_of_row = np.minimum(random.integers(0, 400, 3000), 300)  # the last unit has hundreds of rows
    units = Units(unit_of_row=unit_of_row, unit_count=400)
    rank = random.permutation(400)
    direct, batched = run_both_ways(
        lambda: select([Diversity(vectors=vectors, preselected=preselected)], count=400, rank=rank, units=units)
    )
    np.testing.assert_array_equal(direct.rows, batched.rows)
    np.testing.assert_array_equal(direct.distances, batched.distances)
