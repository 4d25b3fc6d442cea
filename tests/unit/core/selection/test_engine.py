from __future__ import annotations

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.core.selection import Diversity, Picks, Random, Units, Weights, select


def line(*places: float) -> np.ndarray:
    return np.array(places, dtype=np.float32)[:, None]


def diverse(vectors: np.ndarray, count: int, **options: object) -> Picks:
    return select([Diversity(vectors=vectors, **options)], count=count, rank=np.arange(len(vectors)))


def test_the_first_pick_is_closest_to_the_mean_then_the_farthest(way: str) -> None:
    picks = diverse(line(0, 1, 4, 5, 10), 3)
    assert picks.rows.tolist() == [2, 4, 0]
    np.testing.assert_array_equal(picks.distances, [np.nan, 6, 4])
    assert picks.stopped_by == "count"
    assert picks.rows.dtype == np.int64
    assert picks.distances.dtype == np.float64


def test_of_several_closest_to_the_mean_the_lowest_rank_is_first(way: str) -> None:
    picks = select([Diversity(vectors=line(1, 3, 3, 1))], count=1, rank=np.array([3, 2, 1, 9]))
    assert picks.rows.tolist() == [2]


def test_with_preselected_rows_the_first_pick_is_farthest_from_them(way: str) -> None:
    picks = diverse(line(0, 1, 4, 5, 10), 2, preselected=line(9, 9.5))
    assert picks.rows.tolist() == [0, 2]  # 4 and 5 are both 4 away: the lower rank
    assert picks.distances.tolist() == [9, 4]


def test_no_preselected_rows_are_the_same_as_none(way: str) -> None:
    picks = diverse(line(0, 1, 4, 5, 10), 5, preselected=np.zeros((0, 1), np.float32))
    assert picks.rows.tolist() == diverse(line(0, 1, 4, 5, 10), 5).rows.tolist()


def test_more_asked_than_there_is_gives_everything_once(way: str) -> None:
    picks = diverse(line(0, 1, 4), 10)
    assert sorted(picks.rows) == [0, 1, 2]
    assert picks.stopped_by == "exhausted"


def test_exactly_all_is_stopped_by_count(way: str) -> None:
    assert diverse(line(0, 1, 4), 3).stopped_by == "count"


@pytest.mark.parametrize("count", [0, 3])
def test_empty_input_gives_no_picks(way: str, count: int) -> None:
    picks = diverse(np.zeros((0, 4), np.float16), count)
    assert len(picks) == 0
    assert picks.stopped_by == ("exhausted" if count else "count")


def test_a_count_of_zero_gives_no_picks(way: str) -> None:
    picks = diverse(line(0, 1), 0)
    assert len(picks) == len(picks.distances) == 0
    assert picks.stopped_by == "count"


def test_a_single_row_is_picked(way: str) -> None:
    assert diverse(line(3), 1).rows.tolist() == [0]


def test_duplicates_come_last_in_rank_order(way: str) -> None:
    vectors = line(5, 0, 5, 0, 5, 10)
    picks = select([Diversity(vectors=vectors)], count=6, rank=np.array([50, 40, 30, 20, 10, 0]))
    assert picks.rows.tolist() == [4, 5, 3, 2, 1, 0]
    assert picks.distances[3:].tolist() == [0, 0, 0]


def test_all_duplicates_come_in_rank_order(way: str) -> None:
    vectors = np.full((7, 3), 0.1, np.float32)
    rank = np.array([3, 1, 6, 0, 2, 5, 4])
    assert select([Diversity(vectors=vectors)], count=7, rank=rank).rows.tolist() == np.argsort(rank).tolist()


def test_zero_vectors_are_points_like_any_other(way: str) -> None:
    picks = diverse(np.zeros((3, 2), np.float32), 3, preselected=np.array([[3, 4]], np.float32))
    assert picks.rows.tolist() == [0, 1, 2]
    assert picks.distances.tolist() == [5, 0, 0]


def test_vectors_without_dimensions_are_all_alike(way: str) -> None:
    assert diverse(np.zeros((3, 0), np.float32), 3).rows.tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", ["stop", "filter"])
def test_spacing_equal_to_the_minimum_distance_is_accepted(way: str, mode: str) -> None:
    spacing = float(np.float32(0.1))
    vectors = line(0, 0.1)
    assert len(diverse(vectors, 2, minimum_distance=spacing, minimum_distance_mode=mode)) == 2
    picks = diverse(vectors, 2, minimum_distance=np.nextafter(spacing, 1), minimum_distance_mode=mode)
    assert len(picks) == 1
    assert picks.stopped_by == "minimum_distance"


@pytest.mark.parametrize("mode", ["stop", "filter"])
def test_the_minimum_distance_counts_preselected_rows(way: str, mode: str) -> None:
    picks = diverse(line(0, 4, 10), 3, preselected=line(1), minimum_distance=3.5, minimum_distance_mode=mode)
    assert picks.rows.tolist() == [2]
    assert picks.stopped_by == "minimum_distance"


def test_a_minimum_distance_of_zero_stops_nothing(way: str) -> None:
    assert len(diverse(line(1, 1, 1, 1), 4, minimum_distance=0.0)) == 4


def test_reaching_the_count_first_is_not_called_minimum_distance(way: str) -> None:
    assert diverse(line(0, 5, 10, 10), 3, minimum_distance=1.0).stopped_by == "count"


