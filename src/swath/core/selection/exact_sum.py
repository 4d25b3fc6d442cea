"""A sum of floats without any rounding, so that neither order nor later subtractions leave a trace."""

from __future__ import annotations

_BITS = 1074
"""Every float64 is a whole multiple of 2**-1074."""


class ExactSum:
    """The sum of everything added minus everything subtracted; `float()` of it is rounded once."""

    def __init__(self) -> None:
        self._multiple = 0

    def add(self, number: float) -> None:
        self._multiple += _multiple_of(number)

    def subtract(self, number: float) -> None:
        self._multiple -= _multiple_of(number)

    def __float__(self) -> float:
        return self._multiple / (1 << _BITS)


def _multiple_of(number: float) -> int:
    numerator, denominator = number.as_integer_ratio()
    return numerator << (_BITS + 1 - denominator.bit_length())
