from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from swath.formats.png import write_indexed_png


def random_palette(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size=(count, 4), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width", "colours"), [(1, 1, 1), (3, 5, 2), (64, 64, 256), (2, 300, 17)])
def test_a_picture_is_read_as_it_was_written(height: int, width: int, colours: int) -> None:
    palette = random_palette(colours)
    indices = np.random.default_rng(1).integers(0, colours, size=(height, width), dtype=np.uint8)
    with Image.open(io.BytesIO(write_indexed_png(indices, palette))) as image:
        image.verify()
    with Image.open(io.BytesIO(write_indexed_png(indices, palette))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), palette[indices])


@pytest.mark.parametrize(
    ("indices", "palette"),
    [
        (np.zeros((0, 4), np.uint8), random_palette(2)),
        (np.full((2, 2), 2, np.uint8), random_palette(2)),
        (np.zeros((2, 2), np.uint8), random_palette(0)),
        (np.zeros((2, 2), np.uint8), random_palette(3)[:, :3]),
    ],
)
def test_what_is_no_picture_is_refused(indices: np.ndarray, palette: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"palette|picture"):
        write_indexed_png(indices, palette)
