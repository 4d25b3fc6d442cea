"""What the samples of a run's datasets are known by, for strategies that count what was selected before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.browsing.metadata import flattened
from swath.core.earlier import AttachedValues, EarlierValues
from swath.core.scoring.columns import no_scores
from swath.store import schema
from swath.store.metadata_columns import read_document
from swath.store.sample_scores import read_scores

ROWS_AT_A_TIME = 2_000

_samples = schema.samples
_crops = schema.crops
_metadata = schema.sample_metadata


def read_earlier_values(connection: Connection, images_id: str, crops_id: str | None) -> EarlierValues:
    """The images of an image dataset, and the crops of one of its crops datasets that are not stale."""
    query = (
        sa.select(_samples.c.id, _samples.c.file_name, _samples.c.width, _samples.c.height, _samples.c.byte_size)
        .where(_samples.c.dataset_id == images_id)
        .order_by(_samples.c.sample_index)
    )
    images = connection.execute(query).all()
    crops = [] if crops_id is None else _live_crops(connection, crops_id)
    row_of = {sample_id: row for row, (sample_id, *_) in enumerate(images)}
    indices = np.array([crop[0] for crop in crops], dtype=np.int64)
    scores = (
        no_scores(0)
        if crops_id is None
        else read_scores(connection, crops_id, int(indices.max(initial=-1)) + 1).take(indices)
    )
    return EarlierValues(
        file_names=tuple(row[1] for row in images),
        image_sizes=np.array([row[2:] for row in images], dtype=np.int64).reshape(-1, 3),
        image_scores=read_scores(connection, images_id, len(images)),
        image_of_crop=np.array([row_of[crop[1]] for crop in crops], dtype=np.int32),
        category_ids=np.array([crop[2] for crop in crops], dtype=np.int32),
        crop_sizes=np.array([crop[3:] for crop in crops], dtype=np.int32).reshape(-1, 2),
        crop_scores=scores,
    )


def _live_crops(connection: Connection, crops_id: str) -> list[tuple[Any, ...]]:
    query = (
        sa.select(
            _crops.c.sample_index,
            _crops.c.parent_sample_id,
            _crops.c.category_id,
            _crops.c.rect_x1 - _crops.c.rect_x0,
            _crops.c.rect_y1 - _crops.c.rect_y0,
        )
        .where(_crops.c.dataset_id == crops_id, _crops.c.stale.is_(False))
        .order_by(_crops.c.sample_index)
    )
    return [tuple(row) for row in connection.execute(query)]


def read_attached(connection: Connection, dataset_id: str, keys: Collection[str]) -> AttachedValues:
    """What people attached to the images of a dataset under some keys, and all keys there are."""
    wanted = set(keys)
    there: set[str] = set()
    of_image = {}
    query = (
        sa.select(_samples.c.file_name, _metadata.c.custom)
        .join_from(
            _metadata,
            _samples,
            sa.and_(
                _samples.c.dataset_id == _metadata.c.dataset_id, _samples.c.sample_index == _metadata.c.sample_index
            ),
        )
        .where(_metadata.c.dataset_id == dataset_id, _metadata.c.custom.is_not(None))
        .order_by(_samples.c.sample_index)
    )
    with connection.execute(query) as result:
        for rows in result.partitions(ROWS_AT_A_TIME):
            for name, text in rows:
                found = flattened(read_document(text))
                there |= found.keys()
                chosen = {key: found[key] for key in found.keys() & wanted}
                if chosen:
                    of_image[name] = chosen
    return AttachedValues(keys=tuple(sorted(there)), of_image=of_image)
