"""Scores of predictions and of the images they are in, by type of task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.predictions import Category, ImagePredictions, TaskSchema, TaskType
from swath.core.scoring import (
    details_of,
    image_score_names,
    image_scores,
    prediction_score_names,
    score_predictions,
    uncertainties,
)

NAN = float("nan")


def schema_of(task_type: TaskType, count: int = 3) -> TaskSchema:
    categories = tuple(Category(id=10 * number, name=f"c{number}") for number in range(count))
    return TaskSchema(task_name="t", task_type=task_type, categories=categories)


def predictions(count: int, scores: list[float] | None = None, **columns: Any) -> ImagePredictions:
    return ImagePredictions(
        file_name=None,
        category_ids=np.zeros(count, dtype=np.int32),
        boxes=np.full((count, 4), np.nan),
        scores=np.array(scores or [NAN] * count),
        **columns,
    )


def scored(found: ImagePredictions, schema: TaskSchema) -> Any:
    details = details_of(found, schema, with_shares=False)
    none = np.full(len(found), np.nan)
    return score_predictions(
        schema,
        scores=found.scores,
        uncertainties=np.full((len(found), 3), np.nan) if details is None else details.uncertainties,
        keypoints=none if details is None else details.keypoints,
    )


def of_image(found: ImagePredictions, schema: TaskSchema) -> Any:
    details = details_of(found, schema, with_shares=False)
    pixels = np.zeros(len(found)) if details is None else details.pixels
    values = scored(found, schema).values
    [row] = image_scores(schema.task_type, values, pixels, np.zeros(len(found), dtype=np.int64), image_count=1)
    return row


def test_every_type_has_its_scores() -> None:
    unsure = ("uncertainty_least_confidence", "uncertainty_margin", "uncertainty_entropy")
    assert image_score_names(TaskType.CLASSIFICATION) == unsure
    assert image_score_names(TaskType.OBJECT_DETECTION) == (*unsure, "objectness_least_confidence", "object_frequency")
    assert image_score_names(TaskType.SEMANTIC_SEGMENTATION) == unsure
    assert image_score_names(TaskType.KEYPOINT_DETECTION) == ("mean_uncertainty",)
    assert prediction_score_names(TaskType.INSTANCE_SEGMENTATION) == (*unsure, "objectness_least_confidence")


def test_a_detection_is_as_unsure_as_its_probabilities_and_an_image_as_its_most_unsure_one() -> None:
    schema = schema_of(TaskType.OBJECT_DETECTION)
    rows = ((0.7, 0.2, 0.1), (0.5, 0.5, 0.0))
    found = predictions(2, [0.6, 0.2], probabilities=rows)
    result = scored(found, schema)
    assert (result.is_derived.sum(), result.is_unknown.sum()) == (0, 0)
    assert result.values[:, :3] == pytest.approx(uncertainties(np.array(rows)))
    assert result.values[:, 3] == pytest.approx([0.4, 0.8])
    assert of_image(found, schema) == pytest.approx([0.75, 1.0, max(result.values[:, 2]), 1 - 0.4])


def test_predictions_without_probabilities_are_judged_by_their_score_and_counted() -> None:
    schema = schema_of(TaskType.OBJECT_DETECTION)
    found = predictions(3, [0.8, 0.8, NAN], probabilities=((0.8, 0.2, 0.0), None, None))
    result = scored(found, schema)
    assert (result.is_derived.sum(), result.is_unknown.sum()) == (1, 1)
    assert result.values[0, 1] == pytest.approx(0.4)
    assert result.values[1, 1] == pytest.approx(1 - (0.8 - 0.1))
    assert np.isnan(result.values[2]).all()
    # What is not known has no say in the value of the image.
    assert of_image(found, schema) == pytest.approx([0.3, 0.4, result.values[:2, 2].max(), 0.2])


def test_of_an_only_category_the_score_counts_not_its_probability() -> None:
    schema = schema_of(TaskType.OBJECT_DETECTION, count=1)
    found = predictions(2, [0.9, NAN], probabilities=((1.0,), (1.0,)))
    result = scored(found, schema)
    assert (result.is_derived.sum(), result.is_unknown.sum()) == (0, 0)
    assert result.values[:, 1] == pytest.approx([0.2, 0.0])


def test_an_image_in_which_nothing_was_detected_has_0() -> None:
    assert of_image(predictions(0), schema_of(TaskType.OBJECT_DETECTION)).tolist() == [0, 0, 0, 0]
    assert of_image(predictions(0), schema_of(TaskType.KEYPOINT_DETECTION)).tolist() == [0]


def test_an_image_that_nobody_classified_has_no_score() -> None:
    assert np.isnan(of_image(predictions(0), schema_of(TaskType.CLASSIFICATION))).all()
    assert np.isnan(of_image(predictions(1), schema_of(TaskType.CLASSIFICATION))).all()


def test_pixels_count_by_how_many_there_are_of_a_segment() -> None:
    schema = schema_of(TaskType.SEMANTIC_SEGMENTATION, count=2)
    # Row by row: 3 of the background and 6 of the mask; then 2, 1, 5, 1 (two of the mask).
    found = predictions(2, probabilities=((0.5, 0.5), (1.0, 0.0)), segmentations=((3, 6), (2, 1, 5, 1)))
    assert of_image(found, schema) == pytest.approx([6 / 8, 6 / 8, 6 / 8])


def test_segments_without_pixels_have_no_say() -> None:
    schema = schema_of(TaskType.SEMANTIC_SEGMENTATION, count=2)
    assert np.isnan(of_image(predictions(1, [0.5], segmentations=((9,),)), schema)).all()


def test_keypoints_are_as_unsure_as_they_are_on_average() -> None:
    schema = schema_of(TaskType.KEYPOINT_DETECTION)
    found = predictions(3, keypoints=((1.0, 1.0, 0.9, 2.0, 2.0, 0.7), None, (0.0, 0.0, 2.0)))
    result = scored(found, schema)
    assert result.values[:, 0] == pytest.approx([0.2, NAN, 0.0], nan_ok=True)
    assert result.is_unknown.tolist() == [False, True, False]
    assert of_image(found, schema) == pytest.approx([0.1])


def test_probabilities_are_kept_without_zeros_and_only_if_they_are_asked_for() -> None:
    schema = schema_of(TaskType.OBJECT_DETECTION)
    found = predictions(3, [0.5] * 3, probabilities=((0.0, 1.0, 0.0), None, (0.25, 0.0, 0.75)))
    details = details_of(found, schema, with_shares=True)
    assert details is not None
    assert details.shares is not None
    assert details.shares.starts.tolist() == [0, 1, 1, 3]
    assert details.shares.categories.tolist() == [1, 0, 2]
    assert details.shares.amounts.tolist() == [1.0, 0.25, 0.75]
    without = details_of(found, schema, with_shares=False)
    assert without is not None
    assert without.shares is None
    assert details_of(predictions(2, [0.5, 0.5]), schema, with_shares=True) is None
