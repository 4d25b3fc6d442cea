"""What `swath validate` found: a document about the predictions of a datasource."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from swath.wire.run_result import FindingDocument


class _Report(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileProblem(_Report):
    """One place in a prediction file (or, with the outcome `schema_invalid`, in a schema) that breaks the format."""

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
    """Boxes by what a run would do with them, and the evidence about their format.

    Boxes of valid files, once per image they are for: total = used + clipped + outside + zero_area. `unjudged` ones
    are not in the total: their images cannot be read. `read_as` is how boxes were read (`auto` as it was decided).
    """

    total: int = 0
    used: int = 0
    clipped: int = 0
    outside: int = 0
    zero_area: int = 0
    overflow_as_xywh: int = 0
    fits_as_xyxy_only: int = 0
    suspects_xyxy: bool = False
    suspects_relative: bool = False
    read_as: str = ""
    unjudged: int = 0


class TaskReport(_Report):
    """One prediction task: its files, problems, boxes and categories.

    `usable`: an object-level run can use the task, as its schema is in order and its type has boxes. With a broken
    schema no prediction file is read; otherwise prediction_files = valid_files (of which some are empty) + bad_files +
    predictions_without_image. `problems` holds every problem of bad files in the order of their names, up to a limit
    for the whole report.
    """

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
    """A datasource's predictions, task by task. `ok` is False if any finding is a warning or an error.

    `datasource` is where the images lie, `predictions_datasource` where the predictions were found.
    """

    datasource: str
    predictions_datasource: str = ""
    ok: bool
    images: int
    unreadable_images: int = 0
    tasks: list[TaskReport] = Field(default_factory=list)
    findings: list[FindingDocument] = Field(default_factory=list)
