"""What is in picture number i: sampled from (seed, i) alone, nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swath.demo.camera import Camera
from swath.demo.kinds import KINDS, Kind, Rgb
from swath.demo.solids import Pose
from swath.demo.streets import RIGS, Lane, Rig, Town, lanes_of, sample_town
from swath.demo.vehicles import vehicle_solid
from swath.demo.weather import WEATHERS, Light, light_of

MAX_OBJECTS = 14
SMALLEST_SIDE = 13.0  # pixels: smaller vehicles tell nobody anything
LEAST_VISIBLE = 0.42  # share of a vehicle's box that no nearer vehicle covers
LEAST_INSIDE = 0.5  # share of a vehicle's box inside the picture
STYLES = 12  # a style is what a kind leaves open; few, so that solids can be used again

_SCENE, _TOWN = 1, 2  # independent streams of random numbers
PARKERS = frozenset({"sedan", "hatchback", "suv", "taxi", "van", "pickup"})

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One vehicle of a scene. `box` is the part of its outline's bounds inside the picture, hidden parts included;
    `visible` is about how much of that no nearer vehicle covers; `depth` is in metres.
    """

    kind: str
    paint: str
    style: int
    pose: Pose
    parked: bool
    box: Box
    visible: float
    depth: float

    @property
    def category(self) -> str:
        return KINDS[self.kind].category


@dataclass(frozen=True, slots=True, kw_only=True)
class Pedestrian:
    """Someone on the pavement, facing `direction` (1 along y)."""

    x: float
    y: float
    height: float
    direction: int
    top: Rgb
    bottom: Rgb
    umbrella: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Picture number `index`: view, weather and all that moves; `town` is what stays."""

    index: int
    rig: Rig
    town: Town
    camera: Camera
    weather: str
    light: Light
    vehicles: tuple[Vehicle, ...]
    pedestrians: tuple[Pedestrian, ...]
    texture_seed: int

    @property
    def file_name(self) -> str:
        return _file_name(self.rig, self.index)


def picture_name(seed: int, index: int) -> str:
    """The file name of scene `index`, without sampling the rest of it."""
    return _file_name(RIGS[_rig_index(np.random.default_rng([seed, _SCENE, index]))], index)


def _file_name(rig: Rig, index: int) -> str:
    return f"{rig.name}/frame_{index + 1:04d}.jpg"


def _rig_index(rng: np.random.Generator) -> int:
    return int(rng.choice(len(RIGS), p=_shares([rig.share for rig in RIGS])))


@lru_cache(maxsize=64)
def _town(seed: int, rig_index: int) -> Town:
    return sample_town(RIGS[rig_index], np.random.default_rng([seed, _TOWN, rig_index]))


def sample_scene(seed: int, index: int) -> Scene:
    """Scene `index` of the demo with this seed; it does not depend on how many scenes there are."""
    rng = np.random.default_rng([seed, _SCENE, index])
    rig_index = _rig_index(rng)
    rig = RIGS[rig_index]
    camera = _view(rig, rng)
    weather = str(rng.choice(list(WEATHERS), p=_shares(list(WEATHERS.values()))))
    light = light_of(weather, rng)
    vehicles = _vehicles(rig, camera, _wanted(rng), rng)
    return Scene(
        index=index,
        rig=rig,
        town=_town(seed, rig_index),
        camera=camera,
        weather=weather,
        light=light,
        vehicles=vehicles,
        pedestrians=_pedestrians(rig, weather, rng),
        texture_seed=int(rng.integers(2**31)),
    )


def _shares(weights: Sequence[float]) -> NDArray[np.float64]:
    shares = np.array(weights, dtype=np.float64)
    normalised: NDArray[np.float64] = shares / shares.sum()
    return normalised


def _view(rig: Rig, rng: np.random.Generator) -> Camera:
    """The rig's camera, moved a little: wind, maintenance, a new mount."""
    width, height = rig.size
    return Camera(
        width=width,
        height=height,
        eye=(
            rig.x + float(rng.normal(0, 0.25)),
            float(rng.uniform(-4.0, 4.0)),
            rig.height * float(rng.uniform(0.92, 1.08)),
        ),
        yaw=math.radians(rig.yaw + float(rng.normal(0, 2.2))),
        pitch=math.radians(rig.pitch + float(rng.normal(0, 0.5))),
        focal=rig.focal * width * float(rng.uniform(0.94, 1.12)),
    )


def _wanted(rng: np.random.Generator) -> int:
    """How many vehicles to try for: sometimes none, six or seven on average, now and then a jam."""
    if rng.random() < 0.035:
        return 0
    return min(MAX_OBJECTS, int(rng.negative_binomial(4.2, 4.2 / (4.2 + 6.6))))


def _vehicles(rig: Rig, camera: Camera, count: int, rng: np.random.Generator) -> tuple[Vehicle, ...]:
    kinds = list(KINDS.values())
    shares = _shares([kind.share for kind in kinds])
    placed: list[Vehicle] = []
    for _ in range(count):
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        paint = str(rng.choice(list(kind.paints), p=_shares(list(kind.paints.values()))))
        style = int(rng.integers(STYLES))
        # the kind stays while places are tried, so that large vehicles are not rarer than their share
        for _ in range(30):
            candidate = _place(rig, camera, kind, paint, style, placed, rng)
            if candidate is None:
                continue
            together = _with_visibility([*placed, candidate])
            if min(vehicle.visible for vehicle in together) >= LEAST_VISIBLE:
                placed = together
                break
    return tuple(placed)


