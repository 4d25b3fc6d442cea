"""The scores of predictions, of any type of task and any number of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.predictions import TaskSchema, TaskType
from swath.core.scoring.uncertainty import uncertainties_of_scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionScores:
    """Column j of `values` is the j-th of `prediction_score_names`. `derived` counts the predictions whose
    probabilities are made of their score, `unknown` those that have neither."""

    values: NDArray[np.float64]  # (N, S) 0 to 1, NaN where nobody can know
    derived: int
    unknown: int


def score_predictions(
    schema: TaskSchema,
    *,
    scores: NDArray[np.float64],
    uncertainties: NDArray[np.float64],
    keypoints: NDArray[np.float64],
) -> PredictionScores:
    """The scores of N predictions.

    `scores` (N,) are those of the files, `uncertainties` (N, 3) follow from probabilities and `keypoints` (N,) from
    keypoints (`details_of`), all NaN where the file gives nothing. Without probabilities they are made of the score
    and the number of categories that the schema has. The probability of an only category is 1, whatever was found:
    there the score counts.
    """
    if schema.task_type is TaskType.KEYPOINT_DETECTION:
        return PredictionScores(
            values=keypoints[:, np.newaxis].copy(), derived=0, unknown=int(np.isnan(keypoints).sum())
        )
    count = len(schema.categories)
    is_scored = ~np.isnan(scores)
    is_derived = is_scored if count == 1 else is_scored & np.isnan(uncertainties[:, 0])
    values = uncertainties.copy()
    values[is_derived] = uncertainties_of_scores(scores[is_derived], count)
    if schema.task_type in (TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION):
        values = np.concatenate([values, (1 - scores)[:, np.newaxis]], axis=1)
    return PredictionScores(
        values=values,
        derived=0 if count == 1 else int(is_derived.sum()),
        unknown=int(np.isnan(values[:, 0]).sum()),
    )
