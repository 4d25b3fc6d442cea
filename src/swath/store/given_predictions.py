"""Predictions that scripts give for one image, instead of a run that read them from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.boxes import judge_boxes
from swath.core.objects import ObjectTable, object_keys
from swath.core.predictions import TaskSchema
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.datasets import Dataset, mark_changed
from swath.store.predictions import record_task, replace_predictions

UNKNOWN_SIDE = 2**31 - 1
"""Of an image whose size nobody said: no box lies outside of it."""

_samples = schema.samples


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPrediction:
    """One prediction. `corners` are x0, y0, x1, y1 in px; zeros for what has no box. `details` is JSON."""

    category_id: int
    score: float
    corners: tuple[float, float, float, float]
    details: str


def give_task(connection: Connection, dataset: Dataset, task: TaskSchema) -> None:
    """Keep the schema of a task of an image dataset; it replaces one of that name."""
    record_task(connection, dataset.id, task, now=now_ms())
    mark_changed(connection, dataset.id)


def give_predictions(
    connection: Connection, dataset: Dataset, sample_index: int, *, task: str, predictions: Sequence[GivenPrediction]
) -> None:
    """Let an image have these predictions of a task, in this order, instead of those it has.

    A crop stays linked to a prediction with the category and the box that it was cut by.
    """
    query = sa.select(_samples.c.digest, _samples.c.width, _samples.c.height).where(
        _samples.c.dataset_id == dataset.id, _samples.c.sample_index == sample_index
    )
    image = connection.execute(query).one()
    count = len(predictions)
    corners = np.array([one.corners for one in predictions], dtype=np.float64).reshape(count, 4)
    category_ids = np.array([one.category_id for one in predictions], dtype=np.int32)
    table = ObjectTable(
        image_row=np.zeros(count, np.int32),
        position=np.arange(count, dtype=np.int32),
        category_id=category_ids,
        score=np.array([one.score for one in predictions], dtype=np.float64),
        corners=corners,
        crop_rects=np.zeros((count, 4), np.int32),
        outcome=judge_boxes(corners, width=image.width or UNKNOWN_SIDE, height=image.height or UNKNOWN_SIDE),
        key=object_keys(image_digest=image.digest, task_name=task, category_ids=category_ids, corners=corners),
    )
    replace_predictions(
        connection,
        dataset.id,
        table,
        task=task,
        sample_indices=[sample_index],
        known=[sample_index],
        details=[one.details for one in predictions],
    )
    mark_changed(connection, dataset.id)
