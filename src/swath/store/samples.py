"""Samples of image and crops datasets: looking them up, adding them, reading them in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.additions import CropAdditions, ImageAdditions
from swath.core.objects import KEY_BYTES, ObjectTable
from swath.store import schema
from swath.store.database import Store, batches, insert_columns

PAGE_SIZE = 5000
"""Samples read per transaction: readers never hold the database for long."""

_samples = schema.samples
_crops = schema.crops


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSample:
    """What a commit has to know about an image that is there."""

    id: str
    index: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """What a crop sample is a crop of. Boxes are x0, y0, x1, y1 in px of the upright image."""

    parent_sample_id: str
    parent_file_name: str
    parent_digest: bytes  # of the image file as it is known now
    parent_width: int  # px, upright
    parent_height: int
    object_key: bytes  # 16 bytes
    task: str
    position: int  # in the prediction file
    category_id: int
    score: float | None
    box: tuple[float, float, float, float]
    crop_rect: tuple[int, int, int, int]
    padding: float
    stale: bool  # the bytes of its image have changed since


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample; `crop` is None for images. `digest` is empty for crops."""

    id: str
    index: int
    file_name: str
    digest: bytes
    width: int  # px, upright
    height: int
    byte_size: int
    thumbnail_key: str
    run_id: str
    created_at: int  # ms
    modified_at: int  # ms
    crop: Crop | None


def crop_of(sample: Sample) -> Crop:
    """What a sample of a crops dataset is a crop of."""
    if sample.crop is None:
        raise AssertionError(f"sample `{sample.file_name}` of a crops dataset is not a crop")
    return sample.crop


def find_samples(connection: Connection, dataset_id: str, file_names: Sequence[str]) -> dict[str, KnownSample]:
    """Those of the named files that are samples of a dataset, by name."""
    found: dict[str, KnownSample] = {}
    for batch in batches(file_names):
        query = sa.select(_samples.c.file_name, _samples.c.id, _samples.c.sample_index, _samples.c.digest).where(
            _samples.c.dataset_id == dataset_id, _samples.c.file_name.in_(batch)
        )
        for name, sample_id, index, digest in connection.execute(query):
            found[name] = KnownSample(id=sample_id, index=index, digest=digest)
    return found


def find_object_keys(connection: Connection, dataset_id: str, keys: Sequence[bytes]) -> set[bytes]:
    """Those of the object keys that a crops dataset holds."""
    found: set[bytes] = set()
    for batch in batches(keys):
        query = sa.select(_crops.c.object_key).where(_crops.c.dataset_id == dataset_id, _crops.c.object_key.in_(batch))
        found.update(connection.execute(query).scalars())
    return found


