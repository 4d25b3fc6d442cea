"""COCO detection documents."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidPredictions
from swath.formats.coco import WRITTEN_AT_ONCE, CocoCategory, CocoDetections, CocoImage, parse_coco, write_coco


def detections(
    images: list[CocoImage], categories: list[CocoCategory], rows: list[tuple[int, int, tuple[float, ...], float]]
) -> CocoDetections:
    return CocoDetections(
        images=tuple(images),
        categories=tuple(categories),
        image_row=np.array([row[0] for row in rows], dtype=np.int32),
        category_id=np.array([row[1] for row in rows], dtype=np.int32),
        boxes=np.array([row[2] for row in rows], dtype=np.float64).reshape(-1, 4),
        score=np.array([row[3] for row in rows], dtype=np.float64),
    )


IMAGE = CocoImage(id=42, file_name="a/\u4eba b.jpg", width=640, height=480)
CAR = CocoCategory(id=7, name="bicycle with space")


def test_the_document_is_what_coco_tools_expect() -> None:
    data = write_coco(detections([IMAGE], [CAR], [(0, 7, (1.5, 2, 3, 4), 0.5), (0, 7, (0, 0, 1, 1), np.nan)]))
    assert json.loads(data) == {
        "images": [{"id": 42, "file_name": "a/\u4eba b.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 7, "name": "bicycle with space"}],
        "annotations": [
            {"id": 1, "image_id": 42, "category_id": 7, "bbox": [1.5, 2, 3, 4], "area": 12, "iscrowd": 0, "score": 0.5},
            {"id": 2, "image_id": 42, "category_id": 7, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0},
        ],
    }


@pytest.mark.parametrize("count", [0, 1, WRITTEN_AT_ONCE, WRITTEN_AT_ONCE + 1])
def test_a_document_of_any_size_is_written_without_spaces(count: int) -> None:
    data = write_coco(detections([IMAGE], [CAR], [(0, 7, (1.5, 2.0, 3.0, 4.0), 0.5) for _ in range(count)]))
    document = json.loads(data)
    assert [annotation["id"] for annotation in document["annotations"]] == list(range(1, count + 1))
    assert data == json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        CocoDetections(
            images=(),
            categories=(),
            image_row=np.zeros(1, np.int32),
            category_id=np.zeros(0, np.int32),
            boxes=np.zeros((0, 4)),
            score=np.zeros(0),
        )


def document(**changes: Any) -> dict[str, Any]:
    return {
        "info": {"year": 2017},
        "images": [{"id": 42, "file_name": "a.jpg", "width": 640, "height": 480, "license": 3}],
        "categories": [{"id": 7, "name": "car", "supercategory": "vehicle"}],
        "annotations": [{"id": 1, "image_id": 42, "category_id": 7, "bbox": [1, 2, 3, 4], "segmentation": []}],
    } | changes


def annotation(**changes: Any) -> dict[str, Any]:
    return document(annotations=[document()["annotations"][0] | changes])


def test_a_ground_truth_file_is_read_too() -> None:
    read = parse_coco(json.dumps(document()).encode(), "coco.json")
    assert read.images[0].file_name == "a.jpg"
    assert read.boxes.tolist() == [[1, 2, 3, 4]]
    assert np.isnan(read.score).all()


@pytest.mark.parametrize(
    ("value", "json_path"),
    [
        ([], "$"),
        (document(images=None), "$.images"),
        (document(images=[3]), "$.images[0]"),
        (document(images=[{"id": 1, "file_name": "a.jpg", "height": 3}]), "$.images[0].width"),
        (document(images=[{"id": True, "file_name": "a.jpg", "width": 1, "height": 3}]), "$.images[0].id"),
        (document(images=document()["images"] * 2), "$.images"),
        (document(categories=document()["categories"] * 2), "$.categories"),
        (document(categories=[{"id": 7, "name": ""}]), "$.categories[0].name"),
        (annotation(image_id=1), "$.annotations[0].image_id"),
        (annotation(category_id=1), "$.annotations[0].category_id"),
        (annotation(bbox=[1, 2, 3]), "$.annotations[0].bbox"),
        (annotation(bbox=[1, 2, -3, 4]), "$.annotations[0].bbox"),
        (annotation(bbox=[1, 2, "3", 4]), "$.annotations[0].bbox"),
        (annotation(bbox=None), "$.annotations[0].bbox"),
        (annotation(bbox=[1, 2, 3, float("nan")]), "$.annotations[0].bbox[3]"),
        (annotation(score=5), "$.annotations[0].score"),
        (annotation(score="a"), "$.annotations[0].score"),
    ],
)
def test_a_broken_document_is_refused_with_its_place(value: Any, json_path: str) -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse_coco(json.dumps(value).encode(), "coco.json")
    assert caught.value.json_path == json_path


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)


@st.composite
def any_detections(draw: st.DrawFn) -> CocoDetections:
    sizes = st.integers(0, 10_000)
    image_ids = draw(st.lists(st.integers(0, 2**63 - 1), max_size=4, unique=True))
    images = [CocoImage(id=i, file_name=draw(TEXTS), width=draw(sizes), height=draw(sizes)) for i in image_ids]
    category_ids = draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=4, unique=True))
    categories = [CocoCategory(id=i, name=draw(TEXTS)) for i in category_ids]
    corner, side = st.floats(-1e9, 1e9), st.floats(0, 1e9)
    rows = st.tuples(
        st.integers(0, max(len(images) - 1, 0)),
        st.sampled_from(category_ids),
        st.tuples(corner, corner, side, side),
        st.floats(0, 1) | st.just(float("nan")),
    )
    return detections(images, categories, draw(st.lists(rows, max_size=6 if images else 0)))


@given(any_detections())
def test_detections_read_back_as_written(original: CocoDetections) -> None:
    read = parse_coco(write_coco(original), "coco.json")
    assert (read.images, read.categories) == (original.images, original.categories)
    for column in ("image_row", "category_id", "boxes", "score"):
        left, right = getattr(read, column), getattr(original, column)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
