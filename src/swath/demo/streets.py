"""The places the demo's cameras look at: a street each, with lanes, houses, trees and everything else that stays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from swath.demo.kinds import Rgb

LANE = 3.3  # metres


class Side(StrEnum):
    """What lies beyond the pavement on one side of a street."""

    TOWN = "town"  # closed row of houses with shops
    SUBURB = "suburb"  # houses with gardens
    SQUARE = "square"  # paving, no houses
    MEADOW = "meadow"  # grass and trees
    WATER = "water"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A fixed camera and its street. Metres and degrees; `x` counts from the middle of the road, to the right.

    `lanes` is per direction; people drive on the right. `focal` is relative to the picture's width. `near` and `far`
    are the depths between which vehicles are placed.
    """

    name: str
    share: float
    size: tuple[int, int]
    x: float
    height: float
    yaw: float
    pitch: float
    focal: float
    near: float
    far: float
    lanes: int
    parking: bool
    median: float
    left: Side
    right: Side
    trees: bool

    @property
    def road_half(self) -> float:
        """Half the width of the road, kerb to middle."""
        return self.median / 2 + self.lanes * LANE + (2.4 if self.parking else 0.4)

    @property
    def pavement(self) -> float:
        """Width of the pavement on each side."""
        return 0.0 if self.median else 3.6


