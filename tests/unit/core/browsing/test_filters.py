"""Filters against a sample-by-sample reading of what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.core.browsing import SampleColumns, SampleFilter, mask

DrawColumns = Callable[..., SampleColumns]

RANGES: dict[str, list[Any]] = {
    "score": [0.0, 0.15, 0.3, 0.9, 1.0],
    "width": [0, 2, 50],
    "height": [1, 3, 64],
    "shorter_side": [1, 2, 32],
    "area": [0, 4, 6400],
    "box_area": [0.0, 0.5, 1.0],
    "aspect_ratio": [1 / 3, 1.0, 1.5, 3.0],
    "object_count": [0, 1, 3],
}


def memberships(count: int) -> st.SearchStrategy[Any]:
    as_rows = st.sets(st.integers(0, max(count - 1, 0)), max_size=count).map(
        lambda rows: np.array(sorted(rows, reverse=True), dtype=np.int64)
    )
    as_mask = st.lists(st.booleans(), min_size=count, max_size=count).map(lambda bits: np.array(bits, dtype=np.bool_))
    return st.tuples() if count == 0 else st.lists(as_rows | as_mask, max_size=2).map(tuple)


@st.composite
def filters(draw: st.DrawFn, count: int) -> SampleFilter:
    chosen: dict[str, Any] = {}
    for name, values in RANGES.items():
        if draw(st.booleans()):
            chosen[f"min_{name}"] = draw(st.none() | st.sampled_from(values))
            chosen[f"max_{name}"] = draw(st.none() | st.sampled_from(values))
    codes = st.none() | st.frozensets(st.integers(0, 5))
    return SampleFilter(
        **chosen,
        categories=draw(codes),
        runs=draw(codes),
        parents=draw(codes),
        stale=draw(st.none() | st.booleans()),
        created_after=draw(st.none() | st.sampled_from([5, 1_700_000_000_000])),
        created_before=draw(st.none() | st.sampled_from([4, 1_700_000_000_000])),
        members=draw(memberships(count)),
        excluded=draw(memberships(count)),
    )


def within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def rounded(bound: float | None) -> float | None:
    return None if bound is None else float(np.float32(bound))


def is_in(sample: int, members: Any) -> bool:
    return bool(members[sample]) if members.dtype == np.bool_ else sample in members.tolist()


def one_satisfies(columns: SampleColumns, sample: int, asked: SampleFilter) -> bool:
    """Whether the crop itself, or one prediction of the image, has an admitted category and score."""
    if columns.has_predictions:
        own = np.flatnonzero(columns.prediction_sample == sample)
        pairs = [(int(columns.prediction_category[p]), float(columns.prediction_score[p])) for p in own]
    else:
        pairs = [(int(columns.category[sample]), float(columns.score[sample]))]
    low, high = rounded(asked.min_score), rounded(asked.max_score)
    if asked.categories is None and low is None and high is None:
        return True
    return any(
        (asked.categories is None or category in asked.categories) and within(score, low, high)
        for category, score in pairs
    )


def passes(columns: SampleColumns, sample: int, asked: SampleFilter) -> bool:
    width, height = int(columns.width[sample]), int(columns.height[sample])
    return (
        one_satisfies(columns, sample, asked)
        and within(width, asked.min_width, asked.max_width)
        and within(height, asked.min_height, asked.max_height)
        and within(min(width, height), asked.min_shorter_side, asked.max_shorter_side)
        and within(width * height, asked.min_area, asked.max_area)
        and within(float(columns.box_area[sample]), rounded(asked.min_box_area), rounded(asked.max_box_area))
        and within(width / height if width and height else float("nan"), asked.min_aspect_ratio, asked.max_aspect_ratio)
        and within(int(columns.object_count[sample]), asked.min_object_count, asked.max_object_count)
        and within(int(columns.created_at[sample]), asked.created_after, asked.created_before)
        and (asked.stale is None or bool(columns.stale[sample]) == asked.stale)
        and (asked.runs is None or int(columns.run[sample]) in asked.runs)
        and (asked.parents is None or int(columns.parent[sample]) in asked.parents)
        and all(is_in(sample, members) for members in asked.members)
        and not any(is_in(sample, members) for members in asked.excluded)
    )


@settings(deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000), count=st.integers(0, 30), images=st.booleans())
def test_a_sample_passes_if_it_satisfies_every_constraint(
    draw_columns: DrawColumns, data: st.DataObject, seed: int, count: int, images: bool
) -> None:
    columns = draw_columns(seed, count, images=images)
    asked = data.draw(filters(count))
    assert mask(columns, asked).tolist() == [passes(columns, sample, asked) for sample in range(count)]


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("images", [False, True])
def test_each_range_alone_keeps_what_lies_in_it(draw_columns: DrawColumns, name: str, images: bool) -> None:
    columns = draw_columns(1, 300, images=images)
    for bound in RANGES[name]:
        for asked in (SampleFilter(**{f"min_{name}": bound}), SampleFilter(**{f"max_{name}": bound})):
            assert mask(columns, asked).tolist() == [passes(columns, sample, asked) for sample in range(300)]


def test_an_empty_filter_keeps_everything(draw_columns: DrawColumns) -> None:
    assert mask(draw_columns(0, 9), SampleFilter()).all()
    assert mask(draw_columns(0, 9, images=True), SampleFilter()).all()


def test_no_sample_passes_an_empty_set_of_categories(draw_columns: DrawColumns) -> None:
    nothing = SampleFilter(categories=frozenset())
    assert not mask(draw_columns(0, 9), nothing).any()
    assert not mask(draw_columns(0, 9, images=True), nothing).any()


def test_category_and_score_must_hold_for_one_and_the_same_prediction(draw_columns: DrawColumns) -> None:
    columns = replace(
        draw_columns(0, 2, images=True),
        prediction_sample=np.array([0, 0, 1], dtype=np.int32),
        prediction_category=np.array([0, 1, 1], dtype=np.int32),
        prediction_score=np.array([0.9, 0.1, 0.9], dtype=np.float32),
    )
    sure_cars = SampleFilter(categories=frozenset({1}), min_score=0.5)
    assert mask(columns, sure_cars).tolist() == [False, True]


def test_a_sample_without_a_score_satisfies_no_bound_of_scores(draw_columns: DrawColumns) -> None:
    columns = replace(draw_columns(0, 1), score=np.array([np.nan], dtype=np.float32))
    assert not mask(columns, SampleFilter(min_score=0.0)).any()
    assert not mask(columns, SampleFilter(max_score=1.0)).any()


def test_a_bound_admits_the_score_it_was_read_from(draw_columns: DrawColumns) -> None:
    columns = replace(draw_columns(0, 1), score=np.array([0.9], dtype=np.float32))
    assert mask(columns, SampleFilter(min_score=0.9, max_score=0.9)).all()


def test_bounds_no_column_can_hold_compare_all_the_same(draw_columns: DrawColumns) -> None:
    columns = replace(draw_columns(0, 1), score=np.array([0.9], dtype=np.float32), width=np.array([7], dtype=np.int32))
    assert mask(columns, SampleFilter(max_score=1e300, min_score=-1e300, max_width=10**30)).all()
    assert not mask(columns, SampleFilter(min_width=10**30)).any()


def test_a_mask_of_another_dataset_is_refused(draw_columns: DrawColumns) -> None:
    with pytest.raises(ValueError, match="mask of 3 samples"):
        mask(draw_columns(0, 3), SampleFilter(members=(np.ones(4, dtype=np.bool_),)))


def test_the_mask_is_new_so_that_a_tag_is_never_written_to(draw_columns: DrawColumns) -> None:
    tag = np.array([True, False, True])
    mask(draw_columns(0, 3), SampleFilter(members=(tag,)))[:] = False
    assert tag.tolist() == [True, False, True]
