"""Documents of exports: files of a dataset that the server makes and keeps for a while."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from swath.wire.browsing import Id, Selector, Text
from swath.wire.run_config import Document


class ExportFormat(StrEnum):
    """What an export can be."""

    FILENAMES = "filenames"
    EMBEDDINGS_CSV = "embeddings-csv"
    COCO = "coco"
    CROPS = "crops"
    CSV = "csv"
    PARQUET = "parquet"
    TAGS = "tags"

    @property
    def suffix(self) -> str:
        """Of the file, with its dot."""
        return {
            ExportFormat.FILENAMES: ".txt",
            ExportFormat.EMBEDDINGS_CSV: ".embeddings.csv",
            ExportFormat.COCO: ".coco.json",
            ExportFormat.CROPS: ".crops.zip",
            ExportFormat.CSV: ".samples.csv",
            ExportFormat.PARQUET: ".samples.parquet",
            ExportFormat.TAGS: ".tags.json",
        }[self]

    @property
    def media_type(self) -> str:
        ending = self.suffix.rsplit(".", 1)[-1]
        return {
            "txt": "text/plain; charset=utf-8",
            "csv": "text/csv; charset=utf-8",
            "json": "application/json",
            "zip": "application/zip",
            "parquet": "application/vnd.apache.parquet",
        }[ending]


class ExportState(StrEnum):
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class NewExport(Document):
    """A file of the samples of a selector or a tag, as they are now; of all samples where neither is given.

    `filenames`: one per line. `embeddings-csv` and `coco`: as `swath export` writes them. `crops`: a zip with the
    crops of a crops dataset in folders per category, and `crops.csv`. `csv` and `parquet`: what is known of each
    sample. `tags`: names of tags with the file names of their samples.
    """

    format: ExportFormat
    selector: Selector | None = None
    tag: Text | None = Field(default=None, description="name or id")

    @model_validator(mode="after")
    def _is_of_one_set(self) -> NewExport:
        if self.selector is not None and self.tag is not None:
            raise ValueError("`selector` and `tag` exclude each other")
        return self


class ExportDocument(Document):
    """An export. `file_url` is there once it is READY; why one FAILED, `message` says."""

    id: Id
    dataset_id: Id
    user_id: Id
    format: ExportFormat
    tag: str | None
    state: ExportState
    message: str
    sample_count: int
    byte_length: int  # of the file; 0 until it is there
    file_name: str
    file_url: str | None  # below the address of the server
    created_at: int
    finished_at: int | None


class ExportList(Document):
    """The exports of a dataset, newest first."""

    items: tuple[ExportDocument, ...]
    total: int
