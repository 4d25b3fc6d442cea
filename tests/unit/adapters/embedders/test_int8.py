from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from swath.adapters.embedders.int8 import PAIR_LIMIT, activation_scale, stored_conv

weights = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 6), st.just(3), st.just(3)),
    elements=st.floats(-4, 4, width=32),
)


@given(weights)
def test_no_two_products_of_a_channel_overflow_16_bits(weight):
    stored = stored_conv(weight, np.zeros(len(weight), dtype=np.float32), np.float32(0.02))
    ordered = np.sort(stored.weight.reshape(len(weight), -1).astype(int), axis=1)
    assert ordered[:, -2:].sum(axis=1).max() <= PAIR_LIMIT
    assert ordered[:, :2].sum(axis=1).min() >= -PAIR_LIMIT
    assert 255 * PAIR_LIMIT < 2**15


@given(weights)
def test_stored_weights_are_within_half_a_step_of_the_real_ones(weight):
    stored = stored_conv(weight, np.zeros(len(weight), dtype=np.float32), np.float32(0.02))
    step = stored.weight_scale[:, None, None, None]
    assert (np.abs(stored.weight * step - weight) <= step * 0.5001).all()


def test_a_channel_with_one_large_weight_keeps_8_bits():
    weight = np.array([1.0, 0.001, -0.001, 0.0], dtype=np.float32).reshape(1, 4, 1, 1)
    stored = stored_conv(weight, np.zeros(1, dtype=np.float32), np.float32(0.02))
    assert stored.weight.max() >= 126


def test_a_bias_beside_vanishing_weights_survives():
    weight = np.array([1e-9, 1.0], dtype=np.float32).reshape(2, 1, 1, 1)
    bias = np.array([3.0, -2.0], dtype=np.float32)
    stored = stored_conv(weight, bias, np.float32(0.02))
    np.testing.assert_allclose(stored.bias * stored.bias_scale.astype(np.float64), bias, rtol=1e-3)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_range_reaches_both_ends_and_holds_zero_exactly(low, high):
    low, high = min(low, high, 0.0), max(low, high, 0.0)
    assume(high - low > 1e-3)
    scale = activation_scale(low, high)
    ends = (np.array([0.0, 255.0]) - scale.zero_point) * float(scale.scale)  # zero_point itself stands for 0
    np.testing.assert_allclose(ends, [low, high], atol=0.51 * float(scale.scale))


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="empty range"):
        activation_scale(0.0, 0.0)
