"""Loading the predictions of a task: schema first, then one file per image, each with an outcome of its own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import UsedFile
from swath.core.boxes import BoxFormat, to_corners
from swath.core.errors import InvalidPredictions, NotFound, RunFailed
from swath.core.objects import KEY_BYTES, BoxOutcome, ObjectTable
from swath.core.outcomes import FileOutcome
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.core.scoring.details import details_of
from swath.formats.lightly.locations import (
    PREDICTIONS_PREFIX,
    TASKS_KEY,
    images_by_prediction_key,
    prediction_key,
    schema_key,
    task_prefix,
)
from swath.formats.lightly.prediction_rules import InvalidPredictionFile
from swath.formats.lightly.predictions import PredictionReader
from swath.formats.lightly.schema import parse_schema
from swath.formats.lightly.tasks import parse_tasks, require_task
from swath.pipeline.image_work import ImageWork
from swath.pipeline.ports import Datasource, FileEntry, ImageIndex
from swath.pipeline.read_ahead import ReadAhead, work_through
from swath.pipeline.reading import FILE_FAILURES, SourceWatch, read_listed

MAX_PREDICTION_BYTES = 256 * 1024 * 1024
"""A prediction file larger than this is refused unread: parsing it would take many times its size in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFiles:
    """Where the predictions of a task lie: the datasource, the schema and all its files by key."""

    source: Datasource
    schema: TaskSchema
    entries: Mapping[str, FileEntry]

    def of_image(self, image_key: str) -> FileEntry | None:
        """The prediction file of an image, if there is one."""
        return self.entries.get(prediction_key(self.schema.task_name, image_key))


def find_task_names(sources: Sequence[Datasource]) -> tuple[Datasource, tuple[str, ...]]:
    """The first datasource that has `tasks.json`, and the tasks it lists."""
    for source in sources:
        try:
            return source, parse_tasks(source.read(TASKS_KEY), TASKS_KEY)
        except NotFound:
            continue
    source = sources[-1]
    has_predictions = any(True for page in source.list_pages(PREDICTIONS_PREFIX) if page)
    raise RunFailed(
        f"`{source.uri}` has no `{TASKS_KEY}`" if has_predictions else f"`{source.uri}` has no predictions",
        hint=f"put the predictions of a task under `{PREDICTIONS_PREFIX}<task>/` and list the task in `{TASKS_KEY}`,"
        ' for example ["vehicles"].',
    )


def find_prediction_files(
    sources: Sequence[Datasource], task_name: str, *, field: str = "object_level.task_name", with_boxes: bool = True
) -> PredictionFiles:
    """Locate a task, which `field` names, and read its schema; it must have boxes, unless told otherwise.

    Raises RunFailed, InvalidConfig or InvalidPredictions saying what is wrong.
    """
    source, names = find_task_names(sources)
    require_task(names, task_name, field=field)
    schema = load_schema(source, task_name)
    if with_boxes and schema.task_type not in TYPES_WITH_BOXES:
        allowed = ", ".join(f"`{kind}`" for kind in sorted(TYPES_WITH_BOXES))
        raise RunFailed(
            f"Task `{task_name}` is of type `{schema.task_type}`, which has no boxes to cut objects from",
            hint=f"object-level runs need one of {allowed}.",
        )
    return PredictionFiles(source=source, schema=schema, entries=list_prediction_files(source, task_name))


def load_schema(source: Datasource, task_name: str) -> TaskSchema:
    """Read and check `schema.json` of a task."""
    key = schema_key(task_name)
    try:
        data = source.read(key)
    except NotFound as exc:
        raise RunFailed(
            f"Task `{task_name}` has no `{key}`",
            hint='the schema names the task type and the categories: {"task_type": "object-detection", "categories":'
            ' [{"id": 0, "name": "car"}]}.',
        ) from exc
    return parse_schema(data, key, task_name)


