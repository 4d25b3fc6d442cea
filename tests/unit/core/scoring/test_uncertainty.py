"""The measures of uncertainty are those of their formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.scoring import entropy, least_confidence, margin, uncertainties, uncertainties_of_scores

MEASURES = [least_confidence, margin, entropy]


def rows_of(weights: Any) -> Any:
    rows = np.array(weights, dtype=np.float64)
    return rows / rows.sum(axis=1, keepdims=True)


probabilities = st.integers(2, 9).flatmap(
    lambda count: st.lists(st.lists(st.floats(0.001, 1), min_size=count, max_size=count), min_size=1, max_size=6).map(
        rows_of
    )
)


def test_values_computed_by_hand() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]])
    assert least_confidence(rows) == pytest.approx([0.3 / (2 / 3), 0.5 / (2 / 3)])
    assert margin(rows) == pytest.approx([1 - 0.5, 1 - 0.25])
    bits = [-(0.7 * math.log2(0.7) + 0.2 * math.log2(0.2) + 0.1 * math.log2(0.1)), 1.5]
    assert entropy(rows) == pytest.approx([bit / math.log2(3) for bit in bits])


@pytest.mark.parametrize("measure", MEASURES)
def test_a_certain_category_is_0_and_equal_ones_are_1(measure: Any) -> None:
    assert measure(np.array([[0.0, 1.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])) == pytest.approx([0, 1])


@pytest.mark.parametrize("measure", MEASURES)
def test_a_single_column_is_taken_as_p_and_the_rest(measure: Any) -> None:
    column = np.array([[0.9], [0.5], [0.2]])
    assert measure(column) == pytest.approx(measure(np.concatenate([column, 1 - column], axis=1)))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_row_with_nan_is_0(measure: Any) -> None:
    assert measure(np.array([[np.nan, 0.5, 0.5], [0.2, 0.3, 0.5]]))[0] == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_no_row_gives_no_value(measure: Any) -> None:
    assert measure(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), ()])
def test_another_rank_is_refused(measure: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be a 2-dimensional array"):
        measure(np.full(shape, 0.5))


@pytest.mark.parametrize("measure", MEASURES)
@given(rows=probabilities, data=st.data())
def test_the_order_of_the_categories_has_no_say(measure: Any, rows: Any, data: Any) -> None:
    order = data.draw(st.permutations(range(rows.shape[1])))
    assert measure(rows[:, order]).tobytes() == measure(rows).tobytes()


@given(rows=probabilities)
def test_all_lie_from_0_to_1(rows: Any) -> None:
    found = uncertainties(rows * 1.004)  # files are rounded
    assert found.shape == (len(rows), 3)
    assert ((found >= 0) & (found <= 1)).all()


@given(scores=st.lists(st.floats(0, 1), max_size=8), count=st.integers(1, 30))
def test_a_score_counts_as_the_probability_of_its_category_of_which_others_share_the_rest(
    scores: list[float], count: int
) -> None:
    numbers = np.array(scores, dtype=np.float64)
    whole = np.repeat(((1 - numbers) / max(count - 1, 1))[:, np.newaxis], count, axis=1)
    whole[:, 0] = numbers
    assert uncertainties_of_scores(numbers, count) == pytest.approx(uncertainties(whole), abs=1e-12)


def test_the_entropy_of_a_score_depends_on_the_categories_of_the_schema_alone() -> None:
    # 0.9 of two, and of ten: -(0.9 log2 0.9 + 0.1 log2(0.1 / 9)) / log2 10
    [[_, _, two]] = uncertainties_of_scores(np.array([0.9]), 2)
    [[_, _, ten]] = uncertainties_of_scores(np.array([0.9]), 10)
    assert two == pytest.approx(0.468996, abs=1e-6)
    assert ten == pytest.approx((0.9 * math.log2(1 / 0.9) + 0.1 * math.log2(90)) / math.log2(10))


def test_no_score_is_no_uncertainty() -> None:
    assert np.isnan(uncertainties_of_scores(np.array([np.nan, 0.5]), 3)).tolist() == [[True] * 3, [False] * 3]
