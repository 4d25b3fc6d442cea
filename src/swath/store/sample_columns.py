"""The columns that browsing works on: what the database says of every sample of a dataset, read in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing.columns import NO_CODE, CategoryLabel, SampleColumns
from swath.core.predictions import TaskSchema
from swath.store import schema
from swath.store.datasets import Dataset, DatasetKind
from swath.store.predictions import task_schemas

_CHUNK = 2_000
"""Rows that are Python objects at a time: few enough to stay in the caches of the processor, which halves the time."""

_samples = schema.samples
_crops = schema.crops
_predictions = schema.predictions

Reader: TypeAlias = Callable[[Sequence[Any]], NDArray[Any]]
"""Turns a piece of one column as the driver gives it into an array."""


def load_columns(connection: Connection, dataset: Dataset) -> SampleColumns:
    """All columns of a dataset, which must have been read in the same transaction.

    The code of a parent image is its index in the image dataset. Codes of categories follow task and category id,
    and include those of the schemas that nothing is of. Names are ranked by code point on every database. A million
    crops take a few seconds.
    """
    if dataset.kind is DatasetKind.CROPS:
        return _crop_columns(connection, dataset)
    return _image_columns(connection, dataset)


def _crop_columns(connection: Connection, dataset: Dataset) -> SampleColumns:
    parent_id, task = dataset.parent_id or "", dataset.task or ""
    parents = _Parents.load(connection, parent_id)
    query = (
        sa.select(
            _crops.c.sample_index,
            _crops.c.parent_sample_id,
            _crops.c.category_id,
            _crops.c.score,
            *(_crops.c[name] for name in ("x0", "y0", "x1", "y1")),
            _crops.c.stale,
        )
        .where(_crops.c.dataset_id == dataset.id)
        .order_by(_crops.c.sample_index)
    )
    readers: list[Reader] = [_ints, parents.codes, _ints, _floats, *[_doubles] * 4, _flags]
    index, parent, category_id, score, x0, y0, x1, y1, stale = _read(connection, query, readers)
    schemas = [found for found in task_schemas(connection, parent_id) if found.task_name == task]
    categories = _categories(schemas, {(task, found) for found in np.unique(category_id).tolist()})

    def by_index(values: NDArray[Any], fill: float) -> NDArray[Any]:
        column = np.full(dataset.sample_count, fill, dtype=values.dtype)
        column[index] = values
        return column

    return SampleColumns(
        categories=categories,
        category=by_index(_codes(categories, task, category_id), NO_CODE),
        score=by_index(score, np.nan),
        box_area=by_index(parents.shares(parent, x0, y0, x1, y1), np.nan),
        stale=by_index(stale, False),
        parent=by_index(parent, NO_CODE),
        parent_rank=by_index(parents.name_rank[parent], NO_CODE),
        object_count=np.zeros(dataset.sample_count, dtype=np.int32),
        **_sample_columns(connection, dataset),
    )


def _image_columns(connection: Connection, dataset: Dataset) -> SampleColumns:
    count = dataset.sample_count
    schemas = task_schemas(connection, dataset.id)
    found_categories = connection.execute(
        sa.select(_predictions.c.task, _predictions.c.category_id)
        .where(_predictions.c.dataset_id == dataset.id)
        .distinct()
    )
    categories = _categories(schemas, {(task, category_id) for task, category_id in found_categories})
    code_of = {(category.task, category.category_id): code for code, category in enumerate(categories)}

    def codes(keys: Iterable[tuple[str, int]]) -> NDArray[np.int32]:
        return np.fromiter(map(code_of.__getitem__, keys), dtype=np.int32)

    query = (
        sa.select(_predictions.c.sample_index, _predictions.c.task, _predictions.c.category_id, _predictions.c.score)
        .where(_predictions.c.dataset_id == dataset.id)
        .order_by(_predictions.c.sample_index)
    )
    samples: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    category: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    scores: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)]
    for index, task, category_id, score in _chunks(connection, query):
        samples.append(_ints(index))
        category.append(codes(zip(task, category_id, strict=True)))
        scores.append(_floats(score))
    of_sample = np.concatenate(samples)
    return SampleColumns(
        categories=categories,
        category=np.full(count, NO_CODE, dtype=np.int32),
        score=np.full(count, np.nan, dtype=np.float32),
        box_area=np.full(count, np.nan, dtype=np.float32),
        stale=np.zeros(count, dtype=np.bool_),
        parent=np.full(count, NO_CODE, dtype=np.int32),
        parent_rank=np.full(count, NO_CODE, dtype=np.int32),
        object_count=np.bincount(of_sample, minlength=count).astype(np.int32),
        prediction_sample=of_sample,
        prediction_category=np.concatenate(category),
        prediction_score=np.concatenate(scores),
        **_sample_columns(connection, dataset),
    )


def _sample_columns(connection: Connection, dataset: Dataset) -> dict[str, Any]:
    """What crops and images have alike."""
    runs = _Coder()
    query = (
        sa.select(*(_samples.c[name] for name in ("width", "height", "byte_size", "run_id", "created_at")))
        .where(_samples.c.dataset_id == dataset.id)
        .order_by(_samples.c.sample_index)
    )
    readers = (_ints, _ints, _longs, runs.codes, _longs)
    width, height, byte_size, run, created_at = _read(connection, query, readers)
    return {
        "width": width,
        "height": height,
        "byte_size": byte_size,
        "run": run,
        "run_ids": tuple(runs.code_of),
        "created_at": created_at,
        "name_rank": _name_ranks(connection, dataset.id),
    }


class _Parents:
    """The images that crops are of, by their index."""

    def __init__(
        self,
        index_of: dict[str, int],
        width: NDArray[np.int32],
        height: NDArray[np.int32],
        name_rank: NDArray[np.int32],
    ) -> None:
        self._index_of = index_of
        self._width = width
        self._height = height
        self.name_rank = name_rank

    @classmethod
    def load(cls, connection: Connection, dataset_id: str) -> _Parents:
        query = (
            sa.select(_samples.c.id, _samples.c.width, _samples.c.height)
            .where(_samples.c.dataset_id == dataset_id)
            .order_by(_samples.c.sample_index)
        )
        ids = _Coder()
        _, width, height = _read(connection, query, (ids.codes, _ints, _ints))
        return cls(ids.code_of, width, height, _name_ranks(connection, dataset_id))

    def codes(self, sample_ids: Sequence[str]) -> NDArray[np.int32]:
        return np.fromiter(map(self._index_of.__getitem__, sample_ids), dtype=np.int32, count=len(sample_ids))

    def shares(
        self,
        parent: NDArray[np.int32],
        x0: NDArray[np.float64],
        y0: NDArray[np.float64],
        x1: NDArray[np.float64],
        y1: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """The share of its image that each box covers (M,), NaN where an image has no area."""
        width, height = self._width[parent], self._height[parent]
        covered = (np.clip(x1, 0, width) - np.clip(x0, 0, width)) * (np.clip(y1, 0, height) - np.clip(y0, 0, height))
        area = width.astype(np.float64) * height
        share = np.full(len(parent), np.nan)
        np.divide(covered, area, out=share, where=area > 0)
        return share.astype(np.float32)


def _categories(schemas: Sequence[TaskSchema], found: set[tuple[str, int]]) -> tuple[CategoryLabel, ...]:
    """All categories of the schemas and those found without one, by task and id."""
    names: dict[tuple[str, int], str | None] = dict.fromkeys(found)
    for of_task in schemas:
        names |= {(of_task.task_name, category_id): name for category_id, name in of_task.category_names.items()}
    return tuple(
        CategoryLabel(task=task, category_id=category_id, name=names[task, category_id])
        for task, category_id in sorted(names)
    )


def _codes(categories: tuple[CategoryLabel, ...], task: str, category_ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """The codes of category ids (M,) of one task, all of which are among `categories`, which ascend."""
    known = [(code, one.category_id) for code, one in enumerate(categories) if one.task == task]
    codes, ids = np.array(known, dtype=np.int64).reshape(-1, 2).T
    return codes.astype(np.int32)[np.searchsorted(ids, category_ids)]


def _name_ranks(connection: Connection, dataset_id: str) -> NDArray[np.int32]:
    """The rank of each sample's file name (N,) by code point.

    The database sorts: it has an index of names, and sorting in Python would stop all other threads for seconds.
    """
    name: sa.ColumnElement[str] = _samples.c.file_name
    if connection.dialect.name == "postgresql":
        name = name.collate("C")  # its own order follows the language of the installation
    query = sa.select(_samples.c.sample_index).where(_samples.c.dataset_id == dataset_id).order_by(name)
    (by_name,) = _read(connection, query, (_ints,))
    rank = np.empty(len(by_name), dtype=np.int32)
    rank[by_name] = np.arange(len(by_name), dtype=np.int32)
    return rank


def samples_named_like(connection: Connection, dataset_id: str, part: str) -> NDArray[np.int32]:
    """The indices (M,) of the samples whose file name holds `part`; ASCII letters of either case are the same."""
    name = _samples.c.file_name
    if connection.dialect.name == "postgresql":
        is_meant = name.collate("C").icontains(part, autoescape=True)
    else:
        is_meant = name.contains(part, autoescape=True)  # `LIKE` of SQLite, which knows ASCII only
    query = (
        sa.select(_samples.c.sample_index)
        .where(_samples.c.dataset_id == dataset_id, is_meant)
        .order_by(_samples.c.sample_index)
    )
    (found,) = _read(connection, query, (_ints,))
    return found


class _Coder:
    """Numbers strings in the order in which they first appear."""

    def __init__(self) -> None:
        self.code_of: dict[str, int] = {}

    def codes(self, values: Sequence[str]) -> NDArray[np.int32]:
        code_of = self.code_of
        for value in dict.fromkeys(values):
            code_of.setdefault(value, len(code_of))
        return np.fromiter(map(code_of.__getitem__, values), dtype=np.int32, count=len(values))


def _ints(values: Sequence[Any]) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def _longs(values: Sequence[Any]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[Any]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)  # None becomes NaN


def _doubles(values: Sequence[Any]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _flags(values: Sequence[Any]) -> NDArray[np.bool_]:
    return np.array(values, dtype=np.bool_)


def _read(connection: Connection, query: sa.Select[Any], readers: Sequence[Reader]) -> list[NDArray[Any]]:
    """The columns of a query, each turned into an array by its reader."""
    parts: list[list[NDArray[Any]]] = [[reader(())] for reader in readers]
    for chunk in _chunks(connection, query):
        for part, reader, values in zip(parts, readers, chunk, strict=True):
            part.append(reader(values))
    return [np.concatenate(part) for part in parts]


def _chunks(connection: Connection, query: sa.Select[Any]) -> Iterator[list[list[Any]]]:
    """The columns of a query, piece by piece.

    From the plain tuples of the driver, for rows of the library cost as much as everything else together, and so
    does `zip(*rows)`, which makes an iterator of every row.
    """
    with connection.execute(query) as result:
        cursor = result.cursor
        assert cursor is not None, "a query without rows"
        while rows := cursor.fetchmany(_CHUNK):
            yield [[row[place] for row in rows] for place in range(len(rows[0]))]
