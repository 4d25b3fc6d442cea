"""Solids made of flat faces: how vehicles and houses are modelled, and in which order they must be painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from swath.demo.kinds import Rgb

Quad = NDArray[np.float64]  # (4, 3)
Point = tuple[float, float, float]


class Finish(IntEnum):
    """How a face answers to light."""

    PAINT = 0  # glossy
    MATTE = 1
    GLASS = 2
    HEADLAMP = 3  # shines at night
    TAILLAMP = 4
    BEACON = 5  # shines always
    LIT = 6  # a window with a light behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Solid:
    """Flat faces in parts. A part is close to convex: its faces that look away are hidden, the others never overlap.

    Face i owns points[starts[i]:starts[i + 1]]; faces of one part are together, in painting order.
    """

    points: NDArray[np.float64]  # (P, 3) metres
    starts: NDArray[np.int64]  # (F + 1,)
    normals: NDArray[np.float64]  # (F, 3) unit length, away from the middle of the part
    colours: NDArray[np.float64]  # (F, 3) 0 to 255
    finishes: NDArray[np.int64]  # (F,) of Finish
    fine: NDArray[np.bool_]  # (F,) detail that is left out when it would be thinner than a pixel
    part_starts: NDArray[np.int64]  # (K + 1,) first face of each part
    part_lows: NDArray[np.float64]  # (K, 3) bounds
    part_highs: NDArray[np.float64]  # (K, 3)
    part_first: NDArray[np.bool_]  # (K,) painted before all others: wheels, which the body half hides

    def painting_order(self, eye: NDArray[np.float64]) -> list[int]:
        """Parts in the order they are painted, seen from `eye` (3,) in the solid's own frame."""
        order: list[int] = []
        for group in (np.flatnonzero(self.part_first), np.flatnonzero(~self.part_first)):
            order += [int(group[k]) for k in painting_order(self.part_lows[group], self.part_highs[group], eye)]
        return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a solid stands: its middle at (x, y) on the ground, its front turned to `heading` (0 along world x)."""

    x: float
    y: float
    heading: float

    def _turn(self) -> NDArray[np.float64]:
        sin, cos = math.sin(self.heading), math.cos(self.heading)
        return np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])

    def turned(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Directions (N, 3) of the solid's own frame, in the world."""
        turned: NDArray[np.float64] = vectors @ self._turn()
        return turned

    def to_world(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 3) of the solid's own frame, in the world."""
        world: NDArray[np.float64] = self.turned(points) + np.array([self.x, self.y, 0.0])
        return world

    def to_own(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """A point (3,) of the world in the solid's own frame."""
        own: NDArray[np.float64] = (point - np.array([self.x, self.y, 0.0])) @ self._turn().T
        return own


class SolidBuilder:
    """Collects faces. The solid's own frame: x forward, y left, z up, metres, standing on z = 0."""

    def __init__(self) -> None:
        self._polygons: list[NDArray[np.float64]] = []
        self._colours: list[Rgb] = []
        self._finishes: list[Finish] = []
        self._fine: list[bool] = []
        self._part_starts: list[int] = []
        self._part_first: list[bool] = []

    def part(self, *, first: bool = False) -> None:
        """Begin a new part: what follows belongs to it."""
        self._part_starts.append(len(self._polygons))
        self._part_first.append(first)

    def face(
        self,
        points: Sequence[Point] | NDArray[np.float64],
        colour: Rgb,
        finish: Finish = Finish.PAINT,
        *,
        fine: bool = False,
    ) -> None:
        """A flat polygon; its first three points must not be on one line."""
        self._polygons.append(np.asarray(points, dtype=np.float64))
        self._colours.append(colour)
        self._finishes.append(finish)
        self._fine.append(fine)

    def loft(self, sections: NDArray[np.float64], colour: Rgb, finish: Finish = Finish.PAINT) -> None:
        """A skin over sections (S, K, 3) of K points each, closed at both ends."""
        count = sections.shape[1]
        for near, far in pairwise(sections):
            for k in range(count):
                j = (k + 1) % count
                self.face(np.stack([near[k], near[j], far[j], far[k]]), colour, finish)
        self.face(sections[0], colour, finish)
        self.face(sections[-1], colour, finish)

    def frustum(
        self,
        low: tuple[float, float, float, float],
        high: tuple[float, float, float, float],
        colour: Rgb,
        finish: Finish = Finish.PAINT,
    ) -> dict[str, Quad]:
        """A block that may taper: `low` and `high` are x from, x to, half width, z. Returns the side quads.

        Corners of the sides and ends run from bottom rear (or bottom right) counter-clockwise as seen in `on`.
        """
        (a0, a1, aw, az), (b0, b1, bw, bz) = low, high
        corner = {
            "left": [(a0, aw, az), (a1, aw, az), (b1, bw, bz), (b0, bw, bz)],
            "right": [(a0, -aw, az), (a1, -aw, az), (b1, -bw, bz), (b0, -bw, bz)],
            "front": [(a1, -aw, az), (a1, aw, az), (b1, bw, bz), (b1, -bw, bz)],
            "rear": [(a0, -aw, az), (a0, aw, az), (b0, bw, bz), (b0, -bw, bz)],
            "top": [(b0, -bw, bz), (b0, bw, bz), (b1, bw, bz), (b1, -bw, bz)],
        }
        quads = {name: np.array(points) for name, points in corner.items()}
        for quad in quads.values():
            self.face(quad, colour, finish)
        return quads

    def block(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        z: tuple[float, float],
        colour: Rgb,
        finish: Finish = Finish.MATTE,
    ) -> None:
        """An upright box between the given coordinates."""
        for i in (0, 1):
            self.face([(x[i], y[0], z[0]), (x[i], y[1], z[0]), (x[i], y[1], z[1]), (x[i], y[0], z[1])], colour, finish)
            self.face([(x[0], y[i], z[0]), (x[1], y[i], z[0]), (x[1], y[i], z[1]), (x[0], y[i], z[1])], colour, finish)
        self.face([(x[0], y[0], z[1]), (x[1], y[0], z[1]), (x[1], y[1], z[1]), (x[0], y[1], z[1])], colour, finish)

    def on(
        self,
        quad: Quad,
        outline: Sequence[tuple[float, float]],
        colour: Rgb,
        finish: Finish = Finish.MATTE,
        *,
        fine: bool = False,
    ) -> None:
        """A polygon painted on a quad, in its own coordinates: u from first to second corner, v towards the fourth."""
        u, v = np.array(outline).T[:, :, None]
        self.face(
            (1 - u) * (1 - v) * quad[0] + u * (1 - v) * quad[1] + u * v * quad[2] + (1 - u) * v * quad[3],
            colour, finish, fine=fine,
        )  # fmt: skip

    def patch(
        self,
        quad: Quad,
        u: tuple[float, float],
        v: tuple[float, float],
        colour: Rgb,
        finish: Finish = Finish.MATTE,
        *,
        fine: bool = False,
    ) -> None:
        """A rectangle painted on a quad."""
        self.on(quad, [(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1])], colour, finish, fine=fine)

    def sides(
        self,
        outline: Sequence[tuple[float, float]],
        half_width: float,
        colour: Rgb,
        finish: Finish = Finish.MATTE,
        *,
        fine: bool = False,
    ) -> None:
        """A polygon (x, z) painted on the left and on the right, `half_width` from the middle."""
        for side in (1.0, -1.0):
            self.face([(x, side * half_width, z) for x, z in outline], colour, finish, fine=fine)

    def bar(self, start: Point, end: Point, radius: float, colour: Rgb, finish: Finish = Finish.MATTE) -> None:
        """A square bar between two points."""
        a, b = np.array(start), np.array(end)
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
        across = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
        across *= radius / float(np.linalg.norm(across))
        other = np.cross(along, across)
        corners = np.stack([across + other, across - other, -across - other, other - across])
        self.loft(np.stack([a + corners, b + corners]), colour, finish)

    def ball(self, centre: Point, radius: float, colour: Rgb, *, stretch: float = 1.0) -> None:
        """A rough sphere, `stretch` times as high as wide."""
        angles = np.arange(10) * (2 * math.pi / 10)
        rings = []
        for height in (-0.92, -0.45, 0.2, 0.7, 0.97):
            ring_radius = radius * math.sqrt(1 - height * height)
            z = np.full(10, centre[2] + height * radius * stretch)
            rings.append(
                np.stack(
                    [centre[0] + ring_radius * np.cos(angles), centre[1] + ring_radius * np.sin(angles), z], axis=1
                )
            )
        self.loft(np.stack(rings), colour, Finish.PAINT)

    def disc(
        self,
        x: float,
        y: float,
        z: float,
        radius: float,
        colour: Rgb,
        *,
        corners: int = 16,
        upper_half: bool = False,
        fine: bool = False,
    ) -> None:
        """An upright disc seen from the side (its plane holds the driving direction)."""
        angles = np.linspace(0, math.pi, corners) if upper_half else np.arange(corners) * (2 * math.pi / corners)
        points = np.stack([x + radius * np.cos(angles), np.full(corners, y), z + radius * np.sin(angles)], axis=1)
        self.face(points, colour, Finish.MATTE, fine=fine)

    def build(self) -> Solid:
        starts = np.cumsum([0] + [len(polygon) for polygon in self._polygons])
        points = np.concatenate(self._polygons)
        firsts = starts[:-1]
        normals = np.cross(points[firsts + 1] - points[firsts], points[firsts + 2] - points[firsts])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        centres = np.add.reduceat(points, firsts, axis=0) / np.diff(starts)[:, None]
        part_starts = np.array([*self._part_starts, len(self._polygons)])
        lows, highs = [], []
        for first, last in pairwise(part_starts):
            own = points[starts[first] : starts[last]]
            lows.append(own.min(axis=0))
            highs.append(own.max(axis=0))
            outward = centres[first:last] - (lows[-1] + highs[-1]) / 2
            normals[first:last] *= np.where((normals[first:last] * outward).sum(axis=1) < 0, -1.0, 1.0)[:, None]
        return Solid(
            points=points,
            starts=starts,
            normals=normals,
            colours=np.array(self._colours, dtype=np.float64),
            finishes=np.array(self._finishes, dtype=np.int64),
            fine=np.array(self._fine, dtype=np.bool_),
            part_starts=part_starts,
            part_lows=np.array(lows),
            part_highs=np.array(highs),
            part_first=np.array(self._part_first, dtype=np.bool_),
        )


