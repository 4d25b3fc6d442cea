"""Solids of the `motorbike` category, riders included: scooters, cruisers, delivery scooters. Own frame: x forward."""

from __future__ import annotations

import numpy as np

from swath.demo.cars import AMBER, DARK, LAMP, RUBBER, STEEL, TAIL, WHITE, darker
from swath.demo.kinds import Rgb
from swath.demo.solids import Finish, SolidBuilder

JACKETS: tuple[Rgb, ...] = ((52, 58, 70), (96, 60, 44), (150, 44, 44), (58, 92, 128), (84, 104, 74), (196, 178, 140))
TROUSERS: tuple[Rgb, ...] = ((40, 46, 62), (62, 58, 54), (72, 84, 108))
HELMETS: tuple[Rgb, ...] = ((240, 240, 238), (34, 36, 40), (200, 44, 40), (236, 190, 50), (60, 110, 170))


def add_thin_wheel(b: SolidBuilder, x: float, radius: float, width: float, rim: Rgb) -> None:
    angles = np.arange(16) * (2 * np.pi / 16)
    b.part()
    ring = [
        np.stack([x + radius * np.cos(angles), np.full(16, y), radius + radius * np.sin(angles)], axis=1)
        for y in (-width / 2, width / 2)
    ]
    b.loft(np.stack(ring), RUBBER, Finish.MATTE)
    for y in (-width / 2 - 0.003, width / 2 + 0.003):
        b.disc(x, y, radius, radius * 0.66, rim, corners=14)
        b.disc(x, y, radius, radius * 0.2, DARK, corners=8, fine=True)


def add_rider(
    b: SolidBuilder,
    rng: np.random.Generator,
    *,
    hip: tuple[float, float],
    hand: tuple[float, float],
    foot: tuple[float, float],
    lean: float,
    jacket: Rgb | None = None,
) -> None:
    """A rider on the seat: `hip`, `hand`, `foot` are (x, z); `lean` is how far the shoulders are ahead of the hip."""
    jacket = jacket or JACKETS[int(rng.integers(len(JACKETS)))]
    trousers = TROUSERS[int(rng.integers(len(TROUSERS)))]
    helmet = HELMETS[int(rng.integers(len(HELMETS)))]
    hip_x, hip_z = hip
    shoulder_x, shoulder_z = hip_x + lean, hip_z + 0.5
    for side in (1.0, -1.0):
        knee = (hip_x + 0.42, side * 0.19, hip_z - 0.03)
        b.part()
        b.bar((hip_x, side * 0.12, hip_z + 0.04), knee, 0.085, trousers)
        b.part()
        b.bar(knee, (foot[0], side * 0.17, foot[1] + 0.06), 0.07, trousers)
        b.part()
        b.block(
            (foot[0] - 0.08, foot[0] + 0.16),
            (side * 0.17 - 0.05, side * 0.17 + 0.05),
            (foot[1] - 0.02, foot[1] + 0.08),
            DARK,
        )
    b.part()
    b.loft(
        np.array(
            [
                [(hip_x + dx, dy, hip_z) for dx, dy in ((0.13, 0.16), (-0.15, 0.17), (-0.15, -0.17), (0.13, -0.16))],
                [
                    ((hip_x + shoulder_x) / 2 + dx, dy, hip_z + 0.27)
                    for dx, dy in ((0.14, 0.19), (-0.17, 0.2), (-0.17, -0.2), (0.14, -0.19))
                ],
                [
                    (shoulder_x + dx, dy, shoulder_z)
                    for dx, dy in ((0.1, 0.22), (-0.12, 0.23), (-0.12, -0.23), (0.1, -0.22))
                ],
                [
                    (shoulder_x + dx, dy, shoulder_z + 0.08)
                    for dx, dy in ((0.05, 0.1), (-0.07, 0.1), (-0.07, -0.1), (0.05, -0.1))
                ],
            ]
        ),
        jacket,
        Finish.MATTE,
    )
    for side in (1.0, -1.0):
        b.part()
        elbow = ((shoulder_x + hand[0]) / 2 - 0.02, side * 0.33, (shoulder_z + hand[1]) / 2 - 0.04)
        b.bar((shoulder_x, side * 0.22, shoulder_z - 0.02), elbow, 0.065, jacket)
        b.part()
        b.bar(elbow, (hand[0], side * 0.3, hand[1]), 0.055, darker(jacket, 0.92))
    b.part()
    b.ball((shoulder_x + 0.05, 0.0, shoulder_z + 0.24), 0.15, helmet, stretch=1.08)
    x = shoulder_x + 0.19
    z = shoulder_z + 0.24
    b.face(
        [(x, -0.1, z - 0.05), (x, 0.1, z - 0.05), (x - 0.01, 0.1, z + 0.06), (x - 0.01, -0.1, z + 0.06)],
        (30, 38, 48),
        Finish.GLASS,
    )
    b.sides(
        [(x - 0.14, z - 0.05), (x - 0.01, z - 0.05), (x - 0.02, z + 0.06), (x - 0.13, z + 0.06)],
        0.135,
        (30, 38, 48),
        Finish.GLASS,
    )


