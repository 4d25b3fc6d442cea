"""Datasets as the official clients know them."""

from __future__ import annotations

from enum import StrEnum

from swath.wire.lightly.base import Answer, DatasetName, Milliseconds, ObjectId, Request


class DatasetType(StrEnum):
    """What a dataset is made of. Mixed case, unlike all other enums of the format."""

    IMAGES = "Images"
    VIDEOS = "Videos"
    CROPS = "Crops"


class ImageType(StrEnum):
    """What can be loaded of a dataset's images; `download_dataset` wants `full`."""

    FULL = "full"
    THUMBNAIL = "thumbnail"
    META = "meta"


class DatasetCreateRequest(Request):
    """What `create_dataset` sends."""

    name: DatasetName
    type: DatasetType = DatasetType.IMAGES
    img_type: ImageType | None = None
    parent_dataset_id: ObjectId | None = None


class DatasetUpdateRequest(Request):
    """A dataset's new name."""

    name: DatasetName


class DatasetData(Answer):
    """A dataset. `user_id` is its owner."""

    id: ObjectId
    name: DatasetName
    user_id: str
    access_type: str | None = None
    type: DatasetType
    img_type: ImageType | None = None
    n_samples: int
    size_in_bytes: int
    datasources: tuple[str, ...] | None = None
    created_at: Milliseconds
    last_modified_at: Milliseconds
    datasource_processed_until_timestamp: int | None = None
    parent_dataset_id: ObjectId | None = None
    access_role: str | None = None


class DatasetDataEnriched(DatasetData):
    """A dataset with what a list of datasets shows beside it."""

    samples: tuple[str, ...]
    n_tags: int
    n_embeddings: int
