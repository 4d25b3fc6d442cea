"""A picture of how densely the points of a map lie, for browsers that cannot draw the points themselves."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.03
"""Of the longer side of the map, left free on every side."""

_STOPS = {
    "light": ((214, 226, 242), (116, 160, 214), (40, 92, 160), (16, 40, 88)),
    "dark": ((32, 48, 76), (52, 96, 162), (112, 166, 232), (226, 238, 255)),
}
"""From few points to many: one hue, that stands out from a white or from a nearly black page."""


class ColorScheme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


def density_levels(points: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    """How many points lie in each cell of a square picture (size, size): 0 for none, up to 255, by the logarithm.

    x grows to the right and y upwards, both by the same scale; the map is in the middle. Points (N, 2) that are not
    finite are left out.
    """
    finite = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    if not len(finite):
        return np.zeros((size, size), dtype=np.uint8)
    low, high = finite.min(axis=0), finite.max(axis=0)
    span = float((high - low).max()) or 1.0
    scaled = 0.5 + (finite - (low + high) / 2) / span * (1 - 2 * MARGIN)
    column, row = np.clip((scaled * size).astype(np.int64), 0, size - 1).T
    counts = np.bincount((size - 1 - row) * size + column, minlength=size * size).reshape(size, size)
    logarithm = np.log1p(_smoothed(counts.astype(np.float64)))
    # Rounded up: one point alone is seen.
    levels: NDArray[np.uint8] = np.ceil(logarithm / logarithm.max() * 255).astype(np.uint8)
    return levels


def density_palette(scheme: ColorScheme) -> NDArray[np.uint8]:
    """Colours (256, 4), RGBA, of the levels; 0 is transparent."""
    stops = np.array(_STOPS[scheme], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, 255)
    palette = np.zeros((256, 4), dtype=np.uint8)
    for channel in range(3):
        palette[1:, channel] = np.interp(at, np.arange(len(stops)), stops[:, channel]).round()
    palette[1:, 3] = 255
    return palette


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each cell with a share of its neighbours' counts (1 2 1 in both directions): specks become areas."""
    for axis in (0, 1):
        padded = np.pad(counts, [(1, 1) if other == axis else (0, 0) for other in (0, 1)])
        before, here, after = (
            np.take(padded, range(start, start + counts.shape[axis]), axis=axis) for start in (0, 1, 2)
        )
        counts = (before + 2 * here + after) / 4
    return counts