def add_scooter(b: SolidBuilder, paint: Rgb, rng: np.random.Generator, *, box: Rgb | None = None) -> None:
    rim = (204, 208, 212)
    add_thin_wheel(b, 0.66, 0.25, 0.11, rim)
    add_thin_wheel(b, -0.58, 0.25, 0.12, rim)
    b.part()  # the floor
    b.block((-0.2, 0.42), (-0.16, 0.16), (0.24, 0.36), darker(paint, 0.85), Finish.PAINT)
    b.part()  # the rear with the seat on it
    b.loft(
        np.array(
            [
                [
                    (-0.92, y, z)
                    for y, z in ((0.1, 0.5), (0.12, 0.64), (0.06, 0.74), (-0.06, 0.74), (-0.12, 0.64), (-0.1, 0.5))
                ],
                [
                    (-0.55, y, z)
                    for y, z in ((0.18, 0.36), (0.2, 0.6), (0.13, 0.76), (-0.13, 0.76), (-0.2, 0.6), (-0.18, 0.36))
                ],
                [
                    (-0.14, y, z)
                    for y, z in ((0.14, 0.3), (0.16, 0.5), (0.12, 0.72), (-0.12, 0.72), (-0.16, 0.5), (-0.14, 0.3))
                ],
            ]
        ),
        paint,
    )
    b.face(
        [(-0.93, -0.08, 0.55), (-0.93, 0.08, 0.55), (-0.93, 0.08, 0.66), (-0.93, -0.08, 0.66)], TAIL, Finish.TAILLAMP
    )
    b.sides([(-0.66, 0.32), (-0.3, 0.32), (-0.3, 0.42), (-0.66, 0.42)], 0.2, STEEL)
    b.part()
    b.block((-0.78, -0.08), (-0.13, 0.13), (0.76, 0.84), (40, 36, 34))
    b.part()  # the leg shield, leaning back to the handlebar
    shield = [
        [(0.62, y, 0.3) for y in (0.1, -0.1)] + [(0.42, y, 0.3) for y in (-0.18, 0.18)],
        [(0.54, y, 0.62) for y in (0.17, -0.17)] + [(0.42, y, 0.62) for y in (-0.22, 0.22)],
        [(0.46, y, 0.92) for y in (0.1, -0.1)] + [(0.36, y, 0.92) for y in (-0.14, 0.14)],
    ]
    b.loft(np.array(shield), paint)
    b.part()
    b.bar((0.4, -0.34, 1.0), (0.4, 0.34, 1.0), 0.03, DARK)
    b.part()
    b.loft(
        np.array(
            [
                [(0.34, y, z) for y, z in ((0.1, 0.9), (0.1, 1.06), (-0.1, 1.06), (-0.1, 0.9))],
                [(0.52, y, z) for y, z in ((0.08, 0.91), (0.08, 1.03), (-0.08, 1.03), (-0.08, 0.91))],
            ]
        ),
        paint,
    )
    b.face(
        [(0.53, -0.065, 0.92), (0.53, 0.065, 0.92), (0.53, 0.065, 1.02), (0.53, -0.065, 1.02)], LAMP, Finish.HEADLAMP
    )
    b.part()  # the front mudguard
    b.block((0.48, 0.84), (-0.07, 0.07), (0.47, 0.53), paint, Finish.PAINT)
    add_rider(b, rng, hip=(-0.3, 0.86), hand=(0.36, 1.03), foot=(0.22, 0.37), lean=0.06, jacket=box)
    if box is not None:
        b.part()
        quads = b.frustum((-1.14, -0.58, 0.29, 0.86), (-1.14, -0.58, 0.29, 1.44), box)
        for name in ("left", "right", "rear"):
            b.patch(quads[name], (0.2, 0.8), (0.36, 0.64), WHITE)
            b.patch(quads[name], (0.0, 1.0), (0.9, 1.0), darker(box, 0.7))


