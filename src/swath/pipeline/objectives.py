"""From the strategies of a configuration, and what is known of the candidates, to what the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, NumberValues, StrategyInput, VectorValues
from swath.core.errors import RunFailed
from swath.pipeline.selection_data import SelectionData, units_of
from swath.wire.selection import (
    BalanceStrategy,
    DiversityStrategy,
    RandomInput,
    RandomStrategy,
    RepresentativeStrategy,
    SelectionConfig,
    SimilarityStrategy,
    Strategy,
    ThresholdStrategy,
    TypicalityStrategy,
    WeightsStrategy,
)

if TYPE_CHECKING:
    from swath.core.selection import GroupLimit, MapChunks, Objective, UnitValues, Weights

MAX_PER_IMAGE = "max_per_image"
QUOTAS = "quotas"


def objectives_of(
    config: SelectionConfig, data: SelectionData, *, rank: NDArray[np.int64], map_chunks: MapChunks
) -> list[Objective]:
    """One objective per strategy that says which units go first; thresholds, which have filtered already, do not.

    With nothing but thresholds the units that passed go at random (seed 0).
    """
    from swath.core.selection import Random

    objectives = [
        _objective(strategy, given, data, rank, map_chunks)
        for strategy, given in zip(config.strategies, data.inputs, strict=True)
        if not isinstance(strategy, ThresholdStrategy)
    ]
    return objectives or [Random()]


def passing(config: SelectionConfig, data: SelectionData) -> list[tuple[int, NDArray[np.bool_]]]:
    """Of every threshold its place among the strategies and which units (U,) it lets pass."""
    from swath.core.selection import threshold_mask

    return [
        (place, threshold_mask(_numbers(given).values, strategy.operation, strategy.threshold))
        for place, (strategy, given) in enumerate(zip(config.strategies, data.inputs, strict=True))
        if isinstance(strategy, ThresholdStrategy)
    ]


def limits_of(config: SelectionConfig, data: SelectionData) -> list[GroupLimit]:
    """The limits per image and per category; their groups are numbered as `data.image_of` and the categories are.

    Raises ValueError where images or categories are limited, but unknown.
    """
    from swath.core.selection import GroupLimit

    limits = []
    if config.max_per_image is not None:
        if data.image_of is None:
            raise ValueError("a limit per image needs the image of every unit")
        images, group = np.unique(data.image_of, return_inverse=True)
        most = np.full(len(images), config.max_per_image, dtype=np.int64)
        limits.append(GroupLimit(name=MAX_PER_IMAGE, group_of_unit=group.reshape(-1), at_most=most, at_least=None))
    if config.quotas:
        if data.categories is None:
            raise ValueError("quotas need the category of every unit")
        names = quota_names(config, data.categories)
        quotas = [config.quotas.get(name) for name in names]
        ceiling = np.iinfo(np.int64).max
        at_most = [ceiling if quota is None or quota.at_most is None else quota.at_most for quota in quotas]
        at_least = [0 if quota is None or quota.at_least is None else quota.at_least for quota in quotas]
        limits.append(
            GroupLimit(
                name=QUOTAS,
                group_of_unit=main_category(data.categories),
                at_most=np.array(at_most, dtype=np.int64),
                at_least=np.array(at_least, dtype=np.int64),
            )
        )
    return limits


def quota_names(config: SelectionConfig, categories: CategoryValues) -> tuple[str, ...]:
    """The groups of quotas: every category there is, and those that a quota names but no unit has."""
    return (*categories.names, *(name for name in config.quotas or {} if name not in categories.names))


def main_category(categories: CategoryValues) -> NDArray[np.int64]:
    """The category (U,) that each unit has most of, the first of equals; -1 where it has none."""
    sizes = np.diff(categories.starts)
    unit = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((categories.categories, -categories.amounts, unit))
    order = order[categories.amounts[order] > 0]
    units, first = np.unique(unit[order], return_index=True)
    main = np.full(len(sizes), -1, dtype=np.int64)
    main[units] = categories.categories[order[first]]
    return main


def totals(categories: CategoryValues, units: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """How much there is of each category (C,): of some units, or of all."""
    if units is None:
        entries: NDArray[np.int64] | slice = slice(None)
    else:
        sizes = np.diff(categories.starts)[units]
        offset = np.repeat(categories.starts[units] - (np.cumsum(sizes) - sizes), sizes)
        entries = offset + np.arange(len(offset))
    return np.bincount(
        categories.categories[entries], weights=categories.amounts[entries], minlength=len(categories.names)
    ).astype(np.float64)


def shares_wanted(strategy: BalanceStrategy, categories: CategoryValues) -> NDArray[np.float64]:
    """The share (C,) that a balance wants of each category."""
    from swath.core.selection import target_shares

    target: Mapping[str, float] | None = strategy.target
    distribution = strategy.distribution or ("target" if target else "uniform")
    return target_shares(distribution, target, categories.names, totals(categories), categories.preselected)


def _objective(
    strategy: Strategy,
    given: StrategyInput,
    data: SelectionData,
    rank: NDArray[np.int64],
    map_chunks: MapChunks,
) -> Objective:
    from swath.core import selection as engine

    match strategy:
        case DiversityStrategy():
            rows = _vectors(given, data)
            return engine.Diversity(
                vectors=rows.vectors,
                units=units_of(rows, len(data)),
                preselected=_or_none(rows),
                strength=strategy.strength,
                aggregate=strategy.aggregate.value,
                minimum_distance=strategy.minimum_distance,
                minimum_distance_mode=strategy.minimum_distance_mode,
            )
        case RepresentativeStrategy():
            rows = _vectors(given, data)
            return engine.Representative(
                vectors=rows.vectors,
                units=units_of(rows, len(data)),
                preselected=_or_none(rows),
                strength=strategy.strength,
                neighbors=strategy.num_nearest_neighbors,
            )
        case TypicalityStrategy():
            rows = _vectors(given, data)
            typical = engine.typicality(
                rows.vectors,
                units=units_of(rows, len(data)),
                preselected=_or_none(rows),
                neighbors=strategy.num_nearest_neighbors,
                aggregate=strategy.aggregate.value,
                map_chunks=map_chunks,
            )
            return _weights_of(typical, strategy.strength, minimum=strategy.minimum_typicality)
        case SimilarityStrategy():
            if given.query is None:
                raise ValueError("similarity needs the vectors of its query")
            if not len(given.query):
                raise RunFailed(
                    f"tag `{strategy.query.tag}` of `{strategy.query.dataset}` has no samples to be similar to",
                    hint="add some to it, or name another tag.",
                )
            rows = _vectors(given, data)
            similar = engine.similarity(
                rows.vectors,
                given.query,
                units=units_of(rows, len(data)),
                preselected=_or_none(rows),
                aggregate=strategy.aggregate.value,
                map_chunks=map_chunks,
            )
            return _weights_of(similar, strategy.strength)
        case WeightsStrategy():
            numbers = _random_numbers(strategy.input, rank) if isinstance(strategy.input, RandomInput) else None
            known = _numbers(given) if numbers is None else NumberValues(values=numbers, preselected=np.zeros(0))
            wanted = strategy.target_range
            return engine.Weights(
                values=np.nan_to_num(known.values, nan=0.0),
                preselected_sum=_sum(np.nan_to_num(known.preselected, nan=0.0)),
                preselected_count=len(known.preselected),
                strength=strategy.strength,
                maximum_sum=strategy.maximum_sum,
                target_range=None if wanted is None else (wanted.min_sum, wanted.max_sum),
            )
        case BalanceStrategy():
            categories = balanced_categories(strategy, given)
            return engine.Balance(
                categories=engine.CategoryMatrix(
                    starts=categories.starts,
                    categories=categories.categories,
                    amounts=categories.amounts,
                    category_count=len(categories.names),
                ),
                target=shares_wanted(strategy, categories),
                preselected=categories.preselected,
                strength=strategy.strength,
            )
        case RandomStrategy():
            return engine.Random(seed=strategy.seed, strength=strategy.strength)
        case ThresholdStrategy():
            raise AssertionError("thresholds filter; they have no objective")


def _weights_of(found: UnitValues, strength: float, *, minimum: float | None = None) -> Weights:
    from swath.core.selection import Weights

    return Weights(
        values=found.values,
        preselected_sum=_sum(found.preselected_values),
        preselected_count=len(found.preselected_values),
        strength=strength,
        minimum=minimum,
    )


def _random_numbers(given: RandomInput, rank: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number from 0 to 1 per unit (U,), whatever the order of units."""
    return np.random.default_rng(given.seed).random(len(rank))[rank]


