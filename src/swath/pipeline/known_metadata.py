"""The metadata that a run knows by itself: sizes of images, and of the crops of objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IMAGE_KEYS = ("lightly.width", "lightly.height", "lightly.aspectRatio", "lightly.sizeInBytes")
"""Of images: pixels of the upright image, width by height, and bytes of the file."""

CROP_KEYS = ("lightly.width", "lightly.height", "lightly.aspectRatio", "lightly.area")
"""Of objects: pixels of what is cut out, padding included and clipped at the border, width by height, and pixels."""


Column = NDArray[np.float64]


def image_number(key: str, sizes: NDArray[np.int64]) -> Column:
    """The values (N,) of one of IMAGE_KEYS for images of width, height and bytes (N, 3)."""
    width, height, length = sizes.astype(np.float64).T
    columns: dict[str, Column] = {
        "lightly.width": width,
        "lightly.height": height,
        "lightly.aspectRatio": _ratio(width, height),
        "lightly.sizeInBytes": length,
    }
    return columns[key]


def crop_number(key: str, sizes: NDArray[np.int64]) -> Column:
    """The values (N,) of one of CROP_KEYS for crops of width and height (N, 2)."""
    width, height = sizes.astype(np.float64).T
    columns: dict[str, Column] = {
        "lightly.width": width,
        "lightly.height": height,
        "lightly.aspectRatio": _ratio(width, height),
        "lightly.area": width * height,
    }
    return columns[key]


def _ratio(width: Column, height: Column) -> Column:
    found: Column = np.divide(width, height, out=np.full(len(width), np.nan), where=height > 0)
    return found
