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


class AccessType(StrEnum):
    """What those a dataset is shared with may do; the format knows nothing less."""

    WRITE = "WRITE"


class DatasetCreateRequest(Request):
    """What `create_dataset` sends."""

    name: DatasetName
    type: DatasetType | None = None


class DatasetUpdateRequest(Request):
    """A dataset's new name."""

    name: DatasetName


class _DatasetAnswer(Answer):
    id: ObjectId
    name: DatasetName
    user_id: str
    access_type: AccessType | None = None
    type: DatasetType
    img_type: ImageType | None = None
    n_samples: int
    size_in_bytes: int
    datasources: tuple[ObjectId, ...]
    created_at: Milliseconds
    last_modified_at: Milliseconds
    parent_dataset_id: ObjectId | None = None


class DatasetData(_DatasetAnswer):
    """A dataset. `user_id` is its owner; `access_type` is there if it is shared with the caller."""

    datasource_processed_until_timestamp: int | None = None  # s


class DatasetDataEnriched(_DatasetAnswer):
    """A dataset with what a page of datasets shows beside it; `samples` are ids of the first ones."""

    samples: tuple[ObjectId, ...]
    n_tags: int
    n_embeddings: int