def images(*rows: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([unit for unit, _ in rows]), line(*(place for _, place in rows))


def test_a_unit_gains_the_mean_over_its_rows(way: str) -> None:
    # image 0 has one far object and three near ones: 64 / 4 = 16; image 1 is one object at distance 5: 25
    unit_of_row, vectors = images((0, 8), (0, 0), (0, 0), (0, 0), (1, 5))
    picks = select(
        [
            Diversity(
                vectors=vectors,
                units=Units(unit_of_row=unit_of_row, unit_count=2),
                preselected=line(0),
                aggregate="mean",
            )
        ],
        count=2,
        rank=np.arange(2),
    )
    assert picks.rows.tolist() == [1, 0]
    np.testing.assert_allclose(picks.distances, [5, 1.5], rtol=1e-15)  # 3^2 / 4, as 8 is 3 from 5 now


def test_the_first_unit_is_the_one_whose_own_mean_is_closest(way: str) -> None:
    unit_of_row, vectors = images((0, 4), (1, -10), (1, 16), (2, 0), (2, 2))  # all: 2.4; own: 4, 3, 1
    picks = select(
        [Diversity(vectors=vectors, units=Units(unit_of_row=unit_of_row, unit_count=3))], count=1, rank=np.arange(3)
    )
    assert picks.rows.tolist() == [1]


def test_units_without_rows_come_last_in_rank_order_and_stop_nothing(way: str) -> None:
    unit_of_row, vectors = images((1, 0), (3, 10), (4, 0))
    units = Units(unit_of_row=unit_of_row, unit_count=5)
    rank = np.array([9, 4, 7, 2, 3])
    picks = select([Diversity(vectors=vectors, units=units)], count=5, rank=rank)
    assert picks.rows.tolist() == [4, 3, 1, 2, 0]
    np.testing.assert_array_equal(picks.distances, [np.nan, 10, 0, np.nan, np.nan])
    far = select(
        [Diversity(vectors=vectors[:2], units=Units(unit_of_row=unit_of_row[:2], unit_count=5), minimum_distance=5.0)],
        count=3,
        rank=rank,
    )
    assert far.rows.tolist() == [3, 1, 4]
    assert far.stopped_by == "count"


def test_after_a_unit_too_near_stop_ends_while_filter_still_takes_units_without_rows(way: str) -> None:
    unit_of_row, vectors = images((0, 0), (1, 0.5))
    units = Units(unit_of_row=unit_of_row, unit_count=3)
    picked = {
        mode: select(
            [Diversity(vectors=vectors, units=units, minimum_distance=1.0, minimum_distance_mode=mode)],
            count=3,
            rank=np.arange(3),
        )
        for mode in ("stop", "filter")
    }
    assert picked["stop"].rows.tolist() == [0]
    assert picked["filter"].rows.tolist() == [0, 2]
    assert picked["stop"].stopped_by == picked["filter"].stopped_by == "minimum_distance"


def test_units_that_all_lack_rows_come_in_rank_order(way: str) -> None:
    units = Units(unit_of_row=np.zeros(0, np.int64), unit_count=3)
    picks = select([Diversity(vectors=line(), units=units)], count=2, rank=np.array([2, 0, 1]))
    assert picks.rows.tolist() == [1, 2]


def test_random_depends_on_rank_and_seed_alone() -> None:
    rank = np.array([30, 10, 20, 0, 40])
    picks = select([Random(seed=7)], count=4, rank=rank)
    shuffle = np.array([4, 2, 0, 3, 1])
    shuffled = select([Random(seed=7)], count=4, rank=rank[shuffle])
    assert shuffle[shuffled.rows].tolist() == picks.rows.tolist()
    assert np.isnan(picks.distances).all()
    assert picks.stopped_by == "count"
    orders = {tuple(select([Random(seed=seed)], count=5, rank=rank).rows) for seed in range(20)}
    assert len(orders) > 10


def test_more_random_picks_continue_fewer() -> None:
    rank = np.arange(100)
    assert select([Random(seed=1)], count=40, rank=rank).rows[:10].tolist() == (
        select([Random(seed=1)], count=10, rank=rank).rows.tolist()
    )
    everything = select([Random(seed=1)], count=200, rank=rank)
    assert sorted(everything.rows) == list(range(100))
    assert everything.stopped_by == "exhausted"


def test_no_objective_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="No strategy"):
        select([], count=1, rank=np.arange(2))


@pytest.mark.parametrize("strength", [np.nan, np.inf, 1.1e9, -1.1e9])
def test_strengths_beyond_all_measure_are_refused(strength: float) -> None:
    with pytest.raises(InvalidConfig, match="Strength"):
        diverse(line(0, 1), 1, strength=strength)


def test_arrays_that_do_not_fit_are_refused() -> None:
    one = Diversity(vectors=line(0, 1, 2))
    with pytest.raises(ValueError, match="rank has 2 entries for 3 units"):
        select([one], count=1, rank=np.arange(2))
    with pytest.raises(ValueError, match="must not repeat"):
        select([one], count=1, rank=np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="integers"):
        select([one], count=1, rank=np.array([0.0, 1.0, 2.0]))
    with pytest.raises(ValueError, match="negative"):
        select([one], count=-1, rank=np.arange(3))
    with pytest.raises(ValueError, match="2 entries for 3 vectors"):
        diverse(line(0, 1, 2), 1, units=Units(unit_of_row=np.arange(2), unit_count=3))
    with pytest.raises(ValueError, match="rank has 3 entries for 4 units"):
        diverse(line(0, 1, 2), 1, units=Units(unit_of_row=np.arange(3), unit_count=4))
    with pytest.raises(ValueError, match="rank has 3 entries for 2 units"):
        select([Weights(values=np.zeros(2))], count=1, rank=np.arange(3))
