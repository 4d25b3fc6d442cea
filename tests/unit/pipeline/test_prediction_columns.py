"""What predictions of many images say in columns is what each of them says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.boxes import BoxFormat
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.core.scoring import Shares, details_of, uncertainties
from swath.formats.lightly.predictions import parse_predictions
from swath.pipeline.image_work import ImageWork
from swath.pipeline.ports import FileEntry
from swath.pipeline.prediction_columns import (
    PredictionColumns,
    categories_of_rows,
    category_totals,
    columns_of,
    rows_of_images,
    scores_of_images,
    scores_of_rows,
)
from swath.pipeline.predictions import build_object_table

DETECTION = TaskType.OBJECT_DETECTION


def schema_of(task_type: TaskType = DETECTION, names: Sequence[str] = ("car", "bus", "bike")) -> TaskSchema:
    categories = tuple(Category(id=5 * number, name=name) for number, name in enumerate(names))
    return TaskSchema(task_name="t", task_type=task_type, categories=categories)


def works_of(
    images: Sequence[Sequence[dict[str, Any]] | None], schema: TaskSchema, *, with_shares: bool = True
) -> list[ImageWork]:
    """One work per image, with the predictions of a file like this; None for an image without one."""
    works = []
    for row, found in enumerate(images):
        work = ImageWork(row=row, entry=FileEntry(key=f"{row}.png", size=1, version=""))
        if found is not None:
            data = json.dumps({"file_name": work.key, "predictions": list(found)}).encode()
            work.predictions = parse_predictions(data, "f.json", schema, image_key=work.key)
            work.details = details_of(work.predictions, schema, with_shares=with_shares)
        works.append(work)
    return works


def box(category: int, **fields: Any) -> dict[str, Any]:
    return {"category_id": 5 * category, "bbox": [0, 0, 4, 4], **fields}


def test_rows_are_those_of_the_object_table() -> None:
    works = works_of([[box(0), box(2)], None, [], [box(1, score=0.5)]], schema_of())
    columns = columns_of(works, schema_of())
    table = build_object_table(works, box_format=BoxFormat.XYWH)
    assert columns.image_row.tolist() == table.image_row.tolist() == [0, 0, 3]
    assert [5 * place for place in columns.category.tolist()] == table.category_id.tolist()
    assert rows_of_images(columns, np.array([2, 3])).tolist() == [2]


def test_a_file_with_probabilities_among_others_keeps_them_in_their_rows() -> None:
    shares = [0.2, 0.5, 0.3]
    works = works_of([[box(0, score=0.9)], [box(1, score=0.6), box(2, probabilities=shares, score=0.1)]], schema_of())
    columns = columns_of(works, schema_of())
    assert columns.scores.is_derived.tolist() == [True, True, False]
    assert columns.scores.values[2, :3] == pytest.approx(uncertainties(np.array([shares]))[0])
    assert columns.shares is not None
    assert columns.shares.starts.tolist() == [0, 0, 0, 3]


def test_without_any_file_there_is_nothing() -> None:
    columns = columns_of(works_of([None, None], schema_of()), schema_of())
    assert len(columns) == 0
    scores = scores_of_images(columns, np.array([0, 1]))
    assert scores.values.shape == (2, 5)
    assert categories_of_rows(
        columns, np.arange(0), np.arange(0), 2, with_shares=True, preselected=np.zeros(3)
    ).starts.tolist() == [0, 0, 0]


def test_only_the_rows_that_are_named_count_for_an_image() -> None:
    works = works_of([[box(0, score=0.5), box(1, score=0.9)], [box(2, score=0.8)]], schema_of())
    columns = columns_of(works, schema_of())
    everything = scores_of_images(columns, np.array([0, 1])).column("t", "objectness_least_confidence")
    assert everything == pytest.approx([0.3, 0.2])
    some = scores_of_images(columns, np.array([0, 1]), rows=np.array([1, 2]))
    assert some.column("t", "objectness_least_confidence") == pytest.approx([0.1, 0.2])
    assert some.column("t", "object_frequency").tolist() == [1.0, 1.0]
    assert scores_of_rows(columns, np.array([2, 0])).column("t", "objectness_least_confidence") == pytest.approx(
        [0.2, 0.5]
    )


def test_segments_count_by_their_pixels_and_keypoints_by_their_confidence() -> None:
    segments = schema_of(TaskType.SEMANTIC_SEGMENTATION, ("road", "sky"))
    found = [
        {"category_id": 0, "segmentation": [0, 6, 2], "probabilities": [0.5, 0.5]},
        {"category_id": 5, "segmentation": [6, 2], "probabilities": [0.0, 1.0]},
    ]
    scores = scores_of_images(columns_of(works_of([found, []], segments), segments), np.array([0, 1]))
    assert scores.column("t", "uncertainty_margin") == pytest.approx([0.75, np.nan], nan_ok=True)
    people = schema_of(TaskType.KEYPOINT_DETECTION, ("person",))
    poses = [{"category_id": 0, "keypoints": [1, 1, 0.9, 2, 2, 0.5]}, {"category_id": 0, "keypoints": [1, 1, 0.1]}]
    scores = scores_of_images(columns_of(works_of([poses, []], people), people), np.array([0, 1]))
    assert scores.names == (("t", "mean_uncertainty"),)
    assert scores.values[:, 0] == pytest.approx([0.6, 0.0])


def test_categories_of_one_name_are_one() -> None:
    schema = schema_of(names=("car", "bus", "car"))
    columns = columns_of(works_of([[box(0), box(1), box(2)]], schema), schema)
    found = categories_of_rows(
        columns, np.arange(3), np.zeros(3, np.int64), 1, with_shares=False, preselected=np.zeros(2)
    )
    assert (found.names, found.categories.tolist(), found.amounts.tolist()) == (("car", "bus"), [0, 1], [2.0, 1.0])


@st.composite
def columns_and_units(draw: Any) -> tuple[PredictionColumns, Any, Any, int]:
    count, units = draw(st.integers(0, 8)), draw(st.integers(1, 4))
    amounts = st.dictionaries(st.integers(0, 2), st.sampled_from([0.25, 0.5, 1.0]), max_size=3)
    rows = draw(st.lists(amounts, min_size=count, max_size=count))
    shares = Shares(
        starts=np.cumsum([0, *(len(row) for row in rows)]),
        categories=np.array([category for row in rows for category in sorted(row)], dtype=np.int32),
        amounts=np.array([row[category] for row in rows for category in sorted(row)], dtype=np.float32),
    )
    empty = columns_of(works_of([], schema_of()), schema_of())
    columns = PredictionColumns(
        schema=schema_of(),
        image_row=np.zeros(count, dtype=np.int64),
        category=np.array(draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)), dtype=np.int32),
        scores=empty.scores,
        pixels=np.zeros(count),
        shares=draw(st.sampled_from([shares, None])),
    )
    chosen = draw(st.lists(st.integers(0, count - 1), unique=True)) if count else []
    owners = draw(st.lists(st.integers(0, units - 1), min_size=len(chosen), max_size=len(chosen)))
    return columns, np.array(chosen, dtype=np.int64), np.array(owners, dtype=np.int64), units


@given(given_columns=columns_and_units(), with_shares=st.booleans())
def test_units_have_the_sum_of_their_predictions(given_columns: Any, with_shares: bool) -> None:
    columns, rows, owners, units = given_columns
    expected = np.zeros((units, 3))
    for row, owner in zip(rows.tolist(), owners.tolist(), strict=True):
        expected[owner] += amounts_of(columns, row, with_shares)
    found = categories_of_rows(columns, rows, owners, units, with_shares=with_shares, preselected=np.zeros(3))
    dense = np.zeros((units, 3))
    for unit in range(units):
        part = slice(found.starts[unit], found.starts[unit + 1])
        assert (np.diff(found.categories[part]) > 0).all()
        dense[unit, found.categories[part]] = found.amounts[part]
    np.testing.assert_array_equal(dense, expected)
    weights = np.bincount(rows, weights=owners + 1.0, minlength=len(columns))
    totals = sum((weights[row] * amounts_of(columns, row, with_shares) for row in range(len(columns))), np.zeros(3))
    np.testing.assert_array_equal(category_totals(columns, weights, with_shares=with_shares), totals)


def amounts_of(columns: PredictionColumns, row: int, with_shares: bool) -> Any:
    """What one prediction counts for, read plainly."""
    found = np.zeros(3)
    if with_shares and columns.shares is not None:
        part = slice(columns.shares.starts[row], columns.shares.starts[row + 1])
        found[columns.shares.categories[part]] = columns.shares.amounts[part]
    if not found.any():
        found[columns.category[row]] = 1.0
    return found
