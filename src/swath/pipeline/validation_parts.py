"""The parts of a validation report: problems and counts as documents, and the findings made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions, RunFailed, SourceUnavailable
from swath.core.objects import BoxOutcome
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome, Finding
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.formats.lightly.locations import TASKS_KEY, prediction_key, schema_key, task_prefix
from swath.formats.lightly.prediction_rules import PredictionProblem
from swath.pipeline.findings import about_listing
from swath.pipeline.listing import Listing
from swath.pipeline.ports import FileEntry
from swath.pipeline.task_validation import FileTally
from swath.pipeline.validation_names import NameMatcher
from swath.pipeline.wording import counted
from swath.wire.validation import BoxCounts, CategoryCount, FileProblem

MAX_PROBLEMS = 10_000
"""Places listed in one report: more than anybody reads, and some megabytes of JSON."""

TASKS_PROBLEM = "tasks_invalid"
"""The `outcome` of a problem with `tasks.json`, and the code of the finding about it."""

SCHEMA_PROBLEM = "schema_invalid"
"""The `outcome` of a problem with a `schema.json`, and the code of the finding about it."""

_BAD_FILES = {
    FileOutcome.PREDICTIONS_NOT_JSON: "are not JSON",
    FileOutcome.PREDICTIONS_INVALID: "break the format",
    FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY: "have predictions of a category that the schema does not know",
    FileOutcome.PREDICTIONS_OTHER_IMAGE: "have a file_name that names another image",
}


@dataclass(slots=True, kw_only=True)
class BadFiles:
    """Bad prediction files: all are counted, the places in them are kept until there is no more `room`.

    `most` is how many a whole report lists.
    """

    room: int
    most: int = MAX_PROBLEMS
    places: int = 0
    files: Counter[FileOutcome] = field(default_factory=Counter)  # by the outcome of the first thing wrong with a file
    problems: list[FileProblem] = field(default_factory=list)
    examples: dict[FileOutcome, list[str]] = field(default_factory=dict)

    def add(self, problems: Sequence[PredictionProblem]) -> None:
        """Add one file with all that is wrong with it."""
        outcome = problems[0].outcome
        self.files[outcome] += 1
        if len(kept := self.examples.setdefault(outcome, [])) < MAX_EXAMPLES:
            kept.append(problems[0].file)
        self.places += len(problems)
        self.problems += [problem_document(problem) for problem in problems[: self.room - len(self.problems)]]

    def findings(self, *, total: int) -> Iterator[Finding]:
        """How many of `total` files are bad in which way, and how many places are not among the problems."""
        for outcome, what in _BAD_FILES.items():
            if count := self.files[outcome]:
                yield Finding(
                    code=outcome.value,
                    severity="error",
                    message=f"{count:,} of {total:,} prediction files {what}: a run skips their images",
                    examples=tuple(self.examples[outcome]),
                    count=count,
                )
        if left_out := self.places - len(self.problems):
            yield Finding(
                code="problems_not_listed",
                severity="info",
                message=f"{left_out:,} more problems are not listed: a report lists the first {self.most:,}",
                count=left_out,
            )


def problem_document(problem: PredictionProblem) -> FileProblem:
    return FileProblem(
        file=problem.file,
        json_path=problem.json_path,
        value=problem.value,
        expected=problem.expected,
        outcome=problem.outcome.value,
        hint=problem.hint,
    )


def tasks_problem(error: InvalidPredictions) -> FileProblem:
    """What `find_task_names` raised about `tasks.json`, as a problem of it."""
    return FileProblem(
        file=error.file,
        json_path=error.json_path,
        value=error.value,
        expected=error.expected,
        outcome=TASKS_PROBLEM,
        hint=error.hint,
    )


def schema_problem(error: InvalidPredictions | RunFailed | SourceUnavailable, task_name: str) -> FileProblem:
    """What `load_schema` raised, as a problem of the schema file."""
    place, value, expected = "$", error.message, "a schema that can be read"
    if isinstance(error, InvalidPredictions):
        place, value, expected = error.json_path, error.value, error.expected
    elif isinstance(error, RunFailed):
        value, expected = "no such file", "the schema of the task"
    return FileProblem(
        file=schema_key(task_name),
        json_path=place,
        value=value,
        expected=expected,
        outcome=SCHEMA_PROBLEM,
        hint=error.hint,
    )


def count_boxes(tally: FileTally, read_as: BoxFormat) -> BoxCounts:
    """The boxes as they are when read as `read_as`, one of the formats that were tallied."""
    outcomes = tally.outcomes.get(read_as, Counter[int]())
    return BoxCounts(
        total=outcomes.total(),
        used=outcomes[BoxOutcome.USED],
        clipped=outcomes[BoxOutcome.CLIPPED],
        outside=outcomes[BoxOutcome.OUTSIDE],
        zero_area=outcomes[BoxOutcome.ZERO_AREA],
        overflow_as_xywh=tally.evidence.overflow_as_xywh,
        fits_as_xyxy_only=tally.evidence.fits_as_xyxy_only,
        suspects_xyxy=tally.evidence.suspects_xyxy,
        suspects_relative=tally.evidence.suspects_relative,
        read_as=read_as.value,
        unjudged=tally.unjudged,
    )


def count_categories(schema: TaskSchema | None, counts: Counter[int]) -> list[CategoryCount]:
    """All categories of the schema in its order, those that nothing was predicted of with 0."""
    if schema is None:
        return []
    return [
        CategoryCount(id=category.id, name=category.name, predictions=counts[category.id])
        for category in schema.categories
    ]


def about_box_counts(boxes: BoxCounts) -> Iterator[Finding]:
    """Boxes that a run would not crop as they are."""
    for code, severity, count, what in (
        ("boxes_clipped", "info", boxes.clipped, "reach beyond their image: a run clips them"),
        ("boxes_outside", "warning", boxes.outside, "lie outside their image: a run leaves them out"),
        ("boxes_zero_area", "warning", boxes.zero_area, "have no area: a run leaves them out"),
    ):
        if count:
            message = f"{count:,} of {boxes.total:,} boxes {what}"
            yield Finding(code=code, severity=severity, message=message, count=count)
    if boxes.unjudged:
        yield Finding(
            code="boxes_unjudged",
            severity="warning",
            message=f"{boxes.unjudged:,} boxes could not be looked at, as their images cannot be read",
            count=boxes.unjudged,
        )


def about_input(listing: Listing, uri: str, names: Sequence[str]) -> Iterator[Finding]:
    """What concerns the datasource as a whole: `names` are the tasks looked at."""
    yield from about_task_names(names)
    yield from about_images(listing, uri)


def about_task_names(names: Sequence[str]) -> Iterator[Finding]:
    """That there is no task, if so."""
    if not names:
        yield Finding(
            code="no_tasks",
            severity="error",
            message=f"`{TASKS_KEY}` lists no task",
            hint='list the folders beside it that hold predictions, for example ["vehicles"].',
        )


def about_images(listing: Listing, uri: str) -> Iterator[Finding]:
    """What a listing says: that there is no image, and what lies beside them."""
    if not listing.images:
        what = f"there are no images in `{uri}`"
        if not listing.is_complete:
            seen = counted(listing.videos + listing.other_files, "file")
            what = f"there are no images among the first {seen} of `{uri}`"
        yield Finding(code="no_images", severity="error", message=what)
    yield from about_listing(listing)


def about_unreadable(unreadable: int, of: int, examples: Sequence[str]) -> Iterator[Finding]:
    """How many of the images that were looked at cannot be read; `examples` name a few, with reasons."""
    if unreadable:
        yield Finding(
            code=FileOutcome.UNREADABLE.value,
            severity="warning",
            message=f"{unreadable:,} of {of:,} images cannot be read: a run skips them",
            examples=tuple(examples[:MAX_EXAMPLES]),
            count=unreadable,
        )


def about_schema(task_name: str) -> Finding:
    """That the schema of a task cannot be used; what is wrong with it is a problem of its own."""
    return Finding(
        code=SCHEMA_PROBLEM,
        severity="error",
        message=f"`{schema_key(task_name)}` cannot be used: no prediction file of the task was read",
        hint="correct the schema and validate again.",
        count=1,
    )


def about_task_type(schema: TaskSchema) -> Iterator[Finding]:
    """That a task has no boxes, if so."""
    if schema.task_type not in TYPES_WITH_BOXES:
        allowed = ", ".join(f"`{kind}`" for kind in sorted(TYPES_WITH_BOXES))
        yield Finding(
            code="task_without_boxes",
            severity="info",
            message=f"predictions of type `{schema.task_type}` have no boxes to cut objects from",
            hint=f"object-level runs need one of {allowed}.",
        )


def about_missing_files(without: Sequence[str], images: int) -> Iterator[Finding]:
    """That images have no prediction file: those `without`, of so many."""
    if without:
        yield Finding(
            code=FileOutcome.PREDICTIONS_MISSING.value,
            severity="warning",
            message=f"{len(without):,} of {images:,} images have no prediction file: a run skips them",
            hint="an image in which nothing was found has a file with an empty list of predictions.",
            examples=tuple(without[:MAX_EXAMPLES]),
            count=len(without),
        )


def about_strays(strays: Sequence[str], task_name: str, *, names: NameMatcher, has_videos: bool) -> Iterator[Finding]:
    """That prediction files have no image, and which image the first of them was probably meant for."""
    if not strays:
        return
    close = {key: image for key in strays if (image := names.nearest(task_name, key)) is not None}
    hint = ""
    if close:
        key, image = next(iter(close.items()))
        hint = (
            f"{len(close):,} of them nearly {'has' if len(close) == 1 else 'have'} the name of an image: "
            f"`{key}` is read for `{image}` once it is named `{prediction_key(task_name, image)}` to the letter."
        )
    elif has_videos:
        hint = "frames of videos are not read yet."
    yield Finding(
        code="predictions_without_image",
        severity="warning",
        message=f"{len(strays):,} prediction files belong to no image of the datasource: a run does not read them",
        hint=hint,
        examples=tuple(strays[:MAX_EXAMPLES]),
        count=len(strays),
    )


def without_nested(
    files: Mapping[str, FileEntry], task_name: str, listed: Sequence[str], images: Container[str]
) -> dict[str, FileEntry]:
    """The files of a task without those of a task that lies in a folder below it, but for files of images."""
    prefix = task_prefix(task_name)
    below = tuple(task_prefix(name) for name in listed if task_prefix(name).startswith(prefix))
    nested = tuple(other for other in below if other != prefix)
    return {key: entry for key, entry in files.items() if key in images or not key.startswith(nested)}
