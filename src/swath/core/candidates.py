"""Choosing among samples: what there is to choose from, and what strategies need to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float16] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberValues:
    """A number for every candidate; NaN where nobody knows one. `preselected` are those of what was chosen before."""

    values: NDArray[np.float64]  # (U,)
    preselected: NDArray[np.float64]  # (M,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryValues:
    """What every candidate has of each category: row u is `categories[starts[u]:starts[u + 1]]`, ascending, with
    `amounts` of 0 or more beside them. `preselected` is the sum over what was chosen before.
    """

    names: tuple[str, ...]  # (C,)
    starts: NDArray[np.int64]  # (U + 1,)
    categories: NDArray[np.int32]  # (E,) places in `names`
    amounts: NDArray[np.float64]  # (E,)
    preselected: NDArray[np.float64]  # (C,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorValues:
    """Vectors of other things than the candidates themselves: row i is of candidate `unit_of_row[i]`.

    `preselected` are the vectors of what was chosen before.
    """

    vectors: Vectors  # (N, D)
    unit_of_row: NDArray[np.int64] | None  # (N,); None: row i is of candidate i
    preselected: Vectors  # (M, D)


StrategyValues: TypeAlias = NumberValues | CategoryValues | VectorValues


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrategyInput:
    """What one strategy needs to know besides the candidates' own vectors. `query` are the vectors of a similarity."""

    values: StrategyValues | None = None
    query: Vectors | None = None  # (Q, D)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberPage:
    """A number for each of some samples; NaN where nobody knows one."""

    values: NDArray[np.float64]  # (n,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryPage:
    """What each of some samples has of each category, in the shape of `CategoryValues`."""

    names: tuple[str, ...]  # (C,) distinct, ascending; other pages may have others
    starts: NDArray[np.int64]  # (n + 1,)
    categories: NDArray[np.int32]  # (E,) places in `names`, ascending for each sample
    amounts: NDArray[np.float64]  # (E,)

    def __post_init__(self) -> None:
        starts, count = self.starts, len(self.categories)
        if not len(starts) or starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
            raise ValueError(f"categories of {count} entries cannot be split by {starts}")
        if self.amounts.shape != (count,) or (
            count and not 0 <= self.categories.min() <= self.categories.max() < len(self.names)
        ):
            raise ValueError(f"{count} categories of {len(self.names)} names with {self.amounts.shape} amounts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorPage:
    """Vectors of other things than some samples: row i is of the sample at place `unit_of_row[i]` of the page."""

    vectors: NDArray[np.float16]  # (r, D); D may be 0 where there are none
    unit_of_row: NDArray[np.int64]  # (r,)
    unit_count: int

    def __post_init__(self) -> None:
        rows = len(self.vectors)
        if self.unit_of_row.shape != (rows,) or (
            rows and not 0 <= self.unit_of_row.min() <= self.unit_of_row.max() < self.unit_count
        ):
            raise ValueError(f"{rows} vectors of {self.unit_count} samples do not fit {self.unit_of_row.shape}")


InputPage: TypeAlias = NumberPage | CategoryPage | VectorPage


def strategy_input(
    candidates: Sequence[InputPage | None], preselected: Sequence[InputPage | None], query: Sequence[InputPage | None]
) -> StrategyInput:
    """What one strategy needs to know, from pages of the candidates in their order, of what was chosen before, and of
    the vectors that it looks for; None where there is nothing to know."""
    known = [page for page in candidates if page is not None]
    before = [page for page in preselected if page is not None]
    looked_for = [page for page in query if page is not None]
    return StrategyInput(
        values=values_of_pages(known, before) if known else None,
        query=_vectors(looked_for)[0] if looked_for else None,
    )


def values_of_pages(candidates: Sequence[InputPage], preselected: Sequence[InputPage]) -> StrategyValues:
    """What one strategy needs to know, from pages of the candidates in their order and of what was chosen before.

    There is at least one page of the candidates. Raises ValueError for pages of several kinds.
    """
    kind = type(candidates[0])
    if any(type(page) is not kind for page in (*candidates, *preselected)):
        raise ValueError("pages of several kinds")
    if kind is NumberPage:
        return NumberValues(values=_numbers(candidates), preselected=_numbers(preselected))
    if kind is CategoryPage:
        return categories_of_pages(candidates, preselected)
    vectors, unit_of_row = _vectors(candidates)
    before, _ = _vectors(preselected)
    dimension = max(vectors.shape[1], before.shape[1])
    return VectorValues(
        vectors=vectors.reshape(len(vectors), dimension),
        unit_of_row=unit_of_row,
        preselected=before.reshape(len(before), dimension),
    )


def categories_of_pages(candidates: Sequence[InputPage], preselected: Sequence[InputPage]) -> CategoryValues:
    """The same, of pages that are known to be of categories; without any there is nothing of none."""
    names = tuple(sorted({name for page in (*candidates, *preselected) for name in _category_page(page).names}))
    starts, categories, amounts = _joined(candidates, names)
    _, before, amounts_before = _joined(preselected, names)
    return CategoryValues(
        names=names,
        starts=starts,
        categories=categories,
        amounts=amounts,
        preselected=np.bincount(before, weights=amounts_before, minlength=len(names)).astype(np.float64),
    )


def _numbers(pages: Sequence[InputPage]) -> NDArray[np.float64]:
    found = [page.values for page in pages if isinstance(page, NumberPage)]
    return np.concatenate(found) if found else np.empty(0)


def _category_page(page: InputPage) -> CategoryPage:
    if not isinstance(page, CategoryPage):
        raise ValueError("a page of something else than categories")
    return page


def _joined(
    pages: Sequence[InputPage], names: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Starts, categories and amounts of all pages, with places in all names: they ascend as those of each page do."""
    place_of = {name: place for place, name in enumerate(names)}
    sizes: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]
    categories: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    amounts: list[NDArray[np.float64]] = [np.empty(0)]
    for page in map(_category_page, pages):
        places = np.array([place_of[name] for name in page.names], dtype=np.int32)
        sizes.append(np.diff(page.starts))
        categories.append(places[page.categories])
        amounts.append(page.amounts)
    return np.cumsum(np.concatenate(sizes)), np.concatenate(categories), np.concatenate(amounts)


def _vectors(pages: Sequence[InputPage]) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """The vectors of all pages, and which unit of all each is of. Pages without vectors have no dimension."""
    found = [page for page in pages if isinstance(page, VectorPage)]
    firsts = np.cumsum([0, *(page.unit_count for page in found)])
    vectors = [page.vectors for page in found if len(page.vectors)]
    units = [page.unit_of_row + first for page, first in zip(found, firsts.tolist(), strict=False)]
    return (
        np.concatenate(vectors) if vectors else np.empty((0, 0), dtype=np.float16),
        np.concatenate(units) if units else np.empty(0, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Samples that may be chosen, one row each, and the vectors of those that count as chosen before."""

    sample_indices: NDArray[np.int64]  # (N,) ascending
    keys: NDArray[np.uint8]  # (N, 16) of their content: they settle ties, whatever the order
    vectors: NDArray[np.float16]  # (N, D)
    preselected: NDArray[np.float16]  # (M, D)
    inputs: tuple[StrategyInput, ...] = ()  # one for each strategy, in their order; none at all: nothing is needed
    image_of: NDArray[np.int64] | None = None  # (N,) a number for each crop's image, for limits per image
    categories: CategoryValues | None = None  # of each sample, for limits and figures

    def __post_init__(self) -> None:
        count, dimension = self.vectors.shape
        if self.sample_indices.shape != (count,) or self.keys.shape != (count, 16):
            raise ValueError(f"{len(self.sample_indices)} samples, {len(self.keys)} keys and {count} vectors")
        if self.preselected.ndim != 2 or (len(self.preselected) and self.preselected.shape[1] != dimension):
            raise ValueError(f"preselected vectors of shape {self.preselected.shape} beside {dimension} dimensions")

    def __len__(self) -> int:
        return len(self.sample_indices)
