"""Measures what the default embedder ships with: activation ranges, bias shifts, centre and projection.

    python models/fit_lite0.py IMAGES_FOLDER PREDICTION_TASK [OUTPUT_FOLDER]

The files in src/swath/adapters/embedders/data come from the 128 photos of coco128 in a Lightly datasource. With other
numbers in them every digest changes by itself, and no old vector will be mixed with new ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from lite0_photos import Photos, read_photos
from swath.adapters.embedders.efficientnet_lite0 import INPUT_SIZE, PROJECTED, WEIGHTS_SHA256, weights_path
from swath.adapters.embedders.int8 import activation_scale
from swath.adapters.embedders.lite0_data import CENTRE_FILE, INT8_FILE, PROJECTION_FILE, Int8Data, with_bias_shifts
from swath.adapters.embedders.lite0_graph import Ranges, measuring_graph, vector_graph
from swath.adapters.embedders.lite0_layers import Add, Conv, lite0_layers
from swath.adapters.embedders.torch_weights import read_state_dict

BATCH = 32
VALUES_PER_BATCH = 20_000  # of every layer: 600,000 in all, enough for ranges and little enough for memory
Layers = list[Conv | Add]


def main(arguments: Sequence[str]) -> None:
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    photos = read_photos(Path(arguments[0]), arguments[1], size=INPUT_SIZE)
    default = Path(__file__).parent.parent / "src/swath/adapters/embedders/data"
    output = Path(arguments[2]) if len(arguments) == 3 else default
    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    int8 = fit_int8(layers, calibration_images(photos))
    projection = fit_projection(layers, photos)

    document = {
        "about": "measured by models/fit_lite0.py; ranges are least and greatest value by layer",
        "weights_sha256": WEIGHTS_SHA256,
        "ranges": int8.ranges,
        "bias_shifts": {name: shift.astype(float).round(5).tolist() for name, shift in int8.bias_shifts.items()},
    }
    lines = json.dumps(document, indent=1)
    output.mkdir(parents=True, exist_ok=True)
    (output / INT8_FILE).write_text(_one_list_per_line(lines) + "\n")
    np.save(output / CENTRE_FILE, projection.centre.astype("<f4"))
    np.save(output / PROJECTION_FILE, projection.basis.astype("<f2"))
    print(f"{len(photos.crops)} crops of {len(photos.images)} photos; 128 dimensions hold {projection.explained:.3f}")


def calibration_images(photos: Photos) -> NDArray[np.uint8]:
    """Crops, whole photos, and crops mirrored, brighter and darker, so that ranges hold for more than these crops."""
    crops = photos.crops
    brighter = np.clip(crops[1::4] * 1.5, 0, 255).astype(np.uint8)
    darker = (crops[2::4] * 0.5).astype(np.uint8)
    return np.concatenate([crops, photos.images, crops[::4, :, ::-1], brighter, darker])


def fit_int8(layers: Layers, images: NDArray[np.uint8]) -> Int8Data:
    ranges = measured_ranges(layers, images)
    return Int8Data(ranges=ranges, bias_shifts=measured_bias_shifts(layers, ranges, images))


def measured_ranges(layers: Layers, images: NDArray[np.uint8]) -> dict[str, tuple[float, float]]:
    """For each layer the range that loses least (mean squared error) to rounding and clipping."""
    rng = np.random.default_rng(0)
    samples: dict[str, list[NDArray[np.float32]]] = {layer.name: [] for layer in layers}
    for outputs in _runs(measuring_graph(layers, input_size=INPUT_SIZE), images):
        for layer, values in zip(layers, outputs, strict=False):
            samples[layer.name].append(rng.choice(values.ravel(), VALUES_PER_BATCH))
    return {name: _best_range(np.concatenate(parts).astype(np.float64)) for name, parts in samples.items()}


def _best_range(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())

    def error(share: float) -> float:
        scale = activation_scale(low * share, high * share)
        stored = np.clip(np.rint(values / scale.scale) + scale.zero_point, 0, 255)
        return float(np.square((stored - float(scale.zero_point)) * scale.scale - values).mean())

    share = min(np.linspace(0.15, 1.0, 35), key=error)
    return float(f"{low * share:.4g}"), float(f"{high * share:.4g}")


def measured_bias_shifts(layers: Layers, ranges: Ranges, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """By how much the mean of each channel is off in int8, for every convolution without ReLU6, front to back.

    Front to back, since what is put right early need not be put right later. After Nagel et al. 2019, "Data-free
    quantization through weight equalization and bias correction", 4.2, but with measured means.
    """
    linear = [layer.name for layer in layers if isinstance(layer, Conv) and not layer.relu6]
    sample = images[::3]
    wanted = _channel_means(measuring_graph(layers, input_size=INPUT_SIZE), [f"{name}.conv" for name in linear], sample)
    shifts: dict[str, NDArray[np.float32]] = {}
    for name, want in zip(linear, wanted, strict=True):
        graph = vector_graph(with_bias_shifts(layers, shifts), input_size=INPUT_SIZE, ranges=ranges)
        (got,) = _channel_means(graph, [name], sample)
        shifts[name] = (want - got).astype(np.float32)
    return shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Centre (1280,), orthonormal basis (1280, D) and the share of variance that the basis holds."""

    centre: NDArray[np.float32]
    basis: NDArray[np.float32]
    explained: float


def fit_projection(layers: Layers, photos: Photos, dimension: int = PROJECTED) -> Projection:
    """Mean and principal axes of the fp32 features of crops and whole photos, each axis with its largest entry > 0."""
    images = np.concatenate([photos.crops, photos.images])
    runs = _runs(measuring_graph(layers, input_size=INPUT_SIZE), images, ["features"])
    features = np.concatenate([outputs[0] for outputs in runs]).astype(np.float64)
    centre = features.mean(axis=0)
    _left, spread, axes = np.linalg.svd(features - centre, full_matrices=False)
    basis = axes[:dimension].T
    basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(dimension)])
    return Projection(
        centre=centre.astype(np.float32),
        basis=basis.astype(np.float32),
        explained=float(np.square(spread[:dimension]).sum() / np.square(spread).sum()),
    )


def _channel_means(graph: bytes, tensors: Sequence[str], images: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Means (channels,) over images and places of inner tensors (N, channels, H, W) of a graph."""
    model = onnx.load_from_string(graph)
    del model.graph.output[:]
    any_shape = ["n", None, None, None]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, any_shape) for name in tensors
    )
    sums = [np.zeros(0)] * len(tensors)
    for outputs in _runs(model.SerializeToString(), images):
        parts = [values.astype(np.float64).mean(axis=(2, 3)).sum(axis=0) for values in outputs]
        sums = [part if not len(total) else total + part for total, part in zip(sums, parts, strict=True)]
    return [total / len(images) for total in sums]


def _runs(
    graph: bytes, images: NDArray[np.uint8], outputs: Sequence[str] | None = None
) -> Iterator[list[NDArray[np.float32]]]:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for start in range(0, len(images), BATCH):
        yield session.run(outputs, {"images": images[start : start + BATCH]})


def _one_list_per_line(text: str) -> str:
    """JSON with indent 1, but with lists of numbers on one line."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if inside:
            lines[-1] += line.strip() if line.strip().startswith("]") else line.strip().replace(",", ", ")
            inside = not line.strip().startswith("]")
        else:
            lines.append(line)
            inside = line.rstrip().endswith("[")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
