"""Solids of the `car` category: passenger cars, taxis, police cars, vans and ambulances. Own frame: x forward."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from swath.demo.kinds import Rgb
from swath.demo.solids import Finish, Quad, SolidBuilder

GLASS: Rgb = (44, 56, 70)
RUBBER: Rgb = (30, 31, 34)
DARK: Rgb = (46, 48, 53)
STEEL: Rgb = (176, 182, 190)
LAMP: Rgb = (250, 246, 226)
TAIL: Rgb = (186, 22, 26)
AMBER: Rgb = (244, 150, 30)
WHITE: Rgb = (242, 243, 245)
RED: Rgb = (206, 30, 34)
BLUE: Rgb = (30, 92, 226)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarShape:
    """Measures of a passenger car in metres; x counts from the middle, forward positive.

    `cabin_low` and `cabin_high` are where the cabin begins and ends (x from, x to) at the belt and at the roof.
    """

    length: float
    width: float
    height: float
    belt: float
    hood: float
    boot: float
    clearance: float
    cabin_low: tuple[float, float]
    cabin_high: tuple[float, float]
    wheel: float
    pillars: tuple[float, ...]  # where the side windows part, 0 rear to 1 front


SEDAN = CarShape(
    length=4.6, width=1.82, height=1.44, belt=0.93, hood=0.80, boot=0.92, clearance=0.22,
    cabin_low=(-1.62, 1.02), cabin_high=(-0.98, 0.24), wheel=0.33, pillars=(0.1, 0.5),
)  # fmt: skip
HATCHBACK = CarShape(
    length=4.0, width=1.74, height=1.5, belt=0.95, hood=0.84, boot=0.93, clearance=0.22,
    cabin_low=(-1.86, 1.0), cabin_high=(-1.5, 0.24), wheel=0.32, pillars=(0.2, 0.54),
)  # fmt: skip
SUV = CarShape(
    length=4.65, width=1.9, height=1.74, belt=1.1, hood=1.0, boot=1.08, clearance=0.32,
    cabin_low=(-2.2, 1.02), cabin_high=(-1.95, 0.36), wheel=0.39, pillars=(0.26, 0.58),
)  # fmt: skip
PICKUP = CarShape(
    length=5.4, width=1.95, height=1.82, belt=1.14, hood=1.06, boot=1.1, clearance=0.36,
    cabin_low=(-0.62, 1.3), cabin_high=(-0.5, 0.62), wheel=0.42, pillars=(0.42,),
)  # fmt: skip


def darker(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = colour
    return (int(red * factor), int(green * factor), int(blue * factor))


def section(x: float, levels: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """A cross-section at `x` from (half width, z) pairs, lowest first: down the right side, up the left."""
    left = [(x, half, z) for half, z in levels]
    right = [(x, -half, z) for half, z in reversed(levels)]
    return left + right


def add_wheels(
    b: SolidBuilder, axles: list[float], half_width: float, radius: float, *, thickness: float = 0.22
) -> None:
    """All wheels as dark drums; they are painted first, the body hides their upper half."""
    angles = np.arange(14) * (2 * np.pi / 14)
    for x in axles:
        for side in (1.0, -1.0):
            b.part(first=True)
            rings = [
                np.stack([x + radius * np.cos(angles), np.full(14, side * y), radius + radius * np.sin(angles)], axis=1)
                for y in (half_width - thickness, half_width)
            ]
            b.loft(np.stack(rings), RUBBER, Finish.MATTE)


def add_wheel_faces(
    b: SolidBuilder, axles: list[float], half_width: float, radius: float, *, rim: Rgb = STEEL, arch: bool = True
) -> None:
    """Arches, tyres and rims on both sides; belongs to the part that has the sides, painted over it."""
    for x in axles:
        for side in (1.0, -1.0):
            y = side * half_width
            if arch:
                b.disc(x, y, radius * 1.02, radius * 1.18, DARK, upper_half=True)
            b.disc(x, y, radius, radius, RUBBER, corners=20)
            b.disc(x, y, radius, radius * 0.66, rim, corners=16)
            for spoke in range(5):
                angle = spoke * 2 * np.pi / 5 + 0.3
                b.disc(
                    x + 0.4 * radius * float(np.cos(angle)), y, radius * (1 + 0.4 * float(np.sin(angle))),
                    radius * 0.15, darker(rim, 0.45), corners=6, fine=True,
                )  # fmt: skip


def add_ends(b: SolidBuilder, front: float, rear: float, w: float, z: float, *, high: float = 0.14) -> None:
    """Lamps, grille, plates at the ends of a body whose nose is at `front`; `w` half width, `z` foot of the lamps."""
    x = front - 0.02
    b.face([(x, -0.42 * w, z - 0.12), (x, 0.42 * w, z - 0.12), (x, 0.46 * w, z + 0.07), (x, -0.46 * w, z + 0.07)], DARK)
    b.face(
        [(x, -0.2 * w, z - 0.24), (x, 0.2 * w, z - 0.24), (x, 0.2 * w, z - 0.15), (x, -0.2 * w, z - 0.15)],
        WHITE,
        fine=True,
    )
    for side in (1.0, -1.0):
        inner, outer = side * 0.5 * w, side * 0.78 * w
        b.face(
            [(x, inner, z), (x, outer, z - 0.01), (x, outer, z + high), (x, inner, z + high * 0.8)],
            LAMP,
            Finish.HEADLAMP,
        )
        y = side * 0.9 * w
        b.face(
            [(front - 0.06, side * 0.8 * w, z), (front - 0.42, side * 0.97 * w, z + 0.05), (front - 0.36, y, z + high)],
            LAMP, Finish.HEADLAMP,
        )  # fmt: skip
        back = rear + 0.02
        b.face(
            [
                (back, side * 0.48 * w, z + 0.1), (back, side * 0.8 * w, z + 0.1),
                (back, side * 0.78 * w, z + 0.1 + high * 1.3), (back, side * 0.48 * w, z + 0.1 + high * 1.2),
            ],
            TAIL, Finish.TAILLAMP,
        )  # fmt: skip
        b.face(
            [
                (rear + 0.06, y, z + 0.08), (rear + 0.3, side * 0.97 * w, z + 0.1),
                (rear + 0.26, side * 0.95 * w, z + 0.1 + high),
            ],
            TAIL, Finish.TAILLAMP,
        )  # fmt: skip
    back = rear + 0.02
    b.face(
        [(back, -0.22 * w, z), (back, 0.22 * w, z), (back, 0.22 * w, z + 0.12), (back, -0.22 * w, z + 0.12)],
        WHITE,
        fine=True,
    )


def add_body(b: SolidBuilder, shape: CarShape, paint: Rgb, *, doors: Rgb | None = None) -> None:
    """Wheels and lower body, up to the belt line."""
    half, front, rear = shape.width / 2, shape.length / 2, -shape.length / 2
    axles = [front - 0.19 * shape.length, rear + 0.19 * shape.length]
    add_wheels(b, axles, half - 0.04, shape.wheel)
    low, mid = shape.clearance, (shape.clearance + shape.belt) / 2 + 0.08
    cowl = shape.cabin_low[1]
    b.part()
    b.loft(
        np.array(
            [
                section(rear, [(0.80 * half, low + 0.16), (0.85 * half, mid - 0.04), (0.76 * half, shape.boot - 0.16)]),
                section(rear + 0.10, [(0.93 * half, low + 0.04), (0.96 * half, mid), (0.86 * half, shape.boot - 0.03)]),
                section(rear + 0.42, [(0.97 * half, low), (half, mid), (0.92 * half, shape.boot)]),
                section(cowl, [(0.97 * half, low), (half, mid), (0.92 * half, shape.belt)]),
                section(front - 0.48, [(0.97 * half, low), (half, mid), (0.90 * half, shape.hood)]),
                section(
                    front - 0.12,
                    [(0.88 * half, low + 0.04), (0.92 * half, mid - 0.03), (0.82 * half, shape.hood - 0.1)],
                ),
                section(front, [(0.74 * half, low + 0.12), (0.80 * half, mid - 0.08), (0.74 * half, shape.hood - 0.2)]),
            ]
        ),
        paint,
    )
    skin = half + 0.004
    b.sides([(rear + 0.2, low), (front - 0.2, low), (front - 0.2, low + 0.1), (rear + 0.2, low + 0.1)], skin, DARK)
    if doors is not None:
        b.sides(
            [(-1.15, low + 0.1), (1.0, low + 0.1), (0.95, shape.belt - 0.01), (-1.2, shape.belt - 0.01)],
            skin - 0.03,
            doors,
        )
    crease = mid + 0.02
    b.sides(
        [(rear + 0.3, crease), (front - 0.4, crease - 0.03), (front - 0.4, crease), (rear + 0.3, crease + 0.03)],
        skin, darker(paint, 0.8), fine=True,
    )  # fmt: skip
    middle = (shape.cabin_low[0] + shape.cabin_low[1]) / 2
    for x in (middle - 0.95, middle + 0.02, shape.cabin_low[1] - 0.12):
        if x > rear + 0.9:
            b.sides(
                [(x, low + 0.1), (x + 0.025, low + 0.1), (x + 0.025, shape.belt), (x, shape.belt)],
                skin,
                darker(paint, 0.55),
                fine=True,
            )
    for x in (middle - 0.8, middle + 0.16):
        b.sides(
            [(x, crease + 0.1), (x + 0.18, crease + 0.1), (x + 0.18, crease + 0.14), (x, crease + 0.14)],
            skin,
            darker(paint, 0.6),
            fine=True,
        )
    add_wheel_faces(b, axles, half + 0.006, shape.wheel)
    add_ends(b, front, rear, half, shape.hood - 0.3)


def add_cabin(b: SolidBuilder, shape: CarShape, paint: Rgb, *, roof: Rgb | None = None) -> None:
    """The greenhouse: a tapering block of paint with panes."""
    half = shape.width / 2
    b.part()
    quads = b.frustum(
        (*shape.cabin_low, 0.92 * half, shape.belt), (*shape.cabin_high, 0.72 * half, shape.height), paint
    )
    if roof is not None:
        b.patch(quads["top"], (0.0, 1.0), (0.0, 1.0), roof, Finish.PAINT)
    b.patch(quads["front"], (0.05, 0.95), (0.06, 0.92), GLASS, Finish.GLASS)
    b.patch(quads["rear"], (0.07, 0.93), (0.12, 0.88), GLASS, Finish.GLASS)
    for name in ("left", "right"):
        edges = [0.04, *shape.pillars, 0.96]
        for left, right in pairwise(edges):
            if right - left > 0.08:
                b.patch(quads[name], (left + 0.015, right - 0.015), (0.1, 0.88), GLASS, Finish.GLASS)
    foot = shape.cabin_low[1] - 0.42
    for side in (1.0, -1.0):
        y = side * (half + 0.09)
        b.part()
        b.block((foot, foot + 0.14), (y - 0.08, y + 0.08), (shape.belt, shape.belt + 0.13), darker(paint, 0.85))


def add_light_bar(b: SolidBuilder, x: float, half: float, z: float, left: Rgb, right: Rgb) -> None:
    """Two shining blocks across the roof with a pale foot between."""
    b.part()
    b.block((x - 0.16, x + 0.16), (-half, half), (z, z + 0.05), DARK)
    b.part()
    b.block((x - 0.15, x + 0.15), (half * 0.2, half), (z + 0.05, z + 0.19), left, Finish.BEACON)
    b.part()
    b.block((x - 0.15, x + 0.15), (-half * 0.2, half * 0.2), (z + 0.05, z + 0.17), WHITE)
    b.part()
    b.block((x - 0.15, x + 0.15), (-half, -half * 0.2), (z + 0.05, z + 0.19), right, Finish.BEACON)


def add_passenger_car(b: SolidBuilder, shape: CarShape, paint: Rgb) -> None:
    add_body(b, shape, paint)
    add_cabin(b, shape, paint)
    if shape is SUV:
        for side in (1.0, -1.0):
            b.part()
            b.bar((-1.8, side * 0.62, shape.height + 0.04), (0.2, side * 0.62, shape.height + 0.04), 0.03, DARK)


def add_taxi(b: SolidBuilder, paint: Rgb) -> None:
    add_body(b, SEDAN, paint)
    half = SEDAN.width / 2 + 0.006
    for step in range(9):  # the checker band of a cab
        x = -1.1 + step * 0.24
        z = 0.66 + (step % 2) * 0.09
        b.sides([(x, z), (x + 0.24, z), (x + 0.24, z + 0.09), (x, z + 0.09)], half, (28, 28, 30))
    add_cabin(b, SEDAN, paint)
    b.part()
    b.block((-0.5, -0.22), (-0.36, 0.36), (SEDAN.height, SEDAN.height + 0.2), (255, 246, 214), Finish.BEACON)


def add_police_car(b: SolidBuilder, paint_name: str) -> None:
    black_and_white = paint_name == "black"
    paint: Rgb = (30, 32, 36) if black_and_white else WHITE
    add_body(b, SEDAN, paint, doors=WHITE if black_and_white else BLUE)
    add_cabin(b, SEDAN, paint, roof=WHITE)
    add_light_bar(b, -0.3, 0.6, SEDAN.height, RED, BLUE)


def add_van_shell(
    b: SolidBuilder, paint: Rgb, *, length: float, width: float, height: float, stripe: Rgb | None = None
) -> dict[str, Quad]:
    """Lower body with a short nose, perhaps striped, and a tall upper body; returns the quads of the upper body."""
    half, front, rear = width / 2, length / 2, -length / 2
    axles = [front - 0.88, rear + 0.98]
    add_wheels(b, axles, half - 0.04, 0.36)
    b.part()
    b.loft(
        np.array(
            [
                section(rear, [(0.95 * half, 0.34), (half * 0.985, 0.8), (0.98 * half, 1.2)]),
                section(rear + 0.08, [(0.97 * half, 0.3), (half, 0.8), (0.98 * half, 1.2)]),
                section(front - 0.9, [(0.97 * half, 0.3), (half, 0.8), (0.98 * half, 1.2)]),
                section(front - 0.22, [(0.92 * half, 0.32), (0.95 * half, 0.78), (0.88 * half, 1.06)]),
                section(front, [(0.78 * half, 0.4), (0.84 * half, 0.72), (0.78 * half, 0.92)]),
            ]
        ),
        paint,
    )
    skin = half + 0.004
    b.sides([(rear + 0.2, 0.3), (front - 0.2, 0.3), (front - 0.2, 0.42), (rear + 0.2, 0.42)], skin, DARK)
    for x in (front - 1.25, front - 2.2):
        b.sides([(x, 0.42), (x + 0.03, 0.42), (x + 0.03, 1.2), (x, 1.2)], skin, darker(paint, 0.62), fine=True)
    if stripe is not None:
        b.sides([(rear + 0.06, 0.94), (front - 0.8, 0.94), (front - 0.8, 1.19), (rear + 0.06, 1.19)], skin, stripe)
    add_wheel_faces(b, axles, half + 0.006, 0.36)
    add_ends(b, front, rear, half, 0.68, high=0.2)
    b.part()
    quads = b.frustum(
        (rear + 0.02, front - 0.78, 0.98 * half, 1.2), (rear + 0.1, front - 1.5, 0.88 * half, height), paint
    )
    b.patch(quads["front"], (0.05, 0.95), (0.04, 0.72), GLASS, Finish.GLASS)
    inner = length - 0.8
    for name in ("left", "right"):
        b.on(
            quads[name],
            [(1 - 1.1 / inner, 0.05), (0.985, 0.05), (0.985, 0.66), (1 - 1.0 / inner, 0.66)],
            GLASS,
            Finish.GLASS,
        )
        u = 1 - 1.28 / inner
        b.patch(quads[name], (u, u + 0.006), (0.0, 0.94), darker(paint, 0.62), fine=True)
    for side in (0.08, 0.54):
        b.patch(quads["rear"], (side, side + 0.38), (0.3, 0.72), GLASS, Finish.GLASS)
    b.patch(quads["rear"], (0.495, 0.505), (0.0, 0.96), darker(paint, 0.6), fine=True)
    return quads


def add_van(b: SolidBuilder, paint: Rgb) -> None:
    quads = add_van_shell(b, paint, length=5.3, width=2.0, height=2.42)
    for name in ("left", "right"):
        b.patch(quads[name], (0.04, 0.66), (0.0, 0.07), darker(paint, 0.72))
        b.patch(quads[name], (0.33, 0.337), (0.0, 0.94), darker(paint, 0.7), fine=True)


def add_cross(b: SolidBuilder, quad: Quad, u: float, v: float, wide: float, high: float, colour: Rgb) -> None:
    """A cross of two bars, `wide` by `high` in the quad's own coordinates, around (u, v)."""
    b.patch(quad, (u - wide / 2, u + wide / 2), (v - high / 6, v + high / 6), colour)
    b.patch(quad, (u - wide / 6, u + wide / 6), (v - high / 2, v + high / 2), colour)


def add_ambulance(b: SolidBuilder) -> None:
    quads = add_van_shell(b, WHITE, length=5.6, width=2.05, height=2.62, stripe=RED)
    for name in ("left", "right"):
        add_cross(b, quads[name], 0.36, 0.54, 0.17, 0.62, RED)
    add_cross(b, quads["rear"], 0.5, 0.5, 0.36, 0.5, RED)
    b.patch(quads["front"], (0.06, 0.94), (0.78, 0.9), RED)
    add_light_bar(b, 0.95, 0.72, 2.62, BLUE, BLUE)
