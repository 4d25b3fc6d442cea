"""Selecting on every instruction set against a slow float64 way, on data chosen to be hard on rounding and on ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.selection import Diversity, Picks, Units, native, select
from swath.core.selection.distances import squared_distances
from swath.core.selection.kernels import Aggregate

CLOSE_ENOUGH = 1 - 2e-7


def gains_beside(
    vectors: NDArray[np.floating],
    unit_of_row: NDArray[np.integer],
    unit_count: int,
    selected: NDArray[np.floating],
    aggregate: Aggregate,
) -> NDArray[np.float64]:
    """The aggregate over each unit's rows of the squared distance to the nearest of `selected`; NaN without rows."""
    differences = vectors.astype(np.float64)[:, None, :] - selected.astype(np.float64)[None, :, :]
    nearest = (differences**2).sum(axis=2).min(axis=1)
    over_rows = {"mean": np.mean, "max": np.max, "sum": np.sum}[aggregate]
    return np.array(
        [
            over_rows(nearest[unit_of_row == unit]) if (unit_of_row == unit).any() else np.nan
            for unit in range(unit_count)
        ]
    )


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
    aggregate: Aggregate = "max",
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
            gains = gains_beside(vectors, unit_of_row, unit_count, selected, aggregate)
            largest = gains[filled].max()
            assert np.sqrt(gains[unit]) >= CLOSE_ENOUGH * np.sqrt(largest)
            if exact_arithmetic or largest == 0:
                assert gains[unit] == largest
                assert rank[unit] == rank[filled & (gains == largest)].min()
            assert distance == np.float64(np.sqrt(gains[unit])) or abs(distance / np.sqrt(gains[unit]) - 1) < 1e-12
        selected = np.concatenate([selected, own_rows])
        left[unit] = False


AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


def aggregated(aggregate: Aggregate, nearest: NDArray[np.float64]) -> float:
    """Of one unit; sums are taken from the smallest number up."""
    if aggregate == "max":
        return float(nearest.max())
    total = sum(np.sort(nearest).tolist())
    return total if aggregate == "sum" else total / len(nearest)


def check_bits(
    picks: Picks,
    *,
    vectors: NDArray[np.floating],
    rank: NDArray[np.int64],
    preselected: NDArray[np.floating] | None = None,
    unit_of_row: NDArray[np.integer] | None = None,
    aggregate: Aggregate = "max",
) -> None:
    """Every pick, but a first one beside nothing, is that of a plain greedy of numpy, to the last bit."""
    unit_of_row = np.arange(len(vectors)) if unit_of_row is None else unit_of_row
    rows_of = [np.flatnonzero(unit_of_row == unit) for unit in range(len(rank))]
    nearest = np.full(len(vectors), np.inf)
    for row in [] if preselected is None else preselected:
        np.minimum(nearest, squared_distances(vectors, row), out=nearest)
    gains = np.array([aggregated(aggregate, nearest[rows]) if len(rows) else -1.0 for rows in rows_of])
    for unit, distance in zip(picks.rows, picks.distances, strict=True):
        if gains.max() < 0:
            assert np.isnan(distance)
        elif np.isfinite(gains.max()):
            best = np.flatnonzero(gains == gains.max())
            assert unit == best[np.argmin(rank[best])]
            assert distance == np.sqrt(gains[unit])
        gains[unit] = -2.0
        for row in rows_of[unit]:
            np.minimum(nearest, squared_distances(vectors, vectors[row]), out=nearest)
        if len(rows_of[unit]):
            left = np.flatnonzero(gains >= 0)
            single = len(rank) == len(vectors)
            gains[left] = nearest[left] if single else [aggregated(aggregate, nearest[rows_of[u]]) for u in left]


KINDS = (
    "normal",
    "unit",
    "lattice",
    "duplicates",
    "tight clusters",
    "far from zero",
    "mixed norms",
    "spikes",
    "huge",
    "tiny",
)


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
        # one number so large that bytes say little about the others: they let too much pass, and are given up
        "spikes": normal + 100 * np.eye(min(4, dimension), dimension)[random.integers(0, min(4, dimension), count)],
        "huge": clusters * (1e30 if dtype == np.float32 else 1e4),
        "tiny": clusters * (1e-36 if dtype == np.float32 else 1e-6),
    }
    return made[kind].astype(dtype)


