from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.core.objects import BoxOutcome
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.pipeline.judging import ObjectRules, judge_objects, resolve_object_rules
from swath.wire.run_config import ObjectLevelConfig

NO_RULES = ObjectRules(padding=0, min_score=None, category_ids=None, min_size=None, max_overlap=None)
USED, CLIPPED, OUTSIDE, ZERO, FILTERED = (BoxOutcome(number) for number in range(5))
SCHEMA = TaskSchema(
    task_name="vehicles",
    task_type=TaskType.OBJECT_DETECTION,
    categories=(Category(id=1, name="car"), Category(id=7, name="bus"), Category(id=9, name="7")),
)


def judge(
    boxes: list[list[float]],
    rules: ObjectRules,
    scores: list[float] | None = None,
    ids: list[int] | None = None,
) -> tuple[list[int], list[list[int]]]:
    """Outcomes and rectangles in an image of 100 x 50 px."""
    outcome, rects = judge_objects(
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.array(scores if scores is not None else [0.5] * len(boxes)),
        np.array(ids if ids is not None else [1] * len(boxes), dtype=np.int32),
        width=100,
        height=50,
        rules=rules,
    )
    return outcome.tolist(), rects.tolist()


def test_boxes_are_judged_against_the_image() -> None:
    outcome, rects = judge([[1, 2, 11, 12], [90, 40, 120, 60], [200, 0, 210, 9], [5, 5, 5, 9]], NO_RULES)
    assert outcome == [USED, CLIPPED, OUTSIDE, ZERO]
    assert rects == [[1, 2, 11, 12], [90, 40, 100, 50], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_an_image_without_objects_has_none() -> None:
    assert judge([], replace(NO_RULES, min_score=0.5, max_overlap=0.5, min_size=3)) == ([], [])


def test_padding_grows_the_rectangle_and_stays_in_the_image() -> None:
    assert judge([[10, 10, 20, 20], [0, 0, 10, 10]], replace(NO_RULES, padding=0.4))[1] == [
        [8, 8, 22, 22],
        [0, 0, 12, 12],
    ]


def test_the_threshold_of_scores_is_inclusive_and_a_missing_score_passes_none() -> None:
    rules = replace(NO_RULES, min_score=0.3)
    boxes = [[0.0, 0, 9, 9]] * 3
    assert judge(boxes, rules, scores=[0.3, 0.29, float("nan")])[0] == [USED, FILTERED, FILTERED]
    assert judge(boxes, replace(NO_RULES, min_score=0.0), scores=[0.0, 1.0, float("nan")])[0] == [USED, USED, FILTERED]


def test_only_the_categories_asked_for_are_cropped() -> None:
    rules = replace(NO_RULES, category_ids=frozenset({7}))
    assert judge([[0, 0, 9, 9]] * 2, rules, ids=[1, 7])[0] == [FILTERED, USED]


def test_the_smallest_size_is_about_the_part_inside_the_image() -> None:
    rules = replace(NO_RULES, min_size=10)
    boxes = [[10, 10, 20, 20], [10, 10, 40, 19.9], [95, 0, 115, 40], [90, 0, 115, 40]]
    assert judge(boxes, rules)[0] == [USED, FILTERED, FILTERED, CLIPPED]


def test_of_two_that_overlap_the_lower_score_goes_and_a_missing_one_is_lowest() -> None:
    rules = replace(NO_RULES, max_overlap=0.5)
    boxes = [[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 10]]
    assert judge(boxes, rules, scores=[0.4, 0.6, 0.1])[0] == [FILTERED, USED, USED]
    assert judge(boxes, rules, scores=[0.0, float("nan"), 0.1])[0] == [USED, FILTERED, USED]


def test_what_another_filter_took_away_removes_nothing_by_overlap() -> None:
    same = [[0, 0, 10, 10], [0, 0, 10, 10]]
    rules = replace(NO_RULES, max_overlap=0.5, category_ids=frozenset({7}))
    assert judge(same, rules, scores=[0.9, 0.1], ids=[1, 7])[0] == [FILTERED, USED]


def test_a_box_outside_the_image_stays_outside_whatever_the_filters_say() -> None:
    rules = replace(NO_RULES, min_score=0.9, min_size=1000, category_ids=frozenset(), max_overlap=0.0)
    assert judge([[200, 0, 210, 9], [5, 5, 5, 9], [0, 0, 9, 9]], rules)[0] == [OUTSIDE, ZERO, FILTERED]


numbers = st.floats(-200, 300, allow_nan=False) | st.sampled_from([0.0, 50.0, 100.0, float("nan"), 1e300])
boxes_strategy = st.lists(st.lists(numbers, min_size=4, max_size=4), max_size=12)
optional = st.none() | st.floats(0, 1)


@given(
    boxes=boxes_strategy,
    rules=st.builds(
        ObjectRules,
        padding=st.floats(0, 3),
        min_score=optional,
        category_ids=st.none() | st.frozensets(st.integers(0, 2)),
        min_size=st.none() | st.floats(0, 60),
        max_overlap=optional,
    ),
    data=st.data(),
)
def test_every_object_has_one_outcome_and_a_rectangle_only_if_it_is_cropped(
    boxes: list[list[float]], rules: ObjectRules, data: st.DataObject
) -> None:
    count = len(boxes)
    scores = data.draw(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=count, max_size=count))
    ids = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    with np.errstate(all="ignore"):
        outcome, rects = judge_objects(
            corners, np.array(scores), np.array(ids, dtype=np.int32), width=100, height=50, rules=rules
        )
        unfiltered, _ = judge_objects(
            corners, np.array(scores), np.array(ids, dtype=np.int32), width=100, height=50, rules=NO_RULES
        )
    assert outcome.shape == (count,)
    assert rects.shape == (count, 4)
    assert set(outcome.tolist()) <= set(range(5))
    cropped = outcome <= BoxOutcome.CLIPPED
    assert not rects[~cropped].any()
    x0, y0, x1, y1 = rects[cropped].T
    assert ((x0 >= 0) & (y0 >= 0) & (x1 <= 100) & (y1 <= 50) & (x0 < x1) & (y0 < y1)).all()
    # Filters only ever take away what would have been cropped.
    changed = outcome != unfiltered
    assert (outcome[changed] == BoxOutcome.FILTERED).all()
    assert (unfiltered[changed] <= BoxOutcome.CLIPPED).all()


def test_categories_are_given_by_name_or_id_and_a_name_comes_first() -> None:
    config = ObjectLevelConfig(task_name="vehicles", categories=("car", "7"), padding=0.5, min_size=3)
    rules = resolve_object_rules(config, SCHEMA)
    assert rules == replace(NO_RULES, padding=0.5, min_size=3, category_ids=frozenset({1, 9}))
    assert resolve_object_rules(ObjectLevelConfig(task_name="vehicles"), SCHEMA) == NO_RULES
    assert resolve_object_rules(ObjectLevelConfig(task_name="v", categories=("1",)), SCHEMA).category_ids == {1}


def test_an_unknown_category_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidConfig, match="Task `vehicles` has no category `cars`") as caught:
        resolve_object_rules(ObjectLevelConfig(task_name="vehicles", categories=("car", "cars")), SCHEMA)
    assert caught.value.field == "object_level.categories"
    assert caught.value.hint == "its categories are `car`, `bus`, `7`."
