"""What `swath validate` found: a document about the predictions of a datasource."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from swath.wire.run_result import FindingDocument


class _Report(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileProblem(_Report):
    """One place in one prediction file that breaks the format."""

    file: str
    json_path: str
    value: str
    expected: str
    outcome: str
    hint: str = ""


class CategoryCount(_Report):
    """One category of the schema with how many predictions name it."""

    id: int
    name: str
    predictions: int


class BoxCounts(_Report):
    """Boxes by what a run would do with them, and the evidence about their format."""

    total: int = 0
    used: int = 0
    clipped: int = 0
    outside: int = 0
    zero_area: int = 0
    overflow_as_xywh: int = 0
    fits_as_xyxy_only: int = 0
    suspects_xyxy: bool = False


class TaskReport(_Report):
    """One prediction task: its files, problems, boxes and categories."""

    task: str
    task_type: str | None = None
    usable: bool = False
    images: int = 0
    images_without_predictions: int = 0
    images_without_predictions_examples: list[str] = Field(default_factory=list)
    prediction_files: int = 0
    valid_files: int = 0
    empty_files: int = 0
    bad_files: int = 0
    predictions_without_image: int = 0
    predictions_without_image_examples: list[str] = Field(default_factory=list)
    predictions: int = 0
    boxes: BoxCounts = Field(default_factory=BoxCounts)
    categories: list[CategoryCount] = Field(default_factory=list)
    problems: list[FileProblem] = Field(default_factory=list)
    findings: list[FindingDocument] = Field(default_factory=list)


class ValidationReport(_Report):
    """A datasource's predictions, task by task. `ok` is False if anything at all is wrong."""

    datasource: str
    ok: bool
    images: int
    unreadable_images: int = 0
    tasks: list[TaskReport] = Field(default_factory=list)
    findings: list[FindingDocument] = Field(default_factory=list)
