"""Weights: prefer units with high numbers. Scores, metadata, typicality, similarity and chance all come as weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig

Operation = Literal["smaller", "smaller_equal", "bigger", "bigger_equal"]

_COMPARISONS = {
    "smaller": np.less,
    "smaller_equal": np.less_equal,
    "bigger": np.greater,
    "bigger_equal": np.greater_equal,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """The more the sum of `values` (U,) over what is selected, the better.

    `preselected_sum` is the sum over the `preselected_count` things selected before. If any value is negative, the
    least of `values` is taken from all (those of the sum too), so that the least counts as 0: their order is kept.

    The selection ends as soon as the values of new picks sum up to `maximum_sum`, or when the best candidate's value
    is below `minimum`. Of `target_range`, (least, most), the second passes over candidates that would bring the sum
    of new picks above it; whether the first was reached is for the caller to see.

    Raises ValueError for values that are not finite (the first is named), InvalidConfig for settings a user chose.
    """

    values: NDArray[np.float64]
    preselected_sum: float = 0.0
    preselected_count: int = 0
    strength: float = 1.0
    maximum_sum: float | None = None
    target_range: tuple[float | None, float | None] | None = None
    minimum: float | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype != np.float64:
            raise ValueError(f"values must be (U,) float64, got {self.values.dtype} {self.values.shape}")
        bad = ~np.isfinite(self.values)
        if bad.any():
            raise ValueError(f"value {int(bad.argmax())} of the weights is NaN or infinity")
        if not math.isfinite(self.preselected_sum):
            raise ValueError(f"preselected_sum must be finite, got {self.preselected_sum}")
        least, most = self.target_range or (None, None)
        for name, limit in (
            ("maximum_sum", self.maximum_sum),
            ("minimum", self.minimum),
            ("target_range", least),
            ("target_range", most),
        ):
            if limit is not None and not math.isfinite(limit):
                raise InvalidConfig(f"Limit of a weight cannot be used: `{limit}`", field=name, hint="use a number")
        if least is not None and most is not None and least > most:
            raise InvalidConfig(
                f"Target range is empty: its least is `{least}`, its most `{most}`",
                field="target_range",
                hint="put the smaller number first",
            )

    @property
    def unit_count(self) -> int:
        return len(self.values)

    @property
    def highest_sum(self) -> float | None:
        """What the sum of new picks may not exceed."""
        return None if self.target_range is None else self.target_range[1]

    def term(self) -> ConstantTerm:
        least = min(0.0, float(self.values.min(initial=0.0)))
        total = self.preselected_sum - least * self.preselected_count
        return ConstantTerm(gains=self.values - least, total=max(0.0, total))


class ConstantTerm:
    """A `Term` whose gains never change."""

    def __init__(self, *, gains: NDArray[np.float64], total: float) -> None:
        self.gains = gains
        self.total = total

    def add(self, unit: int) -> None:
        self.total += float(self.gains[unit])


def threshold_mask(values: NDArray[np.float64], operation: Operation, threshold: float) -> NDArray[np.bool_]:
    """Which of `values` (U,) are kept: those `smaller` than the threshold, and so on. NaN never is.

    Raises InvalidConfig for an operation there is not.
    """
    if operation not in _COMPARISONS:
        raise InvalidConfig(
            f"Comparison with a threshold is not known: `{operation}`",
            field="operation",
            hint=f"use one of {', '.join(f'`{name}`' for name in _COMPARISONS)}",
        )
    return np.asarray(_COMPARISONS[operation](values, threshold), dtype=np.bool_)
