"""What a selection is compared with: random ones of the same size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def expected_coverage(units_with: NDArray[np.int64], unit_count: int, picked: int) -> float:
    """How many categories a random selection of `picked` of `unit_count` units has on average.

    `units_with` (C,) says how many units have each category. Exact: the chance to miss a category is hypergeometric.
    """
    return float(sum(1.0 - _chance_of_none(int(holders), unit_count, picked) for holders in units_with if holders > 0))


def _chance_of_none(holders: int, unit_count: int, picked: int) -> float:
    """The chance that none of `holders` is among `picked` of `unit_count` units."""
    others = unit_count - holders
    if picked > others:
        return 0.0
    return math.exp(_log_choose(others, picked) - _log_choose(unit_count, picked))


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def random_units(unit_count: int, picked: int, *, rank: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A random selection (picked,), the same whatever the order of units; `rank` (U,) is that of their keys."""
    by_rank = np.argsort(rank)
    return by_rank[np.random.default_rng(seed).choice(unit_count, picked, replace=False)]
