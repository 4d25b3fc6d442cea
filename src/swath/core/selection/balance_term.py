"""Balance while a selection goes on: units with the same categories are one group and are measured once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.balance import Balance, CategoryMatrix
from swath.core.selection.combined_kernels import BalanceStruct, values_of_groups
from swath.core.selection.objective import MapChunks

GROUPS_OF_A_CHUNK = 512


class BalanceTerm:
    """The cross-entropy of what is selected and one more unit, for every group of units with equal categories."""

    def __init__(self, objective: Balance, map_chunks: MapChunks) -> None:
        matrix = merged(objective.categories)
        total = float(objective.target.sum())
        self.strength = objective.strength
        self.has_target = total > 0
        self.target = objective.target / total if self.has_target else objective.target.copy()
        self.group_of_unit, first_units = groups_of(matrix)
        self.groups = rows_of(matrix, first_units)
        self.amounts = np.zeros(matrix.category_count)
        if objective.preselected is not None:
            self.amounts += objective.preselected
        self.largest_sum = float(np.bincount(_owners(self.groups), weights=self.groups.amounts).max(initial=0.0))
        self._map_chunks = map_chunks

    def add(self, unit: int) -> None:
        group = int(self.group_of_unit[unit])
        low, high = int(self.groups.starts[group]), int(self.groups.starts[group + 1])
        self.amounts[self.groups.categories[low:high]] += self.groups.amounts[low:high]

    def values(self) -> NDArray[np.float64]:
        """(G,) the logarithm of 1 / cross-entropy of what is selected and a unit of each group."""
        struct = self.struct(self.groups)
        count = self.groups.unit_count

        def measure(chunk: int) -> None:
            low = chunk * GROUPS_OF_A_CHUNK
            values_of_groups(struct.address, low, min(count, low + GROUPS_OF_A_CHUNK))

        for _ in self._map_chunks(measure, range(-(-count // GROUPS_OF_A_CHUNK))):
            pass  # reading a result raises what went wrong in its chunk
        return struct.held("values")

    def struct(self, groups: CategoryMatrix) -> BalanceStruct:
        """What kernels know of some groups, at the amounts of any later time."""
        struct = BalanceStruct(
            strength=self.strength, categories=groups.category_count, groups=groups.unit_count, largest_sum=0.0
        )
        struct.hold(
            target=self.target,
            amounts=self.amounts,
            amounts_at_start=self.amounts.copy(),
            starts=groups.starts,
            entries=groups.categories,
            entry_amounts=groups.amounts,
            values=np.zeros(groups.unit_count),
            is_exact=np.zeros(groups.unit_count, dtype=np.uint8),
        )
        return struct


def merged(matrix: CategoryMatrix) -> CategoryMatrix:
    """The same without zeros and repetitions, categories of a unit ascending."""
    unit_of_entry = _owners(matrix)
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


def _owners(matrix: CategoryMatrix) -> NDArray[np.int64]:
    """The unit (E,) of each entry."""
    return np.repeat(np.arange(matrix.unit_count), np.diff(matrix.starts))


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
