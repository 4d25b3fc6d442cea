"""Solids of the `truck` category: box trucks, pickups, school buses, fire engines and tankers. Own frame: x forward."""

from __future__ import annotations

import numpy as np

from swath.demo.cars import (
    AMBER,
    BLUE,
    DARK,
    GLASS,
    LAMP,
    PICKUP,
    RED,
    STEEL,
    TAIL,
    WHITE,
    add_body,
    add_cabin,
    add_light_bar,
    add_wheel_faces,
    add_wheels,
    darker,
    section,
)
from swath.demo.kinds import Rgb
from swath.demo.solids import Finish, Quad, SolidBuilder


def add_chassis(b: SolidBuilder, rear: float, front: float, half: float, axles: list[float], wheel: float) -> None:
    """Wheels and a dark frame between them; all else stands on it."""
    add_wheels(b, axles, half - 0.03, wheel, thickness=0.3)
    b.part()
    b.block((rear, front), (-half * 0.86, half * 0.86), (0.5, 0.92), DARK)
    b.face(
        [
            (rear - 0.01, -half * 0.8, 0.6),
            (rear - 0.01, half * 0.8, 0.6),
            (rear - 0.01, half * 0.8, 0.76),
            (rear - 0.01, -half * 0.8, 0.76),
        ],
        (92, 94, 98),
    )
    for side in (1.0, -1.0):
        y = side * half * 0.66
        b.face(
            [
                (rear - 0.02, y - 0.16, 0.62),
                (rear - 0.02, y + 0.16, 0.62),
                (rear - 0.02, y + 0.16, 0.75),
                (rear - 0.02, y - 0.16, 0.75),
            ],
            TAIL,
            Finish.TAILLAMP,
        )
    add_wheel_faces(b, axles, half, wheel, arch=False)


def add_truck_cab(
    b: SolidBuilder, rear: float, front: float, half: float, height: float, paint: Rgb
) -> dict[str, Quad]:
    """A flat-nosed cab that reaches down to the front axle; returns the quads of its upper half."""
    belt = 1.45
    axle = [front - 0.85]
    b.part()
    quads = b.frustum((rear, front, half, 0.5), (rear, front - 0.04, half, belt), paint)
    b.patch(quads["front"], (0.22, 0.78), (0.42, 0.86), DARK)
    b.patch(quads["front"], (0.0, 1.0), (0.0, 0.14), (70, 73, 78))
    for u in (0.04, 0.78):
        b.patch(quads["front"], (u, u + 0.18), (0.2, 0.36), LAMP, Finish.HEADLAMP)
    for name in ("left", "right"):
        b.patch(quads[name], (0.18, 0.2), (0.3, 1.0), darker(paint, 0.6), fine=True)
    add_wheel_faces(b, axle, half + 0.005, 0.48)
    b.part()
    upper = b.frustum((rear, front - 0.04, half, belt), (rear + 0.05, front - 0.34, half * 0.9, height), paint)
    b.patch(upper["front"], (0.05, 0.95), (0.05, 0.78), GLASS, Finish.GLASS)
    for name in ("left", "right"):
        b.patch(upper[name], (0.3, 0.93), (0.06, 0.74), GLASS, Finish.GLASS)
    for side in (1.0, -1.0):
        y = side * (half + 0.12)
        b.part()
        b.block((front - 0.3, front - 0.2), (y - 0.09, y + 0.09), (1.5, 2.0), DARK)
    return upper


