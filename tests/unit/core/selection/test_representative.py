from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection import Representative, Units, Weights, select
from swath.core.selection.representative import FULL, REACH


class PlainRepresentative:
    """Facility location as it is written down: a table of the similarities of all units and all rows."""

    def __init__(
        self,
        vectors: NDArray[np.floating],
        preselected: NDArray[np.floating],
        unit_of_row: NDArray[np.integer],
        unit_count: int,
        neighbors: int,
    ) -> None:
        both = np.concatenate([vectors, preselected]).astype(np.float64)
        points, point_of_row = np.unique(both, axis=0, return_inverse=True)
        distances = np.linalg.norm(points[:, None] - points, axis=2)
        np.fill_diagonal(distances, np.inf)
        k = min(neighbors, len(points) - 1)
        nearest = np.argsort(distances, axis=1)[:, :k]
        is_near = np.zeros(distances.shape, dtype=bool)
        np.put_along_axis(is_near, nearest, True, axis=1)
        reach = REACH * np.take_along_axis(distances, nearest, axis=1)[:, -1].mean() if k else 1.0
        similar = np.where(is_near | is_near.T, np.floor(FULL * np.maximum(0, 1 - distances / reach)), 0)
        np.fill_diagonal(similar, FULL)
        table = similar[point_of_row][:, point_of_row]
        count = len(vectors)
        self.similar = np.zeros((unit_count, len(both)))
        for row, unit in enumerate(unit_of_row):
            self.similar[unit] = np.maximum(self.similar[unit], table[row])
        self.best = table[count:].max(axis=0, initial=0)

    @property
    def total(self) -> float:
        return float(self.best.sum())

    @property
    def gains(self) -> NDArray[np.float64]:
        return np.asarray(np.maximum(0, self.similar - self.best).sum(axis=1))

    def add(self, unit: int) -> None:
        self.best = np.maximum(self.best, self.similar[unit])


def examples() -> st.SearchStrategy[dict[str, Any]]:
    """Inputs in which no two distances of one row are close unless they are equal, and equal ones never at the end of a
    row's neighbors: there the plain way does not know which neighbor is kept."""
    return st.fixed_dictionaries(
        {
            "count": st.integers(1, 60),
            "preselected_count": st.integers(0, 8),
            "unit_count": st.one_of(st.none(), st.integers(1, 30)),
            "neighbors": st.sampled_from([1, 3, 10, 100]),
            "repeated": st.sampled_from([1, 3]),
            "dtype": st.sampled_from([np.float16, np.float32]),
            "seed": st.integers(0, 10_000),
        }
    )