def object_keys_of(connection: Connection, dataset_id: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Object keys (M, 16) of a crops dataset by sample index, and which of them are stale (M,)."""
    query = (
        sa.select(_crops.c.object_key, _crops.c.stale)
        .where(_crops.c.dataset_id == dataset_id)
        .order_by(_crops.c.sample_index)
    )
    rows = connection.execute(query).all()
    keys = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.uint8).reshape(len(rows), KEY_BYTES)
    return keys, np.fromiter((row[1] for row in rows), dtype=np.bool_, count=len(rows))


def file_names_of(connection: Connection, dataset_id: str) -> tuple[str, ...]:
    """The file names of a dataset by sample index."""
    query = sa.select(_samples.c.file_name).where(_samples.c.dataset_id == dataset_id).order_by(_samples.c.sample_index)
    return tuple(connection.execute(query).scalars())


def insert_images(
    connection: Connection,
    dataset_id: str,
    images: ImageAdditions,
    rows: NDArray[np.int64],
    *,
    sample_ids: Sequence[str],
    first_index: int,
    run_id: str,
    now: int,
) -> None:
    """Add the given rows of `images` under `sample_ids` (of all rows), with indices from `first_index` on."""
    columns = {
        "dataset_id": dataset_id,
        "sample_index": range(first_index, first_index + len(rows)),
        "id": [sample_ids[row] for row in rows],
        "file_name": [images.file_names[row] for row in rows],
        "digest": [images.digests[row] for row in rows],
        "width": images.widths[rows].tolist(),
        "height": images.heights[rows].tolist(),
        "byte_size": images.byte_sizes[rows].tolist(),
        "thumbnail_key": [images.thumbnail_keys[row] for row in rows],
        "run_id": run_id,
        "created_at": now,
        "modified_at": now,
    }
    insert_columns(connection, _samples, columns, len(rows))


def update_images(
    connection: Connection,
    images: ImageAdditions,
    rows: NDArray[np.int64],
    *,
    sample_ids: Sequence[str],
    now: int,
) -> None:
    """Bring samples whose files have other bytes now up to date. They stay the samples of the run that added them."""
    if not len(rows):
        return
    statement = sa.update(_samples).where(_samples.c.id == sa.bindparam("which"))
    connection.execute(
        statement,
        [
            {
                "which": sample_ids[row],
                "digest": images.digests[row],
                "width": int(images.widths[row]),
                "height": int(images.heights[row]),
                "byte_size": int(images.byte_sizes[row]),
                "thumbnail_key": images.thumbnail_keys[row],
                "modified_at": now,
            }
            for row in rows
        ],
    )


def insert_crops(
    connection: Connection,
    dataset_id: str,
    crops: CropAdditions,
    rows: NDArray[np.int64],
    *,
    predictions: ObjectTable,
    task: str,
    sample_ids: Sequence[str],
    parent_ids: Sequence[str],
    first_index: int,
    run_id: str,
    now: int,
) -> None:
    """Add the given rows of `crops`; `sample_ids` are of these rows, `parent_ids` of all images of the additions."""
    count = len(rows)
    objects = predictions.take(crops.prediction_row[rows].astype(np.int64))
    rects = objects.crop_rects
    indices = range(first_index, first_index + count)
    shared = {"dataset_id": dataset_id, "sample_index": indices}
    samples = {
        **shared,
        "id": sample_ids,
        "file_name": [crops.file_names[row] for row in rows],
        "digest": b"",
        "width": (rects[:, 2] - rects[:, 0]).tolist(),
        "height": (rects[:, 3] - rects[:, 1]).tolist(),
        "byte_size": crops.byte_sizes[rows].tolist(),
        "thumbnail_key": [crops.thumbnail_keys[row] for row in rows],
        "run_id": run_id,
        "created_at": now,
        "modified_at": now,
    }
    insert_columns(connection, _samples, samples, count)
    links = {
        **shared,
        "parent_sample_id": [parent_ids[image] for image in crops.image_row[rows].tolist()],
        "object_key": key_list(objects.key),
        "crop_key": key_list(crops.crop_keys[rows]),
        "task": task,
        "position": objects.position.tolist(),
        "category_id": objects.category_id.tolist(),
        "score": score_list(objects.score),
        **box_columns(objects.corners),
        "rect_x0": rects[:, 0].tolist(),
        "rect_y0": rects[:, 1].tolist(),
        "rect_x1": rects[:, 2].tolist(),
        "rect_y1": rects[:, 3].tolist(),
        "padding": float(crops.padding),
        "stale": False,
    }
    insert_columns(connection, _crops, links, count)


def mark_stale(connection: Connection, parent_ids: Sequence[str]) -> None:
    """Mark the crops of the given images, in all crops datasets: the pixels they show are gone."""
    for batch in batches(parent_ids):
        connection.execute(sa.update(_crops).where(_crops.c.parent_sample_id.in_(batch)).values(stale=True))


def refresh_links(
    connection: Connection, predictions: ObjectTable, *, task: str, parents: Sequence[tuple[int, str]]
) -> None:
    """Bring the crops of images whose predictions were read again up to date.

    `parents` are (row of the image in `predictions.image_row`, sample id). A crop whose object is among the
    predictions gets their position and score (a corrected file may have changed both) and is not stale: the object
    key holds the digest of the image it is of.
    """
    if not parents:
        return
    sample_of_row = dict(parents)
    row_of_object: dict[tuple[str, bytes], int] = {}
    for row, (image, key) in enumerate(zip(predictions.image_row.tolist(), key_list(predictions.key), strict=True)):
        if image in sample_of_row:
            row_of_object[sample_of_row[image], key] = row
    scores = score_list(predictions.score)
    changes: list[dict[str, object]] = []
    for batch in batches([sample_id for _, sample_id in parents]):
        query = sa.select(
            _crops.c.dataset_id,
            _crops.c.sample_index,
            _crops.c.parent_sample_id,
            _crops.c.object_key,
            _crops.c.position,
            _crops.c.score,
            _crops.c.stale,
        ).where(_crops.c.parent_sample_id.in_(batch), _crops.c.task == task)
        for dataset_id, index, parent, key, position, score, stale in connection.execute(query):
            found = row_of_object.get((parent, key))
            if found is None:
                continue
            current = (int(predictions.position[found]), scores[found], False)
            if current != (position, score, stale):
                names = ("which_dataset", "which_index", "new_position", "new_score", "new_stale")
                changes.append(dict(zip(names, (dataset_id, index, *current), strict=True)))
    if changes:
        statement = (
            sa.update(_crops)
            .where(
                _crops.c.dataset_id == sa.bindparam("which_dataset"),
                _crops.c.sample_index == sa.bindparam("which_index"),
            )
            .values(
                position=sa.bindparam("new_position"), score=sa.bindparam("new_score"), stale=sa.bindparam("new_stale")
            )
        )
        connection.execute(statement, changes)


def iter_samples(store: Store, dataset_id: str, indices: NDArray[np.int64] | None = None) -> Iterator[Sample]:
    """The samples of a dataset (those of the given ascending indices) by index, read in pages."""
    if indices is None:
        next_index = 0
        while True:
            page = _page(store, dataset_id, _samples.c.sample_index >= next_index)
            yield from page
            if len(page) < PAGE_SIZE:
                return
            next_index = page[-1].index + 1
    else:
        for batch in batches(indices.tolist(), PAGE_SIZE):
            yield from _page(store, dataset_id, _samples.c.sample_index.in_(batch))


def _page(store: Store, dataset_id: str, which: sa.ColumnElement[bool]) -> list[Sample]:
    parents = _samples.alias("parents")
    query = (
        sa.select(*_SAMPLE_COLUMNS, *(parents.c[name] for name in _PARENT_COLUMNS), *_CROP_COLUMNS)
        .outerjoin(
            _crops,
            sa.and_(_crops.c.dataset_id == _samples.c.dataset_id, _crops.c.sample_index == _samples.c.sample_index),
        )
        .outerjoin(parents, parents.c.id == _crops.c.parent_sample_id)
        .where(_samples.c.dataset_id == dataset_id, which)
        .order_by(_samples.c.sample_index)
        .limit(PAGE_SIZE)
    )
    with store.reading() as connection:
        rows: Iterable[Any] = connection.execute(query)
        return [_sample(*row) for row in rows]


# In the order of the arguments of `_sample`: unpacking a row costs a tenth of asking it for names.
_SAMPLE_COLUMNS = (
    _samples.c.id,
    _samples.c.sample_index,
    _samples.c.file_name,
    _samples.c.digest,
    _samples.c.width,
    _samples.c.height,
    _samples.c.byte_size,
    _samples.c.thumbnail_key,
    _samples.c.run_id,
    _samples.c.created_at,
    _samples.c.modified_at,
)
_PARENT_COLUMNS = ("file_name", "digest", "width", "height")
_CROP_COLUMNS = (
    _crops.c.parent_sample_id,
    _crops.c.object_key,
    _crops.c.task,
    _crops.c.position,
    _crops.c.category_id,
    _crops.c.score,
    *(_crops.c[name] for name in ("x0", "y0", "x1", "y1")),
    *(_crops.c[name] for name in ("rect_x0", "rect_y0", "rect_x1", "rect_y1")),
    _crops.c.padding,
    _crops.c.stale,
)


def _sample(
    sample_id: str,
    index: int,
    file_name: str,
    digest: bytes,
    width: int,
    height: int,
    byte_size: int,
    thumbnail_key: str,
    run_id: str,
    created_at: int,
    modified_at: int,
    *parent_and_crop: Any,
) -> Sample:
    return Sample(
        id=sample_id,
        index=index,
        file_name=file_name,
        digest=digest,
        width=width,
        height=height,
        byte_size=byte_size,
        thumbnail_key=thumbnail_key,
        run_id=run_id,
        created_at=created_at,
        modified_at=modified_at,
        crop=None if parent_and_crop[0] is None else _crop(*parent_and_crop),
    )


def _crop(
    parent_file_name: str,
    parent_digest: bytes,
    parent_width: int,
    parent_height: int,
    parent_sample_id: str,
    object_key: bytes,
    task: str,
    position: int,
    category_id: int,
    score: float | None,
    *numbers: Any,
) -> Crop:
    x0, y0, x1, y1, rect_x0, rect_y0, rect_x1, rect_y1, padding, stale = numbers
    return Crop(
        parent_sample_id=parent_sample_id,
        parent_file_name=parent_file_name,
        parent_digest=parent_digest,
        parent_width=parent_width,
        parent_height=parent_height,
        object_key=object_key,
        task=task,
        position=position,
        category_id=category_id,
        score=score,
        box=(x0, y0, x1, y1),
        crop_rect=(rect_x0, rect_y0, rect_x1, rect_y1),
        padding=padding,
        stale=stale,
    )


def key_list(keys: NDArray[np.uint8]) -> list[bytes]:
    """Keys (N, 16) as bytes."""
    data = np.ascontiguousarray(keys).tobytes()
    return [data[start : start + KEY_BYTES] for start in range(0, len(data), KEY_BYTES)]


def score_list(scores: NDArray[np.float64]) -> list[float | None]:
    """Scores with NULL for the missing ones: NaN is not a number a database compares."""
    return [None if score != score else score for score in scores.tolist()]


def box_columns(corners: NDArray[np.float64]) -> dict[str, list[float]]:
    return {name: corners[:, column].tolist() for column, name in enumerate(("x0", "y0", "x1", "y1"))}
