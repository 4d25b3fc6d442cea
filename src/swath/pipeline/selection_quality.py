"""The figures that say how good a selection is, each beside that of random selections of the same size."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, Vectors
from swath.core.selection import MapChunks, nearest_selected
from swath.core.selection.quality import expected_coverage, random_units
from swath.core.selection.units import RowsOfUnits
from swath.pipeline.objectives import balanced_categories, shares_wanted, totals
from swath.pipeline.selection_data import SelectionData
from swath.wire.run_result import BesideRandom, CategoryShare, SelectionQuality, TargetReached
from swath.wire.selection import BalanceStrategy, SelectionConfig

NUMBERS_TOUCHED = 2e9
"""What measuring distances may cost, rows x rows x dimensions: a fifth of what selecting among 100,000 takes."""

ROWS_AT_LEAST = 1000
"""So many are measured whatever it costs: of fewer no figure is worth showing."""

FEWEST_DRAWS, MOST_DRAWS = 2, 20
"""Random selections that distances are compared with."""

DECIMALS = 6


def measure_quality(
    config: SelectionConfig,
    data: SelectionData,
    picked: NDArray[np.int64],
    *,
    rank: NDArray[np.int64],
    map_chunks: MapChunks = map,
) -> SelectionQuality:
    """Measure what was `picked` (K,) of the candidates, beside random selections of as many of the same candidates."""
    measured_on, radius, mean = _distances(data, picked, rank, map_chunks)
    categories = data.categories
    return SelectionQuality(
        measured_on=measured_on,
        cover_radius=radius,
        mean_distance=mean,
        categories_covered=None if categories is None else _covered(categories, picked),
        categories_available=0 if categories is None else int((totals(categories) > 0).sum()),
        class_distribution={} if categories is None else _distribution(categories, picked),
        targets=list(_targets(config, data, picked)),
    )


def _distances(
    data: SelectionData, picked: NDArray[np.int64], rank: NDArray[np.int64], map_chunks: MapChunks
) -> tuple[int, BesideRandom | None, BesideRandom | None]:
    """On how many rows distances were measured, their largest and their mean."""
    rows = RowsOfUnits.of(data.units, len(data.vectors))
    nothing_selected = len(rows.rows_of(picked)) + len(data.preselected) == 0
    if not len(data.vectors) or nothing_selected:
        return 0, None, None
    queries, draws = _affordable(data, len(picked))
    sample = _random_rows(rows, rank, queries)

    def nearest(units: NDArray[np.int64], others: Vectors | None) -> NDArray[np.float64]:
        return nearest_selected(data.vectors, rows.rows_of(units), others, queries=sample, map_chunks=map_chunks)

    before = nearest(picked[:0], data.preselected)

    def measured(units: NDArray[np.int64]) -> tuple[float, float]:
        distances = np.minimum(before, nearest(units, None))
        return float(distances.max()), float(np.sort(distances).mean())

    selected = measured(picked)
    by_chance = [measured(random_units(len(data), len(picked), rank=rank, seed=seed)) for seed in range(draws)]
    known = [pair for pair in by_chance if math.isfinite(pair[0])]
    if not math.isfinite(selected[0]) or not known:
        return len(sample), None, None
    radius, mean = np.mean(known, axis=0).tolist()
    return len(sample), _beside(selected[0], radius), _beside(selected[1], mean)


def _affordable(data: SelectionData, picks: int) -> tuple[int, int]:
    """How many rows are looked at, and how many random selections."""
    dimension = max(1, data.vectors.shape[1])
    rows_per_unit = len(data.vectors) / len(data)
    of_one = max(1.0, picks * rows_per_unit) * dimension
    of_all = len(data.vectors) * of_one
    draws = int(min(MOST_DRAWS, max(FEWEST_DRAWS, NUMBERS_TOUCHED / of_all - 1)))
    of_row = of_one * (draws + 1) + len(data.preselected) * dimension
    return min(len(data.vectors), max(ROWS_AT_LEAST, int(NUMBERS_TOUCHED / of_row))), draws


def _random_rows(rows: RowsOfUnits, rank: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Rows to measure on, all if they are no more than `count`; which does not depend on the order of units."""
    by_rank = rows.rows_of(np.argsort(rank))
    if count >= len(by_rank):
        return by_rank
    chosen = np.random.default_rng(0).choice(len(by_rank), count, replace=False)
    return by_rank[np.sort(chosen)]


def _covered(categories: CategoryValues, picked: NDArray[np.int64]) -> BesideRandom:
    has_any = categories.amounts > 0
    unit = np.repeat(np.arange(len(categories.starts) - 1), np.diff(categories.starts))[has_any]
    # A category may come twice in one unit, which counts once.
    pairs = np.unique(np.stack([unit, categories.categories[has_any].astype(np.int64)]), axis=1)
    units_with = np.bincount(pairs[1], minlength=len(categories.names))
    units = len(categories.starts) - 1
    covered = int((totals(categories, picked) > 0).sum())
    return _beside(covered, expected_coverage(units_with, units, len(picked)))


def _distribution(categories: CategoryValues, picked: NDArray[np.int64]) -> dict[str, CategoryShare]:
    """Most frequent first; of a random selection the expected amounts, which are exact."""
    available, selected = totals(categories), totals(categories, picked)
    share = len(picked) / max(1, len(categories.starts) - 1)
    order = np.lexsort((np.arange(len(available)), -available))
    return {
        categories.names[place]: CategoryShare(
            available=_rounded(available[place]),
            selected=_rounded(selected[place]),
            random=_rounded(available[place] * share),
        )
        for place in order.tolist()
        if available[place] > 0
    }


def _targets(config: SelectionConfig, data: SelectionData, picked: NDArray[np.int64]) -> Iterator[TargetReached]:
    for place, (strategy, given) in enumerate(zip(config.strategies, data.inputs, strict=True)):
        if not isinstance(strategy, BalanceStrategy):
            continue
        categories = balanced_categories(strategy, given)
        wanted, available = shares_wanted(strategy, categories), totals(categories)
        reached = categories.preselected + totals(categories, picked)
        whole = reached.sum()
        for category in np.lexsort((np.arange(len(wanted)), -wanted)).tolist():
            if wanted[category] > 0 or reached[category] > 0:
                yield TargetReached(
                    strategy=place,
                    category=categories.names[category],
                    wanted=_rounded(wanted[category]),
                    reached=_rounded(reached[category] / whole if whole > 0 else 0.0),
                    available=_rounded(available[category]),
                )


def _beside(selected: float, by_chance: float) -> BesideRandom:
    return BesideRandom(selected=_rounded(selected), random=_rounded(by_chance))


def _rounded(value: float) -> float:
    """Digits that are the same on every machine."""
    return round(float(value), DECIMALS)
