"""Predictions as clients know them: schemas of tasks, and per sample a list of single predictions.

Answers are loose where requests are strict: what a request may hold is settled here, so that an answer holds no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from swath.core.predictions import TaskType
from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request, TaskName

MOST_CATEGORY_ID = 2**31 - 1

CategoryId = Annotated[int, Field(ge=0, le=MOST_CATEGORY_ID)]
Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[float, Field(allow_inf_nan=False)]
Box = tuple[Pixels, Pixels, Pixels, Pixels]


class PredictionType(StrEnum):
    """Types of tasks and of single predictions; a name here is that of the `TaskType`."""

    CLASSIFICATION = "CLASSIFICATION"
    OBJECT_DETECTION = "OBJECT_DETECTION"
    SEMANTIC_SEGMENTATION = "SEMANTIC_SEGMENTATION"
    INSTANCE_SEGMENTATION = "INSTANCE_SEGMENTATION"
    KEYPOINT_DETECTION = "KEYPOINT_DETECTION"


class CategoryAnswer(Answer):
    """One class of a task; keypoints only where the task has some."""

    id: int
    name: str
    keypoint_names: tuple[str, ...] | None = None
    keypoint_skeleton: tuple[tuple[int, int], ...] | None = None


class TaskSchemaAnswer(Answer):
    """The schema of one task."""

    name: str
    type: PredictionType
    categories: tuple[CategoryAnswer, ...]


class TaskSchemasAnswer(Answer):
    """The schemas of all tasks, as clients from 1.4.11 on want them; the number means nothing any more."""

    prediction_uuid_timestamp: Milliseconds = Field(serialization_alias="predictionUUIDTimestamp")
    schemas: tuple[TaskSchemaAnswer, ...]


class SingletonAnswer(Answer):
    """One prediction. The box is x, y, width, height in pixels, none below 0; lists only as the type has them."""

    type: PredictionType
    task_name: str
    crop_dataset_id: ObjectId | None
    crop_sample_id: ObjectId | None
    category_id: int
    score: float
    bbox: tuple[float, float, float, float] | None
    probabilities: tuple[float, ...] | None
    segmentation: tuple[int, ...] | None
    keypoints: tuple[float, ...] | None


class CategoryRequest(Request):
    """One class of a task."""

    id: CategoryId
    name: Name
    keypoint_names: tuple[Name, ...] = ()
    keypoint_skeleton: tuple[tuple[int, int], ...] = ()


class TaskSchemaRequest(Request):
    """A task to be made or changed."""

    name: Annotated[TaskName, Field(min_length=1)]
    type: PredictionType
    categories: tuple[CategoryRequest, ...]

    def repeated(self) -> list[str]:
        """The ids and names that more than one category has."""
        ids = Counter(str(category.id) for category in self.categories)
        names = Counter(category.name for category in self.categories)
        return [value for counts in (ids, names) for value, count in counts.items() if count > 1]

    @property
    def task_type(self) -> TaskType:
        return TaskType[self.type.name]


class SingletonRequest(Request):
    """One prediction. Crops are found by what they were cut from; ids of crops in a request say nothing new."""

    type: PredictionType
    task_name: TaskName
    category_id: CategoryId
    score: Share
    bbox: Box | None = None
    probabilities: tuple[Share, ...] | None = None
    segmentation: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    keypoints: Annotated[tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...], Field(min_length=3)] | None = (
        None
    )

    @model_validator(mode="after")
    def _check_holds_what_its_type_has(self) -> SingletonRequest:
        for field in NEEDED[self.type]:
            if getattr(self, field) is None:
                raise ValueError(f"a prediction of type {self.type} needs `{field}`")
        return self

    @property
    def details(self) -> PredictionDetails:
        """What it holds besides category, score and box."""
        return PredictionDetails(
            type=self.type,
            has_box=self.bbox is not None and self.type in TYPES_WITH_BOX,
            probabilities=self.probabilities,
            segmentation=self.segmentation if "segmentation" in NEEDED[self.type] else None,
            keypoints=self.keypoints if "keypoints" in NEEDED[self.type] else None,
        )


NEEDED: Mapping[PredictionType, tuple[str, ...]] = {
    PredictionType.CLASSIFICATION: (),
    PredictionType.OBJECT_DETECTION: ("bbox",),
    PredictionType.SEMANTIC_SEGMENTATION: ("segmentation",),
    PredictionType.INSTANCE_SEGMENTATION: ("segmentation", "bbox"),
    PredictionType.KEYPOINT_DETECTION: ("keypoints",),
}
"""Without which a prediction of a type says nothing."""

TYPES_WITH_BOX = frozenset(
    {PredictionType.OBJECT_DETECTION, PredictionType.INSTANCE_SEGMENTATION, PredictionType.KEYPOINT_DETECTION}
)
"""The last one may have a box, the others have one always."""


class PredictionDetails(Answer):
    """How a prediction that a script gave is kept beside its columns."""

    type: PredictionType
    has_box: bool = True
    probabilities: tuple[float, ...] | None = None
    segmentation: tuple[int, ...] | None = None
    keypoints: tuple[float, ...] | None = None
