"""A drawing surface for things of the world: faces in perspective, drawn large and shrunk at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from swath.demo.camera import NEAR, Camera
from swath.demo.kinds import Rgb
from swath.demo.solids import Finish, Pose, Solid
from swath.demo.weather import Light

OVERSAMPLING = 2
"""Edges are smoothed by drawing this many times larger, then shrinking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """A light that may glow in the final picture: where (pixels of the canvas), how far, and how it was painted there.

    What is painted later may cover it; then another colour than `painted` stands at its place.
    """

    column: float
    row: float
    depth: float
    finish: Finish
    painted: tuple[int, int, int]


@dataclass(slots=True)
class Canvas:
    """The picture while it is drawn. `camera` is the view on the enlarged canvas."""

    camera: Camera
    light: Light
    image: Image.Image
    pen: ImageDraw.ImageDraw
    lamps: list[Lamp] = field(default_factory=list)
    tints: dict[tuple[Rgb, float, float], Rgb] = field(default_factory=dict)  # worked out before, see `scenery.tint`

    @classmethod
    def blank(cls, camera: Camera, light: Light, *, oversampling: int = OVERSAMPLING) -> Canvas:
        large = camera.scaled(oversampling)
        image = Image.new("RGB", (large.width, large.height))
        return cls(camera=large, light=light, image=image, pen=ImageDraw.Draw(image))

    def show(self, picture: Image.Image) -> None:
        """Start over from a picture of the final or the canvas's own size."""
        self.image = picture.resize((self.camera.width, self.camera.height), Image.Resampling.NEAREST)
        self.pen = ImageDraw.Draw(self.image)

    def ground(self, polygon: list[tuple[float, float, float]], colour: tuple[int, int, int]) -> None:
        """A flat polygon (metres) in one colour, without shading; clipped at the lens."""
        points = self.camera.clip(polygon)
        if len(points) > 2:
            self.pen.polygon(self.camera.project(points)[:, :2].ravel().tolist(), fill=colour)

    def solid(self, solid: Solid, pose: Pose, *, mirrored: bool = False) -> None:
        """Draw a solid. With `mirrored` it hangs upside down below the ground, as a puddle would show it."""
        world = pose.to_world(solid.points)
        if mirrored:
            world = world * np.array([1.0, 1.0, -1.0])
        normals = pose.turned(solid.normals)
        if mirrored:
            normals = normals * np.array([1.0, 1.0, -1.0])
        nearness = self.camera.depth_of(world)
        if nearness.max() < NEAR:
            return
        crossing = bool(nearness.min() < NEAR)  # houses may reach behind the lens
        eye = np.array(self.camera.eye)
        firsts = solid.starts[:-1]
        visible = (normals * (eye - world[firsts])).sum(axis=1) > 0
        flat = self.camera.project(world)
        depth = float(flat[:, 2].mean())
        pixels_per_metre = self.camera.focal / depth
        if pixels_per_metre < 34:  # lines of 3 cm would be drawn a whole pixel wide and look too heavy
            visible &= ~solid.fine
        shaded_normals = normals * np.array([1.0, 1.0, -1.0]) if mirrored else normals
        colours = self.light.shade(solid.colours, shaded_normals, solid.finishes, depth)
        fills = [(red, green, blue) for red, green, blue in colours.tolist()]
        places = flat[:, :2].ravel().tolist()
        starts = solid.starts.tolist()
        seen = visible.tolist()
        own_eye = pose.to_own(eye * np.array([1.0, 1.0, -1.0]) if mirrored else eye)
        for part in solid.painting_order(own_eye):
            for face in range(int(solid.part_starts[part]), int(solid.part_starts[part + 1])):
                if not seen[face]:
                    continue
                if crossing:
                    own = self.camera.clip(world[starts[face] : starts[face + 1]].tolist())
                    if len(own) > 2:
                        self.pen.polygon(self.camera.project(own)[:, :2].ravel().tolist(), fill=fills[face])
                else:
                    self.pen.polygon(places[2 * starts[face] : 2 * starts[face + 1]], fill=fills[face])
        if not mirrored:
            self._remember_lamps(solid, flat, visible, fills)

    def _remember_lamps(
        self,
        solid: Solid,
        flat: NDArray[np.float64],
        visible: NDArray[np.bool_],
        fills: list[tuple[int, int, int]],
    ) -> None:
        lamp_like = (Finish.HEADLAMP, Finish.TAILLAMP, Finish.BEACON)
        for face in np.flatnonzero(visible & np.isin(solid.finishes, lamp_like)).tolist():
            column, row, depth = flat[solid.starts[face] : solid.starts[face + 1]].mean(axis=0).tolist()
            finish = Finish(int(solid.finishes[face]))
            self.lamps.append(Lamp(column=column, row=row, depth=depth, finish=finish, painted=fills[face]))

    def shows(self, lamp: Lamp) -> bool:
        """Whether the lamp is in the picture and nothing was painted over it."""
        column, row = int(lamp.column), int(lamp.row)
        inside = 0 <= column < self.camera.width and 0 <= row < self.camera.height
        return inside and self.image.getpixel((column, row)) == lamp.painted