def list_prediction_files(source: Datasource, task_name: str) -> dict[str, FileEntry]:
    """Every prediction file of a task by key."""
    return {entry.key: entry for page in prediction_file_pages(source, task_name) for entry in page}


def prediction_file_pages(source: Datasource, task_name: str) -> Iterator[list[FileEntry]]:
    """The prediction files of a task as they are listed (the schema is not one)."""
    schema = schema_key(task_name)
    for page in source.list_pages(task_prefix(task_name)):
        yield [entry for entry in page if entry.key.endswith(".json") and entry.key != schema]


def read_predictions(
    works: Sequence[ImageWork],
    files: PredictionFiles,
    *,
    box_format: BoxFormat,
    used: Mapping[str, UsedFile],
    index: ImageIndex,
    threads: int,
    on_done: Callable[[int], None],
    with_shares: bool = False,
) -> None:
    """Read the prediction file of every image: sets `predictions`, `details` and `prediction_digest`, or ends the work.

    Of probabilities, masks and keypoints only `details` are kept, with the probabilities themselves `with_shares`.
    An image is ALREADY_USED when `used` has both its digests; without a known image digest that is decided later.
    Where the index remembers the digest of an unchanged file, that is decided without reading it. Raises what is
    wrong with the datasource as a whole.
    """
    end_remembered(works, files, used=used, index=index)
    waiting = [work for work in works if work.outcome is None]
    on_done(len(works) - len(waiting))
    reading = _Reading(files, works=works, box_format=box_format, used=used, with_shares=with_shares)
    try:
        work_through(
            ReadAhead(
                waiting,
                reading.read,
                size_of=reading.bytes_of,
                requests=files.source.concurrency,
            ),
            reading.take_in,
            threads=threads,
            name="swath-predictions",
            stopped=threading.Event(),
            on_done=on_done,
        )
        reading.watch.settle()
    finally:
        index.put_digests(files.source.uri, reading.digests)


def end_remembered(
    works: Sequence[ImageWork], files: PredictionFiles, *, used: Mapping[str, UsedFile], index: ImageIndex
) -> None:
    """End the images that were used before and whose prediction files are known to be the ones of then."""
    candidates: dict[str, ImageWork] = {}
    for work in works:
        earlier = used.get(work.key)
        if work.known is not None and earlier is not None and earlier.image_digest == work.known.digest:
            candidates[work.key] = work
    entries = {entry.key: entry for key in candidates if (entry := files.of_image(key)) is not None}
    digests = index.get_digests(files.source.uri, list(entries.values()))
    for work in candidates.values():
        entry = files.of_image(work.key)
        digest = None if entry is None else digests.get(entry.key)
        if digest is not None and used[work.key].prediction_digest == digest:
            work.prediction_digest = digest
            work.end(FileOutcome.ALREADY_USED)