def on_every_level(pick: Callable[[], Picks]) -> Iterator[Picks]:
    for level in native.levels():
        with pytest.MonkeyPatch.context() as patch:
            library = native.Library(level)
            patch.setattr(native, "library", lambda library=library: library)
            yield pick()


def the_same_on_every_level(pick: Callable[[], Picks]) -> Picks:
    first, *others = on_every_level(pick)
    for other in others:
        np.testing.assert_array_equal(first.rows, other.rows)
        np.testing.assert_array_equal(first.distances, other.distances)
    return first


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
def test_every_pick_is_exact_on_every_level(case: dict, asked: float) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    rank = random.permutation(len(vectors)) * 3
    count = int(asked * len(vectors))

    def pick() -> Picks:
        return select([Diversity(vectors=vectors, preselected=preselected)], count=count, rank=rank)

    picks = the_same_on_every_level(pick)
    assert len(picks) == min(count, len(vectors))
    check_picks(
        picks.rows,
        picks.distances,
        vectors=vectors,
        rank=rank,
        preselected=preselected if len(preselected) else None,
        exact_arithmetic=case["kind"] == "lattice",
    )


@settings(max_examples=80, deadline=None)
@given(case=cases, unit_count=st.integers(1, 60), aggregate=st.sampled_from(AGGREGATES))
def test_every_pick_of_units_is_exact_on_every_level(case: dict, unit_count: int, aggregate: Aggregate) -> None:
    random = np.random.default_rng(case["seed"])
    vectors = vectors_of(case["kind"], case["count"], case["dimension"], case["dtype"], random)
    preselected = vectors_of(case["kind"], case["preselected"], case["dimension"], case["dtype"], random)
    unit_of_row = random.integers(0, unit_count, len(vectors))
    units = Units(unit_of_row=unit_of_row, unit_count=unit_count)
    rank = random.permutation(unit_count)

    def pick() -> Picks:
        return select(
            [Diversity(vectors=vectors, units=units, preselected=preselected, aggregate=aggregate)],
            count=unit_count,
            rank=rank,
        )

    picks = the_same_on_every_level(pick)
    check_picks(
        picks.rows,
        picks.distances,
        vectors=vectors,
        rank=rank,
        preselected=preselected if len(preselected) else None,
        unit_of_row=unit_of_row,
        unit_count=unit_count,
        aggregate=aggregate,
    )


@settings(max_examples=60, deadline=None)
@given(case=cases, with_units=st.booleans(), aggregate=st.sampled_from(AGGREGATES))
def test_the_order_of_the_input_changes_nothing(case: dict, with_units: bool, aggregate: Aggregate) -> None:
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
        unit_of_own_row = place_of_unit[unit_of_row[rows]] if shuffled else unit_of_row
        units = Units(unit_of_row=unit_of_own_row, unit_count=unit_count) if with_units else None
        return select(
            [Diversity(vectors=vectors[rows], units=units, preselected=preselected, aggregate=aggregate)],
            count=unit_count,
            rank=rank[new_units] if shuffled else rank,
        )

    for straight, shuffled in zip(on_every_level(lambda: pick(False)), on_every_level(lambda: pick(True)), strict=True):
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
    for picks in on_every_level(lambda: pick(limit)):
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
    picks = the_same_on_every_level(lambda: select([Diversity(vectors=vectors)], count=700, rank=rank))
    check_bits(picks, vectors=vectors, rank=rank)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_many_batches_of_preselected_rows_and_large_units_stay_exact(aggregate: Aggregate) -> None:
    random = np.random.default_rng(6)
    vectors = vectors_of("tight clusters", 3000, 24, np.float32, random)
    preselected = vectors_of("tight clusters", 700, 24, np.float16, random)
    unit_of_row = np.minimum(random.integers(0, 400, 3000), 300)  # the last unit has hundreds of rows
    units = Units(unit_of_row=unit_of_row, unit_count=400)
    rank = random.permutation(400)
    picks = the_same_on_every_level(
        lambda: select(
            [Diversity(vectors=vectors, units=units, preselected=preselected, aggregate=aggregate)],
            count=400,
            rank=rank,
        )
    )
    check_bits(picks, vectors=vectors, rank=rank, preselected=preselected, unit_of_row=unit_of_row, aggregate=aggregate)
