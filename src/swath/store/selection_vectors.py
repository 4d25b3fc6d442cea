"""Vectors that stand for samples in a selection instead of their own: of the objects in images, of the images of
crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.candidates import VectorPage
from swath.core.errors import InvalidConfig, NotFound
from swath.store import schema
from swath.store.datasets import Dataset, DatasetKind, select_datasets
from swath.store.embeddings import read_rows
from swath.store.hints import near_names
from swath.store.home import Home
from swath.store.sample_rows import iter_sample_rows, parent_indices
from swath.wire.selection_run import SettledObjects

IMAGES_AT_A_TIME = 1_000
"""Images whose crops are looked up together."""

_samples = schema.samples
_crops = schema.crops
_datasets = schema.datasets

Objects = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Of each crops dataset: the place (r,) of an image among those asked for, and the index (r,) of a crop of it."""


def object_datasets(connection: Connection, dataset: Dataset, task: str | None, *, field: str) -> list[Dataset]:
    """The crops datasets whose crops stand for the objects of a task (None: the only one) in images: the default one
    first, then the oldest. Vectors of different embedders cannot be compared: those of the first one's go.

    Raises NotFound for a task without crops, InvalidConfig where it is not clear which is meant.
    """
    has_vectors = sa.and_(_datasets.c.parent_id == dataset.id, _datasets.c.embedder_id.is_not(None))
    found = select_datasets(connection, has_vectors)
    tasks = sorted({one.task or "" for one in found})
    if task is None and len(tasks) > 1:
        raise InvalidConfig(
            f"`{field}`: whose objects are meant must be said: images of `{dataset.name}` have crops of "
            f"{len(tasks)} tasks",
            field=field,
            hint=near_names("", tasks, "task"),
        )
    of_task = [one for one in found if task in (None, one.task)]
    if not of_task:
        what = "" if task is None else f" of task `{task}`"
        raise NotFound(
            f"`{field}`: images of dataset `{dataset.name}` have no crops{what} whose vectors could be compared",
            hint=near_names(task or "", tasks, "task with crops"),
        )
    of_task.sort(key=lambda one: (not one.is_default, one.created_at, one.id))
    return [one for one in of_task if one.embedder_id == of_task[0].embedder_id]


def has_objects(
    connection: Connection, dataset_id: str, objects: Sequence[SettledObjects], indices: NDArray[np.int64]
) -> bool:
    """Whether any of some images (n,), ascending, has a crop."""
    return any(len(places) for _, _, found in _blocks(connection, dataset_id, objects, indices) for places, _ in found)


def object_page(
    connection: Connection,
    home: Home,
    dataset_id: str,
    objects: Sequence[SettledObjects],
    indices: NDArray[np.int64],
    *,
    most_rows: int | None,
    is_checked: bool,
) -> VectorPage:
    """The vectors of the crops of some images (n,), ascending: of the first of them, until there are `most_rows`.

    An object that is in several crops datasets counts once; what a stale crop shows is gone.
    """
    blocks: list[Objects] = []
    count = rows = 0
    for first, block, found in _blocks(connection, dataset_id, objects, indices):
        blocks.append([(places + first, crops) for places, crops in found])
        count = first + block
        rows += sum(len(crops) for _, crops in found)
        if most_rows is not None and rows >= most_rows:
            break
    units, vectors = [], []
    for number, of in enumerate(objects):
        units += [block[number][0] for block in blocks]
        crops = np.concatenate([block[number][1] for block in blocks] or [np.empty(0, dtype=np.int64)])
        order = np.argsort(crops, kind="stable")
        ascending = read_rows(connection, home, of.dataset_id, crops[order], is_checked=is_checked)
        of_crops = np.empty_like(ascending)
        of_crops[order] = ascending
        vectors.append(of_crops)
    unit_of_row = np.concatenate(units or [np.empty(0, dtype=np.int64)])
    by_unit = np.argsort(unit_of_row, kind="stable")
    return VectorPage(vectors=np.concatenate(vectors)[by_unit], unit_of_row=unit_of_row[by_unit], unit_count=count)


def image_page(
    connection: Connection, home: Home, dataset: Dataset, indices: NDArray[np.int64], *, is_checked: bool
) -> VectorPage:
    """The vectors of the images of some crops (n,), ascending: one row for each crop."""
    images, place = np.unique(parent_indices(connection, dataset.id, indices), return_inverse=True)
    vectors = read_rows(connection, home, dataset.parent_id or "", images, is_checked=is_checked)
    return VectorPage(vectors=vectors[place.reshape(-1)], unit_of_row=np.arange(len(indices)), unit_count=len(indices))


def _blocks(
    connection: Connection, dataset_id: str, objects: Sequence[SettledObjects], indices: NDArray[np.int64]
) -> Iterator[tuple[int, int, Objects]]:
    """The objects of images, some images at a time: place of the first image, how many, and what they have."""
    for first in range(0, len(indices), IMAGES_AT_A_TIME):
        block = indices[first : first + IMAGES_AT_A_TIME]
        yield first, len(block), _objects_of(connection, dataset_id, objects, block)


def _objects_of(
    connection: Connection, dataset_id: str, objects: Sequence[SettledObjects], indices: NDArray[np.int64]
) -> Objects:
    place_of: dict[str, int] = {}
    query = sa.select(_samples.c.sample_index, _samples.c.id).where(_samples.c.dataset_id == dataset_id)
    for places, rows in iter_sample_rows(connection, query, _samples.c.sample_index, indices):
        place_of.update((sample_id, place) for place, (_, sample_id) in zip(places.tolist(), rows, strict=True))
    seen: set[tuple[int, bytes]] = set()
    found: Objects = []
    for of in objects:
        columns = (_crops.c.parent_sample_id, _crops.c.sample_index, _crops.c.object_key, _crops.c.stale)
        crops_of = (
            sa.select(*columns)
            .where(_crops.c.dataset_id == of.dataset_id, _crops.c.parent_sample_id.in_(list(place_of)))
            .order_by(_crops.c.sample_index)
        )
        pairs: list[tuple[int, int]] = []
        for parent, index, key, stale in connection.execute(crops_of):
            place = place_of[parent]
            if stale or index >= of.samples or (place, key) in seen:
                continue
            seen.add((place, key))
            pairs.append((place, index))
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        found.append((table[:, 0], table[:, 1]))
    return found


def image_dataset_of(connection: Connection, dataset: Dataset) -> Dataset:
    """The image dataset of a crops dataset."""
    assert dataset.kind is DatasetKind.CROPS, f"dataset {dataset.id} has no image dataset"
    (found,) = select_datasets(connection, _datasets.c.id == dataset.parent_id)
    return found
