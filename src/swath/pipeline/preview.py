"""The preview use case: a quick look at a place before anything is stored, with the eyes of a run.

What is looked at is bounded in files, bytes and time, so that somebody can wait for it: a part of the images, and the
predictions of the first of them. What is said about that part is said in the words of `swath validate`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions, NotFound, RunFailed, SourceUnavailable, UnreadableImage
from swath.core.outcomes import Finding
from swath.core.predictions import ImagePredictions, TaskSchema
from swath.formats.lightly.locations import TASKS_KEY, images_by_prediction_key, prediction_key
from swath.formats.lightly.prediction_rules import InvalidPredictionFile
from swath.formats.lightly.predictions import PredictionReader
from swath.formats.lightly.tasks import require_task
from swath.pipeline.findings import about_boxes
from swath.pipeline.hurry import Hurry
from swath.pipeline.image_sizes import read_image_size
from swath.pipeline.listing import Listing, list_images
from swath.pipeline.ports import Datasource, FileEntry, ImageCodec
from swath.pipeline.predictions import find_task_names, load_schema, prediction_file_pages
from swath.pipeline.preview_parts import Preview, PreviewedImage, PreviewedObjects, PreviewedTask, judged_objects
from swath.pipeline.task_validation import FileReading, read_prediction_file, tally_readings
from swath.pipeline.validation_names import NameMatcher
from swath.pipeline.validation_parts import (
    TASKS_PROBLEM,
    BadFiles,
    about_box_counts,
    about_images,
    about_missing_files,
    about_schema,
    about_strays,
    about_task_names,
    about_task_type,
    about_unreadable,
    count_boxes,
    schema_problem,
    tasks_problem,
    without_nested,
)
from swath.wire.validation import FileProblem

IMAGES_SHOWN = 20

THREADS = 2
"""For files that are at hand. Elsewhere it is as many requests as are worth making."""

MOST_TASKS = 200
"""Schemas that are read."""

MOST_PROBLEMS = 200
"""Places listed: enough for a person to see what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLimits:
    """How much is looked at, at most. Times in seconds."""

    files: int = 20_000
    """Of each listing."""

    listing_s: float = 5.0
    """For each listing: what has come by then will do."""

    silence_s: float = 8.0
    """From the start: a place that has answered nothing by then is given up."""

    reading_s: float = 10.0
    """From the start: no prediction file is waited for after that."""

    images: int = 1000
    prediction_bytes: int = 64 << 20
    objects: int = 100_000