def painting_order(lows: NDArray[np.float64], highs: NDArray[np.float64], eye: NDArray[np.float64]) -> list[int]:
    """Order in which things with bounds `lows`, `highs` (N, D) are painted so that nearer ones hide farther ones.

    Two boxes that do not overlap have a plane between them; the one on the eye's side is painted later. Where boxes
    overlap, or the pairs contradict one another, the farther middle goes first. `eye` is (D,).
    """
    count = len(lows)
    later = np.zeros((count, count), dtype=np.bool_)  # later[i, j]: j must follow i
    undecided = np.ones((count, count), dtype=np.bool_)
    slack = 1e-6
    for axis in range(lows.shape[1]):
        apart = highs[:, None, axis] <= lows[None, :, axis] + slack  # i lies below j on this axis
        later |= apart & undecided & (eye[axis] >= lows[None, :, axis] - slack)
        earlier = apart & undecided & (eye[axis] <= highs[:, None, axis] + slack)
        later |= earlier.T
        undecided &= ~(later | later.T)
    distance = np.linalg.norm((lows + highs) / 2 - eye, axis=1)
    waiting_for = later.sum(axis=0)
    left = set(range(count))
    order: list[int] = []
    while left:
        free = [i for i in left if waiting_for[i] == 0] or list(left)
        chosen = max(free, key=lambda i: (distance[i], i))
        order.append(chosen)
        left.remove(chosen)
        waiting_for = waiting_for - later[chosen]
    return order


_DIRECTIONS = np.stack([np.cos(np.arange(40) * (math.pi / 20)), np.sin(np.arange(40) * (math.pi / 20))])


def outline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """About the convex hull of points (N, 2): the farthest point in each of 40 directions, counter-clockwise."""
    hull: NDArray[np.float64] = points[(points @ _DIRECTIONS).argmax(axis=0)]
    return hull
