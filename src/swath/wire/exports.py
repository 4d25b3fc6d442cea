"""Documents of exports: files of a dataset that the server makes and keeps for a while."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from swath.wire.browsing import Id, Selector, Text
from swath.wire.run_config import Document

WEEK_S = 7 * 24 * 3600
YEAR_S = 366 * 24 * 3600


class ExportFormat(StrEnum):
    """What an export can be."""

    FILENAMES = "filenames"
    EMBEDDINGS_CSV = "embeddings-csv"
    EMBEDDINGS_PARQUET = "embeddings-parquet"
    COCO = "coco"
    YOLO = "yolo"
    LABEL_STUDIO = "label-studio"
    LABEL_STUDIO_CONFIG = "label-studio-config"
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
            ExportFormat.EMBEDDINGS_PARQUET: ".embeddings.parquet",
            ExportFormat.COCO: ".coco.json",
            ExportFormat.YOLO: ".yolo.zip",
            ExportFormat.LABEL_STUDIO: ".label-studio.json",
            ExportFormat.LABEL_STUDIO_CONFIG: ".label-studio.xml",
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
            "xml": "application/xml",
            "zip": "application/zip",
            "parquet": "application/vnd.apache.parquet",
        }[ending]

    @property
    def is_binary(self) -> bool:
        """Whether it is nothing for a person to read: a zip, or Parquet."""
        return self.suffix.endswith((".zip", ".parquet"))


class ExportState(StrEnum):
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class ExportUnit(StrEnum):
    """What one record of an export of a crops dataset stands for."""

    IMAGES = "images"
    CROPS = "crops"


class ExportOptions(Document):
    """What can be chosen about a file. A format that has no use for an option refuses all but its default."""

    expires_in_s: int = Field(
        default=WEEK_S,
        ge=60,
        le=YEAR_S,
        description="how long links hold: those in tasks, and the one to the file, which is kept for a week at most",
    )
    unit: ExportUnit | None = Field(
        default=None,
        description="of a crops dataset: its crops, or the images they were cut from, with the boxes of those crops. "
        "Default: `images` for `label-studio` and `label-studio-config`, `crops` for `filenames`",
    )
    include_metadata: bool = Field(default=False, description="for `label-studio`, `csv` and `parquet`")
    include_images: bool = Field(default=False, description="for `yolo`: the image files as well as their labels")


_OPTIONS_OF: dict[str, frozenset[ExportFormat]] = {
    "unit": frozenset({ExportFormat.LABEL_STUDIO, ExportFormat.LABEL_STUDIO_CONFIG, ExportFormat.FILENAMES}),
    "include_metadata": frozenset({ExportFormat.LABEL_STUDIO, ExportFormat.CSV, ExportFormat.PARQUET}),
    "include_images": frozenset({ExportFormat.YOLO}),
}
"""The formats that an option means something to."""


class NewExport(Document):
    """A file of the samples of a selector or a tag, as they are now; of all samples where neither is given.

    `filenames`: one per line. `embeddings-csv` and `embeddings-parquet`: the vectors. `coco`: one document; of a crops
    dataset the images that the crops were cut from, with the boxes of those crops. `yolo`: a zip of one label file per
    image, likewise. `label-studio`: tasks with the boxes as predictions; `label-studio-config`: the labelling
    configuration that fits them. `crops`: a zip with the crops of a crops dataset in folders per category, and
    `crops.csv`. `csv` and `parquet`: what is known of each sample. `tags`: names of tags with the file names of their
    samples.
    """

    format: ExportFormat
    selector: Selector | None = None
    tag: Text | None = Field(default=None, description="name or id")
    options: ExportOptions = ExportOptions()

    @model_validator(mode="after")
    def _is_of_one_set(self) -> NewExport:
        if self.selector is not None and self.tag is not None:
            raise ValueError("`selector` and `tag` exclude each other")
        return self

    @model_validator(mode="after")
    def _options_mean_something(self) -> NewExport:
        for name, formats in _OPTIONS_OF.items():
            if getattr(self.options, name) and self.format not in formats:
                meant_for = ", ".join(sorted(f"`{known.value}`" for known in formats))
                raise ValueError(f"`options.{name}` is for {meant_for}, not for `{self.format.value}`")
        return self


class ExportPreview(Document):
    """What the file of an export would begin with: `head` is what stands before the first record (a table's line of
    names), `records` the first few as text, shortened where they are long. Files of a zip are records that begin with
    their path; what a program packs into bytes is told as text."""

    format: ExportFormat
    media_type: str
    sample_count: int  # that are meant
    head: str
    records: tuple[str, ...]


class ExportDocument(Document):
    """An export. `file_url` is there once it is READY; why one FAILED, `message` says.

    `link_url` needs no token: whoever has it can load the file until `link_expires_at`. It is null before the export is
    READY, and once the link has expired.
    """

    id: Id
    dataset_id: Id
    user_id: Id
    format: ExportFormat
    tag: str | None
    options: ExportOptions
    state: ExportState
    message: str
    sample_count: int
    byte_length: int  # of the file; 0 until it is there
    file_name: str
    file_url: str | None  # below the address of the server
    link_url: str | None  # whole
    link_expires_at: int | None
    created_at: int
    finished_at: int | None


class ExportList(Document):
    """The exports of a dataset, newest first."""

    items: tuple[ExportDocument, ...]
    total: int
