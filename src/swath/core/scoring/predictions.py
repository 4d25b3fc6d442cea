"""The scores of predictions, of any type of task and any number of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.predictions import TaskSchema, TaskType
from swath.core.scoring.uncertainty import uncertainties_of_scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionScores:
    """Column j of `values` is the j-th of `prediction_score_names`."""

    values: NDArray[np.float64]  # (N, S) 0 to 1, NaN where nobody can know
    is_derived: NDArray[np.bool_]  # (N,) its probabilities are made of its score

    @property
    def is_unknown(self) -> NDArray[np.bool_]:
        """Which predictions (N,) say nothing of how sure they are."""
        return np.isnan(self.values[:, 0])


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
        return PredictionScores(values=keypoints[:, np.newaxis].copy(), is_derived=np.zeros(len(scores), np.bool_))
    count = len(schema.categories)
    is_scored = ~np.isnan(scores)
    is_derived = is_scored if count == 1 else is_scored & np.isnan(uncertainties[:, 0])
    values = uncertainties.copy()
    values[is_derived] = uncertainties_of_scores(scores[is_derived], count)
    if schema.task_type in (TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION):
        values = np.concatenate([values, (1 - scores)[:, np.newaxis]], axis=1)
    return PredictionScores(values=values, is_derived=is_derived & (count > 1))
