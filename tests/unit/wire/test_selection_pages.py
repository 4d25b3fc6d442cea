from __future__ import annotations

import numpy as np
import pytest

from swath.core.candidates import CategoryPage, InputPage, NumberPage, VectorPage
from swath.core.errors import InvalidConfig
from swath.wire.columns import write_columns
from swath.wire.selection_pages import (
    GroupPage,
    PlacedPage,
    SamplePage,
    read_group_page,
    read_placed_page,
    read_sample_page,
    write_group_page,
    write_placed_page,
    write_sample_page,
)

CATEGORIES = CategoryPage(
    names=("Ä wheel", "wheel"),
    starts=np.array([0, 1, 1]),
    categories=np.array([1], dtype=np.int32),
    amounts=np.array([2.5]),
)


def same(first: object, second: object) -> bool:
    """Whether two pages have equal fields, of which some are arrays."""
    names = type(first).__slots__  # type: ignore[attr-defined]
    return type(first) is type(second) and all(
        np.array_equal(getattr(first, name), getattr(second, name), equal_nan=name == "values") for name in names
    )


def test_samples_arrive_as_they_were() -> None:
    page = SamplePage(
        total=9,
        strategies=2,
        sample_indices=np.array([3, 5]),
        keys=np.arange(32, dtype=np.uint8).reshape(2, 16),
        vectors=np.array([[1, 2], [3, 4]], dtype="<f2"),
    )
    assert same(read_sample_page(write_sample_page(page)), page)


@pytest.mark.parametrize(
    "page",
    [
        None,
        NumberPage(values=np.array([1.0, np.nan])),
        CATEGORIES,
        VectorPage(vectors=np.ones((2, 3), "<f2"), unit_of_row=np.array([0, 0]), unit_count=2),
    ],
)
def test_what_is_known_of_samples_arrives_as_it_was(page: InputPage | None) -> None:
    found = read_placed_page(write_placed_page(PlacedPage(total=9, next=4, page=page)))
    assert (found.total, found.next) == (9, 4)
    assert found.page is None if page is None else same(found.page, page)


@pytest.mark.parametrize("image_of", [None, np.array([7, 7])])
def test_groups_arrive_as_they_were(image_of: np.ndarray[tuple[int], np.dtype[np.int64]] | None) -> None:
    found = read_group_page(write_group_page(GroupPage(total=9, image_of=image_of, categories=CATEGORIES)))
    assert found.total == 9
    assert same(found.categories, CATEGORIES)
    assert found.image_of is None if image_of is None else np.array_equal(found.image_of, image_of)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        write_columns({}, {"total": 1, "next": 1, "kind": "poems"}),
        write_columns({}, {"total": 1, "next": 1, "kind": "numbers"}),
        write_columns({"value": np.array([1])}, {"total": 1, "next": 1, "kind": "numbers"}),
        write_columns({}, {"next": 1, "kind": "nothing"}),
        write_columns(
            {"vector": np.ones((1, 1), "<f2"), "unit_of_row": np.array([1])},
            {"total": 1, "next": 1, "kind": "vectors", "unit_count": 1},
        ),
        write_columns(
            {"name": ["a"], "start": np.array([0, 1]), "category": np.array([3], np.int32), "amount": np.array([1.0])},
            {"total": 1, "next": 1, "kind": "categories"},
        ),
    ],
)
def test_bytes_that_are_no_page_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read"):
        read_placed_page(data)
