"""Writes the layers of EfficientNet-Lite0 as an ONNX graph from uint8 pixels to unit vectors, in fp32 or int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from swath.adapters.embedders.int8 import ActivationScale, activation_scale, stored_conv
from swath.adapters.embedders.lite0_layers import FEATURES, IMAGE, PIXEL_MEAN, PIXEL_SCALE, Add, Conv

INPUT = "images"
OUTPUT = "vectors"
OPSET = 17
IR_VERSION = 8

Ranges = Mapping[str, tuple[float, float]]
"""By layer name: the least and greatest value that int8 has to hold."""


def vector_graph(
    layers: Sequence[Conv | Add],
    *,
    input_size: int,
    ranges: Ranges | None = None,
    centre: NDArray[np.float32] | None = None,
    projection: NDArray[np.float32] | None = None,
) -> bytes:
    """The ONNX model (N, S, S, 3) uint8 -> (N, D) float32 with rows of length 1 (or 0, for features all 0).

    With `ranges` convolutions and sums run in int8, otherwise in fp32. With `centre` (1280,) and `projection`
    (1280, D) the features are centred and projected. Equal input gives equal bytes.
    """
    writer = _GraphWriter() if ranges is None else _Int8Writer(ranges)
    last = writer.layers(layers)
    writer.unit_vectors(last, centre, projection)
    dimension = FEATURES if projection is None else projection.shape[1]
    outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", dimension])]
    return writer.model(input_size, outputs)


def measuring_graph(layers: Sequence[Conv | Add], *, input_size: int) -> bytes:
    """The fp32 model whose outputs are every layer by name, to measure ranges, and `features` (N, 1280)."""
    writer = _GraphWriter()
    last = writer.layers(layers)
    writer.node("GlobalAveragePool", [last], "pooled")
    writer.node("Flatten", ["pooled"], "features", axis=1)
    names = [writer.tensors[layer.name] for layer in layers]
    any_shape = ["n", None, None, None]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, any_shape) for name in names]
    outputs.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", FEATURES]))
    return writer.model(input_size, outputs)


class _GraphWriter:
    """Collects nodes and constants; `tensors` maps a layer's name to the tensor that holds its result."""

    def __init__(self) -> None:
        self.tensors: dict[str, str] = {}
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def layers(self, layers: Sequence[Conv | Add]) -> str:
        """Write all layers; returns the tensor of the last."""
        self.tensors[IMAGE] = self.image()
        for layer in layers:
            self.tensors[layer.name] = self.conv(layer) if isinstance(layer, Conv) else self.add(layer)
        return self.tensors[layers[-1].name]

    def image(self) -> str:
        self.node("Cast", [INPUT], "pixels.float", to=TensorProto.FLOAT)
        self.node("Sub", ["pixels.float", self.constant("pixels.mean", np.float32(PIXEL_MEAN))], "pixels.centred")
        self.node("Mul", ["pixels.centred", self.constant("pixels.scale", np.float32(PIXEL_SCALE))], "pixels.scaled")
        return self.node("Transpose", ["pixels.scaled"], IMAGE, perm=[0, 3, 1, 2])

    def conv(self, layer: Conv) -> str:
        weight = self.constant(layer.name + ".weight", layer.weight)
        bias = self.constant(layer.name + ".bias", layer.bias)
        result = self.conv_node(layer, self.tensors[layer.source], weight, bias)
        if layer.relu6:
            limits = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]
            result = self.node("Clip", [result, *limits], layer.name + ".clipped")
        return result

    def conv_node(self, layer: Conv, source: str, weight: str, bias: str) -> str:
        kernel = layer.weight.shape[2]
        # SAME_UPPER is the padding TensorFlow trained with; it differs from k // 2 for strides and even sizes.
        return self.node(
            "Conv",
            [source, weight, bias],
            layer.name + ".conv",
            auto_pad="SAME_UPPER",
            kernel_shape=[kernel, kernel],
            strides=[layer.stride, layer.stride],
            group=layer.groups,
        )

    def add(self, layer: Add) -> str:
        return self.node("Add", [self.tensors[source] for source in layer.sources], layer.name)

    def unit_vectors(
        self, last: str, centre: NDArray[np.float32] | None, projection: NDArray[np.float32] | None
    ) -> None:
        result = self.node("GlobalAveragePool", [last], "pooled")  # (N, 1280, 1, 1)
        if centre is not None:
            result = self.node("Sub", [result, self.constant("centre", centre.reshape(-1, 1, 1))], "centred")
        if projection is not None:
            # A 1x1 convolution and not MatMul: it goes image by image, so that a row has the same bits in any batch.
            weight = self.constant("projection", projection.T[:, :, None, None])
            result = self.node("Conv", [result, weight], "projected", kernel_shape=[1, 1])
        result = self.node("Flatten", [result], "vector", axis=1)
        length = self.node("ReduceL2", [result], "length", axes=[1], keepdims=1)
        length = self.node("Max", [length, self.constant("least_length", np.float32(1e-12))], "divisor")
        self.node("Div", [result, length], OUTPUT)

    def model(self, input_size: int, outputs: Sequence[Any]) -> bytes:
        shape: list[str | int | None] = ["n", input_size, input_size, 3]
        images = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, shape)
        graph = helper.make_graph(
            self._nodes, "efficientnet_lite0", [images], list(outputs), list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="swath")
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data


