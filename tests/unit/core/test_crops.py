"""The crop rule, decode scales, and the keys and names of crops."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.crops import (
    check_padding,
    clean_category,
    context_rect,
    crop_file_name,
    crop_keys,
    crop_rectangles,
    decode_scales,
    embedding_keys,
    scaled_rectangle,
    whole_image_embedding_key,
)
from swath.core.errors import InvalidConfig

SIDES = st.integers(1, 3000)
PADDINGS = st.one_of(st.just(0.0), st.sampled_from([0.1, 0.2, 0.3, 1.0, 1e9, 1e308]), st.floats(0, 50))
TENTHS = st.integers(0, 40).map(lambda tenths: tenths / 10)


@st.composite
def boxes_in_images(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    """Corners (1, 4) of a box that has an area in common with its image, and the image's size."""
    # Files hold decimals; hundredths of a pixel are finer than any detector and far coarser than the rounding.
    size, low, high = [], [], []
    for _ in range(2):
        side = draw(SIDES)
        start = draw(st.integers(-100_000, side * 100 - 1))
        end = draw(st.integers(max(start, 0) + 1, side * 100 + 100_000))
        size.append(side)
        low.append(start / 100)
        high.append(end / 100)
    return np.array([low + high]), size[0], size[1]


def rectangle(
    corners: list[float] | np.ndarray, *, padding: float = 0.0, width: int = 100, height: int = 100
) -> list[int]:
    rects = crop_rectangles(np.array(corners, dtype=float).reshape(1, 4), padding=padding, width=width, height=height)
    return rects[0].tolist()


@given(boxes_in_images(), PADDINGS)
def test_a_crop_lies_inside_the_image_and_holds_the_clipped_box(
    box: tuple[np.ndarray, int, int], padding: float
) -> None:
    corners, width, height = box
    x0, y0, x1, y1 = rectangle(corners, padding=padding, width=width, height=height)
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height
    left, top, right, bottom = np.clip(corners[0], 0, [width, height, width, height])
    assert x0 <= left + 1e-6
    assert y0 <= top + 1e-6
    assert x1 >= right - 1e-6
    assert y1 >= bottom - 1e-6


@given(boxes_in_images(), PADDINGS, PADDINGS)
def test_more_padding_never_makes_a_crop_smaller(box: tuple[np.ndarray, int, int], first: float, second: float) -> None:
    corners, width, height = box
    small = rectangle(corners, padding=min(first, second), width=width, height=height)
    large = rectangle(corners, padding=max(first, second), width=width, height=height)
    assert large[0] <= small[0]
    assert large[1] <= small[1]
    assert large[2] >= small[2]
    assert large[3] >= small[3]


@given(boxes_in_images(), TENTHS)
def test_a_mirrored_box_gives_the_mirrored_crop(box: tuple[np.ndarray, int, int], padding: float) -> None:
    corners, width, height = box
    x0, y0, x1, y1 = corners[0]
    plain = rectangle(corners, padding=padding, width=width, height=height)
    mirrored = rectangle([width - x1, y0, width - x0, y1], padding=padding, width=width, height=height)
    assert mirrored == [width - plain[2], plain[1], width - plain[0], plain[3]]


@given(boxes_in_images(), TENTHS, st.integers(1, 500))
def test_moving_a_box_by_whole_pixels_moves_its_crop(
    box: tuple[np.ndarray, int, int], padding: float, shift: int
) -> None:
    corners, width, height = box
    far_from_the_left = corners + np.array([20_000, 0, 20_000, 0])
    shifted = far_from_the_left + np.array([shift, 0, shift, 0])
    plain = rectangle(far_from_the_left, padding=padding, width=20_000 + width, height=height)
    moved = rectangle(shifted, padding=padding, width=20_000 + width + shift, height=height)
    assert moved == [plain[0] + shift, plain[1], plain[2] + shift, plain[3]]


def test_padding_is_the_total_growth_half_of_it_on_each_side() -> None:
    assert rectangle([40, 40, 60, 50], padding=0.1) == [39, 39, 61, 51]  # 20 x 10 grows by 2 x 1
    assert rectangle([40, 40, 60, 50], padding=1.0) == [30, 35, 70, 55]


