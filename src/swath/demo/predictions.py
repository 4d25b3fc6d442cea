"""A detector that is not there: what it would have found in a scene, with the mistakes detectors make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from swath.demo.kinds import CATEGORIES, KINDS
from swath.demo.scenes import Box, Scene, Vehicle, clip_box
from swath.demo.streets import Prop

TASK = "vehicles_object_detections"
FALSE_POSITIVES_PER_IMAGE = 0.16
_DETECTOR = 4  # stream of random numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One prediction: `box` is inside the picture, `probabilities` are per category and add up to 1.

    `vehicle` is the row of the vehicle in the scene that was found, None for a false positive.
    """

    category_id: int
    box: Box
    score: float
    probabilities: tuple[float, ...]
    vehicle: int | None


class PredictionDocument(TypedDict):
    """One entry of `predictions` in a prediction file."""

    category_id: int
    bbox: list[float]
    score: float
    probabilities: list[float]


class PredictionFile(TypedDict):
    file_name: str
    predictions: list[PredictionDocument]


def detect(scene: Scene, seed: int) -> tuple[Detection, ...]:
    """What the detector reports for a scene, most certain first. Depends on (seed, scene index) alone."""
    rng = np.random.default_rng([seed, _DETECTOR, scene.index])
    found = [
        _found(scene, row, vehicle, rng)
        for row, vehicle in enumerate(scene.vehicles)
        if rng.random() >= _chance_of_missing(scene, vehicle)
    ]
    for _ in range(int(rng.poisson(FALSE_POSITIVES_PER_IMAGE))):
        mistake = _false_positive(scene, rng)
        if mistake is not None:
            found.append(mistake)
    return tuple(sorted(found, key=lambda detection: -detection.score))


def prediction_file(scene: Scene, detections: tuple[Detection, ...]) -> PredictionFile:
    """The document of `.lightly/predictions/<task>/<image>.json`."""
    return {
        "file_name": scene.file_name,
        "predictions": [
            {
                "category_id": detection.category_id,
                "bbox": list(detection.box),
                "score": detection.score,
                "probabilities": list(detection.probabilities),
            }
            for detection in detections
        ],
    }


def _chance_of_missing(scene: Scene, vehicle: Vehicle) -> float:
    """Small, hidden and badly lit vehicles are overlooked more often."""
    smallness = max(0.0, 1 - min(vehicle.box[2:]) / 34)
    hidden = max(0.0, 0.75 - vehicle.visible)
    dim = {"night": 0.05, "fog": 0.05, "rain": 0.02}.get(scene.weather, 0.0)
    return 0.008 + 0.2 * smallness + 0.45 * hidden + dim


def _found(scene: Scene, row: int, vehicle: Vehicle, rng: np.random.Generator) -> Detection:
    kind = KINDS[vehicle.kind]
    tempted = rng.random() < kind.temptation * (1.0 if vehicle.visible > 0.8 else 1.8)
    category = kind.mistaken_for if tempted else kind.category
    smallness = max(0.0, 1 - min(vehicle.box[2:]) / 60)
    dim = {"night": 0.12, "fog": 0.12, "rain": 0.05, "dusk": 0.05}.get(scene.weather, 0.0)
    mean = 0.93 - 0.3 * smallness - 0.4 * (1 - vehicle.visible) - dim - (0.22 if tempted else 0.0)
    score = _score(mean, 16.0, rng)
    spread = float(rng.uniform(0.008, 0.03))  # each edge: with both, sizes are off by about 1 to 4 %
    x, y, width, height = vehicle.box
    left, top, right, bottom = (rng.normal(0, spread, 4) * (width, height, width, height)).tolist()
    box = (x + left, y + top, width - left + right, height - top + bottom)
    category_id = CATEGORIES.index(category)
    return Detection(
        category_id=category_id,
        box=_written(box, scene),
        score=score,
        probabilities=_probabilities(category_id, score, rng),
        vehicle=row,
    )


def _false_positive(scene: Scene, rng: np.random.Generator) -> Detection | None:
    """A box around a kiosk, a bin or a boat; where there is none, around nothing in particular."""
    candidates = [box for box in (_seen(scene, prop) for prop in scene.town.props) if box is not None]
    if candidates and rng.random() < 0.75:
        box = candidates[int(rng.integers(len(candidates)))]
    else:
        width = float(rng.uniform(0.03, 0.12)) * scene.camera.width
        height = width * float(rng.uniform(0.5, 1.0))
        x = float(rng.uniform(0, scene.camera.width - width))
        y = float(rng.uniform(0.45, 0.85)) * scene.camera.height
        box = clip_box((x, y, width, height), scene.camera.width, scene.camera.height)
    if min(box[2:]) < 8:
        return None
    category_id = int(rng.choice(len(CATEGORIES), p=(0.6, 0.3, 0.1)))
    score = _score(0.34, 9.0, rng)
    return Detection(
        category_id=category_id,
        box=_written(box, scene),
        score=score,
        probabilities=_probabilities(category_id, score, rng),
        vehicle=None,
    )


def _seen(scene: Scene, prop: Prop) -> Box | None:
    """The box of a thing in the picture; None if it is outside, tiny or right before the lens."""
    across, along, up = prop.size
    corners = np.array(
        [[prop.x + i * across / 2, prop.y + j * along / 2, z] for i in (-1, 1) for j in (-1, 1) for z in (0.0, up)]
    )
    if scene.camera.depth_of(corners).min() < 4:
        return None
    flat = scene.camera.project(corners)[:, :2]
    (left, top), (right, bottom) = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    box = clip_box((left, top, right - left, bottom - top), scene.camera.width, scene.camera.height)
    whole = (right - left) * (bottom - top)
    return box if min(box[2:]) >= 14 and box[2] * box[3] > 0.6 * whole else None


def _score(mean: float, sharpness: float, rng: np.random.Generator) -> float:
    mean = min(max(mean, 0.12), 0.96)
    drawn = float(rng.beta(mean * sharpness, (1 - mean) * sharpness))
    return round(min(max(drawn, 0.05), 0.999), 4)


def _probabilities(category_id: int, score: float, rng: np.random.Generator) -> tuple[float, ...]:
    """One per category, the reported one largest, adding up to 1 with four decimals each."""
    largest = 0.52 + 0.47 * score
    rest = float(rng.uniform(0.1, 0.9)) * (1 - largest)
    others = iter((rest, 1 - largest - rest))
    shares = [largest if index == category_id else next(others) for index in range(len(CATEGORIES))]
    rounded = [round(share, 4) for share in shares]
    rounded[category_id] = round(1 - sum(value for index, value in enumerate(rounded) if index != category_id), 4)
    return tuple(rounded)


def _written(box: Box, scene: Scene) -> Box:
    """A box as it goes into the file: two decimals, inside the picture, at least two pixels wide and high."""
    x, width = _written_span(box[0], box[2], scene.camera.width)
    y, height = _written_span(box[1], box[3], scene.camera.height)
    return (x, y, width, height)


def _written_span(start: float, length: float, limit: int) -> tuple[float, float]:
    first = round(min(max(start, 0.0), limit - 2.0), 2)
    last = min(max(start + length, first + 2.0), float(limit))
    written = round(last - first, 2)
    while first + written > limit:  # the sum of two rounded numbers may pass the border by one part in 1e15
        written = round(written - 0.01, 2)
    return first, written