RIGS: tuple[Rig, ...] = (
    Rig(
        name="camera_north", share=0.19, size=(1280, 720), x=8.6, height=5.0, yaw=-13, pitch=8, focal=1.15,
        near=10, far=70, lanes=2, parking=False, median=0.0, left=Side.TOWN, right=Side.TOWN, trees=True,
    ),
    Rig(
        name="camera_plaza", share=0.21, size=(960, 540), x=-18.5, height=3.2, yaw=82, pitch=5, focal=0.95,
        near=8, far=60, lanes=2, parking=False, median=0.0, left=Side.SQUARE, right=Side.TOWN, trees=True,
    ),
    Rig(
        name="camera_bridge", share=0.17, size=(1280, 720), x=1.5, height=8.5, yaw=6, pitch=9.5, focal=1.1,
        near=17, far=100, lanes=3, parking=False, median=1.6, left=Side.MEADOW, right=Side.MEADOW, trees=False,
    ),
    Rig(
        name="camera_market", share=0.17, size=(960, 540), x=-12.5, height=3.6, yaw=50, pitch=7, focal=0.9,
        near=8, far=50, lanes=1, parking=True, median=0.0, left=Side.SQUARE, right=Side.TOWN, trees=True,
    ),
    Rig(
        name="camera_harbour", share=0.12, size=(720, 960), x=-8.6, height=4.8, yaw=27, pitch=8.5, focal=1.2,
        near=9, far=45, lanes=2, parking=False, median=0.0, left=Side.SQUARE, right=Side.WATER, trees=False,
    ),
    Rig(
        name="camera_school", share=0.14, size=(960, 540), x=12.5, height=3.4, yaw=-52, pitch=7, focal=0.95,
        near=8, far=50, lanes=1, parking=True, median=0.0, left=Side.SUBURB, right=Side.MEADOW, trees=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A line vehicles follow: its middle at `x`, `direction` 1 away along y or -1 back."""

    x: float
    direction: int
    parking: bool


def lanes_of(rig: Rig) -> tuple[Lane, ...]:
    lanes = []
    for direction in (1, -1):
        for index in range(rig.lanes):
            x = direction * (rig.median / 2 + (index + 0.5) * LANE)
            lanes.append(Lane(x=x, direction=direction, parking=False))
        if rig.parking:
            x = direction * (rig.median / 2 + rig.lanes * LANE + 1.2)
            lanes.append(Lane(x=x, direction=direction, parking=True))
    return tuple(lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A house: x from `x0` (street side) to `x1`, y from `y0` to `y1`. `style` seeds its windows."""

    x0: float
    x1: float
    y0: float
    y1: float
    floors: int
    gabled: bool
    wall: Rgb
    trim: Rgb
    style: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    x: float
    y: float
    height: float
    conifer: bool
    style: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prop:
    """Things a hasty detector takes for a vehicle: kiosks, containers, bins, boats."""

    name: str
    x: float
    y: float
    size: tuple[float, float, float]  # along x, along y, up
    colour: Rgb


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything that stays where it is; street lights are (x, y, side: 1 where the arm points to -x)."""

    buildings: tuple[Building, ...]
    trees: tuple[Tree, ...]
    street_lights: tuple[tuple[float, float, int], ...]
    props: tuple[Prop, ...]
    towers: tuple[tuple[float, float, float, float], ...]  # far away: x, y, width, height
    hills: tuple[float, ...]  # heights of the far ridge, metres, evenly around


WALLS: tuple[Rgb, ...] = (
    (214, 186, 150), (196, 122, 92), (226, 212, 186), (170, 160, 150), (204, 158, 118), (150, 92, 78),
    (178, 186, 190), (232, 222, 206), (140, 150, 142), (222, 190, 120), (196, 172, 176), (158, 176, 186),
)  # fmt: skip
TRIMS: tuple[Rgb, ...] = ((178, 52, 46), (40, 96, 82), (44, 74, 120), (200, 140, 44), (92, 60, 84), (60, 66, 72))
ROOFS: tuple[Rgb, ...] = ((150, 74, 54), (120, 66, 56), (92, 88, 90), (112, 96, 84))
PROPS: tuple[tuple[str, tuple[float, float, float], tuple[Rgb, ...]], ...] = (
    ("kiosk", (2.2, 2.6, 2.6), ((46, 110, 96), (150, 50, 48), (52, 82, 130))),
    ("bin", (0.9, 1.3, 1.2), ((58, 84, 62), (70, 74, 80))),
    ("container", (2.2, 5.0, 2.3), ((176, 92, 50), (60, 104, 140), (98, 112, 74))),
    ("shelter", (1.6, 4.2, 2.5), ((110, 124, 132),)),
    ("stall", (2.0, 3.0, 2.5), ((200, 70, 60), (224, 164, 60), (70, 130, 110))),
)


def sample_town(rig: Rig, rng: np.random.Generator) -> Town:
    """The surroundings of a rig: the same numbers give the same town."""
    buildings: list[Building] = []
    trees: list[Tree] = []
    props: list[Prop] = []
    lights: list[tuple[float, float, int]] = []
    for sign, side in ((-1, rig.left), (1, rig.right)):
        edge = rig.road_half + rig.pavement
        match side:
            case Side.TOWN:
                buildings += _closed_row(sign, edge, rng)
            case Side.SUBURB:
                buildings += _garden_houses(sign, edge, rng)
                trees += _scattered_trees(sign, edge + 2.5, edge + 16, 26, rng, away_from=buildings)
            case Side.MEADOW:
                trees += _scattered_trees(sign, edge + 7, edge + 60, 46, rng)
            case Side.SQUARE | Side.WATER:
                pass
        if rig.trees and side is not Side.SQUARE:
            y = -60.0 + float(rng.uniform(0, 10))
            while y < 200:
                trees.append(_tree(sign * (rig.road_half + 1.3), y, rng, height=float(rng.uniform(5.5, 8))))
                y += float(rng.uniform(11, 19))
        if side is not Side.SQUARE:
            x = sign * (rig.road_half + (0.7 if rig.pavement else 1.5))
            lights += [(x, y + 3.0 * sign, sign) for y in np.arange(-58, 220, 29.0).tolist()]
        if side in (Side.TOWN, Side.WATER, Side.SUBURB):
            y = -50.0
            while y < 120:
                y += float(rng.uniform(12, 34))
                name, size, colours = PROPS[int(rng.integers(len(PROPS)))]
                x = sign * (rig.road_half + rig.pavement - size[0] / 2 - 0.1)
                colour = colours[int(rng.integers(len(colours)))]
                if all(abs(t.y - y) > size[1] / 2 + 1.0 or abs(t.x - x) > 2.4 for t in trees):
                    props.append(Prop(name=name, x=x, y=y, size=size, colour=colour))
    if rig.right is Side.WATER:
        for _ in range(9):
            x, y = rig.road_half + float(rng.uniform(16, 130)), float(rng.uniform(-10, 190))
            hull: Rgb = ((236, 238, 240), (40, 66, 110), (170, 48, 44))[int(rng.integers(3))]
            props.append(Prop(name="boat", x=x, y=y, size=(2.6, float(rng.uniform(6, 11)), 9.0), colour=hull))
    towers = tuple(
        (float(600 * np.sin(angle)), float(600 * np.cos(angle)), float(rng.uniform(18, 46)), float(rng.uniform(16, 88)))
        for angle in rng.uniform(-np.pi, np.pi, 90)
    )
    steps = np.arange(120) * (2 * np.pi / 120)
    ridge = 55 + sum(float(rng.uniform(8, 26)) * np.sin(k * steps + float(rng.uniform(0, 6))) for k in (3, 5, 8, 13))
    return Town(
        buildings=tuple(buildings),
        trees=tuple(trees),
        street_lights=tuple(lights),
        props=tuple(props),
        towers=towers,
        hills=tuple(np.maximum(ridge, 6).tolist()),
    )


def _closed_row(sign: int, edge: float, rng: np.random.Generator) -> list[Building]:
    row = []
    y = -90.0
    while y < 300:
        width = float(rng.uniform(10, 19))
        front = edge + float(rng.choice([0.0, 0.0, 0.4]))
        row.append(
            Building(
                x0=sign * front, x1=sign * (front + 14), y0=y, y1=y + width,
                floors=int(rng.integers(2, 7)), gabled=False,
                wall=WALLS[int(rng.integers(len(WALLS)))], trim=TRIMS[int(rng.integers(len(TRIMS)))],
                style=int(rng.integers(2**31)),
            )
        )  # fmt: skip
        y += width + (float(rng.uniform(3, 8)) if rng.random() < 0.14 else 0.0)
    return row


def _garden_houses(sign: int, edge: float, rng: np.random.Generator) -> list[Building]:
    row = []
    y = -80.0
    while y < 240:
        width = float(rng.uniform(9, 13))
        front = edge + float(rng.uniform(5, 8))
        row.append(
            Building(
                x0=sign * front, x1=sign * (front + 9), y0=y, y1=y + width, floors=int(rng.integers(1, 3)), gabled=True,
                wall=WALLS[int(rng.integers(len(WALLS)))], trim=ROOFS[int(rng.integers(len(ROOFS)))],
                style=int(rng.integers(2**31)),
            )
        )  # fmt: skip
        y += width + float(rng.uniform(5, 11))
    return row


def _tree(x: float, y: float, rng: np.random.Generator, *, height: float, conifer: bool = False) -> Tree:
    return Tree(x=x, y=y, height=height, conifer=conifer, style=int(rng.integers(2**31)))


def _scattered_trees(
    sign: int, near: float, far: float, count: int, rng: np.random.Generator, *, away_from: list[Building] | None = None
) -> list[Tree]:
    trees = []
    for _ in range(count):
        x, y = sign * float(rng.uniform(near, far)), float(rng.uniform(-60, 230))
        height, conifer = float(rng.uniform(5, 11)), bool(rng.random() < 0.3)
        blocked = any(
            min(b.x0, b.x1) - 2 < x < max(b.x0, b.x1) + 2 and b.y0 - 2 < y < b.y1 + 2 for b in away_from or []
        )
        if not blocked:
            trees.append(_tree(x, y, rng, height=height, conifer=conifer))
    return trees
