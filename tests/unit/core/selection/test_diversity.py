from __future__ import annotations

import math

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.core.selection import Diversity


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_first_row_that_is_not_finite_is_named(bad: float, dtype: type) -> None:
    vectors = np.zeros((9000, 128), dtype)
    vectors[7001, 3] = bad
    vectors[8000, 0] = bad
    with pytest.raises(ValueError, match="row 7001 of vectors holds NaN or infinity"):
        Diversity(vectors=vectors)
    with pytest.raises(ValueError, match="row 7001 of preselected"):
        Diversity(vectors=np.zeros((1, 128), dtype), preselected=vectors)


def test_shapes_and_dtypes_are_checked() -> None:
    with pytest.raises(ValueError, match="float64"):
        Diversity(vectors=np.zeros((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape"):
        Diversity(vectors=np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="preselected has 3 dimensions, vectors have 2"):
        Diversity(vectors=np.zeros((2, 2), np.float32), preselected=np.zeros((1, 3), np.float32))


@pytest.mark.parametrize("limit", [-0.1, math.nan, math.inf])
def test_a_minimum_distance_below_zero_or_not_finite_is_refused(limit: float) -> None:
    with pytest.raises(InvalidConfig) as caught:
        Diversity(vectors=np.zeros((2, 2), np.float32), minimum_distance=limit)
    assert caught.value.field == "minimum_distance"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidConfig) as caught:
        Diversity(vectors=np.zeros((2, 2), np.float32), minimum_distance_mode="drop")  # type: ignore[arg-type]
    assert caught.value.field == "minimum_distance_mode"


@pytest.mark.parametrize("limit", [0.0, 0.1, 1 / 3, 1e-9, 1e-200, 2.0, 12345.678])
def test_the_lowest_gain_is_the_smallest_whose_root_reaches_the_minimum_distance(limit: float) -> None:
    gain = Diversity(vectors=np.zeros((1, 1), np.float32), minimum_distance=limit).lowest_gain
    assert math.sqrt(gain) >= limit
    if gain > 0:
        assert math.sqrt(math.nextafter(gain, 0)) < limit


def test_an_unknown_aggregation_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`median`") as caught:
        Diversity(vectors=np.zeros((2, 2), np.float32), aggregate="median")  # type: ignore[arg-type]
    assert "`mean`, `max`, `sum`" in caught.value.hint
