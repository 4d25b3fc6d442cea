"""From the scores of predictions to those of the images they are in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.predictions import TaskType
from swath.core.scoring.names import MEAN_UNCERTAINTY, OBJECTNESS, prediction_score_names

MEAN_NAMES = frozenset({OBJECTNESS, MEAN_UNCERTAINTY})
"""Scores that are means over the predictions of an image, whatever the type of the task."""

NOTHING_FOUND = frozenset({TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION, TaskType.KEYPOINT_DETECTION})
"""Types of tasks by which an image without predictions has the score 0: there is nothing to be unsure about."""


def image_scores(
    task_type: TaskType,
    values: NDArray[np.float64],
    pixels: NDArray[np.float64],
    image_of: NDArray[np.int64],
    *,
    image_count: int,
) -> NDArray[np.float64]:
    """The scores (I, S) of images from those of their predictions (N, S) in the images `image_of` (N,).

    Objectness and the uncertainty of keypoints are means over the predictions, the uncertainty of pixels is the mean
    over all that segments cover (`pixels` (N,) are their sizes), any other uncertainty is the largest. Predictions
    without a score have no say. An image of which nothing is known has NaN, but 0 where a task of objects found none.
    """
    names = prediction_score_names(task_type)
    result = np.full((image_count, len(names)), np.nan)
    if task_type in NOTHING_FOUND:
        result[np.bincount(image_of, minlength=image_count) == 0] = 0.0
    for place, name in enumerate(names):
        known = np.flatnonzero(~np.isnan(values[:, place]))
        of_images, numbers = image_of[known], values[known, place]
        by_pixels = task_type is TaskType.SEMANTIC_SEGMENTATION
        if name in MEAN_NAMES or by_pixels:
            sizes = pixels[known] if by_pixels else np.ones(len(known))
            total = np.bincount(of_images, weights=sizes, minlength=image_count)
            has_any = total > 0
            sums = np.bincount(of_images, weights=sizes * numbers, minlength=image_count)
            result[has_any, place] = np.clip(sums[has_any] / total[has_any], 0.0, 1.0)
        else:
            largest = np.full(image_count, -1.0)
            np.maximum.at(largest, of_images, numbers)
            result[largest >= 0, place] = largest[largest >= 0]
    return result
