"""Orders of samples. An order of all samples is sorted once and kept by the caller; a filter only thins it out."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.columns import NO_CODE, SampleColumns
from swath.core.browsing.filters import areas
from swath.core.browsing.radix import stable_argsort


class SortKey(StrEnum):
    """What samples can be sorted by."""

    INDEX = "index"
    NAME = "name"
    SCORE = "score"
    AREA = "area"
    WIDTH = "width"
    HEIGHT = "height"
    CATEGORY = "category"  # by label
    CREATED = "created"
    OBJECT_COUNT = "object_count"
    PARENT = "parent"  # by the name of the parent image
    DISTANCE = "distance"  # to whatever was asked about
    METADATA = "metadata"  # of one key


def order(
    columns: SampleColumns,
    mask: NDArray[np.bool_],
    sort_key: SortKey = SortKey.INDEX,
    *,
    descending: bool = False,
    distance: NDArray[np.float32] | None = None,
) -> NDArray[np.int32]:
    """Indices (K,) of the samples in `mask` (N,), sorted as by `full_order`."""
    return filtered(full_order(columns, sort_key, descending=descending, distance=distance), mask)


def full_order(
    columns: SampleColumns,
    sort_key: SortKey,
    *,
    descending: bool = False,
    distance: NDArray[np.float32] | None = None,
    metadata: NDArray[np.int32] | None = None,
) -> NDArray[np.int32]:
    """Indices (N,) of all samples, sorted.

    Equal samples are in the order of their indices, and samples without a value come last, in both directions.
    `distance` (N,), NaN where unknown, is what `SortKey.DISTANCE` sorts by, `metadata` (N,), codes that ascend with
    their values and NO_CODE where there is none, what `SortKey.METADATA` does; no other key uses them.
    """
    if sort_key is SortKey.INDEX:
        indices = np.arange(len(columns), dtype=np.int32)
        return np.ascontiguousarray(indices[::-1]) if descending else indices
    values, is_missing = _values(columns, sort_key, distance, metadata)
    return stable_argsort(_keys(values, is_missing, descending=descending)).astype(np.int32)


def filtered(order: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Those of `order` (any length) that are in `mask` (N,), in the same order."""
    # Positions are found branchlessly: on a random mask this is three times as fast as `order[mask[order]]`.
    return order.take(np.flatnonzero(mask.take(order)))


def _values(
    columns: SampleColumns,
    sort_key: SortKey,
    distance: NDArray[np.float32] | None,
    metadata: NDArray[np.int32] | None,
) -> tuple[NDArray[np.integer[Any]], NDArray[np.bool_] | None]:
    """Whole numbers that sort like the samples, and which samples have no value (None: all have)."""
    match sort_key:
        case SortKey.INDEX:
            return np.arange(len(columns), dtype=np.int32), None
        case SortKey.NAME:
            return columns.name_rank, None
        case SortKey.SCORE:
            return _sortable_bits(columns.score), np.isnan(columns.score)
        case SortKey.AREA:
            return areas(columns), None
        case SortKey.WIDTH:
            return columns.width, None
        case SortKey.HEIGHT:
            return columns.height, None
        case SortKey.CATEGORY:
            ranks = _label_ranks([category.label for category in columns.categories])
            return ranks.take(columns.category, mode="wrap"), columns.category == NO_CODE
        case SortKey.CREATED:
            return columns.created_at, None
        case SortKey.OBJECT_COUNT:
            return columns.object_count, None
        case SortKey.PARENT:
            return columns.parent_rank, columns.parent == NO_CODE
        case SortKey.DISTANCE:
            if distance is None or distance.shape != (len(columns),):
                raise ValueError(f"sorting by distance needs {len(columns)} distances")
            distance = distance.astype(np.float32, copy=False)
            return _sortable_bits(distance), np.isnan(distance)
        case SortKey.METADATA:
            if metadata is None or metadata.shape != (len(columns),):
                raise ValueError(f"sorting by metadata needs {len(columns)} codes")
            return metadata, metadata == NO_CODE


def _keys(
    values: NDArray[np.integer[Any]], is_missing: NDArray[np.bool_] | None, *, descending: bool
) -> NDArray[np.uint64]:
    """Keys from 0, as small as possible, since narrow ones sort faster; those of missing values are above all."""
    present = values if is_missing is None else values[~is_missing]
    if not len(present):
        return np.zeros(len(values), dtype=np.uint64)
    low, high = int(present.min()), int(present.max())
    values = values.astype(np.int64)
    keys = ((high - values) if descending else (values - low)).view(np.uint64)
    if is_missing is not None:
        keys[is_missing] = high - low + 1
    return keys


def _sortable_bits(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """The bits of floats, changed so that they sort like the floats do."""
    bits = (values + np.float32(0)).view(np.uint32)  # adding 0 turns -0 into 0: they must tie
    is_negative = bits >> np.uint32(31) != 0
    return np.where(is_negative, ~bits, bits | np.uint32(1 << 31))


def _label_ranks(labels: list[str]) -> NDArray[np.int32]:
    """The rank of each code's label, equal for equal labels; one entry more, for NO_CODE to find."""
    rank_of = {label: rank for rank, label in enumerate(sorted(set(labels)))}
    return np.array([*(rank_of[label] for label in labels), 0], dtype=np.int32)
