"""Counts of facets against counting samples one choice at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.browsing import FacetIndex, HistogramName, SampleColumns, SampleFilter, mask
from swath.core.browsing.facets import BIN_EDGES

DrawColumns = Callable[..., SampleColumns]

FILTERS = st.builds(
    SampleFilter,
    categories=st.none() | st.frozensets(st.integers(0, 3), min_size=1),
    min_score=st.none() | st.sampled_from([0.15, 0.5]),
    max_score=st.none() | st.sampled_from([0.3, 0.9]),
    min_shorter_side=st.none() | st.sampled_from([2, 3]),
    max_box_area=st.none() | st.sampled_from([0.1, 0.7]),
    min_aspect_ratio=st.none() | st.sampled_from([0.5, 1.0]),
    min_object_count=st.none() | st.sampled_from([0, 2]),
    stale=st.none() | st.booleans(),
    runs=st.none() | st.frozensets(st.integers(0, 2), min_size=1),
    min_width=st.none() | st.just(2),
    members=st.sampled_from([(), (np.arange(0, 6),)]),
    excluded=st.sampled_from([(), (np.array([1]),)]),
)


def slow_histogram(name: HistogramName, values: NDArray[Any]) -> tuple[list[int], int]:
    edges = BIN_EDGES[name].astype(values.dtype if values.dtype.kind == "f" else np.float64).tolist()
    counts, missing = [0] * (len(edges) - 1), 0
    for value in values.tolist():
        if np.isnan(value):
            missing += 1
        else:
            counts[sum(value >= edge for edge in edges[1:-1])] += 1
    return counts, missing


@settings(deadline=None)
@given(asked=FILTERS, seed=st.integers(0, 10_000), count=st.integers(0, 25), images=st.booleans())
def test_each_facet_ignores_its_own_constraint_and_obeys_all_others(
    draw_columns: DrawColumns, asked: SampleFilter, seed: int, count: int, images: bool
) -> None:
    columns = draw_columns(seed, count, images=images)
    asked = replace(
        asked,
        members=tuple(rows[rows < count] for rows in asked.members),
        excluded=tuple(rows[rows < count] for rows in asked.excluded),
    )
    facets = FacetIndex.build(columns).facets(asked)

    def passing(**changed: Any) -> NDArray[np.bool_]:
        return mask(columns, replace(asked, **changed))

    assert facets.total == passing().sum()
    assert facets.categories.tolist() == [passing(categories=frozenset({code})).sum() for code in range(4)]
    assert facets.runs.tolist() == [passing(runs=frozenset({code})).sum() for code in range(3)]
    assert (facets.stale, facets.not_stale) == (passing(stale=True).sum(), passing(stale=False).sum())

    sizes = np.minimum(columns.width, columns.height)
    ratios = np.where(columns.width > 0, columns.width, np.nan) / columns.height
    expected = {
        HistogramName.SHORTER_SIDE: sizes[passing(min_shorter_side=None)],
        HistogramName.BOX_AREA: columns.box_area[passing(max_box_area=None)],
        HistogramName.ASPECT_RATIO: ratios[passing(min_aspect_ratio=None)],
        HistogramName.OBJECT_COUNT: columns.object_count[passing(min_object_count=None)],
        HistogramName.SCORE: scores_counted(columns, asked, passing),
    }
    assert set(facets.histograms) == set(HistogramName)
    for name, values in expected.items():
        histogram = facets.histograms[name]
        assert (histogram.counts.tolist(), histogram.missing) == slow_histogram(name, values)


def scores_counted(
    columns: SampleColumns, asked: SampleFilter, passing: Callable[..., NDArray[np.bool_]]
) -> NDArray[np.float32]:
    """Of crops their scores; of images those of their predictions of an admitted category."""
    if not columns.has_predictions:
        return columns.score[passing(min_score=None, max_score=None)]
    counted = passing(categories=None, min_score=None, max_score=None)[columns.prediction_sample]
    if asked.categories is not None:
        counted &= np.isin(columns.prediction_category, list(asked.categories))
    return columns.prediction_score[counted]


def test_tags_count_what_would_be_left(draw_columns: DrawColumns) -> None:
    columns = draw_columns(0, 40)
    tags = {"even": np.arange(0, 40, 2), "mask": np.arange(40) < 10, "none": np.array([], dtype=np.int64)}
    facets = FacetIndex.build(columns).facets(SampleFilter(members=(tags["even"],), excluded=(tags["mask"],)), tags)
    assert facets.tags == {"even": 15, "mask": 0, "none": 0}


def test_an_image_with_several_predictions_of_a_category_counts_once(draw_columns: DrawColumns) -> None:
    columns = replace(
        draw_columns(0, 2, images=True),
        prediction_sample=np.array([1, 0, 1, 1], dtype=np.int32),
        prediction_category=np.array([2, 2, 2, 0], dtype=np.int32),
        prediction_score=np.array([0.9, 0.1, 0.8, np.nan], dtype=np.float32),
    )
    index = FacetIndex.build(columns)
    assert index.facets(SampleFilter()).categories.tolist() == [1, 0, 2, 0]
    assert index.facets(SampleFilter(min_score=0.5)).categories.tolist() == [0, 0, 1, 0]
    assert index.facets(SampleFilter(categories=frozenset({0}))).categories.tolist() == [1, 0, 2, 0]


@pytest.mark.parametrize("name", HistogramName)
def test_a_value_on_an_edge_is_in_the_bin_above_and_those_beyond_are_in_the_outer_bins(
    draw_columns: DrawColumns, name: HistogramName
) -> None:
    edges = BIN_EDGES[name]
    values = np.concatenate([edges, [edges[0] - 1, edges[-1] * 2 + 1]])
    bins = slow_histogram(name, values)[0]
    assert bins == [2, *[1] * (len(bins) - 2), 3]
    whole_numbers = {HistogramName.OBJECT_COUNT: "object_count", HistogramName.SCORE: "score"}
    if name in whole_numbers:
        column = whole_numbers[name]
        columns = draw_columns(0, len(values))
        columns = replace(columns, **{column: values.astype(getattr(columns, column).dtype)})
        assert FacetIndex.build(columns).facets(SampleFilter()).histograms[name].counts.tolist() == bins


def test_squares_are_in_the_middle_of_a_bin() -> None:
    edges = BIN_EDGES[HistogramName.ASPECT_RATIO]
    above = int(np.searchsorted(edges, 1.0))
    assert edges[above - 1] * edges[above] == pytest.approx(1)
