"""Documents that describe datasets, tags and runs to people and scripts. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Documents are made once and never changed; a field that is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TagSummary(Document):
    """A named set of samples. `total_size` is the dataset's size when its members were last set."""

    id: str
    name: str
    parent_id: str | None
    size: int
    total_size: int
    revision: int
    run_id: str | None
    created_at: int
    modified_at: int


class RunSummary(Document):
    """One run and the datasets it adds to; these may not exist yet, or any more."""

    id: str
    state: str
    message: str
    image_dataset: str
    crop_dataset: str | None
    task: str | None
    created_at: int
    started_at: int | None
    finished_at: int | None


class DatasetSummary(Document):
    """A dataset in a list. `parent` and `task` are given for crops: the image dataset and the task they are of."""

    id: str
    owner_id: str
    owner: str  # name of the user
    name: str
    kind: str  # images | crops
    sample_count: int
    parent_id: str | None
    parent: str | None
    task: str | None
    created_at: int
    modified_at: int


class DatasetList(Document):
    """A page of datasets; `total` is how many there are in all."""

    items: tuple[DatasetSummary, ...]
    total: int


class CategoryCount(Document):
    """How many crops (or predictions of an image dataset's samples) are of a category; `name` may be unknown."""

    task: str
    category_id: int
    name: str | None
    count: int


class EmbedderSummary(Document):
    name: str
    digest: str
    dimension: int


class DatasetDetails(DatasetSummary):
    """All there is to say about one dataset."""

    is_default: bool
    input_uri: str
    output_uri: str
    byte_size: int  # of the samples' files
    stale_crops: int
    embedder: EmbedderSummary | None
    children: tuple[DatasetSummary, ...]
    categories: tuple[CategoryCount, ...]
    tags: tuple[TagSummary, ...]
    runs: tuple[RunSummary, ...]


class DeletedDatasets(Document):
    """What was deleted: names of datasets, and lines about files that could not be."""

    names: tuple[str, ...]
    notes: tuple[str, ...]
