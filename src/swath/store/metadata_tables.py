"""What is known of each sample as a table: one row per sample, columns of text and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.formats.spreadsheet import csv_line
from swath.store.database import Store
from swath.store.datasets import DatasetKind
from swath.store.exports import Subset, category_names, crop_of, iter_subset, members_by_tag
from swath.store.samples import Sample
from swath.store.sharing import find_dataset

TAG_SEPARATOR = "|"
"""Between the names of tags, which cannot hold it."""

Value = str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column: how its value is read from a sample, and its type (None for text)."""

    name: str
    dtype: type[np.generic] | None
    value: Callable[[Sample], Value]


def metadata_csv(store: Store, dataset: str, subset: Subset) -> Iterator[str]:
    """The table as CSV in pieces, rows by index."""
    columns = _columns(store, dataset)
    yield csv_line([column.name for column in columns])
    for sample in iter_subset(store, dataset, subset):
        yield csv_line([column.value(sample) for column in columns])


def metadata_columns(store: Store, dataset: str, subset: Subset) -> Mapping[str, Sequence[str] | NDArray[np.generic]]:
    """The table as columns of equal length, rows by index; a missing number is NaN, a missing text None."""
    columns = _columns(store, dataset)
    values: list[list[Any]] = [[] for _ in columns]
    for sample in iter_subset(store, dataset, subset):
        for column, into in zip(columns, values, strict=True):
            into.append(column.value(sample))
    return {
        column.name: found if column.dtype is None else np.array(found, dtype=column.dtype)
        for column, found in zip(columns, values, strict=True)
    }


def _columns(store: Store, dataset: str) -> list[_Column]:
    with store.reading() as connection:
        found = find_dataset(connection, dataset)
    tags = _tags_by_sample(store, found.id)
    columns = [
        _Column(name="index", dtype=np.int64, value=lambda sample: sample.index),
        _Column(name="id", dtype=None, value=lambda sample: sample.id),
        _Column(name="file_name", dtype=None, value=lambda sample: sample.file_name),
        _Column(name="width", dtype=np.int32, value=lambda sample: sample.width),
        _Column(name="height", dtype=np.int32, value=lambda sample: sample.height),
        _Column(name="byte_size", dtype=np.int64, value=lambda sample: sample.byte_size),
        _Column(name="run_id", dtype=None, value=lambda sample: sample.run_id),
        _Column(name="created_at", dtype=np.int64, value=lambda sample: sample.created_at),
        _Column(name="tags", dtype=None, value=lambda sample: TAG_SEPARATOR.join(tags.get(sample.index, ()))),
    ]
    if found.kind is DatasetKind.CROPS:
        columns += _crop_columns(category_names(store, dataset))
    return columns


def _crop_columns(names: Mapping[tuple[str, int], str | None]) -> list[_Column]:
    def name_of(sample: Sample) -> Value:
        crop = crop_of(sample)
        return names.get((crop.task, crop.category_id))

    def corner(place: int) -> Callable[[Sample], Value]:
        return lambda sample: crop_of(sample).box[place]

    def score(sample: Sample) -> Value:
        found = crop_of(sample).score
        return float("nan") if found is None else found

    return [
        _Column(name="image", dtype=None, value=lambda sample: crop_of(sample).parent_file_name),
        _Column(name="image_id", dtype=None, value=lambda sample: crop_of(sample).parent_sample_id),
        _Column(name="task", dtype=None, value=lambda sample: crop_of(sample).task),
        _Column(name="category_id", dtype=np.int64, value=lambda sample: crop_of(sample).category_id),
        _Column(name="category", dtype=None, value=name_of),
        _Column(name="score", dtype=np.float64, value=score),
        *(
            _Column(name=name, dtype=np.float64, value=corner(place))
            for place, name in enumerate(("x0", "y0", "x1", "y1"))
        ),
        _Column(name="padding", dtype=np.float64, value=lambda sample: crop_of(sample).padding),
        _Column(name="stale", dtype=np.bool_, value=lambda sample: crop_of(sample).stale),
    ]


def _tags_by_sample(store: Store, dataset_id: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, members in members_by_tag(store, dataset_id).items():
        for index in members.tolist():
            found.setdefault(index, []).append(name)
    return found
