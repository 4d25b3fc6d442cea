"""A pinhole camera over a flat world: x across the street, y along it, z up, all in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 0.6
"""Depth in metres below which nothing is drawn: what is behind the lens has no place in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Where the camera stands and looks. `yaw` is 0 along the street and pi/2 across it to the right; `pitch` is
    positive downwards; `focal` is in pixels. The optical axis meets the middle of the picture.
    """

    width: int
    height: int
    eye: tuple[float, float, float]
    yaw: float
    pitch: float
    focal: float

    def axes(self) -> NDArray[np.float64]:
        """Rows: right, up and forward, as unit vectors (3, 3)."""
        sin_yaw, cos_yaw = math.sin(self.yaw), math.cos(self.yaw)
        sin_pitch, cos_pitch = math.sin(self.pitch), math.cos(self.pitch)
        return np.array(
            [
                [cos_yaw, -sin_yaw, 0.0],
                [sin_pitch * sin_yaw, sin_pitch * cos_yaw, cos_pitch],
                [cos_pitch * sin_yaw, cos_pitch * cos_yaw, -sin_pitch],
            ]
        )

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 3) in metres -> (N, 3): column and row in pixels, depth in metres (at least NEAR)."""
        seen = (points - np.array(self.eye)) @ self.axes().T
        depth = np.maximum(seen[:, 2], NEAR)
        return np.stack(
            [
                self.width / 2 + self.focal * seen[:, 0] / depth,
                self.height / 2 - self.focal * seen[:, 1] / depth,
                depth,
            ],
            axis=1,
        )

    def depth_of(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Depth (N,) of points (N, 3) along the optical axis; negative behind the camera."""
        depth: NDArray[np.float64] = (points - np.array(self.eye)) @ self.axes()[2]
        return depth

    def clip(self, polygon: Sequence[tuple[float, float, float]]) -> NDArray[np.float64]:
        """The part of a polygon in front of the lens, as points (M, 3) of the world; (0, 3) if there is none."""
        points = np.array(polygon, dtype=np.float64)
        depth = self.depth_of(points) - NEAR
        kept: list[NDArray[np.float64]] = []
        for i in range(len(points)):
            j = (i + 1) % len(points)
            if depth[i] >= 0:
                kept.append(points[i])
            if (depth[i] >= 0) != (depth[j] >= 0):
                kept.append(points[i] + (points[j] - points[i]) * (depth[i] / (depth[i] - depth[j])))
        return np.array(kept).reshape(-1, 3)

    @property
    def horizon(self) -> float:
        """The row, in pixels, where the flat ground ends."""
        return self.height / 2 - self.focal * math.tan(self.pitch)

    def scaled(self, factor: int) -> Camera:
        """The same view on a canvas `factor` times as large."""
        return Camera(
            width=self.width * factor,
            height=self.height * factor,
            eye=self.eye,
            yaw=self.yaw,
            pitch=self.pitch,
            focal=self.focal * factor,
        )
