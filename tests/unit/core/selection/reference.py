"""The selection written down once more, slowly and from its definition, for the fast one to be compared with.

One unit at a time; every candidate's objectives are computed from scratch on what would be selected with it. Nothing
is kept between steps, and no code is shared with the package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.selection import Balance, Diversity, GroupLimit, Picks, Random, Weights

ROUNDING = 1e-9
"""Scores that differ by less are not told apart by their value."""


@dataclass(kw_only=True)
class Reference:
    objectives: Sequence[Diversity | Weights | Balance | Random]
    rank: NDArray[np.int64]
    count: int
    limits: Sequence[GroupLimit] = ()

    def check(self, picks: Picks) -> None:
        """Every pick is, at its time, one of the best candidates, and what ended the selection was there."""
        selected: list[int] = []
        for unit, distance in zip(picks.rows.tolist(), picks.distances.tolist(), strict=True):
            assert not self.has_summed_up(selected)
            candidates = self.candidates(selected)
            assert unit in candidates, f"unit {unit} was no candidate after {selected}"
            scores, twins = self.scores(selected, candidates)
            place = candidates.index(unit)
            best = max(scores)
            assert scores[place] >= best - ROUNDING * max(1.0, abs(best)), (
                f"unit {unit} scores {scores[place]}, {candidates[int(np.argmax(scores))]} scores {best}"
            )
            for other, twin in zip(candidates, twins, strict=True):
                if twin == twins[place] and other != unit:
                    assert self.rank[other] > self.rank[unit], f"{other} is just as good as {unit}, of lower rank"
            assert self.refusals(selected, unit) == []
            self._check_distance(selected, unit, distance)
            selected.append(unit)
        self._check_end(selected, picks)

    def _check_end(self, selected: list[int], picks: Picks) -> None:
        candidates = self.candidates(selected)
        if picks.stopped_by == "count":
            assert len(selected) == self.count
            return
        assert len(selected) < self.count
        if self.has_summed_up(selected):
            assert picks.stopped_by == "maximum_sum"
        elif candidates:
            scores, _ = self.scores(selected, candidates)
            best = [
                unit
                for unit, score in zip(candidates, scores, strict=True)
                if score >= max(scores) - ROUNDING * max(1.0, abs(max(scores)))
            ]
            reasons = {reason for unit in best for reason in self.refusals(selected, unit)}
            assert picks.stopped_by in reasons
        else:
            assert (picks.stopped_by == "exhausted") == (len(selected) == len(self.rank))
        reached = {
            (limit.name, group): (int(wanted), sum(limit.group_of_unit[unit] == group for unit in selected))
            for limit in self.limits
            if limit.at_least is not None
            for group, wanted in enumerate(limit.at_least)
        }
        assert {(unmet.limit, unmet.group): (unmet.wanted, unmet.reached) for unmet in picks.unmet} == {
            key: amounts for key, amounts in reached.items() if amounts[0] > amounts[1]
        }

    # -- who may be picked

    def candidates(self, selected: list[int]) -> list[int]:
        left = [unit for unit in range(len(self.rank)) if unit not in selected and not self._is_full(selected, unit)]
        possible = [unit for unit in left if self._fits(selected, unit) and not self._passed_over(selected, unit)]
        picks_left = self.count - len(selected)
        for limit in self.limits:
            if limit.at_least is None:
                continue
            owing = {}
            for group, wanted in enumerate(limit.at_least):
                missing = wanted - sum(limit.group_of_unit[unit] == group for unit in selected)
                supply = sum(limit.group_of_unit[unit] == group for unit in left)
                if missing > 0:
                    owing[group] = min(missing, supply)
            if owing and sum(owing.values()) >= picks_left:
                narrowed = [unit for unit in possible if limit.group_of_unit[unit] in owing]
                possible = narrowed or possible
        return possible

    def _is_full(self, selected: list[int], unit: int) -> bool:
        for limit in self.limits:
            group = limit.group_of_unit[unit]
            if limit.at_most is not None and group >= 0:
                taken = sum(limit.group_of_unit[other] == group for other in selected)
                if taken >= limit.at_most[group]:
                    return True
        return False

    def _fits(self, selected: list[int], unit: int) -> bool:
        for objective in self.objectives:
            if isinstance(objective, Weights) and objective.target_range and objective.target_range[1] is not None:
                total = 0.0
                for other in selected:
                    total += objective.values[other]
                if total + objective.values[unit] > objective.target_range[1]:
                    return False
        return True

    def _passed_over(self, selected: list[int], unit: int) -> bool:
        return any(
            objective.minimum_distance_mode == "filter" and self._too_near(objective, selected, unit)
            for objective in self.objectives
            if isinstance(objective, Diversity)
        )

    def _too_near(self, objective: Diversity, selected: list[int], unit: int) -> bool:
        gain = self.gain(objective, selected, unit)
        return gain is not None and math.sqrt(gain) < (objective.minimum_distance or 0.0)

    def refusals(self, selected: list[int], unit: int) -> list[str]:
        """Why the selection ends instead of picking the best candidate."""
        refusals = []
        for objective in self.objectives:
            stops = isinstance(objective, Diversity) and objective.minimum_distance_mode == "stop"
            if stops and self._too_near(objective, selected, unit):
                refusals.append("minimum_distance")
            lowest = objective.minimum if isinstance(objective, Weights) else None
            if lowest is not None and objective.values[unit] < lowest:
                refusals.append("minimum_value")
        return refusals

    def has_summed_up(self, selected: list[int]) -> bool:
        return len(selected) > 0 and any(
            objective.maximum_sum is not None and sum(objective.values[selected]) >= objective.maximum_sum
            for objective in self.objectives
            if isinstance(objective, Weights)
        )

    def _check_distance(self, selected: list[int], unit: int, distance: float) -> None:
        diversities = [objective for objective in self.objectives if isinstance(objective, Diversity)]
        gain = self.gain(diversities[0], selected, unit) if diversities else None
        if gain is None:
            assert math.isnan(distance)
        else:
            assert math.isclose(distance, math.sqrt(gain), rel_tol=1e-12)

    # -- how good they are

    def scores(self, selected: list[int], candidates: list[int]) -> tuple[list[float], list[tuple[object, ...]]]:
        """The logarithm of the product for each candidate, and what it is made of: candidates with equal ones tie."""
        scores = np.zeros(len(candidates))
        parts: list[list[object]] = [[] for _ in candidates]
        for objective in self.objectives:
            if objective.strength == 0:
                continue
            values: list[object]
            if isinstance(objective, Balance):
                scores += objective.strength * np.log([self.evenness(objective, selected, u) for u in candidates])
                values = [_categories(objective, unit) for unit in candidates]
            else:
                total = self.total(objective, selected)
                values = [self.gain(objective, selected, unit) or 0.0 for unit in candidates]
                if total > 0:
                    scores += objective.strength * np.log1p(np.array(values) / total)
                elif max(values) > 0:
                    scores += objective.strength * np.log(np.maximum(values, 1e-300))
            for part, value in zip(parts, values, strict=True):
                part.append(value)
        diversities = [one for one in self.objectives if isinstance(one, Diversity) and one.strength != 0]
        for objective in diversities:
            if not _has_preselected(objective) and not any(len(_rows(objective, unit)) for unit in selected):
                best = scores >= scores.max() - 1e-12 * max(1.0, abs(scores.max()))
                offsets = np.array([self.offset(objective, unit) for unit in candidates])
                nearest = offsets[best].min()
                slack = 1e-9 * nearest + 1e-13 * float(np.abs(objective.vectors.astype(np.float64)).max(initial=0)) ** 2
                for place, own in enumerate(parts):  # scores that differ by a rounding only may differ all the same
                    if offsets[place] > nearest + slack and best[place]:
                        twins = [offset for offset, part in zip(offsets, parts, strict=True) if part == own]
                        best[place] = offsets[place] <= min(twins) + slack
                scores = np.where(best, scores, -np.inf)
                for part in parts:  # means are rounded in ways of their own: ties need not show
                    part.append(object())
                break
        if diversities:
            for part, unit in zip(parts, candidates, strict=True):
                part.append(len(_rows(diversities[0], unit)) > 0)
            if not all(part[-1] for part in parts):
                scores = self._empty_last(scores, [bool(part[-1]) for part in parts])
        return scores.tolist(), [tuple(part) for part in parts]

    def _empty_last(self, scores: NDArray[np.float64], has_rows: list[bool]) -> NDArray[np.float64]:
        filled = [score for score, has in zip(scores, has_rows, strict=True) if has]
        return np.array(
            [
                -np.inf if not has and filled and score == max(filled) == max(scores) else score
                for score, has in zip(scores, has_rows, strict=True)
            ]
        )

    def total(self, objective: Diversity | Weights | Random, selected: list[int]) -> float:
        if isinstance(objective, Random):
            return math.fsum(self.random_weights(objective)[selected])
        if isinstance(objective, Weights):
            least = min(0.0, objective.values.min(initial=0.0))
            before = objective.preselected_sum - least * objective.preselected_count
            return max(0.0, before) + math.fsum(objective.values[selected] - least)
        groups = [_rows(objective, unit) for unit in selected]
        if _has_preselected(objective):
            groups += [row[None] for row in objective.preselected.astype(np.float64)]
        groups = [group for group in groups if len(group)]
        if len(groups) < 2:
            return 0.0
        return math.fsum(
            _aggregate(objective, _nearest(group, np.concatenate(groups[:place] + groups[place + 1 :])))
            for place, group in enumerate(groups)
        )

    def gain(self, objective: Diversity | Weights | Random, selected: list[int], unit: int) -> float | None:
        """What the unit would add; None if there is nothing to say yet, or it has no rows."""
        if isinstance(objective, Random):
            return float(self.random_weights(objective)[unit])
        if isinstance(objective, Weights):
            return float(objective.values[unit] - min(0.0, objective.values.min(initial=0.0)))
        chosen = [_rows(objective, other) for other in selected]
        if _has_preselected(objective):
            chosen.append(objective.preselected.astype(np.float64))
        before = np.concatenate([np.zeros((0, objective.vectors.shape[1])), *chosen])
        rows = _rows(objective, unit)
        if not len(rows) or not len(before):
            return None
        return _aggregate(objective, _nearest(rows, before))

    def evenness(self, objective: Balance, selected: list[int], unit: int) -> float:
        matrix = objective.categories
        amounts = np.zeros(matrix.category_count)
        if objective.preselected is not None:
            amounts += objective.preselected
        for member in [*selected, unit]:
            for entry in range(matrix.starts[member], matrix.starts[member + 1]):
                amounts[matrix.categories[entry]] += matrix.amounts[entry]
        if not objective.target.sum() > 0:
            return 1.0
        target = objective.target / objective.target.sum()
        shares = amounts / amounts.sum() if amounts.sum() > 0 else amounts
        return 1.0 / max(1e-10, -float(np.sum(target * np.log(shares + 1e-10))))

    def offset(self, objective: Diversity, unit: int) -> float:
        rows = _rows(objective, unit)
        if not len(rows):
            return math.inf
        return float(((rows.mean(axis=0) - objective.vectors.astype(np.float64).mean(axis=0)) ** 2).sum())

    def random_weights(self, objective: Random) -> NDArray[np.float64]:
        random = np.random.default_rng(objective.seed)
        order = random.permutation(np.argsort(self.rank))
        weights = np.empty(len(order))
        weights[order] = np.sort(random.random(len(order)))[::-1]
        return weights


def _categories(objective: Balance, unit: int) -> tuple[tuple[int, float], ...]:
    matrix = objective.categories
    entries = range(matrix.starts[unit], matrix.starts[unit + 1])
    return tuple((int(matrix.categories[entry]), float(matrix.amounts[entry])) for entry in entries)


def _has_preselected(objective: Diversity) -> bool:
    return objective.preselected is not None and len(objective.preselected) > 0


def _rows(objective: Diversity, unit: int) -> NDArray[np.float64]:
    if objective.units is None:
        return objective.vectors[unit : unit + 1].astype(np.float64)
    return objective.vectors[objective.units.unit_of_row == unit].astype(np.float64)


def _nearest(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    return ((rows[:, None, :] - others[None, :, :]) ** 2).sum(axis=2).min(axis=1)


def _aggregate(objective: Diversity, values: NDArray[np.float64]) -> float:
    ascending = np.sort(values)
    return float({"mean": np.mean, "max": np.max, "sum": np.sum}[objective.aggregate](ascending))
