"""What a person should know about a selection: what was missing, what was not reached, what had no say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from swath.core.candidates import NumberValues
from swath.core.outcomes import MAX_EXAMPLES, Finding
from swath.core.selection import Picks
from swath.pipeline.objectives import MAX_PER_IMAGE, balanced_categories, quota_names, totals
from swath.pipeline.selection_data import SelectionData
from swath.pipeline.wording import counted
from swath.wire.run_result import SelectionQuality, TargetReached
from swath.wire.selection import (
    BalanceStrategy,
    MetadataInput,
    NumberInput,
    PredictionsInput,
    RandomInput,
    ScoresInput,
    SelectionConfig,
    SelectionUnit,
    ThresholdStrategy,
    WeightsStrategy,
)

MISSED_BY = 0.02
"""A share that stays further below what a balance wants is worth a word."""

_SIGNS = {"smaller": "<", "smaller_equal": "<=", "bigger": ">", "bigger_equal": ">="}


def about_numbers(config: SelectionConfig, data: SelectionData) -> Iterator[Finding]:
    """Candidates of which nobody knows a number that a strategy asks for."""
    for strategy, given in zip(config.strategies, data.inputs, strict=True):
        if not isinstance(strategy, WeightsStrategy | ThresholdStrategy) or not isinstance(given.values, NumberValues):
            continue
        missing = int(np.isnan(given.values.values).sum())
        if missing:
            what = "they do not pass the threshold" if strategy.type == "threshold" else "as weights they count as 0"
            yield Finding(
                code="numbers_missing",
                severity="warning",
                message=f"{missing:,} of {_units(config, len(data))} have no {_named(strategy.input)}: {what}",
                count=missing,
            )


def about_threshold(config: SelectionConfig, place: int, passed: int, available: int) -> Iterator[Finding]:
    """How many candidates pass the threshold that is the strategy at a place."""
    strategy = config.strategies[place]
    if isinstance(strategy, ThresholdStrategy):
        rule = f"{_named(strategy.input)} {_SIGNS[strategy.operation]} {strategy.threshold:g}"
        yield Finding(
            code="threshold_passed",
            severity="info",
            message=f"{passed:,} of {_units(config, available)} pass the threshold {rule}",
            count=passed,
        )


def about_strengths(config: SelectionConfig) -> Iterator[Finding]:
    """A strength that says nothing."""
    ordering = [strategy for strategy in config.strategies if not isinstance(strategy, ThresholdStrategy)]
    if ordering and all(strategy.strength == 0 for strategy in ordering):
        yield Finding(
            code="strength_without_effect",
            severity="warning",
            message="no strategy has a strength other than 0, so none has a say: units go in the order of their keys",
            hint="give the one that should decide a strength above 0, or use `random`.",
        )
    elif len(ordering) == 1 and ordering[0].strength > 0 and ordering[0].strength != 1:
        yield Finding(
            code="strength_without_effect",
            severity="info",
            message=f"a strength of {ordering[0].strength:g} changes nothing: `{ordering[0].type}` is alone",
        )


def about_limits(config: SelectionConfig, data: SelectionData, picks: Picks) -> Iterator[Finding]:
    """Quotas of which fewer were picked than were asked for, by name."""
    if data.categories is None:
        return
    names = quota_names(config, data.categories)
    supply = totals(data.categories)
    examples = []
    for unmet in picks.unmet:
        if unmet.limit == MAX_PER_IMAGE:
            continue
        there = int(supply[unmet.group]) if unmet.group < len(supply) else 0
        why = f", there are only {there:,}" if there < unmet.wanted else ""
        examples.append(f"{names[unmet.group]}: {unmet.reached:,} of at least {unmet.wanted:,}{why}")
    if examples:
        yield Finding(
            code="quotas_unmet",
            severity="warning",
            message=f"{counted(len(examples), 'quota')} could not be met",
            examples=tuple(examples[:MAX_EXAMPLES]),
            count=len(examples),
        )


def about_sums(config: SelectionConfig, data: SelectionData, picks: Picks) -> Iterator[Finding]:
    """Sums that stay below what a target range wants."""
    for strategy, given in zip(config.strategies, data.inputs, strict=True):
        if not isinstance(strategy, WeightsStrategy) or not isinstance(given.values, NumberValues):
            continue
        wanted = strategy.target_range
        if wanted is None or wanted.min_sum is None:
            continue
        reached = float(np.sort(np.nan_to_num(given.values.values[picks.rows], nan=0.0)).sum())
        if reached < wanted.min_sum:
            yield Finding(
                code="target_range_missed",
                severity="warning",
                message=f"the sum of {_named(strategy.input)} over what was selected is {reached:g}, below the "
                f"{wanted.min_sum:g} that were wanted",
                hint="select more, or give `weights` a higher strength.",
            )


def about_targets(
    config: SelectionConfig, data: SelectionData, picks: Picks, quality: SelectionQuality
) -> Iterator[Finding]:
    """Balances that stay below their target, and of which categories all that there are was selected."""
    for place, (strategy, given) in enumerate(zip(config.strategies, data.inputs, strict=True)):
        if not isinstance(strategy, BalanceStrategy):
            continue
        categories = balanced_categories(strategy, given)
        selected = totals(categories, picks.rows)
        left = dict(zip(categories.names, totals(categories) - selected, strict=True))
        of_one = 1.0 / max(1.0, float((categories.preselected + selected).sum()))
        missed = []
        for one in quality.targets:
            short = one.wanted - one.reached if one.strategy == place else 0.0
            # One unit more or less may be as far from the target: that is no miss, unless there is none left.
            if short > MISSED_BY and (short > of_one or left[one.category] <= 0):
                missed.append(one)
        if not missed:
            continue
        yield Finding(
            code="target_missed",
            severity="info",
            message=f"`balance` over {_balanced(strategy)} stays below its target for "
            f"{counted(len(missed), 'category', 'categories')}",
            hint="more candidates of these categories, or a higher strength of `balance`, bring it nearer.",
            examples=tuple(_missed(one, is_used_up=left[one.category] <= 0) for one in missed[:MAX_EXAMPLES]),
            count=len(missed),
        )


def _missed(target: TargetReached, *, is_used_up: bool) -> str:
    why = (
        "" if not is_used_up else ", no candidate has it" if target.available == 0 else ", all there are were selected"
    )
    return f"{target.category}: {target.reached:.1%} of {target.wanted:.1%}{why}"


def _units(config: SelectionConfig, count: int) -> str:
    return counted(count, unit_noun(config))


def unit_noun(config: SelectionConfig) -> str:
    """What is selected, in the singular."""
    return "image" if config.unit is SelectionUnit.IMAGES else "object"


def _named(given: NumberInput) -> str:
    """What a number is, for a sentence."""
    match given:
        case ScoresInput():
            return f"`{given.score}`"
        case MetadataInput():
            return f"`{given.key}`"
        case PredictionsInput():
            of = "" if given.categories is None else " of " + ", ".join(f"`{name}`" for name in given.categories)
            return f"count of predictions{of}"
        case RandomInput():
            return "random number"


def _balanced(strategy: BalanceStrategy) -> str:
    return f"`{strategy.input.key}`" if isinstance(strategy.input, MetadataInput) else "predictions"
