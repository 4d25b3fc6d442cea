from __future__ import annotations

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.core.selection import Diversity, Random, Weights, select, threshold_mask


def picked(*objectives: object, count: int, units: int) -> list[int]:
    return select(objectives, count=count, rank=np.arange(units)).rows.tolist()  # type: ignore[arg-type]


def test_weights_alone_order_by_value_and_equal_ones_by_rank() -> None:
    weights = Weights(values=np.array([0.5, 0.9, 0.5, 2.0]))
    assert select([weights], count=4, rank=np.array([7, 1, 3, 5])).rows.tolist() == [3, 1, 2, 0]


def test_negative_weights_keep_their_order() -> None:
    assert picked(Weights(values=np.array([-3.0, -1.0, -2.0, 4.0])), count=4, units=4) == [3, 1, 2, 0]


def test_what_was_selected_before_counts_beside_other_strategies() -> None:
    # 3 beside 1 is much more than 2 beside 1; beside a hundred that says less than distance does
    vectors = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    near = Diversity(vectors=vectors, preselected=np.array([[-1.0], [7.0]], np.float32))
    values = np.array([1.0, 30.0, 1.0])
    assert picked(near, Weights(values=values), count=1, units=3) == [1]
    assert picked(near, Weights(values=values, preselected_sum=1e6), count=1, units=3) == [1]
    far = Diversity(vectors=np.array([[0.0], [1.0], [99.0]], np.float32), preselected=near.preselected)
    assert picked(far, Weights(values=values), count=1, units=3) == [2]


def test_a_negative_least_is_taken_from_what_was_selected_before_too() -> None:
    term = Weights(values=np.array([-1.0, 2.0]), preselected_sum=1.0, preselected_count=3).term()
    assert term.gains.tolist() == [0.0, 3.0]
    assert term.total == 4.0
    assert Weights(values=np.array([1.0, 2.0]), preselected_sum=1.0, preselected_count=3).term().total == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_refused_and_named(bad: float) -> None:
    with pytest.raises(ValueError, match="value 1 of the weights"):
        Weights(values=np.array([0.0, bad, bad]))


def test_weights_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="float64"):
        Weights(values=np.zeros(2, np.float32))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="finite"):
        Weights(values=np.zeros(2), preselected_sum=np.nan)


def test_a_target_range_that_is_empty_is_refused() -> None:
    with pytest.raises(InvalidConfig, match=r"`3\.0`, its most `2\.0`"):
        Weights(values=np.zeros(2), target_range=(3.0, 2.0))
    with pytest.raises(InvalidConfig, match="`nan`"):
        Weights(values=np.zeros(2), maximum_sum=np.nan)


@pytest.mark.parametrize(
    ("operation", "kept"),
    [
        ("smaller", [True, False, False, False]),
        ("smaller_equal", [True, True, False, False]),
        ("bigger", [False, False, True, False]),
        ("bigger_equal", [False, True, True, False]),
    ],
)
def test_a_threshold_keeps_one_side_and_never_what_is_not_known(operation: str, kept: list[bool]) -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert threshold_mask(values, operation, 2.0).tolist() == kept  # type: ignore[arg-type]


def test_a_comparison_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`equal`"):
        threshold_mask(np.zeros(1), "equal", 0.0)  # type: ignore[arg-type]


def test_random_beside_a_strategy_that_has_nothing_to_say_orders_as_alone() -> None:
    alone = picked(Random(seed=3), count=50, units=50)
    assert picked(Random(seed=3), Weights(values=np.ones(50), strength=0.0), count=50, units=50) == alone
    assert picked(Random(seed=3, strength=-1.0), count=50, units=50) == alone[::-1]


def test_random_depends_on_rank_not_on_the_order_of_the_input() -> None:
    rank = np.random.default_rng(0).permutation(30)
    shuffle = np.random.default_rng(1).permutation(30)
    weights = np.random.default_rng(2).random(30)
    picks = select([Random(seed=5), Weights(values=weights)], count=10, rank=rank)
    others = select([Random(seed=5), Weights(values=weights[shuffle])], count=10, rank=rank[shuffle])
    assert shuffle[others.rows].tolist() == picks.rows.tolist()
