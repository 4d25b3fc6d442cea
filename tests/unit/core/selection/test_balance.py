from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection import Balance, CategoryMatrix, Weights, select, target_shares
from swath.core.selection.balance_term import groups_of, merged


def one_each(categories: NDArray[np.integer], category_count: int) -> CategoryMatrix:
    return CategoryMatrix(
        starts=np.arange(len(categories) + 1),
        categories=categories.astype(np.int32),
        amounts=np.ones(len(categories)),
        category_count=category_count,
    )


def counts_picked(categories: NDArray[np.integer], target: list[float], count: int, **options: object) -> list[int]:
    balance = Balance(categories=one_each(categories, len(target)), target=np.array(target), **options)  # type: ignore[arg-type]
    picks = select([balance], count=count, rank=np.arange(len(categories)))
    return np.bincount(categories[picks.rows], minlength=len(target)).tolist()


MANY = np.repeat(np.arange(3), [900, 90, 10])


def test_an_even_target_is_met_as_far_as_there_is_supply() -> None:
    assert counts_picked(MANY, [1, 1, 1], 30) == [10, 10, 10]
    assert counts_picked(MANY, [1, 1, 1], 60) == [25, 25, 10]


def test_a_target_is_met_and_need_not_be_normalised() -> None:
    assert counts_picked(MANY, [6, 3, 1], 100) == [60, 30, 10]


def test_what_was_selected_before_counts() -> None:
    assert counts_picked(MANY, [1, 1, 1], 20, preselected=np.array([10.0, 0.0, 0.0])) == [0, 10, 10]


def test_categories_without_a_share_are_picked_last() -> None:
    assert counts_picked(MANY, [0, 1, 1], 30) == [0, 20, 10]
    assert counts_picked(MANY, [0, 1, 1], 101) == [1, 90, 10]


def test_a_target_of_nothing_has_no_say() -> None:
    assert counts_picked(MANY, [0, 0, 0], 5) == [5, 0, 0]


def test_a_negative_strength_goes_away_from_the_target() -> None:
    assert counts_picked(MANY, [0, 0, 1], 10, strength=-1.0) == [10, 0, 0]


def test_units_without_categories_change_nothing_until_the_others_would_harm() -> None:
    matrix = CategoryMatrix(
        starts=np.array([0, 0, 1, 2]), categories=np.array([0, 0], np.int32), amounts=np.ones(2), category_count=2
    )
    balance = Balance(categories=matrix, target=np.array([0.5, 0.5]), preselected=np.array([1.0, 1.0]))
    assert select([balance], count=3, rank=np.arange(3)).rows.tolist() == [0, 1, 2]


def test_repeated_and_zero_amounts_are_the_same_as_their_sum() -> None:
    loose = CategoryMatrix(
        starts=np.array([0, 3, 4, 6]),
        categories=np.array([1, 0, 1, 1, 0, 1], np.int32),
        amounts=np.array([0.5, 0.0, 1.5, 2.0, 1.0, 0.0]),
        category_count=2,
    )
    matrix = merged(loose)
    assert matrix.starts.tolist() == [0, 1, 2, 3]
    assert matrix.categories.tolist() == [1, 1, 0]
    assert matrix.amounts.tolist() == [2.0, 2.0, 1.0]
    groups, first = groups_of(matrix)
    assert groups[0] == groups[1] != groups[2]
    assert groups[first].tolist() == [0, 1]


def test_groups_are_the_units_with_equal_rows() -> None:
    random = np.random.default_rng(0)
    rows = [tuple(sorted(random.integers(0, 4, random.integers(0, 4)).tolist())) for _ in range(200)]
    matrix = merged(
        CategoryMatrix(
            starts=np.concatenate([[0], np.cumsum([len(row) for row in rows])]),
            categories=np.array([category for row in rows for category in row], np.int32),
            amounts=np.ones(sum(map(len, rows))),
            category_count=4,
        )
    )
    groups, _ = groups_of(matrix)
    for one in range(200):
        assert [bool(groups[one] == groups[other]) for other in range(200)] == [rows[one] == row for row in rows]


