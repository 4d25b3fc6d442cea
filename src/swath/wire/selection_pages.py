"""Pages of what a selection run chooses from, and of what its strategies have to know: columns documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryPage, InputPage, NumberPage, VectorPage
from swath.core.embeddings import STORED_DTYPE
from swath.core.errors import InvalidConfig
from swath.core.objects import KEY_BYTES
from swath.wire.columns import Column, Columns, read_columns, write_columns

MOST_ROWS = 1_000_000
"""Of samples in one answer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplePage:
    """Some of `total` samples by index, of a selection by so many strategies."""

    total: int
    strategies: int
    sample_indices: NDArray[np.int64]  # (n,)
    keys: NDArray[np.uint8]  # (n, 16) of crops the object key, of images the start of the digest
    vectors: NDArray[np.float16]  # (n, D)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedPage:
    """What is known of some of `total` samples: those from where it was asked for up to `next`. `page` is None where
    nothing has to be known."""

    total: int
    next: int
    page: InputPage | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPage:
    """What limits and figures group some of `total` samples by."""

    total: int
    image_of: NDArray[np.int64] | None  # (n,) a number for the image of each crop; None of images
    categories: CategoryPage


def write_sample_page(page: SamplePage) -> bytes:
    columns: dict[str, Column] = {"sample_index": page.sample_indices, "key": page.keys, "vector": page.vectors}
    return write_columns(columns, {"total": page.total, "strategies": page.strategies})


def read_sample_page(data: bytes) -> SamplePage:
    """Raises InvalidConfig for bytes that are no such document."""
    columns = read_columns(data, what="a page of samples")
    return SamplePage(
        total=columns.count("total"),
        strategies=columns.count("strategies"),
        sample_indices=columns.array("sample_index", np.int64),
        keys=columns.array("key", np.uint8, (None, KEY_BYTES)),
        vectors=columns.array("vector", STORED_DTYPE, (None, None)),
    )


def write_placed_page(placed: PlacedPage) -> bytes:
    head: dict[str, Any] = {"total": placed.total, "next": placed.next}
    match placed.page:
        case NumberPage() as page:
            return write_columns({"value": page.values}, head | {"kind": "numbers"})
        case CategoryPage() as page:
            return write_columns(_category_columns(page), head | {"kind": "categories"})
        case VectorPage() as page:
            columns: dict[str, Column] = {"vector": page.vectors, "unit_of_row": page.unit_of_row}
            return write_columns(columns, head | {"kind": "vectors", "unit_count": page.unit_count})
    return write_columns({}, head | {"kind": "nothing"})


def read_placed_page(data: bytes) -> PlacedPage:
    """Raises InvalidConfig for bytes that are no such document."""
    columns = read_columns(data, what="a page of inputs")
    page: InputPage | None
    match columns.head.get("kind"):
        case "numbers":
            page = NumberPage(values=columns.array("value", np.float64))
        case "categories":
            page = _read_categories(columns)
        case "vectors":
            page = _read_vectors(columns)
        case "nothing":
            page = None
        case kind:
            raise InvalidConfig(f"{columns.what} cannot be read: its kind is `{kind}`")
    return PlacedPage(total=columns.count("total"), next=columns.count("next"), page=page)


def write_group_page(page: GroupPage) -> bytes:
    columns = _category_columns(page.categories)
    if page.image_of is not None:
        columns["image_of"] = page.image_of
    return write_columns(columns, {"total": page.total})


def read_group_page(data: bytes) -> GroupPage:
    """Raises InvalidConfig for bytes that are no such document."""
    columns = read_columns(data, what="a page of groups")
    return GroupPage(
        total=columns.count("total"),
        image_of=columns.array("image_of", np.int64) if "image_of" in columns.arrays else None,
        categories=_read_categories(columns),
    )


def _category_columns(page: CategoryPage) -> dict[str, Column]:
    return {"name": page.names, "start": page.starts, "category": page.categories, "amount": page.amounts}


def _read_categories(columns: Columns) -> CategoryPage:
    try:
        return CategoryPage(
            names=columns.texts("name"),
            starts=columns.array("start", np.int64),
            categories=columns.array("category", np.int32),
            amounts=columns.array("amount", np.float64),
        )
    except ValueError as exc:
        raise InvalidConfig(f"{columns.what} cannot be read: {exc}") from exc


def _read_vectors(columns: Columns) -> VectorPage:
    try:
        return VectorPage(
            vectors=columns.array("vector", STORED_DTYPE, (None, None)),
            unit_of_row=columns.array("unit_of_row", np.int64),
            unit_count=columns.count("unit_count"),
        )
    except ValueError as exc:
        raise InvalidConfig(f"{columns.what} cannot be read: {exc}") from exc
