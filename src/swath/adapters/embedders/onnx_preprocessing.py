"""From images to what an ONNX graph reads: layout, size and dtype by its input, the rest by options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.adapters.embedders.onnx_options import DEFAULT_SCALE, IMAGENET_MEAN, IMAGENET_STD, OnnxOptions
from swath.adapters.embedders.onnx_session import Session
from swath.core.errors import EmbedderUnavailable

_INPUT_DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """From images (N, S, S, 3) uint8 RGB to the graph's input; mean and std are unused for uint8 inputs."""

    input_size: int
    dtype: str
    layout: str
    channel_order: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        prepared: NDArray[Any] = images[..., ::-1] if self.channel_order == "bgr" else images
        if self.dtype != "uint8":
            mean, std = (np.array(values, dtype=np.float64) for values in (self.mean, self.std))
            # (pixel * scale - mean) / std as one multiplication and one addition in float32.
            factor, offset = (self.scale / std).astype(np.float32), (-mean / std).astype(np.float32)
            with np.errstate(over="ignore"):  # infinity, in half precision, is found in the vectors and reported
                prepared = (prepared.astype(np.float32) * factor + offset).astype(self.dtype)
        return prepared.transpose(0, 3, 1, 2) if self.layout == "nchw" else prepared


def single_input(session: Session, source: str) -> Any:
    """The images input of a graph. Raises EmbedderUnavailable unless there is one, of a rank and dtype we know."""
    inputs: Any = session.get_inputs()
    if len(inputs) != 1:
        raise EmbedderUnavailable(
            f"`{source}`: expected one input, the images, got {len(inputs)}: {_listed(inputs)}",
            hint="export the image part of the model alone",
        )
    graph_input: Any = inputs[0]
    if len(graph_input.shape) != 4:
        raise EmbedderUnavailable(
            f"`{source}` at input `{graph_input.name}`: expected 4 dimensions (images, channels, height, width) or"
            f" (images, height, width, channels), got {len(graph_input.shape)}: {graph_input.shape}",
        )
    if graph_input.type not in _INPUT_DTYPES:
        raise EmbedderUnavailable(
            f"`{source}` at input `{graph_input.name}`: expected uint8, float or float16, got `{graph_input.type}`"
        )
    return graph_input


def preprocessing_for(graph_input: Any, said: OnnxOptions, source: str) -> Preprocessing:
    """What the graph shows and the options say. Raises EmbedderUnavailable where they disagree or say too little."""
    dtype = _INPUT_DTYPES[graph_input.type].name
    shape = graph_input.shape
    where = f"`{source}` at input `{graph_input.name}`"
    by_shape = [layout for layout, axis in (("nchw", 1), ("nhwc", 3)) if shape[axis] == 3]
    possible = [layout for layout, axis in (("nchw", 1), ("nhwc", 3)) if shape[axis] == 3 or _is_open(shape[axis])]
    if (said.layout is not None and said.layout not in possible) or not possible:
        raise EmbedderUnavailable(
            f"{where}: expected 3 channels in layout `{said.layout or 'nchw or nhwc'}`, got shape {shape}",
            hint="set `layout`, or export the model for RGB images",
        )
    if said.layout is not None:
        layout = said.layout
    elif len(by_shape) == 1:
        layout = by_shape[0]
    else:  # Nothing says: floats are channels first in almost every export, bytes come as images are stored.
        layout = "nhwc" if dtype == "uint8" and "nhwc" in possible else possible[0]
    height, width = (shape[2], shape[3]) if layout == "nchw" else (shape[1], shape[2])
    fixed = {side for side in (height, width) if not _is_open(side)}
    if len(fixed) > 1:
        raise EmbedderUnavailable(f"{where}: expected equal height and width, got {height} x {width}")
    size = fixed.pop() if fixed else said.input_size
    if size is None:
        raise EmbedderUnavailable(
            f"{where}: the graph leaves the image size open, and `input_size` is not given",
            hint=f'write {{"input_size": 224}} into `{Path(source).with_suffix(".json").name}` beside the model,'
            " or give the option",
        )
    if said.input_size not in (None, size):
        raise EmbedderUnavailable(f"{where}: `input_size` is {said.input_size}, but the graph only takes {size}")
    if dtype == "uint8":
        for field in ("scale", "mean", "std"):
            if getattr(said, field) is not None:
                raise EmbedderUnavailable(
                    f"{where}: `{field}` is given, but the graph takes uint8 pixels as they are",
                    hint=f"leave `{field}` out",
                )
    return Preprocessing(
        input_size=size,
        dtype=dtype,
        layout=layout,
        channel_order=said.channel_order or "rgb",
        scale=DEFAULT_SCALE if said.scale is None else said.scale,
        mean=IMAGENET_MEAN if said.mean is None else said.mean,
        std=IMAGENET_STD if said.std is None else said.std,
    )


def _is_open(side: object) -> bool:
    return not isinstance(side, int)


def _listed(arguments: Sequence[Any]) -> str:
    return ", ".join(f"`{argument.name}` {argument.shape}" for argument in arguments)
