"""Balance: bring the categories of what is selected close to a target distribution."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig

Distribution = Literal["target", "uniform", "input"]

SHARE_OF_NOTHING = 1e-10
"""Added to every share before its logarithm is taken: a category that is missing costs 23 times its target."""

LEAST_CROSS_ENTROPY = 1e-10
"""Where the target is one category and it is met, the cross-entropy is 0 but for rounding."""

SHARES_ADD_UP = 1e-9
"""Shares that miss 1 by less were meant to add up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryMatrix:
    """What every unit has of each category: of unit u `amounts[starts[u]:starts[u + 1]]`, of the `categories` beside
    them. Amounts are finite and 0 or more; a category may come several times, its amounts are added.

    Raises ValueError for what does not fit.
    """

    starts: NDArray[np.int64]  # (U + 1,)
    categories: NDArray[np.int32]  # (E,) 0 to category_count - 1
    amounts: NDArray[np.float64]  # (E,)
    category_count: int

    def __post_init__(self) -> None:
        entries = len(self.categories)
        if (
            len(self.starts) < 1
            or self.starts[0] != 0
            or self.starts[-1] != entries
            or (np.diff(self.starts) < 0).any()
        ):
            raise ValueError(f"starts must ascend from 0 to the {entries} entries")
        if self.amounts.shape != (entries,):
            raise ValueError(f"{len(self.amounts)} amounts for {entries} entries")
        if entries and not 0 <= self.categories.min() <= self.categories.max() < self.category_count:
            raise ValueError(f"categories must lie in 0 to {self.category_count - 1}")
        if not (np.isfinite(self.amounts).all() and (self.amounts >= 0).all()):
            raise ValueError("amounts must be finite and 0 or more")

    @property
    def unit_count(self) -> int:
        return len(self.starts) - 1

    def sums(self) -> NDArray[np.float64]:
        """The amount (C,) of each category over all units."""
        sums = np.bincount(self.categories, weights=self.amounts, minlength=self.category_count)
        return sums.astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Balance:
    """The closer the distribution of what is selected is to `target` (C,), the better.

    Measured is 1 / cross-entropy, -sum over categories of target * log(share + 1e-10), where shares are the summed
    amounts of what is selected divided by their sum, and 0 as long as there are none. `target` is normalised; a sum
    of 0 asks for nothing. `preselected` (C,) are the summed amounts of what was selected before.

    Raises ValueError for arrays that do not fit each other and numbers that are negative or not finite.
    """

    categories: CategoryMatrix
    target: NDArray[np.float64]
    preselected: NDArray[np.float64] | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        for name, amounts in (("target", self.target), ("preselected", self.preselected)):
            if amounts is None:
                continue
            if amounts.shape != (self.categories.category_count,):
                raise ValueError(f"{name} has shape {amounts.shape} for {self.categories.category_count} categories")
            if not (np.isfinite(amounts).all() and (amounts >= 0).all()):
                raise ValueError(f"{name} must be finite and 0 or more")

    @property
    def unit_count(self) -> int:
        return self.categories.unit_count


def target_shares(
    distribution: Distribution,
    target: Mapping[str, float] | None,
    names: Sequence[str],
    amounts_of_candidates: NDArray[np.float64],
    preselected: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The share (C,) that each of the categories `names` is to have; they add up to 1, or are all 0 if there are none.

    `uniform`: as much for each category of which there is any among candidates or preselected. `input`: as the
    candidates have it. `target`: as given; if that is less than 1 in all, the other categories that there are share
    the rest evenly, if it is more, all are scaled. Raises InvalidConfig for a target that names what there is not, or
    numbers that cannot be shares.
    """
    present = (amounts_of_candidates > 0) | (preselected > 0)
    if distribution == "uniform":
        return _normalised(present.astype(np.float64))
    if distribution == "input":
        return _normalised(np.asarray(amounts_of_candidates, dtype=np.float64))
    if distribution != "target":
        raise InvalidConfig(
            f"Distribution is not known: `{distribution}`",
            field="distribution",
            hint="use one of `target`, `uniform`, `input`",
        )
    if not target:
        raise InvalidConfig(
            "The distribution `target` needs shares of categories", field="target", hint='for example {"car": 0.5}'
        )
    places = {name: place for place, name in enumerate(names)}
    shares = np.zeros(len(names))
    given = np.zeros(len(names), dtype=np.bool_)
    for name, share in target.items():
        if name not in places:
            near = difflib.get_close_matches(name, list(names), n=1)
            known = ", ".join(f"`{known}`" for known in list(names)[:10]) + (", …" if len(names) > 10 else "")
            raise InvalidConfig(
                f"There is no category `{name}` to balance",
                field="target",
                hint=f"did you mean `{near[0]}`?"
                if near
                else f"there are {known}"
                if names
                else "nothing has a category",
            )
        if not (math.isfinite(share) and share >= 0):
            raise InvalidConfig(
                f"Share of `{name}` cannot be used: `{share}`", field="target", hint="use a number from 0 to 1"
            )
        shares[places[name]] = share
        given[places[name]] = True
    others = present & ~given
    rest = 1.0 - math.fsum(shares)
    if rest > SHARES_ADD_UP and others.any():
        shares[others] = rest / int(others.sum())
    if not shares.any():
        raise InvalidConfig(
            "The target gives no category a share", field="target", hint="give at least one category a number above 0"
        )
    return _normalised(shares)


def _normalised(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    total = math.fsum(amounts)
    return amounts / total if total > 0 else np.zeros(len(amounts))
