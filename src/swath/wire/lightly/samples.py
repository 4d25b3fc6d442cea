"""Samples as clients know them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from swath.wire.lightly.base import Answer, Milliseconds, ObjectId

Json = Mapping[str, Any]


class SampleType(StrEnum):
    """What a sample is."""

    IMAGE = "IMAGE"
    VIDEO_FRAME = "VIDEO_FRAME"
    CROP = "CROP"


class SamplePartialMode(StrEnum):
    """How much of each sample a list tells."""

    IDS = "ids"
    FILE_NAMES = "fileNames"
    FULL = "full"


class SampleSortBy(StrEnum):
    """The order of a list of samples."""

    ID = "_id"
    INDEX = "index"


class SampleField(StrEnum):
    """What a mapping lists."""

    ID = "_id"
    FILE_NAME = "fileName"


class CropDataAnswer(Answer):
    """What a crop is a crop of. `prediction_index` counts all predictions of the parent, those of other tasks too."""

    parent_id: ObjectId
    prediction_uuid_timestamp: Milliseconds = Field(serialization_alias="predictionUUIDTimestamp")
    prediction_index: int
    prediction_task_name: str
    prediction_task_category_id: int
    prediction_task_score: float


class SampleAnswer(Answer):
    """One sample. Its index is its bit in the masks of tags."""

    id: ObjectId
    type: SampleType
    dataset_id: ObjectId
    file_name: str
    thumb_name: str | None
    exif: Json | None
    index: int
    created_at: Milliseconds
    last_modified_at: Milliseconds
    meta_data: Json | None
    custom_meta_data: Json | None
    video_frame_data: Json | None
    crop_data: CropDataAnswer | None
