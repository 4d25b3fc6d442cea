"""The image codec: simplejpeg for ordinary JPEGs, Pillow for everything else and whenever the two might differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile

from swath.adapters.decoders.pillow_files import open_image, orientation_of, refusal
from swath.adapters.decoders.pillow_warnings import pillow_warnings_ignored
from swath.adapters.decoders.rgb import is_turned, mirrored_sides, rgb_image, upright
from swath.pipeline.ports import ImageInfo

DEFAULT_MAX_PIXELS = 400_000_000
"""Largest image that is decoded: 20,000 x 20,000, which takes 1.2 GB."""

MAX_JPEG_SIDE = 65_500
"""Largest side libjpeg writes."""

_SCALES = (1, 2, 4, 8)
_MIN_SCALED_SIDE = 64  # below this, decoding smaller saves nothing, and the sizes libjpeg offers get ambiguous
_REDUCING_GAP = 2.0  # shrink by whole factors first, down to twice the size: 6x faster on large crops, looks the same
_NATIVE_QUALITY = 95  # crops are training data: no colour subsampling, artefacts below what a model can use
_THUMBNAIL_QUALITY = 85


class PillowCodec:
    """Answers ImageCodec. Keeps no state besides its limit; most of the work runs outside the GIL.

    What Pillow can read is readable: a JPEG that the fast path refuses or warns about is decoded by Pillow. Both
    give the same pixels. Animations and multi-page files are their first frame.
    """

    def __init__(self, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> None:
        self._max_pixels = max_pixels

    def probe(self, data: bytes) -> ImageInfo:
        with pillow_warnings_ignored():
            image = open_image(data, max_pixels=self._max_pixels)
            orientation = orientation_of(image, data)
        width, height = _upright_size(image, orientation)
        name = image.format or ""
        return ImageInfo(
            width=width,
            height=height,
            format="JPEG" if name == "MPO" else name,
            max_scale=_max_scale(image, orientation),
        )

    def decode(self, data: bytes, *, scale: int = 1) -> NDArray[np.uint8]:
        """Asked for a greater scale than the image's `max_scale`, decodes at that one."""
        if scale not in _SCALES:
            raise ValueError(f"scale must be one of {_SCALES}, not {scale}")
        with pillow_warnings_ignored():
            image = open_image(data, max_pixels=self._max_pixels)
            pixels = None
            if _is_plain_jpeg(image):
                scale = min(scale, _max_scale(image, orientation_of(image, data)))
                pixels = _decode_jpeg(image, data, scale)
            if pixels is None:
                pixels = _decode_with_pillow(image, data, scale)
            return upright(pixels, orientation_of(image, data))

    def crop_resized(self, pixels: NDArray[np.uint8], rect: Sequence[int], size: int) -> NDArray[np.uint8]:
        """Bicubic with antialiasing; nothing outside the rectangle has a part in it."""
        resized = Image.fromarray(_cut(pixels, rect)).resize(
            (size, size), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP
        )
        return np.asarray(resized)

    def encode_jpeg(
        self, pixels: NDArray[np.uint8], rect: Sequence[int] | None = None, *, longest_side: int | None = None
    ) -> bytes:
        """Quality 95 without colour subsampling at native size, 85 with it for thumbnails (`longest_side` given).

        The same pixels always give the same bytes. What is longer than a JPEG can be is shrunk to fit.
        """
        cut = pixels if rect is None else _cut(pixels, rect)
        limit = min(longest_side or MAX_JPEG_SIDE, MAX_JPEG_SIDE)
        height, width = cut.shape[:2]
        if max(height, width) > limit:
            factor = limit / max(height, width)
            smaller = (max(1, round(width * factor)), max(1, round(height * factor)))
            image = Image.fromarray(cut).resize(smaller, Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
            cut = np.asarray(image)
        native = longest_side is None
        encoded: bytes = simplejpeg.encode_jpeg(
            np.ascontiguousarray(cut),
            quality=_NATIVE_QUALITY if native else _THUMBNAIL_QUALITY,
            colorspace="RGB",
            colorsubsampling="444" if native else "420",
        )
        return encoded


def _is_plain_jpeg(image: ImageFile.ImageFile) -> bool:
    """Grey, YCbCr or RGB; CMYK and its kin come in dialects that Pillow knows better."""
    return image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")


def _upright_size(image: ImageFile.ImageFile, orientation: int) -> tuple[int, int]:
    return (image.height, image.width) if is_turned(orientation) else image.size


def _max_scale(image: ImageFile.ImageFile, orientation: int) -> int:
    """The largest scale at which pixel (x, y) of the small image shows (x, y) * scale of the upright one.

    Small pixels are counted from the stored edges. Where turning upright makes such an edge the far one, a side that
    is no multiple of the scale would shift everything by the rest.
    """
    if not _is_plain_jpeg(image) or min(image.size) < _MIN_SCALED_SIDE:
        return 1
    mirrored = mirrored_sides(*_upright_size(image, orientation), orientation)
    return max(scale for scale in _SCALES if all(side % scale == 0 for side in mirrored))


def _decode_jpeg(image: ImageFile.ImageFile, data: bytes, scale: int) -> NDArray[np.uint8] | None:
    """Pixels by the fast path, None if Pillow should decide; libjpeg offers exactly the sizes rounded up."""
    width, height = (-(-side // scale) for side in image.size)
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, "RGB", min_height=height, min_width=width)
    except ValueError:  # broken, or merely odd: it is strict
        return None
    return pixels if pixels.shape == (height, width, 3) else None


def _decode_with_pillow(image: ImageFile.ImageFile, data: bytes, scale: int) -> NDArray[np.uint8]:
    try:
        if scale > 1 and _is_plain_jpeg(image):
            image.draft(None, (image.width // scale, image.height // scale))
        image.load()
        rgb = rgb_image(image)
    except Exception as exc:
        raise refusal(exc, data) from exc
    return np.asarray(rgb)


def _cut(pixels: NDArray[np.uint8], rect: Sequence[int]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = (int(edge) for edge in rect)
    height, width = pixels.shape[:2]
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"rectangle {(x0, y0, x1, y1)} is empty or not inside {width} x {height} pixels")
    return pixels[y0:y1, x0:x1]
