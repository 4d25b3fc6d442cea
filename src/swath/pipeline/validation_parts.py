"""The parts of a validation report: problems and counts as documents, and the findings made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions, RunFailed, SourceUnavailable
from swath.core.objects import BoxOutcome
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome, Finding
from swath.core.predictions import TaskSchema
from swath.formats.lightly.locations import TASKS_KEY, schema_key
from swath.formats.lightly.prediction_rules import PredictionProblem
from swath.pipeline.findings import about_listing
from swath.pipeline.image_sizes import ImageSizes
from swath.pipeline.listing import Listing
from swath.pipeline.task_validation import FileTally
from swath.wire.validation import BoxCounts, CategoryCount, FileProblem

MAX_PROBLEMS = 10_000
"""Places listed in one report: more than anybody reads, and some megabytes of JSON."""

SCHEMA_PROBLEM = "schema_invalid"
"""The `outcome` of a problem with a `schema.json`, and the code of the finding about it."""

_BAD_FILES = {
    FileOutcome.PREDICTIONS_NOT_JSON: "are not JSON",
    FileOutcome.PREDICTIONS_INVALID: "break the format",
    FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY: "have predictions of a category that the schema does not know",
    FileOutcome.PREDICTIONS_OTHER_IMAGE: "have a file_name that names another image",
}


@dataclass(slots=True)
class Findings:
    """Findings in the order they were made."""

    items: list[Finding] = field(default_factory=list)

    def add(
        self, code: str, severity: str, message: str, *, hint: str = "", examples: Sequence[str] = (), count: int
    ) -> None:
        kept = tuple(examples[:MAX_EXAMPLES])
        self.items.append(Finding(code=code, severity=severity, message=message, hint=hint, examples=kept, count=count))


@dataclass(slots=True, kw_only=True)
class BadFiles:
    """Bad prediction files: all are counted, the places in them are kept until there is no more `room`."""

    room: int
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
        self.problems += [_problem_document(problem) for problem in problems[: self.room - len(self.problems)]]

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
                message=f"{left_out:,} more problems are not listed: a report lists the first {MAX_PROBLEMS:,}",
                count=left_out,
            )


def _problem_document(problem: PredictionProblem) -> FileProblem:
    return FileProblem(
        file=problem.file,
        json_path=problem.json_path,
        value=problem.value,
        expected=problem.expected,
        outcome=problem.outcome.value,
        hint=problem.hint,
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


def about_input(listing: Listing, sizes: ImageSizes, uri: str, names: Sequence[str]) -> Iterator[Finding]:
    """What concerns the datasource as a whole: `names` are the tasks looked at."""
    if not names:
        yield Finding(
            code="no_tasks",
            severity="error",
            message=f"`{TASKS_KEY}` lists no task",
            hint='list the folders beside it that hold predictions, for example ["vehicles"].',
        )
    if not listing.images:
        yield Finding(code="no_images", severity="error", message=f"there are no images in `{uri}`")
    yield from about_listing(listing)
    if sizes.unreadable:
        yield Finding(
            code=FileOutcome.UNREADABLE.value,
            severity="warning",
            message=f"{sizes.unreadable:,} of {len(listing.images):,} images cannot be read: a run skips them",
            examples=sizes.unreadable_examples,
            count=sizes.unreadable,
        )
