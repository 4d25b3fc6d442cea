from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.formats.clipped_boxes import ShareBox, clipped_share

SIDES = st.integers(1, 100_000)
CORNERS = st.floats(allow_nan=False, allow_infinity=False)


def test_a_box_inside_is_told_as_shares_of_its_image() -> None:
    assert clipped_share((10, 20, 60, 40), width=100, height=200) == ShareBox(x=0.1, y=0.1, width=0.5, height=0.1)


def test_a_box_that_hangs_over_is_cut_at_the_border() -> None:
    assert clipped_share((-10, -10, 50, 300), width=100, height=200) == ShareBox(x=0, y=0, width=0.5, height=1)


@pytest.mark.parametrize(
    "box",
    [
        (100, 0, 120, 10),  # touches the border from outside
        (-20, -20, 0, 0),
        (10, 10, 10, 20),
        (20, 10, 10, 20),
        (math.nan, 0, 10, 10),
        (0, 0, math.inf, 10),
    ],
)
def test_what_has_no_pixel_of_the_image_is_nothing(box: tuple[float, float, float, float]) -> None:
    assert clipped_share(box, width=100, height=200) is None


def test_boxes_of_images_whose_size_nobody_knows_are_nothing() -> None:
    assert clipped_share((0, 0, 10, 10), width=0, height=0) is None


@given(st.tuples(CORNERS, CORNERS, CORNERS, CORNERS), SIDES, SIDES)
def test_whatever_is_left_lies_inside_the_image(
    box: tuple[float, float, float, float], width: int, height: int
) -> None:
    share = clipped_share(box, width=width, height=height)
    if share is None:
        return
    for start, size in ((share.x, share.width), (share.y, share.height)):
        assert 0 <= start < 1
        assert 0 < size <= 1
        assert start + size <= 1 + 1e-9
    center_x, center_y = share.center
    assert 0 <= center_x <= 1
    assert 0 <= center_y <= 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
def test_a_box_comes_back_from_its_shares(x: int, y: int, width: int, height: int) -> None:
    share = clipped_share((x, y, x + width, y + height), width=128, height=256)
    assert share is not None
    back = (share.x * 128, share.y * 256, share.width * 128, share.height * 256)
    assert back == pytest.approx((x, y, width, height), abs=1e-9)
