"""The scores that each type of task has. The names are those of the format's official clients."""

from __future__ import annotations

from swath.core.predictions import TaskType

LEAST_CONFIDENCE = "uncertainty_least_confidence"
MARGIN = "uncertainty_margin"
ENTROPY = "uncertainty_entropy"
OBJECTNESS = "objectness_least_confidence"
OBJECT_FREQUENCY = "object_frequency"
MEAN_UNCERTAINTY = "mean_uncertainty"

UNCERTAINTIES = (LEAST_CONFIDENCE, MARGIN, ENTROPY)
"""What follows from the probabilities of the categories."""

_OF_PREDICTIONS: dict[TaskType, tuple[str, ...]] = {
    TaskType.CLASSIFICATION: UNCERTAINTIES,
    TaskType.OBJECT_DETECTION: (*UNCERTAINTIES, OBJECTNESS),
    TaskType.INSTANCE_SEGMENTATION: (*UNCERTAINTIES, OBJECTNESS),
    TaskType.KEYPOINT_DETECTION: (MEAN_UNCERTAINTY,),
    TaskType.SEMANTIC_SEGMENTATION: UNCERTAINTIES,
}

_WITH_OBJECT_FREQUENCY = frozenset({TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION})


def prediction_score_names(task_type: TaskType) -> tuple[str, ...]:
    """The scores that a single prediction of a task has."""
    return _OF_PREDICTIONS[task_type]


def image_score_names(task_type: TaskType) -> tuple[str, ...]:
    """The scores that an image has by the predictions of a task: those of its predictions first."""
    names = _OF_PREDICTIONS[task_type]
    return (*names, OBJECT_FREQUENCY) if task_type in _WITH_OBJECT_FREQUENCY else names
