from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from swath.core.browsing import SampleFilter
from swath.wire.browsing import FilterDocument, NeighborQuery, SampleQuery, Selector, SelectorPart

ID = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    "part",
    [
        {"filter": {}},
        {"filter": {"categories": [], "tags": {"any_of": []}}},
        {"filter": {"categories": ["car", {"category_id": 3, "task": "wheels"}], "max_score": 0.0}},
        {"polygon": {"projection_id": ID, "version": 0, "points": [[0.5, -1]]}},
        {"bitmap": {"base64": ""}},
        {"ids": []},
        {"indices": [0]},
        {"selection_id": ID},
        {"view_id": ID},
        {"tag": "initial-tag"},
    ],
)
def test_a_selector_means_the_same_after_it_was_kept(part: dict[str, Any]) -> None:
    selector = Selector.model_validate({"all_of": [part], "except_ids": [ID]})
    assert Selector.model_validate_json(selector.model_dump_json(exclude_defaults=True)) == selector


@pytest.mark.parametrize("part", [{}, {"tag": None}, {"tag": "a", "ids": []}, {"tag": "a", "colour": "red"}])
def test_a_part_is_told_in_exactly_one_way(part: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SelectorPart.model_validate(part)


@pytest.mark.parametrize(
    "bitmap", [{"base64": "", "version": 1}, {"base64": "", "projection_id": ID}, {"projection_id": ID, "version": 1}]
)
def test_a_bitmap_names_projection_and_version_or_neither(bitmap: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SelectorPart.model_validate({"bitmap": bitmap})


@pytest.mark.parametrize(
    "document",
    [
        {"min_score": float("nan")},
        {"max_aspect_ratio": float("inf")},
        {"min_area": 2**63},
        {"min_width": 1.5},
        {"runs": ["0"]},
        {"file_name": ""},
        {"categories": "car"},
        {"categories": [{"category_id": 1, "name": "car"}]},
        {"stale": "maybe"},
    ],
)
def test_a_filter_has_values_that_mean_something(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FilterDocument.model_validate(document)


def test_every_bound_of_a_filter_can_be_asked_for() -> None:
    by_other_names = {"categories", "runs", "parents", "members", "excluded"}
    bounds = set(SampleFilter.__slots__) - by_other_names
    assert bounds <= set(FilterDocument.model_fields)


@pytest.mark.parametrize(
    "sort", [{"key": "distance"}, {"key": "name", "reference_sample_id": ID}, {"reference_sample_id": ID}]
)
def test_a_reference_goes_with_distance(sort: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="reference_sample_id"):
        SampleQuery.model_validate({"sort": sort})


@pytest.mark.parametrize("query", [{}, {"sample_id": ID, "vector": [1.0]}, {"vector": []}, {"sample_id": ID, "k": 0}])
def test_neighbours_are_of_one_reference(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NeighborQuery.model_validate(query)
