"""Ids and file names of many samples, in order, a page at a time: what lists of a million samples are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.store import schema
from swath.store.database import Store

PAGE_SIZE = 10_000

SPREAD = 4
"""Members of a tag that are at most so far apart on average are read with what lies between them: the database reads
a stretch of its key faster than it looks up every one."""

_samples = schema.samples


def iter_ids(store: Store, dataset_id: str, indices: range) -> Iterator[list[str]]:
    """The ids of the samples of these indices, by index, in pages. Samples that are not there are passed over."""
    return _column(store, dataset_id, _samples.c.id, indices)


def iter_file_names(store: Store, dataset_id: str, indices: range) -> Iterator[list[str]]:
    """The file names, as above."""
    return _column(store, dataset_id, _samples.c.file_name, indices)


def iter_ids_and_names(store: Store, dataset_id: str, indices: NDArray[np.int64]) -> Iterator[list[tuple[str, str]]]:
    """Id and file name of the samples of these indices (M,), in their order, in pages."""
    columns = (_samples.c.sample_index, _samples.c.id, _samples.c.file_name)
    for start in range(0, len(indices), PAGE_SIZE):
        page = indices[start : start + PAGE_SIZE]
        rows = {index: (sample_id, name) for index, sample_id, name in _rows(store, dataset_id, columns, _around(page))}
        yield [rows[index] for index in page.tolist() if index in rows]


class FileNames(Sequence[str]):
    """The file names of the first `count` samples of a dataset by index, read page by page as they are asked for."""

    def __init__(self, store: Store, dataset_id: str, count: int) -> None:
        self._store = store
        self._dataset_id = dataset_id
        self._indices = range(count)
        self._first = 0
        self._page: list[str] = []

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in self._indices[index]]
        number = self._indices[index]
        if not 0 <= number - self._first < len(self._page):
            self._first = number - number % PAGE_SIZE
            asked = range(self._first, min(self._first + PAGE_SIZE, len(self)))
            (self._page,) = iter_file_names(self._store, self._dataset_id, asked)
        return self._page[number - self._first]


def indices_by_id(connection: Connection, dataset_id: str) -> NDArray[np.int64]:
    """The indices (N,) of all samples of a dataset, ordered by their ids."""
    query = sa.select(_samples.c.sample_index).where(_samples.c.dataset_id == dataset_id).order_by(_samples.c.id)
    return np.fromiter(connection.execute(query).scalars(), dtype=np.int64)


def _column(store: Store, dataset_id: str, column: sa.Column[Any], indices: range) -> Iterator[list[str]]:
    for first in range(indices.start, indices.stop, PAGE_SIZE):
        index = _samples.c.sample_index
        asked = sa.and_(index >= first, index < min(first + PAGE_SIZE, indices.stop))
        yield [row[0] for row in _rows(store, dataset_id, (column,), asked)]


def _around(page: NDArray[np.int64]) -> sa.ColumnElement[bool]:
    """Of samples of these indices, and perhaps of others between them."""
    first, last = int(page.min()), int(page.max())
    if last - first < SPREAD * len(page):
        return _samples.c.sample_index.between(first, last)
    return _samples.c.sample_index.in_(page.tolist())


def _rows(
    store: Store, dataset_id: str, columns: Sequence[sa.Column[Any]], asked: sa.ColumnElement[bool]
) -> list[tuple[Any, ...]]:
    query = sa.select(*columns).where(_samples.c.dataset_id == dataset_id, asked).order_by(_samples.c.sample_index)
    with store.reading() as connection, connection.execute(query) as result:
        # The plain tuples of the driver: rows of the library cost as much as everything else together.
        assert result.cursor is not None, "a query without rows"
        return list(result.cursor.fetchall())