def built(example: dict[str, Any]) -> tuple[Representative, PlainRepresentative]:
    rng = np.random.default_rng(example["seed"])
    total = example["count"] + example["preselected_count"]
    distinct = rng.normal(size=(-(-total // example["repeated"]), 6))
    both = distinct[rng.integers(len(distinct), size=total)].astype(example["dtype"])
    vectors, preselected = both[: example["count"]], both[example["count"] :]
    unit_count = example["unit_count"]
    units = None
    unit_of_row = np.arange(len(vectors))
    if unit_count is not None:
        unit_of_row = rng.integers(unit_count, size=len(vectors))
        units = Units(unit_of_row=unit_of_row, unit_count=unit_count)
    objective = Representative(vectors=vectors, preselected=preselected, units=units, neighbors=example["neighbors"])
    plain = PlainRepresentative(vectors, preselected, unit_of_row, unit_count or len(vectors), example["neighbors"])
    return objective, plain


@settings(max_examples=120, deadline=None)
@given(examples())
def test_gains_and_total_are_those_of_facility_location_after_every_pick(example: dict[str, Any]) -> None:
    objective, plain = built(example)
    term = objective.term()
    gains = term.gains
    rank = np.random.default_rng(example["seed"]).permutation(len(gains))
    for unit in np.argsort(rank)[:20]:
        np.testing.assert_allclose(gains, plain.gains, atol=example["count"])  # a rounding of 1 for each row
        np.testing.assert_allclose(term.total, plain.total, atol=example["count"] + example["preselected_count"])
        before = gains[unit], term.total
        term.add(int(unit))
        plain.add(int(unit))
        assert term.total == before[1] + before[0]
        assert gains[unit] == 0
    assert gains is term.gains


@settings(max_examples=120, deadline=None)
@given(examples())
def test_lazy_picks_are_those_of_looking_at_every_unit_every_time(example: dict[str, Any]) -> None:
    objective, _ = built(example)
    term = objective.term()
    rank = np.random.default_rng(example["seed"]).permutation(objective.unit_count)
    has_rows = np.ones(objective.unit_count, dtype=bool)
    if objective.units is not None:
        has_rows = np.bincount(objective.units.unit_of_row, minlength=objective.unit_count) > 0
    picks = objective.pick(rank, count=objective.unit_count)
    assert len(picks) == has_rows.sum()
    left = has_rows.copy()
    for pick in picks:
        best = np.flatnonzero(left & (term.gains == term.gains[left].max()))
        assert pick == best[np.argmin(rank[best])]
        left[pick] = False
        term.add(int(pick))


def test_each_cluster_gets_its_share_and_outliers_wait() -> None:
    rng = np.random.default_rng(0)
    sizes = [400, 200, 100]
    centres = np.eye(3, 8) * 20
    label = np.repeat(np.arange(3), sizes)
    vectors = np.concatenate([centres[label] + rng.normal(size=(700, 8)), rng.normal(size=(5, 8)) * 100])
    picks = select([Representative(vectors=vectors.astype(np.float32))], count=35, rank=np.arange(705)).rows
    assert (picks[:20] < 700).all()
    assert set(label[picks[:10]]) == {0, 1, 2}
    shares = np.bincount(label[picks[picks < 700]], minlength=3)
    assert shares[0] > shares[1] > shares[2] >= 3


def test_preselected_rows_serve_their_neighbors_already() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(size=(100, 4)), rng.normal(size=(50, 4)) + 100]).astype(np.float32)
    assert select([Representative(vectors=vectors)], count=1, rank=np.arange(150)).rows[0] < 100
    known = select([Representative(vectors=vectors[:100])], count=10, rank=np.arange(100)).rows
    beside = Representative(vectors=vectors, preselected=vectors[known])
    assert select([beside], count=1, rank=np.arange(150)).rows[0] >= 100


def test_what_equals_a_pick_comes_last_and_units_without_rows_after_it() -> None:
    vectors = np.array([[5], [0], [0], [9], [5], [9]], np.float32)
    units = Units(unit_of_row=np.array([1, 2, 3, 4, 5, 6]), unit_count=8)
    picks = select([Representative(vectors=vectors, units=units)], count=9, rank=np.arange(8)[::-1])
    assert sorted(vectors[picks.rows[:3] - 1, 0]) == [0, 5, 9]
    assert list(picks.rows[3:]) == [*sorted(picks.rows[3:6], reverse=True), 7, 0]
    assert picks.stopped_by == "exhausted"


def test_rows_that_are_all_equal_go_by_rank() -> None:
    rank = np.random.default_rng(0).permutation(500)
    picks = select([Representative(vectors=np.ones((500, 3), np.float32))], count=500, rank=rank)
    np.testing.assert_array_equal(rank[picks.rows], np.arange(500))


@pytest.mark.parametrize("aggregated", [False, True])
@pytest.mark.parametrize("combined", [False, True])
def test_neither_the_order_of_rows_nor_threads_leave_a_trace(aggregated: bool, combined: bool) -> None:
    rng = np.random.default_rng(0)
    vectors = np.round(rng.normal(size=(900, 3)) * 2).astype(np.float32) / 2  # many equal rows and equal distances
    unit_of_row = rng.integers(300, size=900) if aggregated else np.arange(900)
    unit_count = 300 if aggregated else 900
    row_order, unit_order = rng.permutation(900), rng.permutation(unit_count)
    rank = rng.permutation(unit_count)
    new_number = np.argsort(unit_order)  # of every unit
    if not aggregated:
        row_order = unit_order

    def picks(shuffled: bool, map_chunks: Any) -> list[int]:
        units = None
        if aggregated:
            numbers = new_number[unit_of_row][row_order] if shuffled else unit_of_row
            units = Units(unit_of_row=numbers, unit_count=unit_count)
        own_rank = rank[unit_order] if shuffled else rank
        objectives: list[Any] = [
            Representative(vectors=vectors[row_order] if shuffled else vectors, units=units, neighbors=20)
        ]
        if combined:
            values = np.sqrt(np.arange(unit_count) % 7)
            objectives.append(Weights(values=values[unit_order] if shuffled else values))
        rows = select(objectives, count=200, rank=own_rank, map_chunks=map_chunks).rows
        return own_rank[rows].tolist()

    with ThreadPoolExecutor(3) as executor:
        assert picks(True, executor.map) == picks(False, map)


def test_every_row_near_a_pick_of_its_cluster_makes_the_mean_distance_small() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(40, 16))[rng.integers(40, size=4000)] + 0.2 * rng.normal(size=(4000, 16))).astype(
        np.float32
    )

    def mean_distance(picks: NDArray[np.int64]) -> float:
        return float(np.linalg.norm(vectors[:, None] - vectors[picks], axis=2).min(axis=1).mean())

    picks = select([Representative(vectors=vectors)], count=60, rank=np.arange(4000)).rows
    by_chance = min(mean_distance(rng.choice(4000, 60, replace=False)) for _ in range(5))
    assert mean_distance(picks) < 0.75 * by_chance


def test_a_larger_count_continues_a_smaller_one() -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    objective = Representative(vectors=vectors, neighbors=10)
    rank = np.arange(300)
    np.testing.assert_array_equal(objective.pick(rank, count=40), objective.pick(rank, count=90)[:40])


def test_nothing_to_pick_from_is_no_error() -> None:
    assert len(select([Representative(vectors=np.zeros((0, 3), np.float32))], count=3, rank=np.arange(0)).rows) == 0
    alone = Representative(vectors=np.zeros((1, 3), np.float32), preselected=np.zeros((1, 3), np.float32))
    assert select([alone], count=3, rank=np.arange(1)).rows.tolist() == [0]


def test_a_number_of_neighbors_below_one_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`0`") as caught:
        Representative(vectors=np.zeros((2, 2), np.float32), neighbors=0)
    assert caught.value.field == "neighbors"
