"""Loading the predictions of a task: schema first, then one file per image, each with an outcome of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import UsedFile
from swath.core.boxes import BoxFormat, to_corners
from swath.core.errors import InvalidPredictions, NotFound, RunFailed, SourceUnavailable
from swath.core.objects import KEY_BYTES, BoxOutcome, ObjectTable
from swath.core.outcomes import FileOutcome
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
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
from swath.pipeline.ports import Datasource

MAX_PREDICTION_BYTES = 256 * 1024 * 1024
"""A prediction file larger than this is refused unread: parsing it would take many times its size in memory."""

FILES_PER_CHUNK = 64
"""Files handed to a thread at once: enough to make the hand-over cheap, few enough for a smooth progress bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFiles:
    """Where the predictions of a task lie: the datasource, the schema and the keys of all its files with sizes."""

    source: Datasource
    schema: TaskSchema
    sizes: Mapping[str, int]


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


def find_prediction_files(sources: Sequence[Datasource], task_name: str) -> PredictionFiles:
    """Locate a task and read its schema. Raises RunFailed, InvalidConfig or InvalidPredictions saying what is wrong."""
    source, names = find_task_names(sources)
    require_task(names, task_name)
    schema = load_schema(source, task_name)
    if schema.task_type not in TYPES_WITH_BOXES:
        allowed = ", ".join(f"`{kind}`" for kind in sorted(TYPES_WITH_BOXES))
        raise RunFailed(
            f"Task `{task_name}` is of type `{schema.task_type}`, which has no boxes to cut objects from",
            hint=f"object-level runs need one of {allowed}.",
        )
    return PredictionFiles(source=source, schema=schema, sizes=list_prediction_files(source, task_name))


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


def list_prediction_files(source: Datasource, task_name: str) -> dict[str, int]:
    """Key -> bytes of every prediction file of a task (the schema is not one)."""
    schema = schema_key(task_name)
    return {
        entry.key: entry.size
        for page in source.list_pages(task_prefix(task_name))
        for entry in page
        if entry.key.endswith(".json") and entry.key != schema
    }


def read_predictions(
    works: Sequence[ImageWork],
    files: PredictionFiles,
    *,
    box_format: BoxFormat,
    used: Mapping[str, UsedFile],
    threads: int,
    on_done: Callable[[int], None],
) -> None:
    """Read the prediction file of every image: sets `predictions` and `prediction_digest`, or ends the work.

    An image is ALREADY_USED when `used` has both its digests; without a known image digest that is decided later.
    """
    reader = PredictionReader(files.schema, box_format=box_format)
    sharing = images_by_prediction_key(files.schema.task_name, [work.key for work in works])

    def read_chunk(chunk: Sequence[ImageWork]) -> int:
        for work in chunk:
            _read_one(work, files, reader, used.get(work.key), sharing)
        return len(chunk)

    chunks = [works[start : start + FILES_PER_CHUNK] for start in range(0, len(works), FILES_PER_CHUNK)]
    with ThreadPoolExecutor(threads, thread_name_prefix="swath-predictions") as pool:
        for count in pool.map(read_chunk, chunks):
            on_done(count)


def _read_one(
    work: ImageWork,
    files: PredictionFiles,
    reader: PredictionReader,
    used: UsedFile | None,
    sharing: Mapping[str, Sequence[str]],
) -> None:
    key = prediction_key(files.schema.task_name, work.key)
    size = files.sizes.get(key)
    data = b""
    if size is None:
        work.end(FileOutcome.PREDICTIONS_MISSING, f"there is no `{key}`")
    elif size > MAX_PREDICTION_BYTES:
        work.end(FileOutcome.PREDICTIONS_INVALID, f"`{key}` has {size:,} bytes, more than {MAX_PREDICTION_BYTES:,}")
    else:
        try:
            data = files.source.read(key)
        except (NotFound, SourceUnavailable) as exc:
            work.end(FileOutcome.PREDICTIONS_INVALID, exc.message)
        else:
            work.prediction_digest = hashlib.sha256(data).digest()
    if work.known is not None and is_used_already(used, work.known.digest, work.prediction_digest):
        work.end(FileOutcome.ALREADY_USED)
        return
    if work.outcome is not None:
        return
    try:
        work.predictions = reader.parse(data, file=key, image_key=work.key)
    except InvalidPredictionFile as exc:
        if exc.outcome is FileOutcome.PREDICTIONS_OTHER_IMAGE and len(sharing.get(key, ())) > 1:
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