class _Int8Writer(_GraphWriter):
    """Puts QuantizeLinear and DequantizeLinear round every layer; onnxruntime fuses each group into one int8 kernel.

    ReLU6 needs no node: the stored range starts at 0 and ends at 6 or below.
    """

    def __init__(self, ranges: Ranges) -> None:
        super().__init__()
        self._scales = {name: activation_scale(low, high) for name, (low, high) in ranges.items()}
        # (pixel - 127) / 128 is what dequantisation does, so uint8 pixels enter the first convolution as they are.
        self._scales[IMAGE] = ActivationScale(scale=np.float32(PIXEL_SCALE), zero_point=np.uint8(PIXEL_MEAN))

    def image(self) -> str:
        stored = self.node("Transpose", [INPUT], "pixels.stored", perm=[0, 3, 1, 2])
        return self._dequantise(IMAGE, stored)

    def conv(self, layer: Conv) -> str:
        stored = stored_conv(layer.weight, layer.bias, self._scales[layer.source].scale)
        inputs = [
            self._dequantised_constant(layer.name + ".weight", stored.weight, stored.weight_scale),
            self._dequantised_constant(layer.name + ".bias", stored.bias, stored.bias_scale),
        ]
        return self._requantise(layer.name, self.conv_node(layer, self.tensors[layer.source], *inputs))

    def add(self, layer: Add) -> str:
        inputs = [self.tensors[source] for source in layer.sources]
        return self._requantise(layer.name, self.node("Add", inputs, layer.name + ".sum"))

    def _dequantised_constant(self, name: str, stored: NDArray[Any], scales: NDArray[np.float32]) -> str:
        zero_points = self.constant(name + ".zero_point", np.zeros(len(scales), dtype=stored.dtype))
        inputs = [self.constant(name + ".stored", stored), self.constant(name + ".scale", scales), zero_points]
        return self.node("DequantizeLinear", inputs, name, axis=0)

    def _requantise(self, name: str, result: str) -> str:
        return self._dequantise(name, self.node("QuantizeLinear", [result, *self._scale(name)], name + ".stored"))

    def _dequantise(self, name: str, stored: str) -> str:
        return self.node("DequantizeLinear", [stored, *self._scale(name)], name)

    def _scale(self, name: str) -> tuple[str, str]:
        scale = self._scales[name]
        return self.constant(name + ".scale", scale.scale), self.constant(name + ".zero_point", scale.zero_point)
