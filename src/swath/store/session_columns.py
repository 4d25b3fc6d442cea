"""What a run reads of its datasets, in rows of sample indices: for workers that read it over the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.objects import KEY_BYTES
from swath.store import schema
from swath.store.embeddings import read_vectors
from swath.store.home import Home

_samples = schema.samples
_crops = schema.crops


@dataclass(frozen=True, slots=True, kw_only=True)
class CropRows:
    """Crops of consecutive sample indices, and how many the dataset has in all."""

    total: int
    object_keys: NDArray[np.uint8]  # (n, 16)
    stale: NDArray[np.bool_]  # (n,) the bytes of its image have changed since
    vectors: NDArray[np.float16]  # (n, D)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRows:
    """Images of consecutive sample indices, and how many the dataset has in all."""

    total: int
    file_names: tuple[str, ...]
    vectors: NDArray[np.float16]  # (n, D)


def read_crop_rows(
    connection: Connection, home: Home, dataset_id: str, *, first: int, count: int, dimension: int
) -> CropRows:
    """Crops [first, first + count) by sample index, as far as there are any."""
    vectors = read_vectors(connection, home, dataset_id, dimension=dimension)
    query = (
        sa.select(_crops.c.object_key, _crops.c.stale)
        .where(_crops.c.dataset_id == dataset_id, *_in_range(_crops.c.sample_index, first, count))
        .order_by(_crops.c.sample_index)
    )
    rows = connection.execute(query).all()
    return CropRows(
        total=len(vectors),
        object_keys=_keys([key for key, _ in rows]),
        stale=np.fromiter((stale for _, stale in rows), dtype=np.bool_, count=len(rows)),
        vectors=vectors[first : first + count],
    )


def read_image_rows(
    connection: Connection, home: Home, dataset_id: str, *, first: int, count: int, dimension: int
) -> ImageRows:
    """Images [first, first + count) by sample index, as far as there are any."""
    vectors = read_vectors(connection, home, dataset_id, dimension=dimension)
    query = (
        sa.select(_samples.c.file_name)
        .where(_samples.c.dataset_id == dataset_id, *_in_range(_samples.c.sample_index, first, count))
        .order_by(_samples.c.sample_index)
    )
    names = tuple(connection.execute(query).scalars())
    return ImageRows(total=len(vectors), file_names=names, vectors=vectors[first : first + count])


def _in_range(column: sa.ColumnElement[int], first: int, count: int) -> tuple[sa.ColumnElement[bool], ...]:
    return column >= first, column < first + count


def _keys(keys: list[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), KEY_BYTES)