def test_matrices_and_targets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="ascend from 0"):
        CategoryMatrix(starts=np.array([0, 2]), categories=np.zeros(1, np.int32), amounts=np.ones(1), category_count=1)
    with pytest.raises(ValueError, match="lie in 0 to 0"):
        one_each(np.array([1]), 1)
    with pytest.raises(ValueError, match="target has shape"):
        Balance(categories=one_each(np.array([0]), 1), target=np.ones(2))
    with pytest.raises(ValueError, match="preselected must be finite"):
        Balance(categories=one_each(np.array([0]), 1), target=np.ones(1), preselected=np.array([-1.0]))
    with pytest.raises(ValueError, match="rank has 2 entries for 1 units of Balance"):
        select([Balance(categories=one_each(np.array([0]), 1), target=np.ones(1))], count=1, rank=np.arange(2))


NAMES = ("car", "person", "bus", "kite")
AMOUNTS = np.array([6.0, 3.0, 0.0, 0.0])
BEFORE = np.array([0.0, 0.0, 1.0, 0.0])


def test_a_uniform_target_is_of_the_categories_that_there_are() -> None:
    assert target_shares("uniform", None, NAMES, AMOUNTS, BEFORE).tolist() == [1 / 3, 1 / 3, 1 / 3, 0]
    assert target_shares("uniform", None, NAMES, np.zeros(4), np.zeros(4)).tolist() == [0, 0, 0, 0]


def test_the_input_target_is_the_distribution_of_the_candidates() -> None:
    np.testing.assert_allclose(target_shares("input", None, NAMES, AMOUNTS, BEFORE), [2 / 3, 1 / 3, 0, 0])


@pytest.mark.parametrize(
    ("target", "shares"),
    [
        ({"car": 0.5}, [0.5, 0.25, 0.25, 0]),
        ({"car": 0.7, "person": 0.2, "bus": 0.1}, [0.7, 0.2, 0.1, 0]),
        ({"car": 3.0, "kite": 1.0}, [0.75, 0, 0, 0.25]),
        ({"car": 0.2, "person": 0.1, "bus": 0.1}, [0.5, 0.25, 0.25, 0]),
    ],
)
def test_other_categories_share_what_a_target_leaves(target: dict[str, float], shares: list[float]) -> None:
    np.testing.assert_allclose(target_shares("target", target, NAMES, AMOUNTS, BEFORE), shares, atol=1e-12)


def test_a_target_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`cars`") as caught:
        target_shares("target", {"cars": 0.5}, NAMES, AMOUNTS, BEFORE)
    assert caught.value.hint == "did you mean `car`?"
    with pytest.raises(InvalidConfig, match="`car` cannot be used: `-1"):
        target_shares("target", {"car": -1.0}, NAMES, AMOUNTS, BEFORE)
    with pytest.raises(InvalidConfig, match="gives no category a share"):
        target_shares("target", {"car": 0.0}, NAMES, np.zeros(4), np.zeros(4))
    with pytest.raises(InvalidConfig, match="needs shares"):
        target_shares("target", None, NAMES, AMOUNTS, BEFORE)
    with pytest.raises(InvalidConfig, match="`even`"):
        target_shares("even", None, NAMES, AMOUNTS, BEFORE)  # type: ignore[arg-type]


def test_balance_yields_where_weights_are_far_stronger() -> None:
    weights = Weights(values=np.concatenate([np.full(900, 2.0), np.ones(100)]), strength=1e6)
    balance = Balance(categories=one_each(MANY, 3), target=np.ones(3))
    picks = select([weights, balance], count=50, rank=np.arange(1000))
    assert np.bincount(MANY[picks.rows], minlength=3).tolist() == [50, 0, 0]
