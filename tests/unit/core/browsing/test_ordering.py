"""Orders against Python's stable sort."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from swath.core.browsing import SampleColumns, SortKey, filtered, full_order, order

DrawColumns = Callable[..., SampleColumns]


def value_of(columns: SampleColumns, key: SortKey, sample: int, distance: Any, metadata: Any) -> Any:
    """What the sample is sorted by, or None."""
    match key:
        case SortKey.INDEX:
            return sample
        case SortKey.NAME:
            return columns.name_rank[sample]
        case SortKey.SCORE:
            return None if math.isnan(columns.score[sample]) else columns.score[sample]
        case SortKey.AREA:
            return int(columns.width[sample]) * int(columns.height[sample])
        case SortKey.WIDTH:
            return columns.width[sample]
        case SortKey.HEIGHT:
            return columns.height[sample]
        case SortKey.CATEGORY:
            code = columns.category[sample]
            return None if code == -1 else columns.categories[code].label
        case SortKey.CREATED:
            return columns.created_at[sample]
        case SortKey.OBJECT_COUNT:
            return columns.object_count[sample]
        case SortKey.PARENT:
            return None if columns.parent[sample] == -1 else columns.parent_rank[sample]
        case SortKey.DISTANCE:
            return None if math.isnan(distance[sample]) else distance[sample]
        case SortKey.METADATA:
            return None if metadata[sample] == -1 else metadata[sample]


def slow_order(
    columns: SampleColumns, key: SortKey, *, descending: bool, distance: Any, metadata: Any = None
) -> list[int]:
    values = [value_of(columns, key, sample, distance, metadata) for sample in range(len(columns))]
    present = [sample for sample, value in enumerate(values) if value is not None]
    missing = [sample for sample, value in enumerate(values) if value is None]
    # `reverse=True` keeps the order of equal elements.
    return sorted(present, key=lambda sample: values[sample], reverse=descending) + missing


FLOATS = st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 0.5, -2.0, 3e38, math.inf, -math.inf, math.nan])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("key", SortKey)
@settings(deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000), count=st.integers(0, 40), images=st.booleans())
def test_samples_are_sorted_stably_with_missing_values_last(
    draw_columns: DrawColumns,
    key: SortKey,
    descending: bool,
    data: st.DataObject,
    seed: int,
    count: int,
    images: bool,
) -> None:
    columns = draw_columns(seed, count, images=images)
    distance = data.draw(arrays(np.float32, count, elements=FLOATS))
    metadata = data.draw(arrays(np.int32, count, elements=st.integers(-1, 4)))
    found = full_order(columns, key, descending=descending, distance=distance, metadata=metadata)
    assert found.dtype == np.int32
    assert found.tolist() == slow_order(columns, key, descending=descending, distance=distance, metadata=metadata)


def test_many_distinct_values_are_sorted_over_all_their_digits(draw_columns: DrawColumns) -> None:
    columns = draw_columns(3, 200_000)
    distance = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    found = full_order(columns, SortKey.DISTANCE, distance=distance)
    assert (found == np.argsort(distance, kind="stable")).all()


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40))
def test_a_filtered_order_is_the_full_order_without_the_others(
    draw_columns: DrawColumns, seed: int, count: int
) -> None:
    columns = draw_columns(seed, count)
    kept = np.random.default_rng(seed).random(count) < 0.5
    by_name = full_order(columns, SortKey.NAME)
    expected = [sample for sample in by_name.tolist() if kept[sample]]
    assert filtered(by_name, kept).tolist() == expected
    assert order(columns, kept, SortKey.NAME).tolist() == expected


def test_without_a_key_samples_come_by_index(draw_columns: DrawColumns) -> None:
    assert order(draw_columns(0, 4), np.array([True, False, True, True])).tolist() == [0, 2, 3]


def test_sorting_by_distance_needs_a_distance_for_every_sample(draw_columns: DrawColumns) -> None:
    with pytest.raises(ValueError, match="4 distances"):
        full_order(draw_columns(0, 4), SortKey.DISTANCE)
    with pytest.raises(ValueError, match="4 distances"):
        full_order(draw_columns(0, 4), SortKey.DISTANCE, distance=np.zeros(3, dtype=np.float32))
