"""Several objectives at once: greedily the unit that makes the product of all of them largest.

A score is the logarithm of that product, without what all candidates have in common: for a term (`objective.Term`)
strength * log1p(gain / total), for a balance strength * -log(cross-entropy); where a single term has a say, it is the
gain. Picking goes in rounds (`rounds.py`), or step by step, over all units, where nothing bounds how scores change:
with negative strengths of objectives whose gains change, and at the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.balance import Balance
from swath.core.selection.balance_term import BalanceTerm
from swath.core.selection.combined_kernels import StructArray, TermStruct, scores_of_terms
from swath.core.selection.diversity import Diversity
from swath.core.selection.diversity_term import DiversityTerm
from swath.core.selection.limits import GroupLimit, LimitState
from swath.core.selection.objective import MapChunks, Term
from swath.core.selection.picks import Picks, StoppedBy
from swath.core.selection.random_order import Random
from swath.core.selection.rounds import Round, Standing
from swath.core.selection.shortlists import Buckets, best_of
from swath.core.selection.weights import ConstantTerm, Weights

SHORTLIST = (64, 8192)
"""Units on the first shortlist, and at most."""

EXACT_BUCKETS = 256
"""Groups of units with equal categories up to which each has its own bound."""

CHUNK_UNITS = 8192


class GivesTerm(Protocol):
    """Any other objective."""

    @property
    def strength(self) -> float: ...

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
        self._map_chunks = map_chunks
        self._diversities: list[DiversityTerm] = []
        self._weights: list[Weights] = []
        self._terms: list[tuple[float, Term]] = []
        self._balances: list[BalanceTerm] = []
        having_a_say = [objective for objective in objectives if objective.strength != 0]
        self._alone = len(having_a_say) == 1 and not isinstance(having_a_say[0], Balance)
        for objective in objectives:
            self._include(objective, by_rank)
        self._limits = LimitState(limits, len(by_rank))
        self._judging = [term for term in self._diversities if term.objective.strength != 0]
        order = by_rank
        if self._judging:  # of candidates that are as good as each other, those without rows come last
            has_rows = self._judging[0].has_rows[by_rank]
            order = np.concatenate([by_rank[has_rows], by_rank[~has_rows]])
        self._places = np.empty(len(by_rank), dtype=np.int64)
        self._places[order] = np.arange(len(by_rank))
        self._buckets = self._groups_in_common()
        self._shortlist = SHORTLIST[0]
        self._picked: list[int] = []
        self._distances: list[float] = []
        self._sums = [0.0 for _ in self._weights]

    def _include(self, objective: Objective, by_rank: NDArray[np.int64]) -> None:
        if isinstance(objective, Balance):
            balance = BalanceTerm(objective, self._map_chunks)
            if balance.has_target and balance.strength != 0:
                self._balances.append(balance)
        elif isinstance(objective, Diversity):
            diversity = DiversityTerm(
                objective,
                count=self._count,
                needs_total=objective.strength != 0 and not self._alone,
                map_chunks=self._map_chunks,
            )
            self._diversities.append(diversity)
            self._terms.append((objective.strength, diversity))
        elif isinstance(objective, Weights):
            self._weights.append(objective)
            self._terms.append((objective.strength, objective.term()))
        elif isinstance(objective, Random):
            self._terms.append((objective.strength, objective.term(by_rank)))
        else:
            self._terms.append((objective.strength, objective.term(map_chunks=self._map_chunks)))

    def _groups_in_common(self) -> Buckets | None:
        """Units with equal categories of all balances; None if there are too many different ones."""
        common = np.zeros(len(self._places), dtype=np.int64)
        for balance in self._balances:
            pairs = common * balance.groups.unit_count + balance.group_of_unit
            common = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
            if common.max(initial=0) >= EXACT_BUCKETS:
                return None
        return Buckets.of(common.astype(np.uint8), int(common.max(initial=0)) + 1)

    def run(self) -> Picks:
        stopped_by: StoppedBy | None = None
        while stopped_by is None:
            if len(self._picked) == self._count:
                stopped_by = "count"
                break
            possible = self._candidates()
            candidates = np.flatnonzero(possible)
            if not len(candidates):
                stopped_by = self._why_none_is_left()
            elif self._goes_by_steps(candidates):
                stopped_by = self._step(candidates)
            else:
                stopped_by = self._round(possible, candidates)
        return Picks(
            rows=np.array(self._picked, dtype=np.int64),
            distances=np.array(self._distances, dtype=np.float64),
            stopped_by=stopped_by,
            unmet=self._limits.unmet(),
        )

    def _candidates(self) -> NDArray[np.bool_]:
        """Units (U,) that may be picked now."""
        possible = self._limits.open.copy()
        for weights, total in zip(self._weights, self._sums, strict=True):
            if weights.highest_sum is not None:
                possible &= total + weights.values <= weights.highest_sum
        for term in self._diversities:
            if term.objective.minimum_distance_mode == "filter":
                possible &= ~term.too_near()
        for owed in self._limits.owed(self._count - len(self._picked)):
            if (possible & owed).any():
                possible &= owed
        return possible

    def _why_none_is_left(self) -> StoppedBy:
        possible = self._limits.open
        if not possible.any():
            return "exhausted" if len(self._picked) == len(possible) else "limits"
        for term in self._diversities:
            if term.objective.minimum_distance_mode == "filter" and (possible & term.too_near()).any():
                return "minimum_distance"
        return "maximum_sum"

    # -- step by step

    def _goes_by_steps(self, candidates: NDArray[np.int64]) -> bool:
        """Whether nothing bounds what one pick does to the scores of all."""
        if any(strength < 0 and not isinstance(term, ConstantTerm) for strength, term in self._terms):
            return True
        if any(balance.strength < 0 for balance in self._balances):
            return True
        if any(not term.knows_selection and term.has_rows.any() for term in self._diversities):
            return True
        if any(weights.highest_sum is not None and weights.values.min() < 0 for weights in self._weights):
            return True  # candidates that did not fit may fit again
        return not self._alone and any(
            not (term.total > 0 or self._may_start_in_rounds(term)) for _, term in self._with_a_say(candidates)
        )

    def _may_start_in_rounds(self, term: Term) -> bool:
        """Whether rounds know what to do while a term's total is 0.

        They have to know who is a candidate still, and they would not if some were passed over for being too near.
        """
        passes_over = any(term.objective.minimum_distance_mode == "filter" for term in self._diversities)
        return isinstance(term, ConstantTerm) and not passes_over

    def _step(self, candidates: NDArray[np.int64]) -> StoppedBy | None:
        best = self._best(candidates)
        gains = [float(term.gains[best]) for term in self._diversities]
        refusal = self._refusal(best, gains)
        if refusal is not None:
            return refusal
        self._note(best, gains)
        for _, term in self._terms:
            term.add(best)
        for term in self._diversities:
            term.settle()
        return self._ended()

    def _best(self, candidates: NDArray[np.int64]) -> int:
        scores, _, _ = self._scores(candidates)
        own = scores[candidates]
        tied = candidates[own == own.max()]
        for term in self._judging:
            if not term.knows_selection:
                offsets = term.opening()[tied]
                tied = tied[offsets == offsets.min()]
                break
        return int(tied[np.argmin(self._places[tied])])

    def _with_a_say(self, candidates: NDArray[np.int64]) -> list[tuple[float, Term]]:
        """Terms by which candidates differ, or may differ once something is picked."""
        return [(strength, term) for strength, term in self._terms if strength != 0 and term.gains[candidates].any()]

    def _scores(
        self, candidates: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]]:
        """Scores (U,) of candidates, what terms make of them, and the values of the groups of each balance."""
        terms = self._with_a_say(candidates)
        structs = []
        for strength, term in terms:
            struct = TermStruct(strength=strength, alone=self._alone, total=term.total, total_at_start=term.total)
            struct.hold(gains=term.gains)
            structs.append(struct)
        array = StructArray(TermStruct, structs)
        own = np.zeros(len(candidates))

        def measure(chunk: int) -> None:
            low = chunk * CHUNK_UNITS
            scores_of_terms(array.address, len(terms), candidates, low, min(len(own), low + CHUNK_UNITS), own)

        for _ in self._map_chunks(measure, range(-(-len(own) // CHUNK_UNITS))):
            pass  # reading a result raises what went wrong in its chunk
        by_terms = np.zeros(len(self._places))
        by_terms[candidates] = own
        scores = by_terms.copy()
        values = [balance.values() for balance in self._balances]
        for balance, of_groups in zip(self._balances, values, strict=True):
            scores += (balance.strength * of_groups)[balance.group_of_unit]
        return scores, by_terms, values

    # -- in rounds

    def _round(self, possible: NDArray[np.bool_], candidates: NDArray[np.int64]) -> StoppedBy | None:
        scores, by_terms, values = self._scores(candidates)
        terms = self._with_a_say(candidates)
        units = self._shortlisted(possible, candidates, scores)
        left_out = possible.copy()
        left_out[units] = False
        round_ = Round(
            units,
            Standing(
                terms=terms,
                diversities=self._diversities,
                balances=self._balances,
                values=values,
                by_terms=by_terms,
                scores=scores,
                places=self._places,
                left_out=left_out,
                buckets=self._buckets or Buckets.by_height(by_terms, left_out),
                exact_balance=self._buckets is not None,
                alone=self._alone,
            ),
        )
        stopped_by = self._pick_among(round_, units, terms)
        for term in self._diversities:
            term.settle()
        return stopped_by

    def _shortlisted(
        self, possible: NDArray[np.bool_], candidates: NDArray[np.int64], scores: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The best candidates, and some of the best of each bucket, whose turn may come."""
        listed = np.zeros(len(possible), dtype=np.bool_)
        listed[best_of(scores, self._places, candidates, self._shortlist)] = True
        if self._buckets is not None and self._buckets.count > 1:
            size = max(8, self._shortlist // self._buckets.count)
            for bucket in range(self._buckets.count):
                members = self._buckets.units[self._buckets.starts[bucket] : self._buckets.starts[bucket + 1]]
                listed[best_of(scores, self._places, members[possible[members]], size)] = True
        return np.flatnonzero(listed)

    def _has_fewer_say(self, terms: Sequence[tuple[float, Term]]) -> bool:
        """Whether one of `terms` is 0 for all candidates by now: it had a say as long as it was not."""
        starting = [term for _, term in terms if not term.total > 0]
        if not starting or self._alone:
            return False
        possible = self._candidates()
        return any(not (possible & (term.gains > 0)).any() for term in starting)

    def _pick_among(
        self, round_: Round, units: NDArray[np.int64], terms: Sequence[tuple[float, Term]]
    ) -> StoppedBy | None:
        place_of_unit = np.full(len(self._places), -1, dtype=np.int64)
        place_of_unit[units] = np.arange(len(units))
        owed = self._limits.owed(self._count - len(self._picked))
        first = True
        while True:
            place, beats_all = round_.best()
            if place is None or not (beats_all or first):  # a longer list might have done for longer
                self._shortlist = min(SHORTLIST[1], self._shortlist * 2)
                return None
            first = False
            unit = int(units[place])
            gains = [round_.gain(number, place) for number in range(len(self._diversities))]
            refusal = self._refusal(unit, gains)
            if refusal is not None:
                return refusal
            round_.take(place)
            for _, term in self._terms:
                if not isinstance(term, DiversityTerm):
                    term.add(unit)
            for closed in self._note(unit, gains):
                places = place_of_unit[closed]
                round_.alive[places[places >= 0]] = 0
            ended = self._ended()
            if ended is not None:
                return ended
            for weights, total in zip(self._weights, self._sums, strict=True):
                if weights.highest_sum is not None:
                    round_.alive[total + weights.values[units] > weights.highest_sum] = 0
            still_owed = self._limits.owed(self._count - len(self._picked))
            if not round_.follow() or not _same(owed, still_owed) or self._has_fewer_say(terms):
                return None

    # -- what happens with every pick

    def _refusal(self, unit: int, gains: Sequence[float]) -> StoppedBy | None:
        """Why the selection ends instead of picking the best unit, of which the gain of each diversity is given."""
        for term, gain in zip(self._diversities, gains, strict=True):
            if term.knows_selection and term.has_rows[unit] and gain < term.objective.lowest_gain:
                return "minimum_distance"
        if any(weights.minimum is not None and weights.values[unit] < weights.minimum for weights in self._weights):
            return "minimum_value"
        return None

    def _note(self, unit: int, gains: Sequence[float]) -> list[NDArray[np.int64]]:
        """Write down a pick, before it is added to terms. Returns units that cannot be picked any more."""
        distance = np.nan
        if self._diversities and self._diversities[0].has_rows[unit] and self._diversities[0].knows_selection:
            distance = float(np.sqrt(gains[0]))
        self._distances.append(distance)
        self._picked.append(unit)
        for balance in self._balances:
            balance.add(unit)
        for place, weights in enumerate(self._weights):
            self._sums[place] += float(weights.values[unit])
        return self._limits.add(unit)

    def _ended(self) -> StoppedBy | None:
        if len(self._picked) == self._count:
            return "count"
        for weights, total in zip(self._weights, self._sums, strict=True):
            if weights.maximum_sum is not None and total >= weights.maximum_sum:
                return "maximum_sum"
        return None


def _same(owed: list[NDArray[np.bool_]], others: list[NDArray[np.bool_]]) -> bool:
    return len(owed) == len(others) and all(np.array_equal(*pair) for pair in zip(owed, others, strict=True))
