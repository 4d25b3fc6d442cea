"""Columns of metadata against reading every document each time it is asked."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swath.core.browsing import NO_CODE, MetadataColumn, MetadataKind
from swath.core.browsing.metadata import (
    LARGEST,
    MOST_BINS,
    MOST_DISTINCT,
    MOST_KEYS,
    MetadataReader,
    flattened,
    nice_edges,
    number_column,
    number_text,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["a", "b", "sky", "é"]), SCALARS | st.dictionaries(st.sampled_from("xy"), SCALARS), max_size=3
)


def columns_of(*documents: dict[str, Any]) -> dict[str, MetadataColumn]:
    reader = MetadataReader()
    for index, document in enumerate(documents):
        reader.add(index, document)
    return reader.columns(len(documents))


def column_of(*values: Any) -> MetadataColumn:
    """The column of a key `k`; None for samples without it."""
    return columns_of(*({} if value is None else {"k": value} for value in values))["k"]


# Reading


def test_nested_objects_are_flattened_and_lists_taken_as_text() -> None:
    document = {"weather": {"sky": "grey", "wind": {"speed": 3}}, "tags": ["a", 1], "none": None, "empty": {}}
    assert flattened(document) == {"weather.sky": "grey", "weather.wind.speed": 3.0, "tags": '["a",1]'}


def test_what_is_no_number_is_no_value() -> None:
    assert flattened({"a": math.nan, "b": math.inf, "c": 10**400, "d": -(2**70), "": 1, "e" * 1001: 1}) == {
        "d": -(2.0**70)
    }


def test_a_document_may_be_nested_as_deep_as_it_likes() -> None:
    deep: dict[str, Any] = {"leaf": 1}
    for _ in range(5000):
        deep = {"a": deep}
    assert flattened(deep) == {}


@pytest.mark.parametrize(
    ("values", "kind", "labels"),
    [
        (["b", "a", None, "b"], MetadataKind.TEXT, ("a", "b")),
        ([True, None, True], MetadataKind.BOOLEAN, ("false", "true")),
        ([1, True, "x", 2.5, 1.0], MetadataKind.TEXT, ("1", "2.5", "true", "x")),
        ([1, True], MetadataKind.TEXT, ("1", "true")),
        (["\ud800", "é"], MetadataKind.TEXT, ("?", "é")),
    ],
)
def test_texts_and_booleans_are_labels(values: list[Any], kind: MetadataKind, labels: tuple[str, ...]) -> None:
    column = column_of(*values)
    assert (column.kind, column.labels, len(column.numbers)) == (kind, labels, 0)


def test_numbers_are_numbers_however_they_are_written() -> None:
    column = column_of(3, 1.5, None, 3.0, -0.0, 0)
    assert column.kind is MetadataKind.NUMBER
    assert column.numbers.tolist() == [0, 1.5, 3]
    assert column.codes.tolist() == [2, 1, NO_CODE, 2, 0, 0]


def test_what_was_said_of_samples_that_came_later_is_left_out() -> None:
    reader = MetadataReader()
    reader.add(0, {"k": "a"})
    reader.add(7, {"k": "b"})
    assert reader.columns(2)["k"].codes.tolist() == [0, NO_CODE]


def test_of_too_many_keys_those_that_most_samples_have_are_kept() -> None:
    found = columns_of({f"rare {number}": 1 for number in range(MOST_KEYS)}, {"common": 1}, {"common": 2})
    assert len(found) == MOST_KEYS
    assert "common" in found


def test_a_text_with_too_many_values_is_filtered_and_sorted_but_not_counted() -> None:
    column = column_of(*(f"id {number:05d}" for number in range(MOST_DISTINCT + 1)))
    assert column.slots is None
    assert np.flatnonzero(column.any_of(["id 00003", "nobody"])).tolist() == [3]
    assert column.codes.tolist() == list(range(MOST_DISTINCT + 1))


def test_children_have_the_values_of_their_parents() -> None:
    parents = column_of("a", None, "b")
    children = parents.of_children(np.array([2, 2, NO_CODE, 1, 0], dtype=np.int32))
    assert children.codes.tolist() == [1, 1, NO_CODE, NO_CODE, 0]
    assert children.slots is not None
    assert children.slots.tolist() == [1, 1, 2, 2, 0]


# Filtering


def value_of(document: dict[str, Any], key: str) -> Any:
    """What a person would say the value under a dotted key is."""
    value: Any = document
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            return None
        return value if math.isfinite(value) else None
    return value


@given(st.lists(DOCUMENTS, max_size=8), FINITE, FINITE)
def test_filters_admit_what_reading_every_document_admits(
    documents: list[dict[str, Any]], low: float, high: float
) -> None:
    for key, column in columns_of(*documents).items():
        values = [value_of(document, key) for document in documents]
        assert [code == NO_CODE for code in column.codes] == [value is None for value in values]
        if column.kind is MetadataKind.NUMBER:
            assert column.in_range(low, None).tolist() == [value is not None and value >= low for value in values]
            assert column.in_range(None, high).tolist() == [value is not None and value <= high for value in values]
            both = [value is not None and low <= value <= high for value in values]
            assert column.in_range(low, high).tolist() == both
        else:
            wanted = column.labels[:1]
            texts = [None if value is None else as_text(value) for value in values]
            assert column.any_of(wanted).tolist() == [text in wanted for text in texts]
            assert not column.any_of([]).any()


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return number_text(value) if isinstance(value, float) else str(value)


@given(st.lists(st.none() | FINITE | st.integers(-(10**6), 10**6), min_size=1, max_size=12))
def test_every_number_is_in_its_bin(values: list[float | None]) -> None:
    if all(value is None for value in values):
        return
    column = column_of(*values)
    assert column.slots is not None
    counts = np.bincount(column.slots, minlength=column.slot_count)
    assert counts[-1] == sum(value is None for value in values)
    for value, slot in zip(values, column.slots.tolist(), strict=True):
        if value is not None:
            assert column.edges[slot] <= value
            assert value < column.edges[slot + 1] or slot == len(column.edges) - 2


# Edges


@pytest.mark.parametrize(
    ("low", "high", "is_whole", "edges"),
    [
        (0, 1, False, [place / 20 for place in range(21)]),
        (1, 5, True, [1, 2, 3, 4, 5, 6]),
        (7, 7, True, [7, 8]),
        (0, 100, True, list(range(0, 101, 5))),
        (3, 97, True, list(range(0, 101, 5))),
        (0.37, 0.37, False, [0.37, 0.38]),
        (-12.5, 33, False, [-12.5 + 2.5 * place for place in range(20)]),
        (0, 0, False, [0, 1]),
    ],
)
def test_edges_are_round(low: float, high: float, is_whole: bool, edges: list[float]) -> None:
    assert nice_edges(low, high, is_whole=is_whole).tolist() == pytest.approx(edges, abs=1e-12)


@given(FINITE, FINITE, st.booleans())
@example(LARGEST, LARGEST, False)
@example(-LARGEST, LARGEST, True)
@example(2.0**60, 2.0**60 + 256, True)
@example(5e-324, 5e-324, False)
def test_edges_ascend_and_hold_all_values(one: float, other: float, is_whole: bool) -> None:
    if is_whole:
        one, other = float(math.floor(one)), float(math.floor(other))
    low, high = min(one, other), max(one, other)
    edges = nice_edges(low, high, is_whole=is_whole)
    assert 2 <= len(edges) <= MOST_BINS + 1
    assert np.isfinite(edges).all()
    assert (edges[1:] > edges[:-1]).all()
    assert edges[0] <= low
    assert high <= edges[-1]


@pytest.mark.parametrize(("number", "text"), [(3.0, "3"), (-0.5, "-0.5"), (1e300, "1e+300"), (0.1, "0.1")])
def test_numbers_are_written_as_people_write_them(number: float, text: str) -> None:
    assert number_text(number) == text


@given(
    values=st.lists(st.none() | FINITE, min_size=1).filter(lambda values: any(value is not None for value in values))
)
def test_a_column_of_numbers_is_that_of_as_many_documents(values: list[float | None]) -> None:
    expected = column_of(*values)
    found = number_column(expected.key, np.array([np.nan if value is None else value for value in values]) + 0.0)
    assert (found.kind, found.slot_count) == (expected.kind, expected.slot_count)
    for name in ("codes", "numbers", "edges", "slots"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
