"""Bytes of real files, flipped and cut at random: an image comes out or UnreadableImage, nothing else ever."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.errors import UnreadableImage
from swath.testing.ugly_images import encoded

PHOTO = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "coco128" / "000000000009.jpg"
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("JPEG", {}),
    "progressive jpeg": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "tiff": ("TIFF", {}),
    "lzw tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "webp": ("WEBP", {}),
    "bmp": ("BMP", {}),
    "ppm": ("PPM", {}),
    "gif": ("GIF", {}),
}
REASONS = {"empty", "not_an_image", "too_large", "truncated", "unsupported", "corrupt"}
# A damaged header may claim any size: two megapixels keep a test from filling gigabytes.
codec = PillowCodec(max_pixels=2_000_000)

flips = st.lists(
    # Half of the damage goes to the first bytes, where headers and tables are.
    st.tuples(st.one_of(st.integers(0, 400), st.integers(0, 1_000_000)), st.integers(0, 255)),
    max_size=12,
)


@cache
def photo(kind: str) -> bytes:
    """A small real photo in one of the formats."""
    if not PHOTO.is_file():
        pytest.skip("needs the photos of coco128 beside the repository")
    file_format, options = KINDS[kind]
    with Image.open(io.BytesIO(PHOTO.read_bytes())) as image:
        return encoded(image.convert("RGB").resize((96, 72)), file_format, **options)


def reason_for_refusing(work: Callable[[], object]) -> str:
    """The reason why an image is unreadable, or nothing; any other exception passes."""
    try:
        work()
    except UnreadableImage as refused:
        return refused.reason
    return ""


def check(data: bytes, scale: int) -> None:
    """Probe and decode: no error but UnreadableImage, for a reason of the list, and sizes that agree."""
    refusals: list[UnreadableImage] = []
    info = pixels = None
    try:
        info = codec.probe(data)
    except UnreadableImage as refused:
        refusals.append(refused)
    try:
        pixels = codec.decode(data, scale=scale)
    except UnreadableImage as refused:
        refusals.append(refused)
    assert all(refused.reason in REASONS and refused.message for refused in refusals)
    if pixels is not None:
        assert info is not None  # what the header forbids, decoding never allows
        assert info.max_scale in (1, 2, 4, 8)
        used = min(scale, info.max_scale)
        assert pixels.dtype == np.uint8
        assert pixels.shape == (-(-info.height // used), -(-info.width // used), 3)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=120, deadline=None)
@given(flips=flips, keep=st.one_of(st.just(1.0), st.floats(0, 1)), scale=st.sampled_from([1, 2, 8]))
def test_a_damaged_file_is_an_image_or_unreadable(
    kind: str, flips: list[tuple[int, int]], keep: float, scale: int
) -> None:
    damaged = bytearray(photo(kind))
    for at, value in flips:
        damaged[at % len(damaged)] = value
    check(bytes(damaged[: int(len(damaged) * keep)]), scale)


MAGIC_NUMBERS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"BM",
    b"P6 ",
    b"GIF89a",
    b"",
]


@settings(max_examples=150, deadline=None)
@given(start=st.sampled_from(MAGIC_NUMBERS), rest=st.binary(max_size=200))
def test_noise_after_a_magic_number_is_an_image_or_unreadable(start: bytes, rest: bytes) -> None:
    check(start + rest, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_photos_are_read(kind: str) -> None:
    assert codec.decode(photo(kind)).shape == (72, 96, 3)
