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
from swath.core.outcomes import MAX_EXAMPLES, Finding
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.core.runs import RunState
from swath.formats.lightly.locations import images_by_prediction_key, prediction_key
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
    BadFiles,
    about_box_counts,
    about_input,
    about_missing_files,
    about_schema,
    about_strays,
    about_task_type,
    about_unreadable,
    count_boxes,
    count_categories,
    schema_problem,
    without_nested,
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
    about_all = [
        *about_input(listing, images_source.uri, names),
        *about_unreadable(sizes.unreadable, len(listing.images), sizes.unreadable_examples),
    ]
    findings = [finding_document(finding) for finding in about_all]
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
        files = without_nested(list_prediction_files(self.source, task_name), task_name, self.listed, images_of)
        file_bytes = {key: entry.size for key, entry in files.items()}
        strays = sorted(key for key in file_bytes if key not in images_of)
        self.observer.stage(RunState.LOADING_PREDICTION, total=len(file_bytes) - len(strays), unit="files")
        findings: list[Finding] = []
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
        findings += bad.findings(total=len(file_bytes))
        findings += about_missing_files(without, len(keys))
        findings += about_strays(strays, task_name, names=self.names, has_videos=self.listing.videos > 0)
        findings += about_boxes(tally.evidence, asked=self.box_format, read_as=read_as)
        boxes = count_boxes(tally, read_as)
        findings += about_box_counts(boxes)
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
            findings=[finding_document(finding) for finding in findings],
        )

    def _load_schema(self, task_name: str, problems: list[FileProblem], findings: list[Finding]) -> TaskSchema | None:
        """The schema, or None and what is wrong with it among `problems` and `findings`."""
        try:
            schema = load_schema(self.source, task_name)
        except (InvalidPredictions, RunFailed, SourceUnavailable) as exc:
            problems.append(schema_problem(exc, task_name))
            findings.append(about_schema(task_name))
            return None
        findings += about_task_type(schema)
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
