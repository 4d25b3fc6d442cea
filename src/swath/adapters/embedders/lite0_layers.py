"""EfficientNet-Lite0 as a list of layers with BatchNorm folded in: what the network is, before any graph format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = 1280
"""Channels of the last convolution: the length of the feature vector."""

PIXEL_MEAN = 127
PIXEL_SCALE = 1 / 128
"""Lite0 sees (pixel - 127) / 128, the values it was trained with (tensorflow/tpu, efficientnet/lite)."""

# One row per stage: expansion, stride of the first block, channels in, channels out, blocks. EfficientNet-B0
# (Tan and Le 2019, table 1); the lite variants leave out squeeze-and-excitation and use ReLU6. Kernel sizes are in
# the weights.
_STAGES = (
    (1, 1, 32, 16, 1),
    (6, 2, 16, 24, 2),
    (6, 2, 24, 40, 2),
    (6, 2, 40, 80, 3),
    (6, 1, 80, 112, 3),
    (6, 2, 112, 192, 4),
    (6, 1, 192, 320, 1),
)
_BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """A convolution with "same" padding; `relu6` clips the result to 0..6."""

    name: str
    source: str  # name of the layer it reads, or IMAGE
    weight: NDArray[np.float32]  # (out, in / groups, k, k)
    bias: NDArray[np.float32]  # (out,)
    stride: int
    groups: int
    relu6: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """The sum of two layers of the same shape."""

    name: str
    sources: tuple[str, str]


IMAGE = "pixels"
"""The name under which layers read the normalised image (N, 3, S, S)."""


def lite0_layers(state: Mapping[str, NDArray[Any]]) -> list[Conv | Add]:
    """The layers in order; the last is the convolution whose average over the image gives the features.

    `state` is the state dict of the efficientnet-lite-pytorch implementation. Raises KeyError for a missing tensor.
    """
    layers: list[Conv | Add] = []

    def conv(source: str, prefix: str, batch_norm: str, *, stride: int = 1, groups: int = 1, relu6: bool = True) -> str:
        weight, bias = _fold_batch_norm(state, prefix + ".weight", batch_norm)
        layers.append(
            Conv(name=prefix, source=source, weight=weight, bias=bias, stride=stride, groups=groups, relu6=relu6)
        )
        return prefix

    last = conv(IMAGE, "_conv_stem", "_bn0", stride=2)
    block = 0
    for expansion, first_stride, channels_in, channels_out, repeats in _STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            channels = channels_in if repeat == 0 else channels_out
            prefix, start = f"_blocks.{block}.", last
            if expansion != 1:
                last = conv(last, prefix + "_expand_conv", prefix + "_bn0")
            last = conv(last, prefix + "_depthwise_conv", prefix + "_bn1", stride=stride, groups=channels * expansion)
            last = conv(last, prefix + "_project_conv", prefix + "_bn2", relu6=False)
            if stride == 1 and channels == channels_out:
                layers.append(Add(name=prefix + "add", sources=(last, start)))
                last = prefix + "add"
            block += 1
    conv(last, "_conv_head", "_bn1")
    return layers


def _fold_batch_norm(
    state: Mapping[str, NDArray[Any]], weight: str, batch_norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = state[batch_norm + ".weight"] / np.sqrt(
        state[batch_norm + ".running_var"].astype(np.float64) + _BATCH_NORM_EPSILON
    )
    folded = state[weight].astype(np.float64) * scale[:, None, None, None]
    bias = state[batch_norm + ".bias"] - state[batch_norm + ".running_mean"] * scale
    return folded.astype(np.float32), bias.astype(np.float32)