def add_box_truck(b: SolidBuilder, paint: Rgb, rng: np.random.Generator) -> None:
    half = 1.15
    add_chassis(b, -3.55, 2.0, half, [-2.1], 0.48)
    add_wheels(b, [3.6 - 0.85], half - 0.03, 0.48, thickness=0.3)
    add_truck_cab(b, 2.0, 3.6, half - 0.03, 2.55, paint)
    box: Rgb = WHITE if rng.random() < 0.6 else (216, 206, 184) if rng.random() < 0.5 else darker(paint, 1.0)
    accent: Rgb = paint if box == WHITE or box == (216, 206, 184) else WHITE
    b.part()
    quads = b.frustum((-3.6, 1.85, half + 0.02, 0.97), (-3.6, 1.85, half + 0.02, 3.3), box)
    b.patch(quads["rear"], (0.49, 0.51), (0.02, 0.98), darker(box, 0.6), fine=True)
    for u in (0.14, 0.84):
        b.patch(quads["rear"], (u, u + 0.025), (0.04, 0.96), darker(box, 0.62), fine=True)
    design = int(rng.integers(4))
    for name in ("left", "right"):
        side = quads[name]
        b.patch(side, (0.0, 1.0), (0.96, 1.0), darker(box, 0.75))
        b.patch(side, (0.0, 1.0), (0.0, 0.04), darker(box, 0.7))
        if design == 0:
            b.patch(side, (0.0, 1.0), (0.22, 0.42), accent)
        elif design == 1:
            b.on(side, [(0.0, 0.04), (0.4, 0.04), (0.62, 0.96), (0.0, 0.96)], accent)
        elif design == 2:
            angles = np.arange(18) * (2 * np.pi / 18)
            b.on(side, [(0.5 + 0.16 * float(np.cos(a)), 0.54 + 0.36 * float(np.sin(a))) for a in angles], accent)
            b.patch(side, (0.3, 0.7), (0.5, 0.58), box)


def add_pickup(b: SolidBuilder, paint: Rgb) -> None:
    add_body(b, PICKUP, paint)
    bed = PICKUP.boot + 0.005
    half = PICKUP.width / 2
    b.face(
        [
            (-2.55, -0.74 * half, bed),
            (-2.55, 0.74 * half, bed),
            (-0.7, 0.8 * half, bed + 0.01),
            (-0.7, -0.8 * half, bed + 0.01),
        ],
        (40, 42, 46),
    )
    b.face(
        [
            (-2.3, -0.5 * half, bed + 0.01),
            (-2.3, 0.2 * half, bed + 0.01),
            (-1.3, 0.2 * half, bed + 0.01),
            (-1.3, -0.5 * half, bed + 0.01),
        ],
        (64, 62, 58),
        fine=True,
    )
    add_cabin(b, PICKUP, paint)
    rail = PICKUP.belt + 0.06
    for side in (1.0, -1.0):
        b.part()
        b.bar(
            (-2.6, side * half * 0.84, rail), (-0.65, side * half * 0.88, rail), 0.05, darker(paint, 0.9), Finish.PAINT
        )


