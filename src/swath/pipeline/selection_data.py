"""What a selection chooses from: units with their vectors, and what strategies know of them, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, NumberValues, StrategyInput, StrategyValues, Vectors, VectorValues

if TYPE_CHECKING:
    from swath.core.selection import Units


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectionData:
    """Candidates (U of them) as `swath.pipeline.selecting.select_units` gets them; raises ValueError where lengths
    disagree, so that no strategy ever speaks of other units than it should."""

    vectors: Vectors  # (N, D)
    unit_of_row: NDArray[np.int64] | None  # (N,); None: row i is of unit i
    preselected: Vectors  # (M, D)
    keys: NDArray[np.uint8]  # (U, 16)
    inputs: tuple[StrategyInput, ...]
    image_of: NDArray[np.int64] | None = None  # (U,)
    categories: CategoryValues | None = None

    def __post_init__(self) -> None:
        count = len(self.keys)
        _check_rows(self.vectors, self.unit_of_row, count)
        if self.image_of is not None and self.image_of.shape != (count,):
            raise ValueError(f"image_of of shape {self.image_of.shape} for {count} units")
        for values in (self.categories, *(one.values for one in self.inputs)):
            if isinstance(values, NumberValues) and values.values.shape != (count,):
                raise ValueError(f"numbers of shape {values.values.shape} for {count} units")
            if isinstance(values, CategoryValues) and values.starts.shape != (count + 1,):
                raise ValueError(f"categories of {len(values.starts) - 1} units for {count}")
            if isinstance(values, VectorValues):
                _check_rows(values.vectors, values.unit_of_row, count)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def rows(self) -> VectorValues:
        """The units' own vectors."""
        return VectorValues(vectors=self.vectors, unit_of_row=self.unit_of_row, preselected=self.preselected)

    @property
    def units(self) -> Units | None:
        """Which unit each vector is of; None where each is one of its own."""
        return units_of(self.rows, len(self))

    def kept(self, keep: NDArray[np.bool_]) -> SelectionData:
        """Only the units of a mask (U,), in their order."""
        if keep.all():
            return self
        own = _rows_kept(self.rows, keep)
        return SelectionData(
            vectors=own.vectors,
            unit_of_row=own.unit_of_row,
            preselected=self.preselected,
            keys=self.keys[keep],
            inputs=tuple(replace(one, values=_values_kept(one.values, keep)) for one in self.inputs),
            image_of=None if self.image_of is None else self.image_of[keep],
            categories=None if self.categories is None else _categories_kept(self.categories, keep),
        )


def units_of(rows: VectorValues, count: int) -> Units | None:
    """Which of `count` units each vector is of; None where each is one of its own."""
    from swath.core.selection import Units

    return None if rows.unit_of_row is None else Units(unit_of_row=rows.unit_of_row, unit_count=count)


def inputs_of(count: int, inputs: Sequence[StrategyInput]) -> tuple[StrategyInput, ...]:
    """One input for each of `count` strategies; none at all means that nothing is needed. Raises ValueError for any
    other number of them."""
    if not inputs:
        return tuple(StrategyInput() for _ in range(count))
    if len(inputs) != count:
        raise ValueError(f"{len(inputs)} inputs for {count} strategies")
    return tuple(inputs)


def _check_rows(vectors: Vectors, unit_of_row: NDArray[np.int64] | None, count: int) -> None:
    if vectors.ndim != 2:
        raise ValueError(f"vectors must be (N, D), got {vectors.shape}")
    if unit_of_row is None and len(vectors) != count:
        raise ValueError(f"{len(vectors)} vectors for {count} units")
    if unit_of_row is not None and unit_of_row.shape != (len(vectors),):
        raise ValueError(f"unit_of_row of shape {unit_of_row.shape} for {len(vectors)} vectors")


def _values_kept(values: StrategyValues | None, keep: NDArray[np.bool_]) -> StrategyValues | None:
    if isinstance(values, NumberValues):
        return NumberValues(values=values.values[keep], preselected=values.preselected)
    if isinstance(values, CategoryValues):
        return _categories_kept(values, keep)
    return None if values is None else _rows_kept(values, keep)


def _rows_kept(values: VectorValues, keep: NDArray[np.bool_]) -> VectorValues:
    if values.unit_of_row is None:
        return VectorValues(vectors=values.vectors[keep], unit_of_row=None, preselected=values.preselected)
    of_kept = keep[values.unit_of_row]
    place = np.cumsum(keep) - 1
    return VectorValues(
        vectors=values.vectors[of_kept],
        unit_of_row=place[values.unit_of_row[of_kept]],
        preselected=values.preselected,
    )


def _categories_kept(values: CategoryValues, keep: NDArray[np.bool_]) -> CategoryValues:
    sizes = np.diff(values.starts)
    entries = np.repeat(keep, sizes)
    return CategoryValues(
        names=values.names,
        starts=np.concatenate([[0], np.cumsum(sizes[keep])]).astype(np.int64),
        categories=values.categories[entries],
        amounts=values.amounts[entries],
        preselected=values.preselected,
    )
