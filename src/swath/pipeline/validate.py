"""The validate use case: everything that is wrong with the predictions of a datasource, without running.

A report is `ok` if it holds no finding of severity `error` or `warning`. Errors are what stops a task or costs a file
(schema, prediction files that break the format); warnings are what a run would skip or may read wrongly (unreadable
images, images without predictions, predictions without an image, boxes that are left out or look like another format);
infos (clipped boxes, a task without boxes) leave it `ok`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions, RunFailed, SourceUnavailable
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.core.runs import RunState
from swath.formats.lightly.locations import images_by_prediction_key, prediction_key, schema_key, task_prefix
from swath.formats.lightly.tasks import require_task
from swath.pipeline.findings import about_boxes, finding_document
from swath.pipeline.image_sizes import ImageSizes, find_image_sizes
from swath.pipeline.listing import Listing, list_images
from swath.pipeline.ports import Datasource, ImageCodec, ImageIndex, RunObserver
from swath.pipeline.predictions import find_task_names, list_prediction_files, load_schema
from swath.pipeline.task_validation import FileTally, tally_files
from swath.pipeline.validation_names import NameMatcher
from swath.pipeline.validation_parts import (
    MAX_PROBLEMS,
    SCHEMA_PROBLEM,
    BadFiles,
    Findings,
    about_box_counts,
    about_input,
    count_boxes,
    count_categories,
    schema_problem,
)
from swath.wire.validation import FileProblem, TaskReport, ValidationReport


def validate_datasource(
    sources: tuple[Datasource, ...],
    *,
    codec: ImageCodec,
    index: ImageIndex,
    task_names: Sequence[str] | None,
    box_format: BoxFormat,
    threads: int,
    observer: RunObserver,
) -> ValidationReport:
    """Look at every image header and every prediction file of the tasks named (None: all that `tasks.json` lists).

    `sources` are where things are looked for, output first; images lie in the last. Problems of schemas and prediction
    files go into the report. Raises RunFailed or InvalidPredictions where there is no usable `tasks.json`,
    InvalidConfig for a task it does not list, SourceUnavailable if a datasource cannot be listed.
    """
    images_source = sources[-1]
    source, listed = find_task_names(sources)
    names = listed if task_names is None else tuple(dict.fromkeys(task_names))
    for name in names:
        require_task(listed, name)
    observer.stage(RunState.LOADING_DATASET, total=None, unit="files")
    listing = list_images(images_source, on_found=observer.advance)
    observer.stage(RunState.CHECKING_CORRUPTNESS, total=len(listing.images), unit="images")
    sizes = find_image_sizes(
        listing.images, source=images_source, codec=codec, index=index, threads=threads, on_done=observer.advance
    )
    validation = _Validation(
        source=source,
        listed=listed,
        listing=listing,
        sizes=sizes,
        names=NameMatcher([entry.key for entry in listing.images]),
        box_format=box_format,
        threads=threads,
        observer=observer,
    )
    tasks = [validation.report_on(name) for name in names]
    findings = [finding_document(finding) for finding in about_input(listing, sizes, images_source.uri, names)]
    every_finding = findings + [finding for task in tasks for finding in task.findings]
    return ValidationReport(
        datasource=images_source.uri,
        predictions_datasource=source.uri,
        ok=all(finding.severity == "info" for finding in every_finding),
        images=len(listing.images),
        unreadable_images=sizes.unreadable,
        tasks=tasks,
        findings=findings,
    )


@dataclass(slots=True, kw_only=True)
class _Validation:
    """What all tasks of one validation share."""

    source: Datasource
    listed: tuple[str, ...]
    listing: Listing
    sizes: ImageSizes
    names: NameMatcher
    box_format: BoxFormat
    threads: int
    observer: RunObserver
    problems_left: int = MAX_PROBLEMS

    def report_on(self, task_name: str) -> TaskReport:
        keys = [entry.key for entry in self.listing.images]
        images_of = images_by_prediction_key(task_name, keys)
        file_bytes = self._files_of(task_name, images_of)
        strays = sorted(key for key in file_bytes if key not in images_of)
        self.observer.stage(RunState.LOADING_PREDICTION, total=len(file_bytes) - len(strays), unit="files")
        findings = Findings()
        problems: list[FileProblem] = []
        tally, bad = FileTally(), BadFiles(room=self.problems_left)
        schema = self._load_schema(task_name, problems, findings)
        if schema is not None:
            self._read(schema, file_bytes, images_of, tally, bad)
        problems += bad.problems
        self.problems_left -= len(bad.problems)
        without = [key for key in keys if prediction_key(task_name, key) not in file_bytes]
        without = sorted(without + tally.images_without_predictions)
        read_as = tally.evidence.decided_format if self.box_format is BoxFormat.AUTO else self.box_format
        findings.items += bad.findings(total=len(file_bytes))
        self._report_names(findings, task_name, without, strays)
        findings.items += about_boxes(tally.evidence, asked=self.box_format, read_as=read_as)
        boxes = count_boxes(tally, read_as)
        findings.items += about_box_counts(boxes)
        return TaskReport(
            task=task_name,
            task_type=None if schema is None else str(schema.task_type),
            usable=schema is not None and schema.task_type in TYPES_WITH_BOXES,
            images=len(keys),
            images_without_predictions=len(without),
            images_without_predictions_examples=without[:MAX_EXAMPLES],
            prediction_files=len(file_bytes),
            valid_files=tally.valid,
            empty_files=tally.empty,
            bad_files=bad.files.total(),
            predictions_without_image=len(strays),
            predictions_without_image_examples=strays[:MAX_EXAMPLES],
            predictions=tally.predictions,
            boxes=boxes,
            categories=count_categories(schema, tally.categories),
            problems=problems,
            findings=[finding_document(finding) for finding in findings.items],
        )

    def _files_of(self, task_name: str, images_of: dict[str, list[str]]) -> dict[str, int]:
        """Key -> bytes of the task's files, without those of a task that lies in a folder below it."""
        prefix = task_prefix(task_name)
        below = tuple(task_prefix(name) for name in self.listed if task_prefix(name).startswith(prefix))
        nested = tuple(other for other in below if other != prefix)
        files = list_prediction_files(self.source, task_name)
        return {key: entry.size for key, entry in files.items() if key in images_of or not key.startswith(nested)}

    def _load_schema(self, task_name: str, problems: list[FileProblem], findings: Findings) -> TaskSchema | None:
        """The schema, or None and what is wrong with it among `problems` and `findings`."""
        try:
            schema = load_schema(self.source, task_name)
        except (InvalidPredictions, RunFailed, SourceUnavailable) as exc:
            problems.append(schema_problem(exc, task_name))
            message = f"`{schema_key(task_name)}` cannot be used: no prediction file of the task was read"
            findings.add(SCHEMA_PROBLEM, "error", message, hint="correct the schema and validate again.", count=1)
            return None
        if schema.task_type not in TYPES_WITH_BOXES:
            message = f"predictions of type `{schema.task_type}` have no boxes to cut objects from"
            allowed = ", ".join(f"`{kind}`" for kind in sorted(TYPES_WITH_BOXES))
            findings.add(
                "task_without_boxes", "info", message, hint=f"object-level runs need one of {allowed}.", count=0
            )
        return schema

    def _read(
        self,
        schema: TaskSchema,
        file_bytes: dict[str, int],
        images_of: dict[str, list[str]],
        total: FileTally,
        bad: BadFiles,
    ) -> None:
        def take(tally: FileTally, files: int) -> None:
            total.add(tally)
            for problems in tally.problems:
                bad.add(problems)
            self.observer.advance(files)

        tally_files(
            schema,
            source=self.source,
            file_bytes=file_bytes,
            images_of=images_of,
            sizes=self.sizes,
            box_format=self.box_format,
            threads=self.threads,
            on_done=take,
        )

    def _report_names(self, findings: Findings, task_name: str, without: Sequence[str], strays: Sequence[str]) -> None:
        """Images and prediction files that do not find each other."""
        if without:
            findings.add(
                FileOutcome.PREDICTIONS_MISSING.value,
                "warning",
                f"{len(without):,} of {len(self.listing.images):,} images have no prediction file: a run skips them",
                hint="an image in which nothing was found has a file with an empty list of predictions.",
                examples=without,
                count=len(without),
            )
        if not strays:
            return
        close = {key: image for key in strays if (image := self.names.nearest(task_name, key)) is not None}
        hint = ""
        if close:
            key, image = next(iter(close.items()))
            hint = (
                f"{len(close):,} of them nearly {'has' if len(close) == 1 else 'have'} the name of an image: "
                f"`{key}` is read for `{image}` once it is named `{prediction_key(task_name, image)}` to the letter."
            )
        elif self.listing.videos:
            hint = "frames of videos are not read yet."
        findings.add(
            "predictions_without_image",
            "warning",
            f"{len(strays):,} prediction files belong to no image of the datasource: a run does not read them",
            hint=hint,
            examples=strays,
            count=len(strays),
        )
