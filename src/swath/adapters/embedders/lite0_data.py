"""What was measured for EfficientNet-Lite0 and ships with Swath: activation ranges, bias shifts and the projection.

`models/fit_lite0.py` makes the files in `data/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from swath.adapters.embedders.lite0_layers import Add, Conv

INT8_FILE = "lite0_int8.json"
CENTRE_FILE = "lite0_centre.npy"
PROJECTION_FILE = "lite0_projection.npy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Data:
    """By layer name: the range of values to hold, and what to add to the bias (out,) of some convolutions.

    Rounding weights shifts the mean of a channel; the shift was measured and is taken back here.
    """

    ranges: Mapping[str, tuple[float, float]]
    bias_shifts: Mapping[str, NDArray[np.float32]]


def shipped_file(name: str) -> bytes:
    return _data_folder().joinpath(name).read_bytes()


def shipped_digest(*names: str) -> str:
    """SHA-256 over the contents of shipped files."""
    return hashlib.sha256(b"".join(hashlib.sha256(shipped_file(name)).digest() for name in names)).hexdigest()


def read_int8_data() -> Int8Data:
    document = json.loads(shipped_file(INT8_FILE))
    return Int8Data(
        ranges={name: (low, high) for name, (low, high) in document["ranges"].items()},
        bias_shifts={name: np.array(shift, dtype=np.float32) for name, shift in document["bias_shifts"].items()},
    )


def read_projection() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The centre (1280,) of the features and the projection (1280, 128), whose columns are orthonormal."""
    centre = np.load(BytesIO(shipped_file(CENTRE_FILE)), allow_pickle=False)
    projection = np.load(BytesIO(shipped_file(PROJECTION_FILE)), allow_pickle=False)
    return centre.astype(np.float32), projection.astype(np.float32)


def with_bias_shifts(layers: list[Conv | Add], shifts: Mapping[str, NDArray[np.float32]]) -> list[Conv | Add]:
    """The layers with the shifts added to the biases of the convolutions they name."""
    return [
        replace(layer, bias=layer.bias + shifts[layer.name])
        if isinstance(layer, Conv) and layer.name in shifts
        else layer
        for layer in layers
    ]


def _data_folder() -> Traversable:
    return resources.files("swath.adapters.embedders").joinpath("data")
