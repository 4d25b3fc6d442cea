from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from swath.demo.kinds import CATEGORIES, KINDS, PAINTS, rare_kinds
from swath.demo.scenes import (
    LEAST_VISIBLE,
    MAX_OBJECTS,
    SMALLEST_SIDE,
    Scene,
    clip_box,
    picture_name,
    sample_scene,
)
from swath.demo.streets import RIGS
from swath.demo.vehicles import vehicle_solid


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample_scene(7, index) for index in range(240)]


def test_a_scene_depends_on_seed_and_index_alone() -> None:
    assert sample_scene(3, 11) == sample_scene(3, 11)
    assert sample_scene(3, 11) != sample_scene(4, 11)
    assert sample_scene(3, 11).vehicles != sample_scene(3, 12).vehicles


def test_the_name_of_a_picture_is_known_without_sampling_it(scenes: list[Scene]) -> None:
    assert [picture_name(7, scene.index) for scene in scenes] == [scene.file_name for scene in scenes]
    assert len({scene.file_name for scene in scenes}) == len(scenes)
    assert {scene.file_name.split("/")[0] for scene in scenes} == {rig.name for rig in RIGS}


def test_each_rare_kind_is_about_one_per_cent_of_the_objects(scenes: list[Scene]) -> None:
    kinds = Counter(vehicle.kind for scene in scenes for vehicle in scene.vehicles)
    for kind in rare_kinds:
        assert 0.004 < kinds[kind] / kinds.total() < 0.02, kind
    assert 0.04 < sum(kinds[kind] for kind in rare_kinds) / kinds.total() < 0.11


def test_expected_shares_of_rare_kinds_are_between_0_7_and_1_5_per_cent() -> None:
    total = sum(kind.share for kind in KINDS.values())
    assert all(0.007 <= KINDS[kind].share / total <= 0.015 for kind in rare_kinds)
    assert {KINDS[kind].category for kind in rare_kinds} == set(CATEGORIES)


def test_scenes_hold_from_none_to_fourteen_vehicles_and_about_six(scenes: list[Scene]) -> None:
    counts = [len(scene.vehicles) for scene in scenes]
    assert min(counts) == 0
    assert max(counts) <= MAX_OBJECTS
    assert 5 < np.mean(counts) < 7.5


def test_most_scenes_are_sunny_and_every_weather_occurs(scenes: list[Scene]) -> None:
    weathers = Counter(scene.weather for scene in scenes)
    assert 0.65 < weathers["sunny"] / len(scenes) < 0.85
    assert 0.06 < weathers["rain"] / len(scenes) < 0.18
    assert 0.03 < weathers["night"] / len(scenes) < 0.13
    assert {"fog", "dusk"} <= set(weathers)


def test_boxes_are_inside_the_picture_and_vehicles_can_be_seen(scenes: list[Scene]) -> None:
    for scene in scenes:
        for vehicle in scene.vehicles:
            x, y, width, height = vehicle.box
            assert x >= 0
            assert y >= 0
            assert x + width <= scene.camera.width + 1e-9
            assert y + height <= scene.camera.height + 1e-9
            assert min(width, height) >= SMALLEST_SIDE
            assert vehicle.visible >= LEAST_VISIBLE


def test_a_box_encloses_what_is_projected(scenes: list[Scene]) -> None:
    scene = next(scene for scene in scenes if len(scene.vehicles) > 5)
    for vehicle in scene.vehicles:
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        flat = scene.camera.project(vehicle.pose.to_world(solid.points))
        full = (*flat[:, :2].min(axis=0), *np.ptp(flat[:, :2], axis=0))
        assert vehicle.box == pytest.approx(clip_box(full, scene.camera.width, scene.camera.height))


def test_vehicles_on_one_lane_do_not_touch(scenes: list[Scene]) -> None:
    for scene in scenes:
        for row, one in enumerate(scene.vehicles):
            for other in scene.vehicles[row + 1 :]:
                beside = abs(one.pose.x - other.pose.x) >= (KINDS[one.kind].size[1] + KINDS[other.kind].size[1]) / 2
                behind = abs(one.pose.y - other.pose.y) >= (KINDS[one.kind].size[0] + KINDS[other.kind].size[0]) / 2
                assert beside or behind


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_as_large_as_its_size_says_in_every_paint(kind: str) -> None:
    for paint in KINDS[kind].paints:
        assert paint in PAINTS
        solid = vehicle_solid(kind, paint, 0)
        # mirrors and handlebars stick out, so widths may be larger
        extent = np.ptp(solid.points, axis=0)
        length, width, height = KINDS[kind].size
        assert extent[0] == pytest.approx(length, abs=0.35)
        assert width - 0.1 <= extent[1] <= width + 0.55
        assert extent[2] == pytest.approx(height, abs=0.3)
        assert solid.points[:, 2].min() == pytest.approx(0, abs=0.03)


def test_clip_box_keeps_what_is_inside() -> None:
    assert clip_box((-5, 10, 20, 100), 50, 60) == (0.0, 10, 15, 50.0)
    assert clip_box((60, 0, 10, 10), 50, 50)[2] == 0.0
