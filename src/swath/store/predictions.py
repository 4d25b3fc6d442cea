"""Predictions of the images that are samples, and the schemas of their tasks."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.objects import BoxOutcome, ObjectTable
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.store import schema
from swath.store.database import Store, batches, insert_columns, upsert_columns
from swath.store.samples import box_columns, key_list, score_list

PAGE_SIZE = 1000
"""Images whose predictions are read per transaction."""

_OUTCOMES = {outcome.value: outcome for outcome in BoxOutcome}

_table = schema.predictions
_tasks = schema.prediction_tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One prediction of an image that is a sample.

    `crop_dataset_id` and `crop_sample_id` name the crop made of it, if there is one: the one in the default crops
    dataset of the task, else the one in the oldest other.
    """

    sample_index: int
    task: str
    position: int
    category_id: int
    score: float | None
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 in px of the upright image, not clipped
    outcome: BoxOutcome
    object_key: bytes
    crop_dataset_id: str | None
    crop_sample_id: str | None


def record_task(connection: Connection, dataset_id: str, task: TaskSchema, *, now: int) -> None:
    """Keep a task's schema with the image dataset; the newest wins."""
    columns = {
        "dataset_id": dataset_id,
        "task": task.task_name,
        "task_type": task.task_type.value,
        "categories": json.dumps([asdict(category) for category in task.categories]),
        "modified_at": now,
    }
    upsert_columns(connection, _tasks, columns, 1)


def task_schemas(connection: Connection, dataset_id: str) -> list[TaskSchema]:
    """The schemas of the tasks of an image dataset, by task name."""
    rows = connection.execute(sa.select(_tasks).where(_tasks.c.dataset_id == dataset_id)).all()
    return sorted((_task_schema(row) for row in rows), key=lambda task: task.task_name)


def _task_schema(row: sa.Row[tuple[object, ...]]) -> TaskSchema:
    values = row._mapping
    categories = tuple(
        Category(
            id=category["id"],
            name=category["name"],
            keypoint_names=tuple(category["keypoint_names"]),
            keypoint_skeleton=tuple((start, end) for start, end in category["keypoint_skeleton"]),
        )
        for category in json.loads(values["categories"])
    )
    return TaskSchema(task_name=values["task"], task_type=TaskType(values["task_type"]), categories=categories)


def replace_predictions(
    connection: Connection,
    dataset_id: str,
    predictions: ObjectTable,
    *,
    task: str,
    sample_indices: Sequence[int],
    known: Sequence[int],
    details: Sequence[str | None] | None = None,
) -> None:
    """Store the predictions of images; `sample_indices` are of the images that `image_row` points into.

    What the images with the indices `known` had for this task goes first. `details` are JSON, one per prediction:
    what scripts gave besides a box.
    """
    delete_predictions(connection, dataset_id, known, task=task)
    of_image = np.asarray(sample_indices, dtype=np.int64)
    columns = {
        "dataset_id": dataset_id,
        "sample_index": of_image[predictions.image_row].tolist(),
        "task": task,
        "position": predictions.position.tolist(),
        "category_id": predictions.category_id.tolist(),
        "score": score_list(predictions.score),
        **box_columns(predictions.corners),
        "outcome": predictions.outcome.tolist(),
        "object_key": key_list(predictions.key),
        "details": details,
    }
    insert_columns(connection, _table, columns, len(predictions))


def delete_predictions(
    connection: Connection, dataset_id: str, sample_indices: Sequence[int], *, task: str | None = None
) -> None:
    """Remove the predictions of images, of one task or all."""
    for batch in batches(sample_indices):
        statement = sa.delete(_table).where(_table.c.dataset_id == dataset_id, _table.c.sample_index.in_(batch))
        connection.execute(statement if task is None else statement.where(_table.c.task == task))


def count_before_task(
    connection: Connection, dataset_id: str, sample_ids: Collection[str], *, task: str
) -> dict[str, int]:
    """How many predictions of tasks whose names come before `task` images have, by sample id; absent for none."""
    samples = schema.samples
    tasks = connection.execute(sa.select(_tasks.c.task).where(_tasks.c.dataset_id == dataset_id)).scalars()
    earlier = [name for name in tasks if name < task]  # by code point, which databases may see otherwise
    found: dict[str, int] = {}
    if not earlier:
        return found  # as nearly always: images have one task
    for batch in batches(list(set(sample_ids))):
        query = (
            sa.select(samples.c.id, sa.func.count())
            .join_from(
                samples,
                _table,
                sa.and_(_table.c.dataset_id == samples.c.dataset_id, _table.c.sample_index == samples.c.sample_index),
            )
            .where(samples.c.id.in_(batch), _table.c.task.in_(earlier))
            .group_by(samples.c.id)
        )
        found.update((sample_id, count) for sample_id, count in connection.execute(query))
    return found


def iter_predictions(store: Store, dataset_id: str, *, task: str) -> Iterator[Prediction]:
    """The predictions of one task of an image dataset, by sample index and position, read in pages."""
    with store.reading() as connection:
        newest = sa.select(sa.func.max(_table.c.sample_index)).where(_table.c.dataset_id == dataset_id)
        last = connection.execute(newest).scalar()
    if last is None:
        return
    for first in range(0, last + 1, PAGE_SIZE):
        yield from _page(store, dataset_id, task, first, first + PAGE_SIZE)


def _page(store: Store, dataset_id: str, task: str, first: int, end: int) -> list[Prediction]:
    samples, crops, datasets = schema.samples, schema.crops, schema.datasets
    crop_samples = samples.alias("crop_samples")
    links = (
        sa.select(
            samples.c.sample_index, crops.c.object_key, crop_samples.c.dataset_id, crop_samples.c.id.label("sample_id")
        )
        .join_from(samples, crops, crops.c.parent_sample_id == samples.c.id)
        .join(
            crop_samples,
            sa.and_(
                crop_samples.c.dataset_id == crops.c.dataset_id, crop_samples.c.sample_index == crops.c.sample_index
            ),
        )
        .join(datasets, datasets.c.id == crops.c.dataset_id)
        .where(samples.c.dataset_id == dataset_id, samples.c.sample_index >= first, samples.c.sample_index < end)
        # Later rows replace earlier ones below: the default dataset comes last, before it the oldest.
        .order_by(datasets.c.is_default, datasets.c.created_at.desc(), datasets.c.id.desc())
    )
    query = (
        sa.select(
            _table.c.sample_index,
            _table.c.object_key,
            _table.c.position,
            _table.c.category_id,
            _table.c.score,
            _table.c.x0,
            _table.c.y0,
            _table.c.x1,
            _table.c.y1,
            _table.c.outcome,
        )
        .where(
            _table.c.dataset_id == dataset_id,
            _table.c.task == task,
            _table.c.sample_index >= first,
            _table.c.sample_index < end,
        )
        .order_by(_table.c.sample_index, _table.c.position)
    )
    with store.reading() as connection:
        crop_of = {(index, key): (crop_dataset, crop) for index, key, crop_dataset, crop in connection.execute(links)}
        found: list[Prediction] = []
        for index, key, position, category_id, score, x0, y0, x1, y1, outcome in connection.execute(query):
            crop_dataset_id, crop_sample_id = crop_of.get((index, key), (None, None))
            found.append(
                Prediction(
                    sample_index=index,
                    task=task,
                    position=position,
                    category_id=category_id,
                    score=score,
                    box=(x0, y0, x1, y1),
                    outcome=_OUTCOMES[outcome],
                    object_key=key,
                    crop_dataset_id=crop_dataset_id,
                    crop_sample_id=crop_sample_id,
                )
            )
        return found
