from __future__ import annotations

import math
from typing import Any

import pytest

from swath.wire.lightly.uploads import measurements, size_of

WHOLE: dict[str, Any] = {
    "sharpness": 3.5,
    "luminance": 40,
    "sizeInBytes": 1000,
    "snr": 2.5,
    "uniformRowRatio": 0.25,
    "mean": [0.1, 0.2, 0.3],
    "shape": [120, 160, 3],
    "std": [0.1, 0.2, 0.3],
    "sumOfSquares": [1, 2, 3.5],
    "sumOfValues": [4.5, 5, 6],
    "custom": {"a": 1},
    "dynamic": {},
}


def test_what_is_as_clients_want_it_stays_as_it_is() -> None:
    assert measurements(WHOLE) == WHOLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("is_corrupted", False),
        ("corruption", "broken"),
        ("sharpness", -1),
        ("sharpness", "3"),
        ("sharpness", True),
        ("snr", math.inf),
        ("snr", math.nan),
        ("luminance", 101),
        ("uniformRowRatio", 1.5),
        ("mean", [0.1, 0.2]),
        ("mean", [0.1, 0.2, 1.5]),
        ("std", [0.1, None, 0.3]),
        ("std", "abc"),
        ("shape", [120]),
        ("shape", [120, -1, 3]),
        ("custom", [1]),
    ],
)
def test_what_strict_clients_would_refuse_is_left_out(key: str, value: object) -> None:
    assert measurements({"sharpness": 3.5, key: value}) == ({} if key == "sharpness" else {"sharpness": 3.5})


def test_images_of_any_number_of_channels_are_told_of_as_three() -> None:
    assert measurements({"mean": [0.5]}) == {"mean": [0.5, 0.5, 0.5]}
    assert measurements({"mean": [0.1, 0.2, 0.3, 1.0]}) == {"mean": [0.1, 0.2, 0.3]}
    assert measurements({"shape": [120, 160]}) == {"shape": [120, 160, 1]}


def test_a_size_in_bytes_is_whole() -> None:
    (size,) = measurements({"sizeInBytes": 1000.0}).values()
    assert (size, type(size)) == (1000, int)


@pytest.mark.parametrize(
    ("measured", "size"),
    [
        ({"shape": [120, 160, 3]}, (160, 120)),
        ({"shape": (120, 160)}, (160, 120)),
        ({"shape": [120]}, (0, 0)),
        ({"shape": [1e300, 2, 3]}, (0, 0)),
        ({}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_the_size_of_an_image_follows_from_the_shape_of_its_pixels(
    measured: dict[str, Any] | None, size: tuple[int, int]
) -> None:
    assert size_of(measured) == size
