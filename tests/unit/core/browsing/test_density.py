from __future__ import annotations

import numpy as np
import pytest

from swath.core.browsing import ColorScheme, density_levels, density_palette


def test_more_points_are_a_higher_level() -> None:
    points = np.array([[0, 0]] * 100 + [[1, 1]] + [[0, 1]] * 10, dtype=np.float32)
    levels = density_levels(points, 64)
    crowded, one, ten = levels[62, 1], levels[1, 62], levels[1, 1]
    assert crowded == levels.max() == 255
    assert 0 < one < ten < crowded
    assert (levels[20:40, 20:40] == 0).all()


def test_x_grows_to_the_right_and_y_upwards_by_one_scale() -> None:
    corner = density_levels(np.array([[0, 0], [4, 1]], dtype=np.float32), 100)
    rows, columns = np.nonzero(corner)
    # Twice as wide as the middle is far: the flat map lies in the middle of the square.
    assert columns.min() < 6
    assert columns.max() > 93
    assert 55 < rows[columns < 50].mean() < 70
    assert 30 < rows[columns > 50].mean() < 45


@pytest.mark.parametrize(
    "points", [np.empty((0, 2)), np.full((3, 2), np.nan), np.zeros((5, 2)), np.array([[1.0, np.nan], [2.0, 3.0]])]
)
def test_points_without_extent_or_place_have_a_picture(points: np.ndarray) -> None:
    levels = density_levels(points.astype(np.float32), 32)
    assert levels.shape == (32, 32)
    assert levels.any() == bool(np.isfinite(points).all(axis=1).any())


@pytest.mark.parametrize("scheme", list(ColorScheme))
def test_a_palette_is_one_ramp_that_begins_transparent(scheme: ColorScheme) -> None:
    palette = density_palette(scheme).astype(int)
    assert palette.shape == (256, 4)
    assert palette[0, 3] == 0
    assert (palette[1:, 3] == 255).all()
    brightness = palette[1:, :3].sum(axis=1)
    steps = np.diff(brightness)
    # Away from the page: from light to dark on a light one, and the other way round.
    assert (steps <= 0).all() if scheme is ColorScheme.LIGHT else (steps >= 0).all()
