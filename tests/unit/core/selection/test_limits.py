from __future__ import annotations

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.core.selection import Diversity, GroupLimit, Picks, Random, UnmetLimit, Weights, select


def pick(groups: list[int], *limits: GroupLimit, count: int) -> Picks:
    """By weights that fall from the first unit to the last."""
    weights = Weights(values=np.arange(len(groups), 0, -1.0))
    return select([weights], count=count, rank=np.arange(len(groups)), limits=limits)


def limit(
    groups: list[int], *, most: list[int] | None = None, least: list[int] | None = None, name: str = "category"
) -> GroupLimit:
    return GroupLimit(
        name=name,
        group_of_unit=np.array(groups),
        at_most=None if most is None else np.array(most),
        at_least=None if least is None else np.array(least),
    )


def test_units_of_a_full_group_are_no_candidates() -> None:
    groups = [0, 0, 0, 1, -1]
    picks = pick(groups, limit(groups, most=[2, 0]), count=5)
    assert picks.rows.tolist() == [0, 1, 4]
    assert picks.stopped_by == "limits"
    assert picks.unmet == ()


def test_picks_are_kept_for_groups_as_soon_as_all_that_are_left_are_owed() -> None:
    groups = [0, 0, 0, 0, 1, 1, 2]
    picks = pick(groups, limit(groups, least=[0, 2, 1]), count=5)
    assert picks.rows.tolist() == [0, 1, 4, 5, 6]
    assert picks.stopped_by == "count"
    assert picks.unmet == ()


def test_a_group_is_owed_no_more_than_it_has() -> None:
    groups = [0, 0, 0, 0, 1]
    picks = pick(groups, limit(groups, least=[0, 3]), count=3)
    assert picks.rows.tolist() == [0, 1, 4]
    assert picks.unmet == (UnmetLimit(limit="category", group=1, wanted=3, reached=1),)


def test_more_owed_than_can_be_picked_is_told_not_refused() -> None:
    groups = [0, 0, 1, 1]
    picks = pick(groups, limit(groups, least=[2, 2]), count=3)
    assert picks.rows.tolist() == [0, 1, 2]
    assert picks.unmet == (UnmetLimit(limit="category", group=1, wanted=2, reached=1),)


def test_limits_per_image_and_per_category_hold_together() -> None:
    images, categories = [0, 0, 0, 1, 1, 2], [0, 0, 1, 0, 1, 1]
    picks = pick(
        images,
        limit(images, most=[1, 1, 1], name="image"),
        limit(categories, least=[0, 2]),
        count=3,
    )
    assert sorted(np.array(images)[picks.rows].tolist()) == [0, 1, 2]
    assert np.array(categories)[picks.rows].sum() == 2
    assert picks.unmet == ()


def test_what_full_groups_take_away_is_not_counted_on() -> None:
    # both of category 1 are of one image, of which one may be picked: only one is owed
    images, categories = [0, 1, 2, 3, 3], [0, 0, 0, 1, 1]
    picks = pick(images, limit(images, most=[1, 1, 1, 1], name="image"), limit(categories, least=[0, 2]), count=4)
    assert np.bincount(np.array(categories)[picks.rows]).tolist() == [3, 1]
    assert picks.unmet == (UnmetLimit(limit="category", group=1, wanted=2, reached=1),)


def test_units_that_are_owed_but_too_near_do_not_end_a_selection() -> None:
    vectors = np.array([[0.0], [5.0], [9.0], [0.1]], dtype=np.float32)
    objective = Diversity(
        vectors=vectors,
        preselected=np.zeros((1, 1), np.float32),
        minimum_distance=1.0,
        minimum_distance_mode="filter",
    )
    groups = limit([1, 0, 0, 1], least=[0, 2])
    picks = select([objective], count=2, rank=np.arange(4), limits=[groups])
    assert picks.rows.tolist() == [2, 1]
    assert picks.unmet == (UnmetLimit(limit="category", group=1, wanted=2, reached=0),)


@pytest.mark.parametrize("objective", [Random(seed=1), Weights(values=np.ones(300), strength=0.0)])
def test_limits_hold_for_every_strategy(objective: Random | Weights) -> None:
    groups = np.arange(300) % 30
    per_group = GroupLimit(name="image", group_of_unit=groups, at_most=np.full(30, 3))
    picks = select([objective], count=200, rank=np.arange(300), limits=[per_group])
    assert np.bincount(groups[picks.rows]).tolist() == [3] * 30
    assert picks.stopped_by == "limits"


def test_limits_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="lie in -1 to 0"):
        limit([0, 1], most=[1])
    with pytest.raises(ValueError, match="0 or more"):
        limit([0], most=[-1])
    with pytest.raises(InvalidConfig, match="at least `3` and at most `2`"):
        limit([0], most=[2], least=[3])
    with pytest.raises(ValueError, match="entries for 1 units of `category`"):
        select([Random()], count=1, rank=np.arange(2), limits=[limit([0], most=[2])])