class _Reading:
    """Reads the prediction files of one task; safe to use from threads."""

    def __init__(
        self,
        files: PredictionFiles,
        *,
        works: Sequence[ImageWork],
        box_format: BoxFormat,
        used: Mapping[str, UsedFile],
        with_shares: bool,
    ) -> None:
        self._files = files
        self._with_shares = with_shares
        self._used = used
        self._reader = PredictionReader(files.schema, box_format=box_format)
        self._sharing = images_by_prediction_key(files.schema.task_name, [work.key for work in works])
        self.watch = SourceWatch(files.source)
        self.digests: list[tuple[FileEntry, bytes]] = []  # of the files that were read; appending is atomic

    def bytes_of(self, work: ImageWork) -> int:
        entry = self._files.of_image(work.key)
        return 0 if entry is None or entry.size > MAX_PREDICTION_BYTES else entry.size

    def read(self, work: ImageWork) -> tuple[FileEntry, bytes] | None:
        """The file of an image with its entry, None if there is none."""
        entry = self._files.of_image(work.key)
        return None if entry is None else read_listed(self._files.source, entry, max_bytes=MAX_PREDICTION_BYTES)

    def take_in(self, work: ImageWork, content: Callable[[], tuple[FileEntry, bytes] | None]) -> None:
        key = prediction_key(self._files.schema.task_name, work.key)
        data = b""
        try:
            found = content()
        except FILE_FAILURES as exc:
            self.watch.failed(key, exc)
            is_gone = isinstance(exc, NotFound)
            work.end(FileOutcome.PREDICTIONS_MISSING if is_gone else FileOutcome.PREDICTIONS_INVALID, exc.message)
        else:
            if found is None:
                work.end(FileOutcome.PREDICTIONS_MISSING, f"there is no `{key}`")
            else:
                data = self._remember(work, *found)
        if work.known is not None and is_used_already(
            self._used.get(work.key), work.known.digest, work.prediction_digest
        ):
            work.end(FileOutcome.ALREADY_USED)
        elif work.outcome is None:
            self._parse(work, key, data)

    def _remember(self, work: ImageWork, entry: FileEntry, data: bytes) -> bytes:
        self.watch.succeeded()
        work.prediction_digest = hashlib.sha256(data).digest()
        self.digests.append((entry, work.prediction_digest))
        if entry is not self._files.entries[entry.key]:
            work.changed += (entry.key,)
        return data

    def _parse(self, work: ImageWork, key: str, data: bytes) -> None:
        try:
            found = self._reader.parse(data, file=key, image_key=work.key)
            work.details = details_of(found, self._files.schema, with_shares=self._with_shares)
            work.predictions = replace(found, probabilities=(), segmentations=(), keypoints=())
        except InvalidPredictionFile as exc:
            if exc.outcome is FileOutcome.PREDICTIONS_OTHER_IMAGE and len(self._sharing.get(key, ())) > 1:
                # `a.png` and `a.jpg` share one file; it can only be for one of them.
                work.end(FileOutcome.PREDICTIONS_MISSING, f"`{key}` is for another image of the same name")
            else:
                work.end(exc.outcome, str(exc))
        except InvalidPredictions as exc:
            work.end(FileOutcome.PREDICTIONS_INVALID, str(exc))


def is_used_already(used: UsedFile | None, image_digest: bytes, prediction_digest: bytes) -> bool:
    """Whether an earlier run has dealt with exactly these bytes."""
    return used is not None and used.image_digest == image_digest and used.prediction_digest == prediction_digest


def boxes_as_written(works: Sequence[ImageWork]) -> NDArray[np.float64]:
    """The boxes (N, 4) of all works that have predictions, in their order."""
    parts = [work.predictions.boxes for work in works if work.predictions is not None]
    return np.concatenate(parts) if parts else np.zeros((0, 4))


def build_object_table(works: Sequence[ImageWork], *, box_format: BoxFormat) -> ObjectTable:
    """One table of all predictions, images in the order given; sets `first` and `last` of every work."""
    counts: list[int] = []
    row = 0
    for work in works:
        count = 0 if work.predictions is None else len(work.predictions)
        work.first, work.last = row, row + count
        counts.append(count)
        row += count
    parsed = [work.predictions for work in works if work.predictions is not None]
    return ObjectTable(
        image_row=np.repeat(np.array([work.row for work in works], dtype=np.int32), counts),
        position=np.concatenate([np.zeros(0, np.int32), *(np.arange(len(found), dtype=np.int32) for found in parsed)]),
        category_id=np.concatenate([np.zeros(0, np.int32), *(found.category_ids for found in parsed)]),
        score=np.concatenate([np.zeros(0), *(found.scores for found in parsed)]),
        corners=to_corners(boxes_as_written(works), box_format),
        crop_rects=np.zeros((row, 4), dtype=np.int32),
        outcome=np.full(row, BoxOutcome.PENDING, dtype=np.uint8),
        key=np.zeros((row, KEY_BYTES), dtype=np.uint8),
    )
