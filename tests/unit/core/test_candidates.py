from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from swath.core.candidates import (
    CategoryPage,
    CategoryValues,
    InputPage,
    NumberPage,
    NumberValues,
    VectorPage,
    VectorValues,
    categories_of_pages,
    strategy_input,
)


def numbers(*values: float) -> NumberPage:
    return NumberPage(values=np.array(values))


def categories(names: Sequence[str], *samples: Sequence[tuple[int, float]]) -> CategoryPage:
    """Of each sample places among the names with amounts."""
    entries = [entry for sample in samples for entry in sample]
    return CategoryPage(
        names=tuple(names),
        starts=np.cumsum([0, *map(len, samples)]),
        categories=np.array([place for place, _ in entries], dtype=np.int32),
        amounts=np.array([amount for _, amount in entries], dtype=np.float64),
    )


def vectors(unit_count: int, *rows: tuple[int, float]) -> VectorPage:
    """Of each row the sample and the one number of its vector."""
    return VectorPage(
        vectors=np.array([[value] for _, value in rows], dtype=np.float16).reshape(len(rows), 1 if rows else 0),
        unit_of_row=np.array([unit for unit, _ in rows], dtype=np.int64),
        unit_count=unit_count,
    )


def test_numbers_of_pages_stand_one_after_the_other() -> None:
    values = strategy_input([numbers(1, 2), numbers(3)], [numbers(4)], []).values
    assert isinstance(values, NumberValues)
    assert values.values.tolist() == [1, 2, 3]
    assert values.preselected.tolist() == [4]


def test_categories_of_pages_with_other_names_are_the_same_by_name() -> None:
    pages = [categories(["b", "d"], [(0, 2), (1, 1)], []), categories(["a", "b"], [(0, 5)], [(1, 3)])]
    values = categories_of_pages(pages, [categories(["c", "d"], [(1, 1)]), categories(["d"], [(0, 2)], [(0, 0.5)])])
    assert isinstance(values, CategoryValues)
    assert values.names == ("a", "b", "c", "d")
    assert values.starts.tolist() == [0, 2, 2, 3, 4]
    assert values.categories.tolist() == [1, 3, 0, 1]
    assert values.amounts.tolist() == [2, 1, 5, 3]
    assert values.preselected.tolist() == [0, 0, 0, 3.5]


def test_vectors_of_pages_are_of_the_same_samples() -> None:
    pages = [vectors(3, (0, 0.5), (2, 1), (2, 2)), vectors(2), vectors(1, (0, 3))]
    values = strategy_input(pages, [vectors(2, (1, 9))], [vectors(1, (0, 7)), vectors(1, (0, 8))])
    assert isinstance(values.values, VectorValues)
    assert values.values.unit_of_row is not None
    assert values.values.unit_of_row.tolist() == [0, 2, 2, 5]
    assert values.values.vectors.tolist() == [[0.5], [1], [2], [3]]
    assert values.values.preselected.tolist() == [[9]]
    assert values.query is not None
    assert values.query.tolist() == [[7], [8]]


def test_samples_without_any_vector_have_as_many_dimensions_as_the_others() -> None:
    for pages, before in (([vectors(2)], [vectors(1, (0, 1))]), ([vectors(2, (1, 1))], [vectors(3)])):
        values = strategy_input(pages, before, []).values
        assert isinstance(values, VectorValues)
        assert values.vectors.shape[1] == values.preselected.shape[1] == 1


def test_where_nothing_is_to_be_known_there_is_nothing() -> None:
    known = strategy_input([None], [], [None])
    assert (known.values, known.query) == (None, None)


@pytest.mark.parametrize(
    ("pages", "before"), [([numbers(1), categories(["a"], [])], []), ([numbers(1)], [vectors(1, (0, 1))])]
)
def test_pages_of_several_kinds_are_refused(pages: Sequence[InputPage], before: Sequence[InputPage]) -> None:
    with pytest.raises(ValueError, match="several kinds"):
        strategy_input(pages, before, [])


@pytest.mark.parametrize(
    ("starts", "places", "amounts"),
    [([0, 2], [0], [1.0]), ([1, 1], [0], [1.0]), ([0, 2, 1], [0], [1.0]), ([], [], []), ([0, 1], [0], []),
     ([0, 1], [1], [1.0]), ([0, 1], [-1], [1.0])],
)  # fmt: skip
def test_categories_that_lead_nowhere_are_refused(starts: list[int], places: list[int], amounts: list[float]) -> None:
    with pytest.raises(ValueError, match="categories of"):
        CategoryPage(
            names=("a",),
            starts=np.array(starts, dtype=np.int64),
            categories=np.array(places, dtype=np.int32),
            amounts=np.array(amounts),
        )


@pytest.mark.parametrize(("units", "count"), [([0, 1], 1), ([-1, 0], 1), ([0], 1)])
def test_vectors_of_nobody_are_refused(units: list[int], count: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        VectorPage(vectors=np.zeros((2, 3), np.float16), unit_of_row=np.array(units), unit_count=count)
