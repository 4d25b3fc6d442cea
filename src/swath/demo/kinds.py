"""What drives through the demo: kinds of vehicles, the category each belongs to, how often, and in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Rgb = tuple[int, int, int]

CATEGORIES = ("car", "truck", "motorbike")
"""Category names of the demo task; the index is the id."""

PAINTS: Mapping[str, Rgb] = {
    "white": (236, 238, 240),
    "silver": (184, 190, 197),
    "grey": (112, 119, 127),
    "black": (38, 41, 46),
    "red": (190, 40, 38),
    "dark red": (122, 28, 36),
    "blue": (42, 88, 168),
    "navy": (32, 48, 92),
    "sky": (104, 162, 206),
    "green": (44, 110, 76),
    "mint": (140, 196, 172),
    "beige": (208, 194, 164),
    "orange": (226, 118, 38),
    "brown": (104, 76, 56),
    "yellow": (244, 190, 40),
    "teal": (24, 160, 152),
    "pink": (222, 74, 128),
}

CAR_PAINTS = {
    "white": 19, "silver": 15, "grey": 14, "black": 14, "blue": 10, "red": 9, "navy": 5,
    "dark red": 3, "green": 3, "sky": 3, "beige": 3, "orange": 2, "mint": 2, "brown": 1,
}  # fmt: skip
TRUCK_PAINTS = {"white": 5, "blue": 3, "red": 2, "grey": 2, "green": 2, "orange": 1, "navy": 1, "black": 1}
MOTORBIKE_PAINTS = {"red": 4, "black": 4, "blue": 3, "white": 2, "mint": 2, "sky": 2, "orange": 1, "beige": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of vehicle.

    `share` is relative to the other kinds. `size` is length, width and height in metres, used to keep vehicles
    apart. `mistaken_for` is the category a detector is tempted by, with `temptation` the chance that it gives in.
    """

    name: str
    category: str
    share: float
    size: tuple[float, float, float]
    paints: Mapping[str, int]
    rare: bool = False
    mistaken_for: str = "truck"
    temptation: float = 0.008


def _kinds(*kinds: Kind) -> Mapping[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS: Mapping[str, Kind] = _kinds(
    Kind(name="sedan", category="car", share=22.5, size=(4.6, 1.82, 1.44), paints=CAR_PAINTS),
    Kind(name="hatchback", category="car", share=19.0, size=(4.0, 1.74, 1.50), paints=CAR_PAINTS),
    Kind(name="suv", category="car", share=16.5, size=(4.65, 1.90, 1.74), paints=CAR_PAINTS),
    Kind(name="taxi", category="car", share=3.6, size=(4.6, 1.82, 1.62), paints={"yellow": 1}),
    Kind(
        name="police car", category="car", share=1.1, size=(4.6, 1.82, 1.60), paints={"black": 3, "white": 2}, rare=True
    ),
    Kind(
        name="ambulance", category="car", share=1.15, size=(5.6, 2.05, 2.85), paints={"white": 1},
        rare=True, temptation=0.12,
    ),
    Kind(
        name="van", category="car", share=1.25, size=(5.3, 2.0, 2.45),
        paints={"white": 4, "grey": 2, "blue": 2, "sky": 1, "dark red": 1}, rare=True, temptation=0.12,
    ),
    Kind(
        name="box truck", category="truck", share=9.5, size=(7.2, 2.35, 3.3), paints=TRUCK_PAINTS, mistaken_for="car"
    ),
    Kind(
        name="pickup", category="truck", share=7.5, size=(5.4, 1.95, 1.82), paints=CAR_PAINTS,
        mistaken_for="car", temptation=0.08,
    ),
    Kind(
        name="school bus", category="truck", share=1.1, size=(9.6, 2.5, 3.1), paints={"yellow": 1},
        rare=True, mistaken_for="car",
    ),
    Kind(
        name="fire engine", category="truck", share=1.1, size=(8.0, 2.5, 3.3), paints={"red": 1},
        rare=True, mistaken_for="car",
    ),
    Kind(
        name="tanker", category="truck", share=1.1, size=(9.2, 2.4, 3.2),
        paints={"white": 2, "red": 1, "blue": 1, "green": 1}, rare=True, mistaken_for="car",
    ),
    Kind(
        name="scooter", category="motorbike", share=7.0, size=(1.85, 0.7, 1.72), paints=MOTORBIKE_PAINTS,
        mistaken_for="car",
    ),
    Kind(
        name="cruiser", category="motorbike", share=6.5, size=(2.35, 0.85, 1.62), paints=MOTORBIKE_PAINTS,
        mistaken_for="car",
    ),
    Kind(
        name="delivery scooter", category="motorbike", share=1.1, size=(2.05, 0.7, 1.72),
        paints={"teal": 2, "orange": 2, "pink": 2, "yellow": 1}, rare=True, mistaken_for="car",
    ),
)  # fmt: skip

rare_kinds: frozenset[str] = frozenset(kind.name for kind in KINDS.values() if kind.rare)
"""Kinds that make up about one per cent of the objects each: what a good selection should still hold."""
