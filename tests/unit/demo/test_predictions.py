from __future__ import annotations

import json

import numpy as np
import pytest

from swath.demo.kinds import CATEGORIES
from swath.demo.predictions import Detection, detect, prediction_file
from swath.demo.scenes import Scene, Vehicle, sample_scene

Found = list[tuple[Scene, Detection]]


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample_scene(7, index) for index in range(150)]


@pytest.fixture(scope="module")
def found(scenes: list[Scene]) -> Found:
    return [(scene, detection) for scene in scenes for detection in detect(scene, 7)]


def vehicle_of(scene: Scene, detection: Detection) -> Vehicle:
    assert detection.vehicle is not None
    return scene.vehicles[detection.vehicle]


def test_detections_repeat_and_depend_on_the_seed(scenes: list[Scene]) -> None:
    scene = max(scenes, key=lambda scene: len(scene.vehicles))
    assert detect(scene, 7) == detect(scene, 7)
    assert detect(scene, 7) != detect(scene, 8)


def test_written_boxes_are_inside_the_image_with_two_decimals(found: Found) -> None:
    for scene, detection in found:
        x, y, width, height = detection.box
        assert x >= 0
        assert y >= 0
        assert x + width <= scene.camera.width
        assert y + height <= scene.camera.height
        assert min(width, height) >= 2
        assert all(value == round(value, 2) for value in detection.box)


def test_boxes_are_off_by_a_few_per_cent_only(found: Found) -> None:
    errors = []
    for scene, detection in found:
        if detection.vehicle is not None:
            true, written = np.array(vehicle_of(scene, detection).box), np.array(detection.box)
            errors.append(np.abs(written[2:] - true[2:]) / true[2:])
    assert 0.008 < np.mean(errors) < 0.04
    assert np.quantile(errors, 0.99) < 0.15


def test_probabilities_add_up_to_one_and_the_category_has_the_largest(found: Found) -> None:
    for _, detection in found:
        assert sum(detection.probabilities) == pytest.approx(1, abs=1e-9)
        assert int(np.argmax(detection.probabilities)) == detection.category_id
        assert len(detection.probabilities) == len(CATEGORIES)
        assert min(detection.probabilities) >= 0
        assert 0 < detection.score < 1


def test_hidden_and_false_detections_are_less_certain(found: Found) -> None:
    clear = [d.score for s, d in found if d.vehicle is not None and vehicle_of(s, d).visible > 0.95]
    hidden = [d.score for s, d in found if d.vehicle is not None and vehicle_of(s, d).visible < 0.7]
    false = [d.score for _, d in found if d.vehicle is None]
    assert np.mean(clear) > np.mean(hidden) > np.mean(false)


def test_the_detector_misses_some_invents_some_and_confuses_some(scenes: list[Scene], found: Found) -> None:
    vehicles = sum(len(scene.vehicles) for scene in scenes)
    true = [(s, d) for s, d in found if d.vehicle is not None]
    wrong = sum(CATEGORIES[d.category_id] != vehicle_of(s, d).category for s, d in true)
    assert 0.01 < 1 - len(true) / vehicles < 0.12
    assert 0.01 < (len(found) - len(true)) / len(found) < 0.06
    assert 0.004 < wrong / len(true) < 0.05


def test_a_vehicle_is_found_at_most_once(scenes: list[Scene]) -> None:
    for scene in scenes:
        rows = [detection.vehicle for detection in detect(scene, 7) if detection.vehicle is not None]
        assert len(rows) == len(set(rows))


def test_the_prediction_file_has_the_documented_form(scenes: list[Scene]) -> None:
    scene = next(scene for scene in scenes if len(scene.vehicles) > 3)
    document = json.loads(json.dumps(prediction_file(scene, detect(scene, 7))))
    assert document["file_name"] == scene.file_name
    for entry in document["predictions"]:
        assert set(entry) == {"category_id", "bbox", "score", "probabilities"}
        assert len(entry["bbox"]) == 4
    scores = [entry["score"] for entry in document["predictions"]]
    assert scores == sorted(scores, reverse=True)


def test_an_empty_scene_may_have_an_empty_file(scenes: list[Scene]) -> None:
    empty = [prediction_file(s, detect(s, 7))["predictions"] for s in scenes if not s.vehicles]
    assert [] in empty
