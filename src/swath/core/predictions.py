"""Predictions as values: a task's schema, and the predictions of one image as aligned columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class TaskType(StrEnum):
    """Task types as `schema.json` spells them."""

    CLASSIFICATION = "classification"
    OBJECT_DETECTION = "object-detection"
    INSTANCE_SEGMENTATION = "instance-segmentation"
    KEYPOINT_DETECTION = "keypoint-detection"
    SEMANTIC_SEGMENTATION = "semantic-segmentation"


TYPES_WITH_BOXES = frozenset({TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION, TaskType.KEYPOINT_DETECTION})
"""Task types an object-level run can cut crops from (keypoints: those predictions that carry a box)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One class of a task. `id` is what prediction files refer to; ids may have gaps."""

    id: int
    name: str
    keypoint_names: tuple[str, ...] = ()
    keypoint_skeleton: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSchema:
    """The schema of one prediction task; categories are in the order of the file, ids are unique."""

    task_name: str
    task_type: TaskType
    categories: tuple[Category, ...]

    @property
    def category_names(self) -> dict[int, str]:
        return {category.id: category.name for category in self.categories}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePredictions:
    """The predictions of one image; row i of every column is prediction i of the file.

    `boxes` are as written (x, y, width, height in pixels unless the user said otherwise); a row without a box
    (classification, semantic segmentation, keypoints without one) holds NaN, and so does a missing score.
    The tuples hold None where the file gives nothing.
    """

    file_name: str | None
    category_ids: NDArray[np.int32]  # (N,)
    boxes: NDArray[np.float64]  # (N, 4)
    scores: NDArray[np.float64]  # (N,), 0 to 1 or NaN
    probabilities: tuple[tuple[float, ...] | None, ...] = ()
    segmentations: tuple[tuple[int, ...] | None, ...] = ()
    keypoints: tuple[tuple[float, ...] | None, ...] = ()

    def __len__(self) -> int:
        return len(self.category_ids)