def add_school_bus(b: SolidBuilder) -> None:
    yellow: Rgb = (250, 184, 18)
    black: Rgb = (32, 32, 34)
    half = 1.22
    axles = [-2.5, 3.55]
    add_wheels(b, axles[:1], half - 0.05, 0.5, thickness=0.3)
    add_wheels(b, axles[1:], half * 0.88, 0.5, thickness=0.3)
    b.part()  # skirt: from the ground to the windows
    low = b.frustum((-4.8, 3.0, half, 0.5), (-4.8, 3.0, half, 1.62), yellow)
    for name in ("left", "right"):
        for v in (0.28, 0.66):
            b.patch(low[name], (0.0, 1.0), (v, v + 0.075), black)
    b.patch(low["rear"], (0.0, 1.0), (0.28, 0.36), black)
    for u in (0.06, 0.82):
        b.patch(low["rear"], (u, u + 0.12), (0.5, 0.7), TAIL, Finish.TAILLAMP)
    add_wheel_faces(b, axles[:1], half + 0.006, 0.5, rim=(60, 60, 64))
    b.part()  # hood
    b.loft(
        np.array(
            [
                section(3.0, [(0.86 * half, 0.5), (0.88 * half, 1.1), (0.74 * half, 1.6)]),
                section(4.3, [(0.84 * half, 0.5), (0.86 * half, 1.05), (0.70 * half, 1.46)]),
                section(4.8, [(0.78 * half, 0.52), (0.8 * half, 1.0), (0.62 * half, 1.3)]),
            ]
        ),
        yellow,
    )
    b.face([(4.82, -0.5, 0.72), (4.82, 0.5, 0.72), (4.82, 0.46, 1.18), (4.82, -0.46, 1.18)], black)
    b.face([(4.83, -1.0, 0.48), (4.83, 1.0, 0.48), (4.83, 1.0, 0.66), (4.83, -1.0, 0.66)], black)
    for side in (1.0, -1.0):
        y = side * 0.74
        b.face(
            [(4.83, y - 0.15, 0.84), (4.83, y + 0.15, 0.84), (4.83, y + 0.15, 1.08), (4.83, y - 0.15, 1.08)],
            LAMP,
            Finish.HEADLAMP,
        )
    add_wheel_faces(b, axles[1:], half * 0.9, 0.5, rim=(60, 60, 64))
    b.part()  # windows
    up = b.frustum((-4.8, 3.0, half, 1.62), (-4.72, 2.72, half * 0.94, 2.72), yellow)
    for name in ("left", "right"):
        for index in range(9):
            u = 0.015 + index * 0.105
            b.patch(up[name], (u, u + 0.088), (0.14, 0.8), GLASS, Finish.GLASS)
        b.patch(up[name], (0.965, 0.995), (0.1, 0.85), GLASS, Finish.GLASS)
    b.patch(up["front"], (0.05, 0.48), (0.06, 0.9), GLASS, Finish.GLASS)
    b.patch(up["front"], (0.52, 0.95), (0.06, 0.9), GLASS, Finish.GLASS)
    b.patch(up["rear"], (0.3, 0.7), (0.1, 0.86), GLASS, Finish.GLASS)
    for u in (0.06, 0.76):
        b.patch(up["rear"], (u, u + 0.18), (0.2, 0.8), GLASS, Finish.GLASS)
    b.part()  # roof with the warning lamps at its ends
    roof = b.frustum((-4.72, 2.72, half * 0.94, 2.72), (-4.6, 2.55, half * 0.7, 3.05), yellow)
    b.patch(roof["top"], (0.1, 0.9), (0.06, 0.94), WHITE)
    for end in ("front", "rear"):
        b.patch(roof[end], (0.22, 0.78), (0.2, 0.85), black)
        for u in (0.05, 0.84):
            b.patch(roof[end], (u, u + 0.11), (0.15, 0.85), TAIL, Finish.TAILLAMP)
    b.part()  # the stop sign on the driver's side
    angles = np.arange(8) * (np.pi / 4) + np.pi / 8
    b.face(np.stack([1.6 + 0.26 * np.cos(angles), np.full(8, half + 0.05), 1.36 + 0.26 * np.sin(angles)], axis=1), RED)


