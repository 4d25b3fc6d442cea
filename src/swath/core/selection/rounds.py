"""A round: picking among a few units for as long as none of those left out can be better.

At its start the gains of all units are exact. From then on only those of units that might be picked next are brought
up to date; all others keep theirs, which can only be too high. `native/combined.c` does the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.balance_term import BalanceTerm, rows_of
from swath.core.selection.combined_kernels import (
    BalanceStruct,
    NearnessStruct,
    RoundStruct,
    StructArray,
    TermStruct,
    best_of_round,
    scores_of_terms,
)
from swath.core.selection.distances import SUM_LANES
from swath.core.selection.diversity_term import DiversityTerm
from swath.core.selection.kernels import aggregate_number, padded
from swath.core.selection.objective import Term
from swath.core.selection.shortlists import Buckets
from swath.core.selection.weights import ConstantTerm

JOINED_ROWS = 1024
"""Rows that join the selection in one round, at most, but for those of the last unit."""

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """How things are at the start of a round."""

    terms: Sequence[tuple[float, Term]]  # that have a say
    diversities: Sequence[DiversityTerm]  # all
    balances: Sequence[BalanceTerm]  # that have a say
    values: Sequence[NDArray[np.float64]]  # (G,) of each balance: of its groups
    by_terms: NDArray[np.float64]  # (U,) what terms make of the score
    scores: NDArray[np.float64]  # (U,)
    places: NDArray[np.int64]  # (U,) of equally good units the least goes first
    left_out: NDArray[np.bool_]  # (U,) candidates that are not on the shortlist
    buckets: Buckets
    exact_balance: bool  # whether all units of a bucket have equal categories
    alone: bool  # whether nothing but one term ever has a say


class Round:
    """Picking among `units` (S,)."""

    def __init__(self, units: NDArray[np.int64], standing: Standing) -> None:
        self._units = units
        self._standing = standing
        self.alive = np.ones(len(units), dtype=np.uint8)
        self._nearness = StructArray(NearnessStruct, [_nearness_of(term, units) for term in standing.diversities])
        self._terms = StructArray(TermStruct, [self._term_struct(place) for place in range(len(standing.terms))])
        self._balances = StructArray(
            BalanceStruct, [self._balance_struct(place) for place in range(len(standing.balances))]
        )
        self._struct = self._round_struct()

    def best(self) -> tuple[int | None, bool]:
        """The place of the best unit that is alive, if there is any, and whether it beats all that are left out."""
        result = best_of_round(self._struct.address)
        return (None if result == 2 else int(self._struct.best)), result == 1

    def gain(self, diversity: int, place: int) -> float:
        """What the unit at a place gains of a diversity; exact for the best one."""
        return float(self._nearness.held(diversity, "gains")[place])

    def take(self, place: int) -> None:
        """Add the best unit to the diversities, and go on without it."""
        self.alive[place] = 0
        unit = int(self._units[place])
        for number, term in enumerate(self._standing.diversities):
            low, high = self._nearness.held(number, "starts")[place : place + 2].tolist()
            if low == high:
                continue
            rows = self._nearness.held(number, "rows")[low:high]
            term.add_measured(unit, self._nearness.held(number, "nearest")[low:high])
            before = self._nearness[number].joined_count
            after = before + high - low
            self._nearness.held(number, "joined")[before:after, : term.source.shape[1]] = term.source[rows]
            self._nearness[number].joined_count = after

    def follow(self) -> bool:
        """Take over what the terms are after a pick. False if the round cannot go on."""
        for number, (_, term) in enumerate(self._standing.terms):
            struct = self._terms[number]
            struct.total = term.total
            if (term.total > 0) != (struct.total_at_start > 0) and not self._standing.alone:
                return False
            if not isinstance(term, DiversityTerm | ConstantTerm):
                np.take(term.gains, self._units, out=self._terms.held(number, "gains"))
        return all(self._nearness[number].joined_count < JOINED_ROWS for number in range(len(self._nearness)))

    def _term_struct(self, place: int) -> TermStruct:
        standing = self._standing
        strength, term = standing.terms[place]
        struct = TermStruct(strength=strength, alone=standing.alone, total=term.total, total_at_start=term.total)
        buckets, left_out = standing.buckets, standing.left_out
        largest = buckets.largest(term.gains, left_out, 0.0)
        favourite = largest if strength > 0 else -buckets.largest(-term.gains, left_out, -np.inf)
        most = _parts_of(struct, favourite)
        least = np.zeros(buckets.count)
        if strength < 0:
            least = _parts_of(struct, largest)
        elif not term.total > 0:
            least = _parts_of(struct, np.zeros(buckets.count))
        struct.hold(gains=self._gains_of(term), favourite=favourite, most=most, least=least)
        return struct

    def _gains_of(self, term: Term) -> NDArray[np.float64]:
        """Gains (S,) that are kept up to date; those of a diversity are the very ones of its measuring."""
        for number, diversity in enumerate(self._standing.diversities):
            if diversity is term:
                return self._nearness.held(number, "gains")
        return term.gains[self._units]

    def _balance_struct(self, place: int) -> BalanceStruct:
        standing = self._standing
        term, values = standing.balances[place], standing.values[place]
        if standing.exact_balance:
            struct = term.struct(term.groups)
            filled = np.flatnonzero(np.diff(standing.buckets.starts))
            group_of_bucket = np.zeros(standing.buckets.count, dtype=np.int64)
            group_of_bucket[filled] = term.group_of_unit[standing.buckets.units[standing.buckets.starts[filled]]]
            struct.hold(group_of_unit=term.group_of_unit[self._units], group_of_bucket=group_of_bucket)
            return struct
        groups, own = np.unique(term.group_of_unit[self._units], return_inverse=True)
        struct = term.struct(rows_of(term.groups, groups))
        left = values[term.group_of_unit[standing.left_out]]
        struct.hold(group_of_unit=own.astype(np.int64))
        struct.largest_sum = term.largest_sum
        struct.least_entropy = float(np.exp(-left.max(initial=-np.inf))) * (1 - ROUNDING)
        struct.most_entropy = float(np.exp(-left.min(initial=np.inf))) * (1 + ROUNDING)
        return struct

    def _round_struct(self) -> RoundStruct:
        standing = self._standing
        buckets, left_out = standing.buckets, standing.left_out
        struct = RoundStruct(
            units=len(self._units),
            terms=len(standing.terms),
            nearnesses=len(standing.diversities),
            balances=len(standing.balances),
            buckets=buckets.count,
            exact_balance=standing.exact_balance,
        )
        is_favourite = left_out.copy()
        for place, (_, term) in enumerate(standing.terms):
            is_favourite &= term.gains == self._terms.held(place, "favourite")[buckets.of_unit]
        first = -buckets.largest(-standing.places.astype(np.float64), is_favourite, -np.inf)
        struct.hold(
            alive=self.alive,
            order=standing.places[self._units],
            upper=np.zeros(len(self._units)),
            factors=np.zeros(max(1, len(standing.terms))),
            highest=buckets.largest(
                standing.by_terms if standing.exact_balance else standing.scores, left_out, -np.inf
            ),
            lowest=-buckets.largest(-standing.by_terms, left_out, -np.inf),
            first=np.where(np.isfinite(first), first, np.iinfo(np.int64).max // 2).astype(np.int64),
        )
        struct.point(term=self._terms, nearness=self._nearness, balance=self._balances)
        return struct


def _parts_of(term: TermStruct, gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a term makes now of the scores of units that have `gains`."""
    parts = np.zeros(len(gains))
    term.hold(gains=gains)
    scores_of_terms(term.address, 1, np.arange(len(gains)), 0, len(gains), parts)
    return parts


def _nearness_of(term: DiversityTerm, units: NDArray[np.int64]) -> NearnessStruct:
    sizes = term.units.sizes[units]
    rows = term.units.rows_of(units)
    largest = int(sizes.max(initial=1))
    source = term.source
    struct = NearnessStruct(
        half=source.dtype == np.float16,
        depth=source.shape[1],
        aggregate=aggregate_number(term.objective.aggregate),
        joined_count=0,
        lowest=term.objective.lowest_gain if term.objective.minimum_distance_mode == "filter" else 0.0,
    )
    struct.hold(
        numbers=source,
        starts=np.concatenate([[0], np.cumsum(sizes)]),
        rows=rows,
        nearest=term.nearest_of(rows),
        seen=np.zeros(len(units), dtype=np.int64),
        gains=term.gains[units],
        joined=np.zeros((JOINED_ROWS + largest, padded(source.shape[1], SUM_LANES)), dtype=np.float32),
        values=np.zeros(largest),
    )
    return struct
