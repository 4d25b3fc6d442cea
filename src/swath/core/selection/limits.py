"""Limits: how many may, and how many should, be picked of each group of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection.picks import UnmetLimit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupLimit:
    """At most and at least so many new picks of each group.

    `group_of_unit` (U,) is -1 for units of no group. `at_most` and `at_least` are (G,). `name` is for `unmet`. Units
    of a full group are no candidates any more. As soon as there are only as many picks left as are still owed to
    groups (as far as they have units to give), only units of groups that are owed some are candidates.

    Raises ValueError for arrays that do not fit, InvalidConfig for a group that is owed more than it may have.
    """

    name: str
    group_of_unit: NDArray[np.int64]
    at_most: NDArray[np.int64] | None = None
    at_least: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for limit in (self.at_most, self.at_least):
            if limit is not None and (limit.shape != (self.group_count,) or (limit < 0).any()):
                raise ValueError(f"limits of `{self.name}` must be (G,) and 0 or more")
        highest = int(self.group_of_unit.max(initial=-1))
        if self.group_of_unit.ndim != 1 or self.group_of_unit.min(initial=0) < -1 or highest >= self.group_count:
            raise ValueError(f"groups of `{self.name}` must be (U,) and lie in -1 to {self.group_count - 1}")
        if self.at_most is not None and self.at_least is not None and (self.at_least > self.at_most).any():
            group = int((self.at_least > self.at_most).argmax())
            raise InvalidConfig(
                f"Limit `{self.name}` wants at least `{self.at_least[group]}` and at most `{self.at_most[group]}`",
                field=self.name,
                hint="make the first number the smaller one",
            )

    @property
    def unit_count(self) -> int:
        return len(self.group_of_unit)

    @property
    def group_count(self) -> int:
        return max((len(limit) for limit in (self.at_most, self.at_least) if limit is not None), default=0)


class _Group:
    """Of one limit: what its groups have and may still have."""

    def __init__(self, limit: GroupLimit) -> None:
        self.limit = limit
        self.group_of_unit = limit.group_of_unit
        self.taken = np.zeros(limit.group_count, dtype=np.int64)
        order = np.argsort(limit.group_of_unit, kind="stable")
        self._members = order
        self._starts = np.searchsorted(limit.group_of_unit[order], np.arange(limit.group_count + 1))
        self.supply = np.diff(self._starts)  # units that may still be picked

    def members(self, group: int) -> NDArray[np.int64]:
        return self._members[self._starts[group] : self._starts[group + 1]]

    def is_full(self, group: int) -> bool:
        return self.limit.at_most is not None and bool(self.taken[group] >= self.limit.at_most[group])

    def lose(self, units: NDArray[np.int64]) -> None:
        """These units cannot be picked any more."""
        groups = self.group_of_unit[units]
        np.subtract.at(self.supply, groups[groups >= 0], 1)

    @property
    def missing(self) -> NDArray[np.int64]:
        """(G,) how many more each group should get; none without lower limits."""
        if self.limit.at_least is None:
            return np.zeros(0, dtype=np.int64)
        return np.asarray(np.maximum(self.limit.at_least - self.taken, 0), dtype=np.int64)


class LimitState:
    """All limits of a selection while it goes on."""

    def __init__(self, limits: Sequence[GroupLimit], unit_count: int) -> None:
        self._groups = [_Group(limit) for limit in limits]
        self.open = np.ones(unit_count, dtype=np.bool_)
        """(U,) units that were not picked and of which no group is full."""
        for state in self._groups:
            if state.limit.at_most is not None:
                for group in np.flatnonzero(state.limit.at_most == 0):
                    self._close(state.members(int(group)))

    def add(self, unit: int) -> list[NDArray[np.int64]]:
        """Count a pick. Returns the units that cannot be picked any more, by group that is full now."""
        if self.open[unit]:
            self._close(np.array([unit]))
        closed = []
        for state in self._groups:
            group = int(state.group_of_unit[unit])
            if group >= 0:
                state.taken[group] += 1
                if state.is_full(group):
                    members = state.members(group)
                    self._close(members)
                    closed.append(members)
        return closed

    def _close(self, units: NDArray[np.int64]) -> None:
        closing = units[self.open[units]]
        self.open[closing] = False
        for state in self._groups:
            state.lose(closing)

    def owed(self, picks_left: int) -> list[NDArray[np.bool_]]:
        """For each limit to which all the picks left are owed: which units (U,) are of groups that should get more."""
        owed = []
        for state in self._groups:
            missing = state.missing
            if len(missing) and int(np.minimum(missing, state.supply).sum()) >= picks_left:
                owing = np.append(missing > 0, False)  # the last is that of units of no group
                owed.append(owing[state.group_of_unit])
        return owed

    def unmet(self) -> tuple[UnmetLimit, ...]:
        return tuple(
            UnmetLimit(
                limit=state.limit.name,
                group=int(group),
                wanted=int(state.limit.at_least[group]),
                reached=int(state.taken[group]),
            )
            for state in self._groups
            if state.limit.at_least is not None
            for group in np.flatnonzero(state.missing)
        )
