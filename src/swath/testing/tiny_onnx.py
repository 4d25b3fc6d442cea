"""Small ONNX models in the conventions that real ones come in, so that loading them can be tested for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyModel:
    """A strided convolution, ReLU and what `outputs` ask for, with weights drawn from `seed`.

    Outputs: "vectors" (N, 8), "maps" (N, 8, H, W) or (N, H, W, 8), "tokens" (N, H * W, 8), "dense" (N, 8) through a
    matrix product, "dynamic" (N, 8) through quantisation whose scale comes from the whole batch, "nan" (N, 8), "unit"
    (N, 8) of length 1 but NaN where all is 0, "labels" (N,) int64.
    """

    size: int | None = 16  # px; None leaves height and width open
    batch: int | None = None  # None leaves the number of images open
    layout: str = "nchw"
    dtype: str = "float32"  # or "float16", "uint8"
    channels: int = 3
    outputs: tuple[str, ...] = ("vectors",)
    seed: int = 0
    external_data: str = ""  # name of the file, beside the model, that takes the weights


def write_tiny_model(path: Path, model: TinyModel) -> Path:
    """Write the model; returns `path`."""
    import onnx

    path.parent.mkdir(parents=True, exist_ok=True)
    document = tiny_model(model)
    if model.external_data:
        onnx.save_model(
            document,
            str(path),
            save_as_external_data=True,
            location=model.external_data,
            size_threshold=0,
        )
    else:
        onnx.save_model(document, str(path))
    return path


def tiny_model(model: TinyModel) -> Any:
    """The model as an onnx.ModelProto."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(model.seed)
    element = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}[model.dtype]
    sides: list[str | int | None] = [model.size or "height", model.size or "width"]
    shape: list[str | int | None] = [model.batch or "batch"]
    shape += [model.channels, *sides] if model.layout == "nchw" else [*sides, model.channels]
    nodes, constants = [], []

    def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    last = node("Cast", ["pixels"], "floats", to=TensorProto.FLOAT)
    if model.layout == "nhwc":
        last = node("Transpose", [last], "channels_first", perm=[0, 3, 1, 2])
    weight = rng.normal(size=(CHANNELS, model.channels, 4, 4)).astype(np.float32)
    last = node("Conv", [last, constant("weight", weight)], "filtered", kernel_shape=[4, 4], strides=[4, 4])
    maps = node("Relu", [last], "positive")
    pooled = node("Flatten", [node("GlobalAveragePool", [maps], "averaged")], "pooled", axis=1)
    made: dict[str, tuple[str, Any, int]] = {}  # output -> its tensor, element type, rank
    for output in model.outputs:
        if output == "vectors":
            made[output] = (node("Identity", [pooled], output), TensorProto.FLOAT, 2)
        elif output == "maps":
            permutation = [0, 1, 2, 3] if model.layout == "nchw" else [0, 2, 3, 1]
            made[output] = (node("Transpose", [maps], output, perm=permutation), TensorProto.FLOAT, 4)
        elif output == "tokens":
            flat = node("Reshape", [maps, constant("flat", np.array([0, CHANNELS, -1]))], "flat_maps")
            made[output] = (node("Transpose", [flat], output, perm=[0, 2, 1]), TensorProto.FLOAT, 3)
        elif output == "dense":
            matrix = constant("matrix", rng.normal(size=(CHANNELS, CHANNELS)).astype(np.float32))
            made[output] = (node("MatMul", [pooled, matrix], output), TensorProto.FLOAT, 2)
        elif output == "dynamic":
            names = ["stored", "scale", "zero_point"]
            nodes.append(helper.make_node("DynamicQuantizeLinear", [pooled], names))
            made[output] = (node("DequantizeLinear", names, output), TensorProto.FLOAT, 2)
        elif output == "nan":
            nothing = constant("nothing", np.float32(0))
            zeros = node("Mul", [pooled, nothing], "zeros")
            made[output] = (node("Div", [zeros, nothing], output), TensorProto.FLOAT, 2)
        elif output == "unit":
            length = node("ReduceL2", [pooled], "length", axes=[1], keepdims=1)
            made[output] = (node("Div", [pooled, length], output), TensorProto.FLOAT, 2)
        elif output == "labels":
            made[output] = (node("ArgMax", [pooled], output, axis=1, keepdims=0), TensorProto.INT64, 1)
        else:
            raise ValueError(f"a tiny model has no output {output!r}")
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", element, shape)],
        [helper.make_tensor_value_info(name, kind, [None] * rank) for name, kind, rank in made.values()],
        constants,
    )
    # The opset and IR version of EfficientNet-Lite0's graph: old enough for every onnxruntime that Swath allows.
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
