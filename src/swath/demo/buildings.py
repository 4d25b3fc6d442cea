"""Solids of houses: town houses with shops below, and small houses with gables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from swath.demo.cars import GLASS, darker
from swath.demo.kinds import Rgb
from swath.demo.solids import Finish, Quad, Solid, SolidBuilder
from swath.demo.streets import Building

LIT: Rgb = (255, 214, 138)
FLOOR = 3.2  # metres


@lru_cache(maxsize=1024)  # a town is drawn again for every picture of its camera
def building_solid(building: Building) -> Solid:
    """The solid of a house in the world's own axes, standing where the house stands."""
    b = SolidBuilder()
    rng = np.random.default_rng(building.style)
    if building.gabled:
        _house(b, building, rng)
    else:
        _town_house(b, building, rng)
    return b.build()


def _walls(b: SolidBuilder, building: Building, z0: float, z1: float, wall: Rgb) -> list[Quad]:
    """The street front and both gable walls, as quads from bottom left to top."""
    x0, x1, y0, y1 = building.x0, building.x1, building.y0, building.y1
    quads = [
        np.array([(x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1)]),
        np.array([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)]),
        np.array([(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)]),
    ]
    for quad in quads:
        b.face(quad, wall, Finish.MATTE)
    return quads


def _windows(
    b: SolidBuilder, quad: Quad, floors: int, pitch: float, wall: Rgb, rng: np.random.Generator, *, tall: float
) -> None:
    wide = float(np.linalg.norm(quad[1] - quad[0]))
    columns = max(int(wide / pitch), 1)
    share = 0.46
    for floor in range(floors):
        for column in range(columns):
            u = (column + 0.5 - share / 2) / columns
            v = (floor + 0.24) / floors
            lit = rng.random() < 0.34
            frame = 0.06 / columns
            b.patch(
                quad,
                (u - frame, u + share / columns + frame),
                (v - 0.03 / floors, v + (tall + 0.03) / floors),
                darker(wall, 1.12) if sum(wall) < 600 else darker(wall, 0.88),
                fine=True,
            )
            b.patch(
                quad,
                (u, u + share / columns),
                (v, v + tall / floors),
                LIT if lit else GLASS,
                Finish.LIT if lit else Finish.GLASS,
            )


def _town_house(b: SolidBuilder, building: Building, rng: np.random.Generator) -> None:
    top = 1.0 + FLOOR * building.floors
    ground = 3.6
    b.part()
    front, *ends = _walls(b, building, ground, ground + top, building.wall)
    pitch = float(rng.choice([2.2, 2.6, 3.2]))
    tall = float(rng.choice([0.48, 0.56]))
    body_floors = building.floors
    _windows(b, front, body_floors, pitch, building.wall, rng, tall=tall)
    for end in ends:
        _windows(b, end, body_floors, 3.6, building.wall, rng, tall=tall)
    for quad in (front, *ends):
        b.patch(quad, (0.0, 1.0), (0.965, 1.0), darker(building.wall, 0.72))
    b.part()  # ground floor: shops under awnings
    stone = darker(building.wall, 0.78)
    low, *_ = _walls(b, building, 0.0, ground, stone)
    shops = max(int((building.y1 - building.y0) / 4.5), 1)
    for shop in range(shops):
        u0, u1 = (shop + 0.08) / shops, (shop + 0.92) / shops
        door = u0 + (u1 - u0) * 0.72
        glow = rng.random() < 0.6
        b.patch(
            low,
            (u0, door - 0.012),
            (0.12, 0.68),
            (255, 226, 170) if glow else GLASS,
            Finish.LIT if glow else Finish.GLASS,
        )
        b.patch(low, (door, u1), (0.0, 0.68), (70, 60, 54))
        sign = building.trim if rng.random() < 0.7 else darker(building.trim, 0.6)
        b.patch(low, (u0 - 0.01, u1 + 0.01), (0.76, 0.94), sign)
        if rng.random() < 0.6:
            stripes = 8
            for stripe in range(stripes):
                a0 = u0 + (u1 - u0) * stripe / stripes
                a1 = u0 + (u1 - u0) * (stripe + 1) / stripes
                b.patch(low, (a0, a1), (0.56, 0.76), building.trim if stripe % 2 == 0 else (240, 236, 226))
            b.patch(low, (u0, u1), (0.53, 0.56), darker(stone, 0.7), fine=True)


def _house(b: SolidBuilder, building: Building, rng: np.random.Generator) -> None:
    top = 0.6 + 2.9 * building.floors
    x0, x1, y0, y1 = building.x0, building.x1, building.y0, building.y1
    ridge = (x0 + x1) / 2
    peak = top + abs(x1 - x0) * 0.42
    b.part()
    front, *ends = _walls(b, building, 0.0, top, building.wall)
    _windows(b, front, building.floors, 2.8, building.wall, rng, tall=0.46)
    for end in ends:
        _windows(b, end, building.floors, 3.2, building.wall, rng, tall=0.46)
    middle = 0.4 + 0.2 * float(rng.random())
    b.patch(front, (middle, middle + 0.09), (0.0, 0.78 / building.floors), darker(building.trim, 0.8))
    b.part()
    eave = 0.5 if x1 > x0 else -0.5
    for y in (y0, y1):
        b.face([(x0, y, top), (x1, y, top), (ridge, y, peak)], building.wall, Finish.MATTE)
    for x in (x0 - eave, x1 + eave):
        b.face(
            [
                (x, y0 - 0.4, top - 0.2),
                (x, y1 + 0.4, top - 0.2),
                (ridge, y1 + 0.4, peak + 0.1),
                (ridge, y0 - 0.4, peak + 0.1),
            ],
            building.trim,
            Finish.MATTE,
        )
    b.part()
    x, y = ridge + (x1 - ridge) * 0.5, y0 + (y1 - y0) * 0.75
    b.block((x - 0.35, x + 0.35), (y - 0.35, y + 0.35), (peak - 1.0, peak + 0.5), darker(building.trim, 0.7))
