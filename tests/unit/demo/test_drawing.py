from __future__ import annotations

import numpy as np
import pytest

from swath.demo.drawing import draw_scene, encode_scene
from swath.demo.scenes import Scene, sample_scene
from swath.demo.weather import WEATHERS


def first_scene(weather: str, *, vehicles: int = 3) -> Scene:
    scenes = (sample_scene(7, index) for index in range(400))
    return next(scene for scene in scenes if scene.weather == weather and len(scene.vehicles) >= vehicles)


@pytest.fixture(scope="module")
def pictures() -> dict[str, np.ndarray]:
    return {weather: np.asarray(draw_scene(first_scene(weather))) for weather in WEATHERS}


def test_a_scene_is_encoded_to_the_same_bytes_each_time() -> None:
    scene = first_scene("rain")
    assert encode_scene(scene) == encode_scene(scene)
    assert encode_scene(scene).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("weather", WEATHERS)
def test_a_picture_has_the_size_of_its_camera_and_is_not_flat(pictures: dict[str, np.ndarray], weather: str) -> None:
    camera = first_scene(weather).camera
    assert pictures[weather].shape == (camera.height, camera.width, 3)
    assert pictures[weather].std() > 12


def test_night_is_darker_than_day(pictures: dict[str, np.ndarray]) -> None:
    assert pictures["night"].mean() < 0.6 * pictures["sunny"].mean()


def test_vehicles_fill_their_boxes_and_only_throw_shadows_beyond_them() -> None:
    scene = first_scene("sunny", vehicles=2)
    empty = Scene(
        index=scene.index, rig=scene.rig, town=scene.town, camera=scene.camera, weather=scene.weather,
        light=scene.light, vehicles=(), pedestrians=scene.pedestrians, texture_seed=scene.texture_seed,
    )  # fmt: skip
    difference = np.asarray(draw_scene(scene), dtype=int) - np.asarray(draw_scene(empty), dtype=int)
    change = np.abs(difference).max(axis=2)
    inside = np.zeros(change.shape, dtype=bool)
    for vehicle in scene.vehicles:
        x, y, width, height = vehicle.box
        box = (slice(max(int(y) - 2, 0), int(y + height) + 3), slice(max(int(x) - 2, 0), int(x + width) + 3))
        inside[box] = True
        assert (change[box] > 8).mean() > 0.3
        # the box is tight: the vehicle reaches each of its sides
        strong = change[box] > 8
        assert strong[:6].any()
        assert strong[-6:].any()
        assert strong[:, :6].any()
        assert strong[:, -6:].any()
    # outside there are only shadows, which never make the ground brighter
    assert difference[~inside].max() <= 2
    assert (change[~inside] > 2).mean() < 0.2