def add_cruiser(b: SolidBuilder, paint: Rgb, rng: np.random.Generator) -> None:
    chrome: Rgb = (200, 204, 210)
    add_thin_wheel(b, 0.84, 0.33, 0.13, chrome)
    add_thin_wheel(b, -0.72, 0.32, 0.17, chrome)
    b.part()  # engine
    b.block((-0.22, 0.3), (-0.17, 0.17), (0.26, 0.62), (86, 90, 96))
    for x in (-0.1, 0.12):
        b.sides([(x - 0.07, 0.34), (x + 0.07, 0.34), (x + 0.11, 0.6), (x - 0.03, 0.6)], 0.175, chrome)
    for side in (1.0, -1.0):  # fork
        b.part()
        b.bar((0.84, side * 0.1, 0.33), (0.5, side * 0.1, 0.98), 0.03, chrome)
    for side in (1.0, -1.0):  # exhausts
        b.part()
        b.bar((0.1, side * 0.2, 0.3), (-1.0, side * 0.2, 0.3), 0.05, chrome)
    b.part()  # rear mudguard
    b.loft(
        np.array(
            [
                [(-1.08, y, z) for y, z in ((0.09, 0.42), (0.1, 0.56), (-0.1, 0.56), (-0.09, 0.42))],
                [(-0.8, y, z) for y, z in ((0.11, 0.5), (0.11, 0.7), (-0.11, 0.7), (-0.11, 0.5))],
                [(-0.42, y, z) for y, z in ((0.11, 0.4), (0.12, 0.68), (-0.12, 0.68), (-0.11, 0.4))],
            ]
        ),
        paint,
    )
    b.face(
        [(-1.09, -0.07, 0.46), (-1.09, 0.07, 0.46), (-1.09, 0.07, 0.55), (-1.09, -0.07, 0.55)], TAIL, Finish.TAILLAMP
    )
    b.part()  # seat
    b.block((-0.72, -0.1), (-0.16, 0.16), (0.68, 0.78), (38, 34, 32))
    b.part()  # tank
    b.loft(
        np.array(
            [
                [
                    (-0.12, y, z)
                    for y, z in ((0.08, 0.66), (0.1, 0.78), (0.05, 0.84), (-0.05, 0.84), (-0.1, 0.78), (-0.08, 0.66))
                ],
                [
                    (0.2, y, z)
                    for y, z in ((0.14, 0.64), (0.18, 0.8), (0.1, 0.94), (-0.1, 0.94), (-0.18, 0.8), (-0.14, 0.64))
                ],
                [
                    (0.46, y, z)
                    for y, z in ((0.07, 0.72), (0.1, 0.84), (0.05, 0.94), (-0.05, 0.94), (-0.1, 0.84), (-0.07, 0.72))
                ],
            ]
        ),
        paint,
    )
    b.part()  # front mudguard
    b.block((0.58, 1.04), (-0.08, 0.08), (0.66, 0.71), paint, Finish.PAINT)
    b.part()
    b.bar((0.36, -0.42, 1.1), (0.36, 0.42, 1.1), 0.03, chrome)
    b.part()
    b.ball((0.58, 0.0, 0.94), 0.1, chrome)
    b.face([(0.68, -0.07, 0.88), (0.68, 0.07, 0.88), (0.68, 0.07, 1.0), (0.68, -0.07, 1.0)], LAMP, Finish.HEADLAMP)
    for side in (1.0, -1.0):
        b.part()
        b.block((0.44, 0.5), (side * 0.2 - 0.04, side * 0.2 + 0.04), (0.9, 0.98), AMBER)
    add_rider(b, rng, hip=(-0.38, 0.8), hand=(0.3, 1.12), foot=(0.5, 0.36), lean=-0.04)