def preview_datasource(
    sources: tuple[Datasource, ...],
    *,
    codec: ImageCodec,
    task_name: str | None,
    box_format: BoxFormat,
    limits: PreviewLimits | None = None,
) -> Preview:
    """Look at some of what lies in `sources` (predictions in the first that has them, images in the last).

    `task_name` is the task to look at; None is the first that an object-level run can use. What is wrong with files is
    part of the answer. Raises InvalidConfig for a task that is not there, SourceUnavailable for a place that cannot be
    listed or does not answer in time.
    """
    limits = limits or PreviewLimits()
    threads = max(THREADS, *(source.concurrency for source in sources))
    with Hurry(threads, patience_s=limits.silence_s, deadline_s=limits.reading_s) as hurry:
        looking = _Looking(sources, codec=codec, box_format=box_format, limits=limits, hurry=hurry)
        return looking.look(task_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tasks:
    """The tasks of a place, where they are, and what is wrong with the list of them."""

    source: Datasource
    names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[FileProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileLook:
    """A prediction file and the images it is for, each with its size or the reason why it has none."""

    reading: FileReading
    sizes: dict[str, tuple[int, int] | str]


@dataclass(slots=True)
class _Checked:
    """What was read of one task, and what is to be said about it."""

    looks: dict[str, _FileLook] = field(default_factory=dict)  # by image
    readings: list[FileReading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    box_format: BoxFormat = BoxFormat.XYWH


class _Looking:
    """One look; `look` reads like what happens."""

    def __init__(
        self,
        sources: tuple[Datasource, ...],
        *,
        codec: ImageCodec,
        box_format: BoxFormat,
        limits: PreviewLimits,
        hurry: Hurry,
    ) -> None:
        self._sources = sources
        self._images = sources[-1]
        self._codec = codec
        self._box_format = box_format
        self._limits = limits
        self._hurry = hurry

    def look(self, task_name: str | None) -> Preview:
        listed = self._hurry.begin(lambda: list_images(self._images, is_enough=self._enough()))
        found = self._find_tasks()
        listing = self._hurry.must(listed, self._images.uri)
        tasks, schema_problems = self._load_schemas(found, task_name)
        picked = self._pick(tasks, task_name)
        checked = _Checked(box_format=BoxFormat.XYWH if self._box_format is BoxFormat.AUTO else self._box_format)
        if picked is not None and picked.schema is None:
            checked.findings.append(about_schema(picked.name))
        elif picked is not None and picked.schema is not None:
            checked.findings += about_task_type(picked.schema)
            if picked.problem is None:
                self._check(picked.schema, found, listing, checked)
        images = self._look_at_images(listing, checked)
        unreadable = [image for image in images if image.size is None]
        reasons = [f"{image.entry.key}: {image.problem}" for image in unreadable]
        return Preview(
            uri=self._images.uri,
            images_listed=len(listing.images),
            is_listing_complete=listing.is_complete,
            tasks=tasks,
            task=None if picked is None else picked.schema,
            task_name=None if picked is None else picked.name,
            box_format=checked.box_format,
            images=tuple(images),
            checked=len(checked.looks),
            objects=self._judge(images[: len(checked.looks)], checked),
            findings=(
                *found.findings,
                *about_images(listing, self._images.uri),
                *about_unreadable(len(unreadable), len(images), reasons),
                *checked.findings,
            ),
            problems=(*found.problems, *schema_problems, *checked.problems),
        )

    def _enough(self) -> Callable[[int], bool]:
        """For a listing that begins now: whether it should stop after so many files."""
        stop_at = time.monotonic() + self._limits.listing_s
        return lambda files: files >= self._limits.files or time.monotonic() > stop_at

    def _find_tasks(self) -> _Tasks:
        try:
            source, names = self._hurry.must(
                self._hurry.begin(lambda: find_task_names(self._sources)), self._images.uri
            )
        except RunFailed as exc:
            finding = Finding(code="no_predictions", severity="warning", message=exc.message, hint=exc.hint)
            return _Tasks(source=self._images, findings=(finding,))
        except InvalidPredictions as exc:
            finding = Finding(
                code=TASKS_PROBLEM, severity="error", message=f"`{TASKS_KEY}` cannot be used: no task was looked at"
            )
            return _Tasks(source=self._images, findings=(finding,), problems=(tasks_problem(exc),))
        return _Tasks(source=source, names=names, findings=tuple(about_task_names(names)))

    def _load_schemas(self, found: _Tasks, asked: str | None) -> tuple[tuple[PreviewedTask, ...], list[FileProblem]]:
        """The tasks in the order of their list, and what is wrong with their schemas. Raises InvalidConfig."""
        if asked is not None:
            require_task(found.names, asked, field="task")
        names = [name for place, name in enumerate(found.names) if place < MOST_TASKS or name == asked]
        loading = {name: self._hurry.begin(partial(load_schema, found.source, name)) for name in names}
        tasks: list[PreviewedTask] = []
        problems: list[FileProblem] = []
        for name, future in loading.items():
            try:
                schema = self._hurry.may(future)
            except (InvalidPredictions, RunFailed, SourceUnavailable) as exc:
                problems.append(schema_problem(exc, name))
                tasks.append(PreviewedTask(name=name, schema=None, problem=exc.message))
            else:
                problem = "its schema could not be read in time" if schema is None else _why_not_usable(schema)
                tasks.append(PreviewedTask(name=name, schema=schema, problem=problem))
        return tuple(tasks), problems

    def _pick(self, tasks: Sequence[PreviewedTask], asked: str | None) -> PreviewedTask | None:
        """The task that was asked for, else the first that can be used."""
        wanted = (task for task in tasks if (task.problem is None if asked is None else task.name == asked))
        return next(wanted, None)

    def _check(self, schema: TaskSchema, found: _Tasks, listing: Listing, checked: _Checked) -> None:
        """Read the predictions of the first images that have some, and say what there is to say."""
        name = schema.task_name
        images_of = images_by_prediction_key(name, [entry.key for entry in listing.images])
        files, is_complete = self._list_files(found.source, name)
        files = without_nested(files, name, found.names, images_of)
        self._read(schema, found.source, listing, files, is_complete, checked)
        sizes = {key: size for look in checked.looks.values() for key, size in look.sizes.items()}
        tally = tally_readings(
            checked.readings,
            size_of=lambda key: size if isinstance(size := sizes[key], tuple) else None,
            box_format=self._box_format,
        )
        if self._box_format is BoxFormat.AUTO:
            checked.box_format = tally.evidence.decided_format
        bad = BadFiles(room=MOST_PROBLEMS, most=MOST_PROBLEMS)
        for problems in tally.problems:
            bad.add(problems)
        checked.problems += bad.problems
        checked.findings += bad.findings(total=len(checked.readings))
        if is_complete:
            without = [entry.key for entry in listing.images if prediction_key(name, entry.key) not in files]
            without = sorted(without + tally.images_without_predictions)
            checked.findings += about_missing_files(without, len(listing.images))
        if is_complete and listing.is_complete:
            strays = sorted(key for key in files if key not in images_of)
            names = NameMatcher([entry.key for entry in listing.images])
            checked.findings += about_strays(strays, name, names=names, has_videos=listing.videos > 0)
        checked.findings += about_boxes(tally.evidence, asked=self._box_format, read_as=checked.box_format)
        checked.findings += about_box_counts(count_boxes(tally, checked.box_format))

    def _list_files(self, source: Datasource, task_name: str) -> tuple[dict[str, FileEntry], bool]:
        """Prediction files of a task by key, and whether these are all."""
        is_enough = self._enough()

        def list_them() -> tuple[dict[str, FileEntry], bool]:
            files: dict[str, FileEntry] = {}
            for page in prediction_file_pages(source, task_name):
                files.update((entry.key, entry) for entry in page)
                if is_enough(len(files)):
                    return files, False
            return files, True

        return self._hurry.may(self._hurry.begin(list_them)) or ({}, False)

    def _read(
        self,
        schema: TaskSchema,
        source: Datasource,
        listing: Listing,
        files: Mapping[str, FileEntry],
        is_complete: bool,
        checked: _Checked,
    ) -> None:
        reader = PredictionReader(schema, box_format=self._box_format)
        wanted = self._wanted(schema.task_name, listing, files, is_complete)
        reading = [
            self._hurry.begin(partial(self._look_at_file, reader, source, files.get(key), key, images))
            for key, images in wanted.items()
        ]
        objects = 0
        for future in reading:
            if objects > self._limits.objects:
                break
            look = self._hurry.may(future)
            if look is None:
                continue  # too late, or not there
            checked.readings.append(look.reading)
            checked.looks.update(dict.fromkeys(look.sizes, look))
            objects += sum(len(predictions) for _, predictions in look.reading.accepted)

    def _wanted(
        self, task_name: str, listing: Listing, files: Mapping[str, FileEntry], is_complete: bool
    ) -> dict[str, list[FileEntry]]:
        """Prediction files to read, each with its images: those of the first images that have one.

        Where not all files were listed, those of further images are tried.
        """
        keys = {entry.key: prediction_key(task_name, entry.key) for entry in listing.images}
        known = [entry for entry in listing.images if keys[entry.key] in files]
        others = [] if is_complete else [entry for entry in listing.images if keys[entry.key] not in files]
        chosen = sorted([*known, *others][: self._limits.images], key=lambda entry: entry.key)
        wanted: dict[str, list[FileEntry]] = {}
        room = self._limits.prediction_bytes
        for entry in chosen:
            key = keys[entry.key]
            if room <= 0:
                break
            if key not in wanted and key in files:
                room -= files[key].size
            wanted.setdefault(key, []).append(entry)
        return wanted

    def _look_at_file(
        self,
        reader: PredictionReader,
        source: Datasource,
        file: FileEntry | None,
        key: str,
        images: Sequence[FileEntry],
    ) -> _FileLook | None:
        found = file or source.stat(key)
        if found is None:
            return None
        image_keys = [entry.key for entry in images]
        reading = read_prediction_file(reader, key, found.size, image_keys, source=source)
        # Outlines and the like are not looked at, and there may be much of it.
        accepted = tuple((image, _boxes_alone(predictions)) for image, predictions in reading.accepted)
        return _FileLook(
            reading=replace(reading, accepted=accepted), sizes={entry.key: self._size_of(entry) for entry in images}
        )

    def _size_of(self, entry: FileEntry) -> tuple[int, int] | str:
        """Width and height of an image, or why it cannot be read."""
        try:
            return read_image_size(entry, source=self._images, codec=self._codec)
        except (UnreadableImage, NotFound, SourceUnavailable) as exc:
            return exc.message

    def _look_at_images(self, listing: Listing, checked: _Checked) -> list[PreviewedImage]:
        """The checked images by name, and others where these are fewer than are shown."""
        looks = checked.looks
        images = [
            _previewed(entry, looks[entry.key].sizes[entry.key], looks[entry.key].reading)
            for entry in listing.images
            if entry.key in looks
        ]
        room = max(0, IMAGES_SHOWN - len(images))
        others = [entry for entry in listing.images if entry.key not in looks][:room]
        looking = [(entry, self._hurry.begin(partial(self._size_of, entry))) for entry in others]
        for entry, future in looking:
            images.append(_previewed(entry, self._hurry.may(future) or "it could not be read in time", None))
        return images

    def _judge(self, images: Sequence[PreviewedImage], checked: _Checked) -> PreviewedObjects:
        keys = [image.entry.key for image in images]
        predictions = [dict(checked.looks[key].reading.accepted).get(key) for key in keys]
        return judged_objects(images, predictions, checked.box_format)


def _why_not_usable(schema: TaskSchema) -> str | None:
    return next((finding.message for finding in about_task_type(schema)), None)


def _boxes_alone(predictions: ImagePredictions) -> ImagePredictions:
    return replace(predictions, probabilities=(), segmentations=(), keypoints=())


def _previewed(entry: FileEntry, size: tuple[int, int] | str, reading: FileReading | None) -> PreviewedImage:
    """An image of a size, or with the reason why it has none; `reading` is of its prediction file."""
    if isinstance(size, str):
        return PreviewedImage(entry=entry, size=None, problem=size)
    problem = None
    if reading is not None and reading.problems:
        problem = InvalidPredictionFile(reading.problems[0]).message
    elif reading is not None and entry.key in reading.for_others:
        problem = "its prediction file is for another image of the same name"
    return PreviewedImage(entry=entry, size=size, problem=problem)
