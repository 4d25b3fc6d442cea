"""From a kind, a paint and a style number to the solid of that vehicle."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from swath.demo import cars, motorbikes, trucks
from swath.demo.kinds import PAINTS
from swath.demo.solids import Solid, SolidBuilder


@lru_cache(maxsize=512)  # a street repeats its cars; building one costs more than drawing it
def vehicle_solid(kind: str, paint: str, style: int) -> Solid:
    """The solid of one vehicle in its own frame, x forward, in metres.

    `style` chooses what the kind leaves open: the design on a box truck, what a rider wears.
    """
    b = SolidBuilder()
    colour = PAINTS[paint]
    rng = np.random.default_rng(style)
    match kind:
        case "sedan":
            cars.add_passenger_car(b, cars.SEDAN, colour)
        case "hatchback":
            cars.add_passenger_car(b, cars.HATCHBACK, colour)
        case "suv":
            cars.add_passenger_car(b, cars.SUV, colour)
        case "taxi":
            cars.add_taxi(b, colour)
        case "police car":
            cars.add_police_car(b, paint)
        case "ambulance":
            cars.add_ambulance(b)
        case "van":
            cars.add_van(b, colour)
        case "box truck":
            trucks.add_box_truck(b, colour, rng)
        case "pickup":
            trucks.add_pickup(b, colour)
        case "school bus":
            trucks.add_school_bus(b)
        case "fire engine":
            trucks.add_fire_engine(b)
        case "tanker":
            trucks.add_tanker(b, colour)
        case "scooter":
            motorbikes.add_scooter(b, colour, rng)
        case "cruiser":
            motorbikes.add_cruiser(b, colour, rng)
        case "delivery scooter":
            motorbikes.add_scooter(b, (236, 238, 240), rng, box=colour)
        case _:
            raise AssertionError(f"no drawing for {kind}")
    return b.build()
