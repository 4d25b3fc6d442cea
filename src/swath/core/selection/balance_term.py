"""Balance while a selection goes on: units with the same categories are one group and are measured once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.balance import LEAST_CROSS_ENTROPY, SHARE_OF_NOTHING, Balance, CategoryMatrix


class BalanceTerm:
    def __init__(self, objective: Balance) -> None:
        matrix = merged(objective.categories)
        total = float(objective.target.sum())
        self.has_target = total > 0
        self.target = objective.target / total if self.has_target else objective.target
        self.group_of_unit, first_units = groups_of(matrix)
        self.groups = rows_of(matrix, first_units)
        self.amounts = np.zeros(matrix.category_count)
        if objective.preselected is not None:
            self.amounts += objective.preselected

    def add(self, unit: int) -> None:
        group = self.group_of_unit[unit]
        entries = slice(self.groups.starts[group], self.groups.starts[group + 1])
        self.amounts[self.groups.categories[entries]] += self.groups.amounts[entries]

    def values(self) -> NDArray[np.float64]:
        """(U,) the logarithm of 1 / cross-entropy of what is selected and each unit."""
        values = np.empty(self.groups.unit_count)
        for group in range(len(values)):
            entries = slice(self.groups.starts[group], self.groups.starts[group + 1])
            amounts = self.amounts.copy()
            amounts[self.groups.categories[entries]] += self.groups.amounts[entries]
            total = amounts.sum()
            shares = amounts / total if total > 0 else amounts
            entropy = -float((self.target * np.log(shares + SHARE_OF_NOTHING)).sum())
            values[group] = -np.log(max(entropy, LEAST_CROSS_ENTROPY))
        return values[self.group_of_unit]


def merged(matrix: CategoryMatrix) -> CategoryMatrix:
    """The same without zeros and repetitions, categories of a unit ascending."""
    unit_of_entry = np.repeat(np.arange(matrix.unit_count), np.diff(matrix.starts))
    kept = matrix.amounts > 0
    places = unit_of_entry[kept] * matrix.category_count + matrix.categories[kept]
    amounts = matrix.amounts[kept]
    order = np.lexsort((amounts, places))  # amounts too, so that the order of repetitions leaves no trace
    distinct, place_of_entry = np.unique(places[order], return_inverse=True)
    sums = np.bincount(place_of_entry, weights=amounts[order], minlength=len(distinct))
    units = distinct // max(1, matrix.category_count)
    return CategoryMatrix(
        starts=np.searchsorted(units, np.arange(matrix.unit_count + 1)),
        categories=(distinct % max(1, matrix.category_count)).astype(np.int32),
        amounts=sums.astype(np.float64, copy=False),
        category_count=matrix.category_count,
    )


def groups_of(matrix: CategoryMatrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which group (U,) every unit is of, units of a group having equal rows, and one unit (G,) of each group."""
    sizes = np.diff(matrix.starts)
    group = np.unique(sizes, return_inverse=True)[1].astype(np.int64)
    for place in range(int(sizes.max(initial=0))):
        having = np.flatnonzero(sizes > place)
        entries = matrix.starts[having] + place
        order = np.lexsort((matrix.amounts[entries], matrix.categories[entries], group[having]))
        entries = entries[order]
        ordered = group[having][order]
        different = np.ones(len(order), dtype=np.bool_)
        different[1:] = (
            (ordered[1:] != ordered[:-1])
            | (matrix.categories[entries[1:]] != matrix.categories[entries[:-1]])
            | (matrix.amounts[entries[1:]] != matrix.amounts[entries[:-1]])
        )
        group[having[order]] = int(group.max()) + np.cumsum(different)
    _, first, numbers = np.unique(group, return_index=True, return_inverse=True)
    return numbers.astype(np.int64), first


def rows_of(matrix: CategoryMatrix, units: NDArray[np.int64]) -> CategoryMatrix:
    sizes = np.diff(matrix.starts)[units]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.repeat(matrix.starts[units] - starts[:-1], sizes) + np.arange(starts[-1])
    return CategoryMatrix(
        starts=starts,
        categories=matrix.categories[entries],
        amounts=matrix.amounts[entries],
        category_count=matrix.category_count,
    )