def test_padding_grows_about_the_box_as_given_not_as_clipped() -> None:
    # 40 wide with 20 outside: half of 40 * 0.5 is 10 on the right, not half of 20 * 0.5.
    assert rectangle([-20, 40, 20, 50], padding=0.5) == [0, 37, 30, 53]


def test_edges_go_outward() -> None:
    assert rectangle([10.2, 10.9, 20.1, 20.0]) == [10, 10, 21, 20]


def test_float_noise_costs_no_row_of_pixels() -> None:
    assert rectangle([10 - 1e-9, 10, 20 + 1e-9, 20]) == [10, 10, 20, 20]
    assert rectangle([0.1 + 0.2, 0.0, 3 * 1.1 + 6.7, 5.0]) == [0, 0, 10, 5]
    assert rectangle([0, 0, 0.1 * 3 / 0.3 * 10, 5]) == [0, 0, 10, 5]


@pytest.mark.parametrize(
    "corners",
    [
        [100 - 1e-9, 5, 110, 6],
        [-5, 5, 1e-9, 6],
        [5 + 1e-8, 5, 5 + 2e-8, 6],
        [99.9999999, 99.9999999, 1e300, 1e300],
        [-1e300, -1e300, 1e-300, 1e-300],
    ],
)
def test_a_sliver_gets_a_pixel(corners: list[float]) -> None:
    x0, y0, x1, y1 = rectangle(corners)
    assert 0 <= x0 < x1 <= 100
    assert 0 <= y0 < y1 <= 100


def test_any_amount_of_padding_is_fine() -> None:
    for padding in (1e9, 1e300, np.finfo(float).max):
        assert rectangle([40, 40, 60, 50], padding=padding) == [0, 0, 100, 100]
        assert rectangle([-1e308, 0, 1e308, 1], padding=padding) == [0, 0, 100, 100]


@pytest.mark.parametrize(
    "corners",
    [[100, 0, 120, 10], [0, -10, 10, 0], [10, 10, 10, 20], [20, 10, 10, 20], [np.nan] * 4],
)
def test_a_box_without_a_share_in_the_image_gives_zeros_whatever_the_padding(corners: list[float]) -> None:
    assert rectangle(corners, padding=5.0) == [0, 0, 0, 0]


def test_boxes_do_not_influence_each_other() -> None:
    rng = np.random.default_rng(3)
    low = rng.uniform(-20, 90, (50, 2))
    corners = np.concatenate([low, low + rng.uniform(0, 60, (50, 2))], axis=1)
    together = crop_rectangles(corners, padding=0.2, width=100, height=100)
    assert together.dtype == np.int32
    assert together.tolist() == [rectangle(row, padding=0.2) for row in corners]


@pytest.mark.parametrize("padding", [-0.1, float("nan"), float("inf"), -1e-300])
def test_a_padding_that_is_negative_or_no_number_is_refused(padding: float) -> None:
    with pytest.raises(InvalidConfig, match="padding") as caught:
        crop_rectangles(np.zeros((1, 4)), padding=padding, width=1, height=1)
    assert caught.value.field == "object_level.padding"


def test_a_whole_number_is_a_padding_too() -> None:
    assert check_padding(1) == 1.0
    assert str(check_padding(-0.0)) == "0.0"


