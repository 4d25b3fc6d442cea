"""Random picking: the objective that every other one is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection.weights import ConstantTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """Every unit is as likely as any other; the same `seed` (0 or more) gives the same picks.

    Units are shuffled by their rank, so the order of the input has no say, and a larger count continues a smaller one.
    Beside other objectives the units' weights are random numbers from 0 to 1, the highest for the first of the order.
    """

    seed: int = 0
    strength: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise InvalidConfig(
                f"Random seed cannot be used: `{self.seed}`", field="seed", hint="use a whole number from 0"
            )

    def shuffled(self, by_rank: NDArray[np.int64]) -> NDArray[np.int64]:
        """The units `by_rank` (U,), lowest rank first, in random order."""
        return np.random.default_rng(self.seed).permutation(by_rank)

    def term(self, by_rank: NDArray[np.int64]) -> ConstantTerm:
        """Weights that order units as `shuffled` does."""
        random = np.random.default_rng(self.seed)
        order = random.permutation(by_rank)
        weights = np.empty(len(order))
        weights[order] = np.sort(random.random(len(order)))[::-1]
        return ConstantTerm(gains=weights, total=0.0)