def add_fire_engine(b: SolidBuilder) -> None:
    red: Rgb = (204, 24, 26)
    half = 1.23
    add_chassis(b, -3.95, 1.7, half - 0.02, [-2.3], 0.5)
    add_wheels(b, [4.0 - 0.85], half - 0.05, 0.5, thickness=0.3)
    upper = add_truck_cab(b, 1.7, 4.0, half, 2.72, red)
    b.patch(upper["front"], (0.0, 1.0), (0.84, 0.98), WHITE)
    for name in ("left", "right"):
        b.patch(upper[name], (0.02, 0.26), (0.06, 0.74), GLASS, Finish.GLASS)
    b.part()
    body = b.frustum((-4.0, 1.62, half + 0.01, 1.01), (-4.0, 1.62, half + 0.01, 2.86), red)
    for name in ("left", "right"):
        for u, wide in ((0.04, 0.2), (0.27, 0.2), (0.55, 0.19), (0.77, 0.19)):
            b.patch(body[name], (u, u + wide), (0.36, 0.9), STEEL)
            for line in range(1, 6):
                v = 0.36 + line * 0.09
                b.patch(body[name], (u, u + wide), (v, v + 0.014), darker(STEEL, 0.75), fine=True)
        b.patch(body[name], (0.0, 1.0), (0.14, 0.28), WHITE)
    b.patch(body["rear"], (0.28, 0.72), (0.3, 0.9), STEEL)
    for step in range(6):  # the chevrons at the back
        b.patch(body["rear"], (step / 6, step / 6 + 1 / 12), (0.02, 0.24), (250, 214, 40))
    for x in (-3.4, -2.0, -0.6, 0.8):
        b.part()
        b.block((x - 0.06, x + 0.06), (-0.5, 0.5), (2.86, 2.98), DARK)
    for y in (0.46, -0.46):  # the ladder lies on the roof: two rails, and rungs between
        b.part()
        b.block((-3.95, 2.4), (y - 0.06, y + 0.06), (2.98, 3.2), STEEL)
    for step in range(15):
        x = -3.7 + step * 0.42
        b.part()
        b.block((x - 0.04, x + 0.04), (-0.4, 0.4), (3.02, 3.12), darker(STEEL, 0.9))
    add_light_bar(b, 2.95, 0.95, 2.72, BLUE, BLUE)


def add_tanker(b: SolidBuilder, paint: Rgb) -> None:
    half = 1.17
    add_chassis(b, -4.5, 2.7, half, [-3.6, -2.5, 1.9], 0.48)
    add_wheels(b, [4.6 - 0.85], half - 0.05, 0.48, thickness=0.3)
    add_truck_cab(b, 2.85, 4.6, half, 2.75, paint)
    tank: Rgb = (222, 226, 230)
    angles = np.arange(20) * (2 * np.pi / 20) + np.pi / 20
    y, z = 1.14 * np.cos(angles), 2.06 + 1.06 * np.sin(angles)

    def ring(x: float, shrink: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.stack([np.full(20, x), y * shrink, 2.06 + (z - 2.06) * shrink], axis=1)

    b.part()
    b.loft(
        np.stack(
            [ring(-4.6, 0.72), ring(-4.42, 0.97), ring(-4.3, 1.0), ring(2.3, 1.0), ring(2.42, 0.97), ring(2.55, 0.72)]
        ),
        tank,
    )
    facing = np.flatnonzero(np.abs(np.sin(angles)) < 0.35)
    for x in (-3.2, -1.5, 0.2, 1.5):  # the bands that hold the tank
        for k in range(20):
            j = (k + 1) % 20
            quad = [(x, y[k], z[k]), (x, y[j], z[j]), (x + 0.1, y[j], z[j]), (x + 0.1, y[k], z[k])]
            b.face(quad, darker(tank, 0.72), fine=True)
    stripe = paint if paint != WHITE and min(paint) < 200 else (214, 60, 40)
    for k in facing.tolist():
        j = (k + 1) % 20
        if j in facing:
            b.face([(-4.3, y[k], z[k]), (-4.3, y[j], z[j]), (2.3, y[j], z[j]), (2.3, y[k], z[k])], stripe)
    # hazard diamond and orange plate at the back
    b.face([(-4.62, 0, 2.0), (-4.62, 0.32, 2.32), (-4.62, 0, 2.64), (-4.62, -0.32, 2.32)], RED)
    b.face([(-4.62, -0.4, 1.5), (-4.62, 0.4, 1.5), (-4.62, 0.4, 1.84), (-4.62, -0.4, 1.84)], AMBER)
    for x in (-2.4, 0.6):  # manholes
        b.part()
        b.block((x - 0.3, x + 0.3), (-0.3, 0.3), (3.08, 3.2), (150, 154, 160))
