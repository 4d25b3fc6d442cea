"""Several objectives at once: greedily the unit that makes the product of all of them largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.balance import Balance
from swath.core.selection.balance_term import BalanceTerm
from swath.core.selection.diversity import Diversity
from swath.core.selection.diversity_term import DiversityTerm
from swath.core.selection.limits import GroupLimit, LimitState
from swath.core.selection.objective import MapChunks, Term
from swath.core.selection.picks import Picks, StoppedBy
from swath.core.selection.random_order import Random
from swath.core.selection.weights import Weights

LEAST_FACTOR = 1e-300
"""Where some candidates' objective is 0 and others' is not, it counts as this: worse than all others, yet a number."""


class GivesTerm(Protocol):
    strength: float

    @property
    def unit_count(self) -> int: ...

    def term(self, *, map_chunks: MapChunks) -> Term: ...


Objective = Diversity | Weights | Balance | Random | GivesTerm


class Combination:
    """A selection by several objectives while it goes on."""

    def __init__(
        self,
        objectives: Sequence[Objective],
        *,
        count: int,
        by_rank: NDArray[np.int64],
        limits: Sequence[GroupLimit],
        map_chunks: MapChunks,
    ) -> None:
        self._count = count
        self._diversities: list[tuple[Diversity, DiversityTerm]] = []
        self._weights: list[Weights] = []
        self._terms: list[tuple[float, Term]] = []
        self._balances: list[tuple[float, BalanceTerm]] = []
        for objective in objectives:
            self._include(objective, by_rank, map_chunks)
        self._limits = LimitState(limits, len(by_rank))
        self._too_near = np.zeros(len(by_rank), dtype=np.bool_)
        self._order = by_rank
        self._judging = [term for objective, term in self._diversities if objective.strength != 0]
        if self._judging:  # of candidates that are as good as each other, those without rows come last
            has_rows = self._judging[0].has_rows[by_rank]
            self._order = np.concatenate([by_rank[has_rows], by_rank[~has_rows]])
        self._picked: list[int] = []
        self._distances: list[float] = []
        self._sums = [0.0 for _ in self._weights]

    def _include(self, objective: Objective, by_rank: NDArray[np.int64], map_chunks: MapChunks) -> None:
        if isinstance(objective, Balance):
            term = BalanceTerm(objective)
            if term.has_target:
                self._balances.append((objective.strength, term))
        elif isinstance(objective, Diversity):
            spread = DiversityTerm(objective, count=self._count, map_chunks=map_chunks)
            self._diversities.append((objective, spread))
            self._terms.append((objective.strength, spread))
        elif isinstance(objective, Weights):
            self._weights.append(objective)
            self._terms.append((objective.strength, objective.term()))
        elif isinstance(objective, Random):
            self._terms.append((objective.strength, objective.term(by_rank)))
        else:
            self._terms.append((objective.strength, objective.term(map_chunks=map_chunks)))

    def run(self) -> Picks:
        stopped_by: StoppedBy = "count"
        while len(self._picked) < self._count:
            candidates = self._candidates()
            if not len(candidates):
                stopped_by = self._why_none_is_left()
                break
            best = self._best(candidates)
            stop = self._refused(best)
            if stop is not None:
                stopped_by = stop
                break
            self._pick(best)
            if any(
                weights.maximum_sum is not None and total >= weights.maximum_sum
                for weights, total in zip(self._weights, self._sums, strict=True)
            ):
                stopped_by = "maximum_sum" if len(self._picked) < self._count else "count"
                break
        return Picks(
            rows=np.array(self._picked, dtype=np.int64),
            distances=np.array(self._distances, dtype=np.float64),
            stopped_by=stopped_by,
            unmet=self._limits.unmet(),
        )

    def _candidates(self) -> NDArray[np.int64]:
        """Units that may be picked now, in the order that settles ties."""
        possible = self._limits.open & ~self._too_near
        for weights, total in zip(self._weights, self._sums, strict=True):
            if weights.highest_sum is not None:
                possible &= total + weights.values <= weights.highest_sum
        for objective, term in self._diversities:
            if objective.minimum_distance_mode == "filter":
                possible &= ~self._violates(objective, term)
        for owed in self._limits.owed(self._count - len(self._picked)):
            if (possible & owed).any():
                possible &= owed
        return self._order[possible[self._order]]

    def _violates(self, objective: Diversity, term: DiversityTerm) -> NDArray[np.bool_]:
        if not term.knows_selection:
            return np.zeros(len(term.gains), dtype=np.bool_)
        return term.has_rows & (term.gains < objective.lowest_gain)

    def _best(self, candidates: NDArray[np.int64]) -> int:
        scores = np.zeros(len(candidates))
        for strength, term in self._terms:
            gains = term.gains[candidates]
            if strength == 0 or not gains.any():
                continue
            if term.total > 0:
                scores += strength * np.log1p(gains / term.total)
            else:
                scores += strength * np.log(np.maximum(gains, LEAST_FACTOR))
        for strength, balance in self._balances:
            if strength != 0:
                scores += strength * balance.values()[candidates]
        for diversity in self._judging:
            if not diversity.knows_selection:
                tied = candidates[scores == scores.max()]
                return int(tied[np.argmin(diversity.opening()[tied])])
        return int(candidates[np.argmax(scores)])

    def _refused(self, best: int) -> StoppedBy | None:
        for objective, term in self._diversities:
            if objective.minimum_distance_mode == "stop" and self._violates(objective, term)[best]:
                return "minimum_distance"
        if any(weights.minimum is not None and weights.values[best] < weights.minimum for weights in self._weights):
            return "minimum_value"
        return None

    def _pick(self, unit: int) -> None:
        distance = np.nan
        if self._diversities:
            _, first = self._diversities[0]
            if first.knows_selection and first.has_rows[unit]:
                distance = float(np.sqrt(first.gains[unit]))
        self._distances.append(distance)
        self._picked.append(unit)
        for _, term in self._terms:
            term.add(unit)
        for _, balance in self._balances:
            balance.add(unit)
        for place, weights in enumerate(self._weights):
            self._sums[place] += float(weights.values[unit])
        self._limits.add(unit)

    def _why_none_is_left(self) -> StoppedBy:
        possible = self._limits.open
        if not possible.any():
            return "exhausted" if len(self._picked) == len(possible) else "limits"
        for objective, term in self._diversities:
            if objective.minimum_distance_mode == "filter" and (possible & self._violates(objective, term)).any():
                return "minimum_distance"
        return "maximum_sum"
