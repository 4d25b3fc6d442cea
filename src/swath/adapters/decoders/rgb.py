"""Makes upright 8-bit RGB out of whatever Pillow has decoded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels: white, as in a browser. Dropping the alpha channel instead would show
colours nobody ever sees, often black."""

# What each EXIF orientation does to the stored rows and columns: swap them first, then mirror.
_TURNED = frozenset({5, 6, 7, 8})
_COLUMNS_MIRRORED = frozenset({2, 3, 6, 7})
_ROWS_MIRRORED = frozenset({3, 4, 7, 8})


def rgb_image(image: Image.Image) -> Image.Image:
    """An RGB image of the same size, transparency laid over white. ICC profiles are not applied.

    Grey values of more than 8 bits keep their order: 16 bits lose the lower 8; 32-bit integers and floats, which
    have no nominal range, are stretched from their least to their greatest value.
    """
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_grey_to_8_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        flat = Image.new("RGB", image.size, BACKGROUND)
        flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return flat
    return image if image.mode == "RGB" else image.convert("RGB")


def is_turned(orientation: int) -> bool:
    """Whether an EXIF orientation swaps width and height."""
    return orientation in _TURNED


def mirrored_sides(width: int, height: int, orientation: int) -> tuple[int, ...]:
    """Those sides of the upright image (width, height) along which the stored pixels run backwards."""
    columns = (width,) if orientation in _COLUMNS_MIRRORED else ()
    return (*columns, height) if orientation in _ROWS_MIRRORED else columns


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Pixels (H, W, 3) as they are meant to be seen, by EXIF orientation 1 to 8; contiguous."""
    view = pixels.transpose(1, 0, 2) if is_turned(orientation) else pixels
    if orientation in _COLUMNS_MIRRORED:
        view = view[:, ::-1]
    if orientation in _ROWS_MIRRORED:
        view = view[::-1]
    if view.flags.c_contiguous:
        return view
    turned = np.empty(view.shape, dtype=np.uint8)
    for channel in range(3):  # a channel at a time: numpy copies this twice as fast as pixels of three bytes
        turned[..., channel] = view[..., channel]
    return turned


def _grey_to_8_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return (values.astype(np.uint16, copy=False) >> 8).astype(np.uint8)
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    low, high = (numbers[finite].min(), numbers[finite].max()) if finite.any() else (0.0, 0.0)
    if values.dtype.kind == "i" and low >= 0 and high <= 0xFFFF:
        return (values.astype(np.uint16) >> 8).astype(np.uint8)  # 16 bits in a wider container
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0  # the usual convention for floats
    numbers = np.where(finite, numbers, low)
    spread = high - low
    return (
        np.rint((numbers - low) * (255.0 / spread)).astype(np.uint8) if spread > 0 else np.zeros(values.shape, np.uint8)
    )
