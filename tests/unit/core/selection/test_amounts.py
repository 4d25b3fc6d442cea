from __future__ import annotations

import math

import pytest

from swath.core.errors import InvalidConfig
from swath.core.selection import resolve_amount


@pytest.mark.parametrize(
    ("n_samples", "available", "expected"),
    [
        (93, 929, 93),
        (0.1, 929, 93),  # 92.9
        (0.1, 925, 93),  # 92.5 goes up
        (0.1, 924, 92),  # 92.4
        (1, 929, 1),
        (1.0, 929, 929),
        (0.0001, 929, 1),
        (None, 929, 929),
        (-1, 929, 929),
        (-1.0, 929, 929),
        (5000, 929, 929),
        (5, 0, 0),
        (0.5, 0, 0),
        (None, 0, 0),
    ],
)
def test_an_int_is_a_count_and_a_float_a_fraction(n_samples: int | float | None, available: int, expected: int) -> None:
    assert resolve_amount(n_samples, available) == expected


@pytest.mark.parametrize("n_samples", [True, False, 0, -2, 0.0, -0.5, 1.5, 93.0, math.nan, math.inf, "10"])
def test_other_amounts_are_refused_by_name(n_samples: object) -> None:
    with pytest.raises(InvalidConfig, match="n_samples") as caught:
        resolve_amount(n_samples, 929)  # type: ignore[arg-type]
    assert caught.value.field == "n_samples"
    assert str(n_samples) in caught.value.message
