"""What is known of each sample as a table: one row per sample, columns of text and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.metadata import MetadataKind, Scalar, flattened, scalar_text
from swath.formats.spreadsheet import csv_line
from swath.store.database import Store
from swath.store.datasets import DatasetKind
from swath.store.exports import category_names, members_by_tag
from swath.store.metadata_columns import load_metadata
from swath.store.sample_metadata import attached_to_samples
from swath.store.samples import Crop, Sample, crop_of
from swath.store.sharing import find_dataset
from swath.store.subsets import Subset, iter_subset, pages_of

TAG_SEPARATOR = "|"
"""Between the names of tags, which cannot hold it."""

SAMPLES_AT_A_TIME = 500

Kinds: TypeAlias = Mapping[str, MetadataKind]
"""Keys of metadata and what their values are."""

NO_METADATA: Kinds = {}

Value = str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A sample, and what people attached to it (of a crop: to its image), by key."""

    sample: Sample
    attached: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column: how its value is read from a row, and its type (None for text)."""

    name: str
    dtype: type[np.generic] | None
    value: Callable[[_Row], Value]


def metadata_csv(store: Store, dataset: str, subset: Subset, *, attached: Kinds = NO_METADATA) -> Iterator[str]:
    """The table as CSV in pieces, rows by index; `attached` are keys of what people attached to samples, of which each
    has a column `metadata.<key>`."""
    columns = _columns(store, dataset, subset, attached)
    yield csv_line([column.name for column in columns])
    for row in _rows(store, dataset, subset, with_attached=bool(attached)):
        yield csv_line([column.value(row) for column in columns])


def metadata_columns(
    store: Store, dataset: str, subset: Subset, *, attached: Kinds = NO_METADATA
) -> Mapping[str, Sequence[str] | NDArray[np.generic]]:
    """The table as columns of equal length, rows by index; a missing number is NaN, a missing text None."""
    columns = _columns(store, dataset, subset, attached)
    values: list[list[Any]] = [[] for _ in columns]
    for row in _rows(store, dataset, subset, with_attached=bool(attached)):
        for column, into in zip(columns, values, strict=True):
            into.append(column.value(row))
    return {
        column.name: found if column.dtype is None else np.array(found, dtype=column.dtype)
        for column, found in zip(columns, values, strict=True)
    }


def _rows(store: Store, dataset: str, subset: Subset, *, with_attached: bool) -> Iterator[_Row]:
    samples = iter_subset(store, dataset, subset)
    if not with_attached:
        yield from (_Row(sample=sample, attached={}) for sample in samples)
        return
    for page in pages_of(samples, SAMPLES_AT_A_TIME):
        with store.reading() as connection:
            found = attached_to_samples(connection, sorted({_image_id(sample) for sample in page}))
        known = {image_id: flattened(document) for image_id, document in found.items()}
        yield from (_Row(sample=sample, attached=known.get(_image_id(sample), {})) for sample in page)


def _image_id(sample: Sample) -> str:
    return sample.id if sample.crop is None else sample.crop.parent_sample_id


def attached_kinds(store: Store, dataset: str) -> Kinds:
    """The keys of what people attached to the samples of a dataset, and what their values are. Reads all of it."""
    with store.reading() as connection:
        found = find_dataset(connection, dataset)
        columns = load_metadata(connection, found.parent_id or found.id, count=0)
    return {key: column.kind for key, column in columns.items()}


def _columns(store: Store, dataset: str, subset: Subset, attached: Kinds) -> list[_Column]:
    with store.reading() as connection:
        found = find_dataset(connection, dataset)
    tags = _tags_by_sample(store, found.id, subset)

    def column(name: str, dtype: type[np.generic] | None, value: Callable[[Sample], Value]) -> _Column:
        return _Column(name=name, dtype=dtype, value=lambda row: value(row.sample))

    columns = [
        column("index", np.int64, lambda sample: sample.index),
        column("id", None, lambda sample: sample.id),
        column("file_name", None, lambda sample: sample.file_name),
        column("width", np.int32, lambda sample: sample.width),
        column("height", np.int32, lambda sample: sample.height),
        column("byte_size", np.int64, lambda sample: sample.byte_size),
        column("run_id", None, lambda sample: sample.run_id),
        column("created_at", np.int64, lambda sample: sample.created_at),
        column("tags", None, lambda sample: TAG_SEPARATOR.join(tags.get(sample.index, ()))),
    ]
    if found.kind is DatasetKind.CROPS:
        columns += _crop_columns(category_names(store, dataset))
    return [*columns, *(_attached_column(key, kind) for key, kind in attached.items())]


def _attached_column(key: str, kind: MetadataKind) -> _Column:
    name = f"metadata.{key}"
    if kind is MetadataKind.NUMBER:
        return _Column(name=name, dtype=np.float64, value=lambda row: row.attached.get(key, float("nan")))
    return _Column(name=name, dtype=None, value=lambda row: _text(row.attached.get(key)))


def _text(value: Scalar | None) -> str | None:
    return None if value is None else scalar_text(value)


def _crop_columns(names: Mapping[tuple[str, int], str | None]) -> list[_Column]:
    def column(name: str, dtype: type[np.generic] | None, value: Callable[[Crop], Value]) -> _Column:
        return _Column(name=name, dtype=dtype, value=lambda row: value(crop_of(row.sample)))

    def corner(place: int) -> Callable[[Crop], Value]:
        return lambda crop: crop.box[place]

    return [
        column("image", None, lambda crop: crop.parent_file_name),
        column("image_id", None, lambda crop: crop.parent_sample_id),
        column("task", None, lambda crop: crop.task),
        column("category_id", np.int64, lambda crop: crop.category_id),
        column("category", None, lambda crop: names.get((crop.task, crop.category_id))),
        column("score", np.float64, lambda crop: float("nan") if crop.score is None else crop.score),
        *(column(name, np.float64, corner(place)) for place, name in enumerate(("x0", "y0", "x1", "y1"))),
        column("padding", np.float64, lambda crop: crop.padding),
        column("stale", np.bool_, lambda crop: crop.stale),
    ]


def _tags_by_sample(store: Store, dataset_id: str, subset: Subset) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, members in members_by_tag(store, dataset_id).items():
        if isinstance(subset, np.ndarray):
            members = np.intersect1d(members, subset, assume_unique=True)
        for index in members.tolist():
            found.setdefault(index, []).append(name)
    return found