def _numbers(given: StrategyInput) -> NumberValues:
    if not isinstance(given.values, NumberValues):
        raise ValueError(f"numbers are needed, got {type(given.values).__name__}")
    return given.values


def balanced_categories(strategy: BalanceStrategy, given: StrategyInput) -> CategoryValues:
    """The categories that a balance was given, and those of its target that nothing has: they stay out of reach.

    Raises ValueError if it was given something else.
    """
    values = given.values
    if not isinstance(values, CategoryValues):
        raise ValueError(f"categories are needed, got {type(values).__name__}")
    known = frozenset(values.names)
    unknown = tuple(name for name in strategy.target or {} if name not in known)
    if not unknown:
        return values
    return replace(
        values,
        names=(*values.names, *unknown),
        preselected=np.concatenate([values.preselected, np.zeros(len(unknown))]),
    )


def _vectors(given: StrategyInput, data: SelectionData) -> VectorValues:
    if given.values is None:
        return data.rows
    if not isinstance(given.values, VectorValues):
        raise ValueError(f"vectors are needed, got {type(given.values).__name__}")
    return given.values


def _or_none(rows: VectorValues) -> NDArray[np.float16] | NDArray[np.float32] | None:
    return rows.preselected if len(rows.preselected) else None


def _sum(values: NDArray[np.float64]) -> float:
    """The same sum whatever the order."""
    return float(np.sort(values).sum())
