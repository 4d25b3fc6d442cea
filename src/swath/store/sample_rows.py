"""Rows of the database that belong to some samples of a dataset, by the place of the sample among those asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.store import schema
from swath.store.database import LOOKUP_BATCH

ROWS_AT_A_TIME = 2_000

WIDEST_GAP = 4
"""Samples are read as a range while it holds at most so many times as many as are meant."""


def iter_sample_rows(
    connection: Connection, query: sa.Select[Any], column: sa.ColumnElement[int], indices: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Sequence[Sequence[Any]]]]:
    """The rows of a query that belong to samples with `indices` (n,), ascending, piece by piece, with the place of
    each row's sample among them (m,). The query's first column is `column`, the index of the sample; its order holds
    within ranges of samples.
    """
    for condition in _conditions(column, indices):
        with connection.execute(query.where(condition)) as result:
            for rows in result.partitions(ROWS_AT_A_TIME):
                found = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
                places = np.searchsorted(indices, found)
                is_meant = indices[np.minimum(places, len(indices) - 1)] == found
                if is_meant.all():
                    yield places, rows
                elif is_meant.any():
                    yield places[is_meant], [row for row, meant in zip(rows, is_meant, strict=True) if meant]


def _conditions(column: sa.ColumnElement[int], indices: NDArray[np.int64]) -> Iterator[sa.ColumnElement[bool]]:
    if not len(indices):
        return
    first, last = int(indices[0]), int(indices[-1])
    if last - first < WIDEST_GAP * len(indices):
        yield column.between(first, last)
        return
    for start in range(0, len(indices), LOOKUP_BATCH):
        yield column.in_(indices[start : start + LOOKUP_BATCH].tolist())


def parent_indices(connection: Connection, dataset_id: str, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index (n,) of the image, in the image dataset, of each of some crops (n,), ascending."""
    crops, images = schema.crops, schema.samples
    query = (
        sa.select(crops.c.sample_index, images.c.sample_index.label("image"))
        .join_from(crops, images, crops.c.parent_sample_id == images.c.id)
        .where(crops.c.dataset_id == dataset_id)
    )
    found = np.full(len(indices), -1, dtype=np.int64)
    for places, rows in iter_sample_rows(connection, query, crops.c.sample_index, indices):
        found[places] = [row[1] for row in rows]
    return found