def _place(
    rig: Rig, camera: Camera, kind: Kind, paint: str, style: int, others: list[Vehicle], rng: np.random.Generator
) -> Vehicle | None:
    """A vehicle somewhere on a lane it may use, or None if it would hit another or hardly be in the picture."""
    lanes = [lane for lane in lanes_of(rig) if not lane.parking or kind.name in PARKERS]
    lane = lanes[int(rng.integers(len(lanes)))]
    y = _position(rig, camera, lane, rng)
    if y is None:
        return None
    heading = lane.direction * math.pi / 2 + float(rng.normal(0, 0.012 if lane.parking else 0.025))
    sway = 0.45 if kind.category == "motorbike" else 0.16
    pose = Pose(x=lane.x + float(np.clip(rng.normal(0, sway), -0.8, 0.8)), y=y, heading=heading)
    if any(_too_close(kind, pose, other) for other in others):
        return None
    flat = camera.project(pose.to_world(vehicle_solid(kind.name, paint, style).points))
    if flat[:, 2].min() < 2.5:
        return None
    full = _bounds(flat)
    box = clip_box(full, camera.width, camera.height)
    if min(box[2:]) < SMALLEST_SIDE or box[2] * box[3] < LEAST_INSIDE * full[2] * full[3]:
        return None
    return Vehicle(
        kind=kind.name,
        paint=paint,
        style=style,
        pose=pose,
        parked=lane.parking,
        box=box,
        visible=1.0,
        depth=float(flat[:, 2].mean()),
    )


def _position(rig: Rig, camera: Camera, lane: Lane, rng: np.random.Generator) -> float | None:
    """A y on the lane that is in view, near ones likelier: seen from above they cover more of the picture."""
    y = np.arange(-50.0, 130.0)
    points = np.stack([np.full(len(y), lane.x), y, np.full(len(y), 0.7)], axis=1)
    flat, depth = camera.project(points), camera.depth_of(points)
    in_view = (np.abs(flat[:, 0] / camera.width - 0.5) < 0.56) & (depth > rig.near) & (depth < rig.far)
    weights = np.where(in_view, 1 / np.maximum(depth, 1.0), 0.0)
    if not in_view.any():
        return None
    return float(rng.choice(y, p=weights / weights.sum()) + rng.uniform(-0.5, 0.5))


def _too_close(kind: Kind, pose: Pose, other: Vehicle) -> bool:
    size, other_size = kind.size, KINDS[other.kind].size
    return (
        abs(pose.y - other.pose.y) < (size[0] + other_size[0]) / 2 + 1.4
        and abs(pose.x - other.pose.x) < (size[1] + other_size[1]) / 2 + 0.35
    )


def _bounds(flat: NDArray[np.float64]) -> Box:
    (left, top), (right, bottom) = flat[:, :2].min(axis=0).tolist(), flat[:, :2].max(axis=0).tolist()
    return (left, top, right - left, bottom - top)


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box inside a picture; width and height may become 0."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[0] + box[2], float(width)), min(box[1] + box[3], float(height))
    return (left, top, max(right - left, 0.0), max(bottom - top, 0.0))


def _with_visibility(vehicles: list[Vehicle]) -> list[Vehicle]:
    """The same vehicles with `visible` worked out on a grid of 16 x 16 points in each box."""
    grid = (np.arange(16) + 0.5) / 16
    seen = []
    for vehicle in vehicles:
        x = vehicle.box[0] + grid[None, :] * vehicle.box[2]
        y = vehicle.box[1] + grid[:, None] * vehicle.box[3]
        hidden = np.zeros((16, 16), dtype=np.bool_)
        for other in vehicles:
            if other is not vehicle and other.depth < vehicle.depth:
                left, top, width, height = other.box
                # a vehicle does not fill its box: its upper corners are mostly air
                covered = (x > left + 0.04 * width) & (x < left + 0.96 * width) & (y > top + 0.1 * height)
                hidden |= covered & (y < top + height)
        seen.append(
            Vehicle(
                kind=vehicle.kind, paint=vehicle.paint, style=vehicle.style, pose=vehicle.pose, parked=vehicle.parked,
                box=vehicle.box, visible=float(1 - hidden.mean()), depth=vehicle.depth,
            )
        )  # fmt: skip
    return seen


CLOTHES: tuple[Rgb, ...] = (
    (60, 70, 96),
    (160, 60, 56),
    (220, 214, 200),
    (70, 110, 90),
    (40, 42, 48),
    (208, 156, 60),
    (120, 90, 140),
)


def _pedestrians(rig: Rig, weather: str, rng: np.random.Generator) -> tuple[Pedestrian, ...]:
    if rig.pavement == 0:
        return ()
    people = []
    for _ in range(int(rng.poisson(3.5 if weather in ("sunny", "dusk") else 1.5))):
        sign = 1 if rng.random() < 0.5 else -1
        people.append(
            Pedestrian(
                x=sign * (rig.road_half + float(rng.uniform(0.6, rig.pavement - 0.6))),
                y=float(rng.uniform(2, 60)) if abs(rig.yaw) < 70 else float(rng.uniform(-16, 22)),
                height=float(rng.uniform(1.6, 1.9)),
                direction=1 if rng.random() < 0.5 else -1,
                top=CLOTHES[int(rng.integers(len(CLOTHES)))],
                bottom=CLOTHES[int(rng.integers(len(CLOTHES)))],
                umbrella=weather == "rain" and bool(rng.random() < 0.7),
            )
        )
    return tuple(people)
