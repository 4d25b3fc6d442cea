"""Quantisation to 8 bits: numbers in, numbers out. Which layer uses what is lite0_graph's matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIR_LIMIT = 128
"""No two weights of a channel add up to more, or to less than minus this. CPUs without VNNI add two products of a
weight and an activation in 16 bits, and 255 * 128 still fits into 32767: so all CPUs give the same numbers, whichever
two weights they pair. This is onnxruntime's `reduce_range` (all weights in -64..64) with less loss: most channels have
one large weight at most and keep nearly 8 bits."""

ACTIVATION_LEVELS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationScale:
    """real = scale * (stored - zero_point), stored in 0..255; values outside are clipped."""

    scale: np.float32
    zero_point: np.uint8


def activation_scale(low: float, high: float) -> ActivationScale:
    """The scale that spreads 0..255 over low..high, widened to hold 0 exactly (padding is 0)."""
    low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        raise ValueError(f"empty range of activations: {low} to {high}")
    scale = (high - low) / ACTIVATION_LEVELS
    return ActivationScale(scale=np.float32(scale), zero_point=np.uint8(round(-low / scale)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConv:
    """Weight and bias of a convolution as integers, with the scale of each output channel."""

    weight: NDArray[np.int8]  # (out, in, k, k), -127..127
    weight_scale: NDArray[np.float32]  # (out,)
    bias: NDArray[np.int32]  # (out,)
    bias_scale: NDArray[np.float32]  # (out,) input scale times weight scale: the unit in which products are summed


def stored_conv(weight: NDArray[np.float32], bias: NDArray[np.float32], input_scale: np.float32) -> StoredConv:
    """Quantise weight (out, in, k, k) and bias (out,) of a convolution that reads activations of `input_scale`."""
    ordered = np.sort(weight.reshape(len(weight), -1).astype(np.float64), axis=1)
    least, greatest = ordered[:, 0], ordered[:, -1]
    pair_low, pair_high = ordered[:, :2].sum(axis=1), ordered[:, -2:].sum(axis=1)
    largest = np.maximum.reduce([-least, greatest]) / 127
    # Rounding moves each of two weights by half a step at most: one step is left for it.
    largest_pair = np.maximum.reduce([-pair_low, pair_high]) / (PAIR_LIMIT - 1)
    # Channels that training has switched off have weights near 0 beside a bias; theirs are rounded more coarsely than
    # they need be, so that the bias fits into 32 bits. The last value keeps a channel of zeros from dividing by zero.
    bias_fits = np.abs(bias.astype(np.float64)) / (float(input_scale) * 2**30)
    weight_scale = np.maximum.reduce([largest, largest_pair, bias_fits, np.full_like(largest, 1e-12)])
    weight_scale = weight_scale.astype(np.float32)
    bias_scale = (input_scale * weight_scale).astype(np.float32)
    return StoredConv(
        weight=np.rint(weight / weight_scale[:, None, None, None]).astype(np.int8),
        weight_scale=weight_scale,
        bias=np.rint(bias.astype(np.float64) / bias_scale).astype(np.int32),
        bias_scale=bias_scale,
    )