# --- decoding at a smaller scale -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "max_scale", "scale"),
    [
        (511, 8, 1),
        (512, 8, 2),
        (1023, 8, 2),
        (1024, 8, 4),
        (2048, 8, 8),
        (100_000, 8, 8),
        (100_000, 1, 1),
        (9999, 3, 2),
    ],
)
def test_the_decode_scale_leaves_twice_the_input_size(side: int, max_scale: int, scale: int) -> None:
    rects = np.array([[7, 9, 7 + side, 9 + side + 100], [7, 9, 7 + side + 100, 9 + side]], dtype=np.int32)
    assert decode_scales(rects, input_size=128, max_scale=max_scale).tolist() == [scale, scale]


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([1, 2, 4, 8]), st.data())
def test_a_scaled_rectangle_lies_in_the_scaled_frame_and_covers_the_crop(
    width: int, height: int, scale: int, data: st.DataObject
) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    left, top, right, bottom = scaled_rectangle(np.array([x0, y0, x1, y1], dtype=np.int32), scale).tolist()
    assert 0 <= left < right <= -(-width // scale)
    assert 0 <= top < bottom <= -(-height // scale)
    assert left * scale <= x0 < (left + 1) * scale
    assert (right - 1) * scale < x1 <= right * scale
    assert top * scale <= y0
    assert bottom * scale >= y1


def test_rectangles_are_scaled_each_by_its_own() -> None:
    rects = np.array([[1, 1, 9, 9], [1, 1, 9, 9]], dtype=np.int32)
    assert scaled_rectangle(rects, np.array([1, 4])).tolist() == [[1, 1, 9, 9], [0, 0, 3, 3]]
    assert scaled_rectangle(rects, 2).tolist() == [[0, 0, 5, 5]] * 2


# --- keys and names ------------------------------------------------------------------------------------------------

DIGEST = bytes(range(32))


def vector_key(
    *, embedder: str = "ab" * 32, image: bytes = DIGEST, rect: tuple[int, ...] = (0, 0, 5, 5), scale: int = 1
) -> bytes:
    keys = embedding_keys(
        embedder_digest=embedder,
        image_digest=image,
        rects=np.array([rect], dtype=np.int32),
        scales=np.array([scale], dtype=np.int64),
    )
    return keys[0].tobytes()


def test_a_vector_is_named_by_everything_that_made_it() -> None:
    others = [
        vector_key(embedder="cd" * 32),
        vector_key(image=bytes(32)),
        vector_key(rect=(0, 0, 5, 6)),
        vector_key(rect=(0, 5, 0, 5)),
        vector_key(scale=2),
        whole_image_embedding_key(embedder_digest="ab" * 32, image_digest=DIGEST, scale=1).tobytes(),
        whole_image_embedding_key(embedder_digest="ab" * 32, image_digest=DIGEST, scale=2).tobytes(),
    ]
    assert len({vector_key(), *others}) == len(others) + 1
    assert vector_key() == vector_key()


def test_the_crop_rule_is_part_of_both_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = np.arange(32, dtype=np.uint8).reshape(2, 16)
    before = (vector_key(), crop_keys(objects, padding=0.1).tobytes())
    monkeypatch.setattr("swath.core.crops.CROP_RULE_VERSION", 2)
    after = (vector_key(), crop_keys(objects, padding=0.1).tobytes())
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_vector_key_does_not_depend_on_its_neighbours() -> None:
    rects = np.array([[0, 0, 5, 5], [1, 2, 3, 4]], dtype=np.int32)
    keys = embedding_keys(embedder_digest="ab" * 32, image_digest=DIGEST, rects=rects, scales=np.array([1, 2]))
    assert keys.shape == (2, 16)
    assert keys[0].tobytes() == vector_key()
    assert keys[1].tobytes() == vector_key(rect=(1, 2, 3, 4), scale=2)


def test_rectangles_and_scales_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 rectangles but 1 scales"):
        embedding_keys(embedder_digest="", image_digest=b"", rects=np.zeros((2, 4), np.int32), scales=np.ones(1, int))


def test_a_crop_key_follows_object_and_padding() -> None:
    objects = np.arange(32, dtype=np.uint8).reshape(2, 16)
    keys = crop_keys(objects, padding=0.1)
    assert keys.shape == (2, 16)
    assert len({keys[0].tobytes(), keys[1].tobytes(), crop_keys(objects, padding=0.2)[0].tobytes()}) == 3
    np.testing.assert_array_equal(crop_keys(objects[1:], padding=0.1), keys[1:])
    np.testing.assert_array_equal(crop_keys(objects, padding=-0.0), crop_keys(objects, padding=0.0))


CROP_KEY = "612fb26afe16a4a4fa2666ea9f1c50f4"
VECTOR_KEY = "360275435c6cc71a55ae5e53dd710448"


def test_keys_stay_what_they_are_between_versions() -> None:
    # Keys are stored: another value here means every crop is made and embedded again.
    assert crop_keys(np.zeros((1, 16), np.uint8), padding=0.1)[0].tobytes().hex() == CROP_KEY
    assert vector_key().hex() == VECTOR_KEY


def test_a_crop_file_is_named_after_image_position_category_and_key() -> None:
    name = crop_file_name(
        image_key="train/a b.v1.JPG",
        position=7,
        category_name="traffic light",
        category_id=9,
        crop_key_hex="0123456789abcdef",
    )
    assert name == "train/a b.v1.JPG/0007_traffic-light_01234567.jpg"
    many = crop_file_name(image_key="a.png", position=12345, category_name="x", category_id=0, crop_key_hex="f" * 32)
    assert many == "a.png/12345_x_ffffffff.jpg"


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("person", "person"),
        ("Crème brûlée", "Creme-brulee"),
        ("a/../../etc/passwd", "a-etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("..", "category-3"),
        ("\u4eba", "category-3"),
        ("", "category-3"),
        ("---", "category-3"),
        ("ﬁre_truck-2", "fire_truck-2"),
        ("x" * 80, "x" * 40),
        ("x" * 39 + " y", "x" * 39),
        ("nul\x00\n", "nul"),
    ],
)
def test_a_category_is_cleaned_for_a_file_name(name: str, cleaned: str) -> None:
    assert clean_category(name, category_id=3) == cleaned


@given(st.text(max_size=200), st.integers(0, 10**9))
def test_a_cleaned_category_is_always_safe(name: str, category_id: int) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", clean_category(name, category_id=category_id))


ANY_EDGES = st.floats(allow_nan=False, allow_infinity=False)
MARGINS = st.one_of(st.just(0.0), st.just(0.5), st.floats(0, 10), st.just(1e308))


@given(boxes_in_images(), MARGINS)
def test_surroundings_lie_inside_the_image_and_hold_the_clipped_box(
    box: tuple[np.ndarray, int, int], margin: float
) -> None:
    corners, width, height = box
    x0, y0, x1, y1 = context_rect(tuple(corners[0].tolist()), width, height, margin)
    assert all(isinstance(edge, int) for edge in (x0, y0, x1, y1))
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height
    left, top, right, bottom = np.clip(corners[0], 0, [width, height, width, height])
    assert x0 <= left
    assert y0 <= top
    assert x1 >= right
    assert y1 >= bottom


@given(boxes_in_images(), st.floats(0, 5), st.floats(0, 5))
def test_a_larger_margin_shows_no_less(box: tuple[np.ndarray, int, int], margin: float, more: float) -> None:
    corners, width, height = box
    edges = tuple(corners[0].tolist())
    inner = context_rect(edges, width, height, margin)
    outer = context_rect(edges, width, height, margin + more)
    assert outer[0] <= inner[0]
    assert outer[1] <= inner[1]
    assert outer[2] >= inner[2]
    assert outer[3] >= inner[3]


@given(ANY_EDGES, ANY_EDGES, ANY_EDGES, ANY_EDGES, SIDES, SIDES, MARGINS)
def test_whatever_the_box_there_is_something_to_show(
    x0: float, y0: float, x1: float, y1: float, width: int, height: int, margin: float
) -> None:
    left, top, right, bottom = context_rect((x0, y0, x1, y1), width, height, margin)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@pytest.mark.parametrize(
    ("box", "margin", "expected"),
    [
        ((40, 40, 60, 50), 0.0, (40, 40, 60, 50)),
        ((40, 40, 60, 50), 0.5, (30, 30, 70, 60)),  # half of the longer side, on every side
        ((40.2, 40.2, 60.2, 50.2), 0.5, (30, 30, 71, 61)),  # outward to whole pixels
        ((-20, -20, 20, 10), 0.25, (0, 0, 30, 20)),  # of the box as given, not of what is left of it
        ((-500, -500, 500, 500), 0.0, (0, 0, 100, 80)),
        ((99.5, 0, 300, 1), 0.0, (99, 0, 100, 1)),
        ((200, 200, 210, 210), 0.0, (99, 79, 100, 80)),  # nowhere near: the nearest pixel
    ],
)
def test_surroundings_grow_by_the_longer_side_and_stop_at_the_border(
    box: tuple[float, float, float, float], margin: float, expected: tuple[int, int, int, int]
) -> None:
    assert context_rect(box, 100, 80, margin) == expected


@pytest.mark.parametrize(
    ("box", "margin"), [((0, 0, float("nan"), 1), 0.5), ((0, 0, 1, float("inf")), 0.5), ((0, 0, 1, 1), -0.1)]
)
def test_what_has_no_surroundings_is_refused(box: tuple[float, float, float, float], margin: float) -> None:
    with pytest.raises(ValueError, match="surroundings"):
        context_rect(box, 10, 10, margin)
