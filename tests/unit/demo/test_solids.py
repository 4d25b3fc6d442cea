from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.demo.camera import Camera
from swath.demo.solids import Finish, Pose, SolidBuilder, outline, painting_order


def make_camera(**changes: float) -> Camera:
    values: dict[str, float] = {"yaw": 0.0, "pitch": 0.0, "focal": 100.0, **changes}
    return Camera(
        width=200, height=100, eye=(0.0, 0.0, 2.0), yaw=values["yaw"], pitch=values["pitch"], focal=values["focal"]
    )


def test_a_point_straight_ahead_is_in_the_middle_of_the_picture() -> None:
    assert make_camera().project(np.array([[0.0, 10.0, 2.0]]))[0] == pytest.approx([100, 50, 10])


def test_right_is_right_and_up_is_up() -> None:
    column, row, _ = make_camera().project(np.array([[1.0, 10.0, 3.0]]))[0]
    assert (column, row) == pytest.approx((110, 40))


def test_the_horizon_is_where_far_ground_ends() -> None:
    camera = make_camera(pitch=0.2)
    far = camera.project(np.array([[0.0, 1e7, 0.0]]))[0]
    assert far[1] == pytest.approx(camera.horizon, abs=0.01)


def test_a_polygon_behind_the_lens_is_clipped_away() -> None:
    camera = make_camera()
    assert len(camera.clip([(0, -5, 0), (1, -5, 0), (1, -9, 0)])) == 0
    kept = camera.clip([(-1, -5, 0), (1, -5, 0), (1, 5, 0), (-1, 5, 0)])
    assert len(kept) == 4
    assert camera.depth_of(kept).min() == pytest.approx(0.6)


def test_normals_point_away_from_the_part() -> None:
    b = SolidBuilder()
    b.part()
    b.block((1, 3), (1, 2), (0, 1), (1, 2, 3))
    solid = b.build()
    centres = np.array(
        [solid.points[a:z].mean(axis=0) for a, z in zip(solid.starts[:-1], solid.starts[1:], strict=True)]
    )
    assert ((centres - np.array([2, 1.5, 0.5])) * solid.normals).sum(axis=1).min() > 0


def test_first_parts_are_painted_first_and_the_near_one_last() -> None:
    b = SolidBuilder()
    for first, x in ((False, 5.0), (False, 0.0), (True, 9.0)):
        b.part(first=first)
        b.block((x, x + 1), (0, 1), (0, 1), (0, 0, 0), Finish.MATTE)
    assert b.build().painting_order(np.array([20.0, 0.5, 0.5])) == [2, 1, 0]
    assert b.build().painting_order(np.array([-20.0, 0.5, 0.5])) == [2, 0, 1]


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_painting_order_puts_the_box_on_the_eyes_side_of_a_plane_later(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    # boxes in the cells of a row never overlap and their order cannot contradict itself
    cells = rng.permutation(20)[:count]
    lows = np.stack([cells * 3.0, rng.uniform(0, 1, count)], axis=1)
    highs = lows + rng.uniform(0.5, 2.9, (count, 2)) * np.array([1.0, 0.2])
    eye = np.array([-10.0, 0.5])
    order = painting_order(lows, highs, eye)
    assert sorted(order) == list(range(count))
    assert [cells[i] for i in order] == sorted(cells, reverse=True)


def test_painting_order_survives_overlapping_boxes() -> None:
    lows, highs = np.zeros((3, 2)), np.ones((3, 2))
    assert sorted(painting_order(lows, highs, np.array([5.0, 5.0]))) == [0, 1, 2]


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-7, 7))
def test_a_pose_can_be_undone(x: float, y: float, heading: float) -> None:
    pose = Pose(x=x, y=y, heading=heading)
    point = np.array([[1.0, 2.0, 3.0]])
    assert pose.to_own(pose.to_world(point)[0]) == pytest.approx(point[0], abs=1e-9)


def test_heading_zero_faces_along_x_and_a_quarter_turn_along_y() -> None:
    nose = np.array([[1.0, 0.0, 0.0]])
    assert Pose(x=0, y=0, heading=0).to_world(nose)[0] == pytest.approx([1, 0, 0])
    assert Pose(x=0, y=0, heading=math.pi / 2).to_world(nose)[0] == pytest.approx([0, 1, 0])


def test_outline_holds_the_corners_of_a_square() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5]])
    assert {tuple(point) for point in outline(points).tolist()} == {(0, 0), (1, 0), (1, 1), (0, 1)}
