"""The Pillow codec beyond its contract: both ways of decoding agree, odd modes look right, limits hold, silence."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.errors import UnreadableImage
from swath.testing import ugly_images as ugly

PHOTOS = Path(__file__).parents[4].parent / "shared" / "data" / "coco128"
photos = sorted(PHOTOS.glob("*.jpg"))[:24]
codec = PillowCodec()


def by_pillow(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


# The fast path


@pytest.mark.skipif(not photos, reason=f"no photos in {PHOTOS}")
def test_photos_decode_to_what_pillow_makes_of_them() -> None:
    for photo in photos:
        data = photo.read_bytes()
        assert np.array_equal(codec.decode(data), by_pillow(data)), photo.name


@pytest.mark.skipif(not photos, reason=f"no photos in {PHOTOS}")
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_smaller_photos_are_the_same_from_either_decoder(scale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [photo.read_bytes() for photo in photos[:8]]
    fast = [codec.decode(data, scale=scale) for data in files]
    monkeypatch.setattr(simplejpeg, "decode_jpeg", refuse)
    for pixels, data in zip(fast, files, strict=True):
        assert np.array_equal(pixels, codec.decode(data, scale=scale))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("scale", [1, 2, 8])
def test_orientations_are_the_same_from_either_decoder(
    orientation: int, scale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ugly.oriented(orientation, pixels=ugly.picture(200, 136))
    fast = codec.decode(data, scale=scale)
    assert scale > 1 or np.array_equal(fast, by_pillow(data))
    monkeypatch.setattr(simplejpeg, "decode_jpeg", refuse)
    assert np.array_equal(fast, codec.decode(data, scale=scale))


def test_ordinary_jpegs_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = np.full((32, 48, 3), 7, np.uint8)
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda *args, **kwargs: marked)
    for make in (ugly.jpeg, ugly.grey_jpeg, lambda: ugly.jpeg(progressive=True)):
        assert np.array_equal(codec.decode(make()), marked)
    assert not np.array_equal(codec.decode(ugly.cmyk_jpeg()), marked)


def test_a_jpeg_that_the_fast_path_warns_about_is_read_if_pillow_reads_it() -> None:
    data = ugly.jpeg(ugly.picture(160, 120))
    garbage = data[:-2] + b"\x11" * 20 + data[-2:]
    with pytest.raises(ValueError, match="extraneous"):
        simplejpeg.decode_jpeg(garbage)
    assert np.array_equal(codec.decode(garbage), by_pillow(data))


def test_a_jpeg_without_its_end_marker_is_truncated_as_pillow_says() -> None:
    data = ugly.jpeg(ugly.picture(160, 120))[:-2]
    with pytest.raises(OSError, match="truncated"):
        by_pillow(data)
    with pytest.raises(UnreadableImage) as caught:
        codec.decode(data)
    assert caught.value.reason == "truncated"


def test_only_jpegs_large_enough_can_be_decoded_smaller() -> None:
    assert codec.probe(ugly.jpeg(ugly.picture(64, 64))).max_scale == 8
    assert codec.probe(ugly.jpeg(ugly.picture(64, 63))).max_scale == 1
    assert codec.probe(ugly.png(ugly.picture(640, 480))).max_scale == 1


def test_a_turned_photo_offers_only_scales_that_keep_its_grid() -> None:
    # Stored 132 wide and 100 high; orientation 6 makes the stored rows run backwards across the upright image.
    data = ugly.oriented(6, pixels=ugly.picture(100, 132))
    assert codec.probe(data).max_scale == 4
    assert codec.probe(ugly.oriented(1, pixels=ugly.picture(100, 132))).max_scale == 8


def refuse(*args: object, **kwargs: object) -> None:
    raise ValueError("not today")


# What odd modes mean


def test_sixteen_bits_become_eight_without_clipping() -> None:
    for file_format in ("PNG", "TIFF", "PPM"):
        pixels = codec.decode(ugly.sixteen_bit(file_format))[0, :, 0].astype(int)
        assert np.abs(pixels - np.linspace(0, 255, 48)).max() <= 1


def test_floats_from_0_to_1_become_0_to_255() -> None:
    pixels = codec.decode(ugly.float_tiff())
    assert np.abs(pixels[1, :, 0] - np.linspace(0, 255, 48)).max() <= 0.5
    assert pixels[0, 0].tolist() == [0, 0, 0]  # not a number


def test_values_without_a_nominal_range_are_stretched() -> None:
    heat = np.array([[-40.0, 0.0, 60.0]], dtype=np.float32)
    assert codec.decode(ugly.encoded(Image.fromarray(heat), "TIFF"))[0, :, 0].tolist() == [0, 102, 255]
    depth = np.array([[0, 1_000_000, 2_000_000]], dtype=np.int32)
    assert codec.decode(ugly.encoded(Image.fromarray(depth), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    flat = np.full((2, 2), 3.5e8, dtype=np.float32)
    assert not codec.decode(ugly.encoded(Image.fromarray(flat), "TIFF")).any()


def test_what_is_see_through_is_white() -> None:
    for data in (ugly.alpha_png(), ugly.alpha_png("LA"), ugly.palette_png(transparent=True)):
        pixels = codec.decode(data)
        assert (pixels[:, :24] == 255).all()
        assert (pixels[:, 24:] != 255).any(axis=2).all()
    assert (codec.decode(ugly.palette_png())[:, :24] == 0).all()


def test_animations_and_pages_are_their_first_frame() -> None:
    for file_format in ("WEBP", "TIFF"):
        assert np.array_equal(codec.decode(ugly.frames(file_format)), ugly.picture())
    assert codec.decode(ugly.frames("GIF")).max() > 200


def test_cmyk_shows_the_right_colours() -> None:
    assert np.abs(codec.decode(ugly.cmyk_jpeg()).astype(int) - ugly.picture()).max() <= 6


# EXIF


def test_an_orientation_after_the_pixels_of_a_png_counts_in_the_header_too() -> None:
    data = ugly.oriented(6, "PNG")
    at = data.index(b"eXIf") - 4
    length = int.from_bytes(data[at : at + 4], "big") + 12
    chunk, without = data[at : at + length], data[:at] + data[at + length :]
    late = without[:-12] + chunk + without[-12:]
    info = codec.probe(late)
    assert (info.width, info.height) == (48, 32)
    assert np.array_equal(codec.decode(late), ugly.picture())


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_means_nothing_turns_nothing(value: int) -> None:
    assert codec.decode(ugly.oriented(value)).shape == (32, 48, 3)


# Limits


def test_the_limit_is_named_and_only_the_header_is_read() -> None:
    small = PillowCodec(max_pixels=1000)
    with pytest.raises(UnreadableImage, match=r"48 x 32 pixels.*1,000") as caught:
        small.decode(ugly.png())
    assert caught.value.reason == "too_large"
    with pytest.raises(UnreadableImage):
        small.probe(ugly.jpeg())
    assert PillowCodec(max_pixels=48 * 32).decode(ugly.png()).shape == (32, 48, 3)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP", "JPEG", "GIF"])
def test_pillows_own_limit_is_neither_met_nor_moved(file_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ugly.encoded(Image.fromarray(ugly.picture()), file_format)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert codec.decode(data).shape == (32, 48, 3)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.slow
@pytest.mark.parametrize(("file_format", "height"), [("JPEG", 20_000), ("PNG", 10_000), ("TIFF", 10_000)])
def test_images_beyond_pillows_limit_are_decoded(file_format: str, height: int) -> None:
    options = {"TIFF": {"compression": "tiff_lzw"}}.get(file_format, {})
    data = ugly.encoded(Image.new("RGB", (20_000, height), (200, 100, 50)), file_format, **options)
    assert codec.probe(data).width == 20_000
    pixels = codec.decode(data)
    assert pixels.shape == (height, 20_000, 3)
    assert np.abs(pixels[-1, -1].astype(int) - (200, 100, 50)).max() <= 2


def test_a_crop_longer_than_a_jpeg_can_be_is_shrunk_to_fit() -> None:
    pixels = np.zeros((1, 70_000, 3), np.uint8)
    assert codec.decode(codec.encode_jpeg(pixels)).shape == (1, 65_500, 3)


# What must not get out

SEEDS = [
    ugly.jpeg(ugly.picture(70, 66)),
    ugly.jpeg(progressive=True),
    ugly.oriented(6),
    ugly.cmyk_jpeg(),
    ugly.png(),
    ugly.palette_png(transparent=True),
    ugly.sixteen_bit("PNG"),
    ugly.oriented(6, "PNG"),
    *(
        ugly.encoded(Image.fromarray(ugly.picture()), name)
        for name in ("TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000")
    ),
    ugly.encoded(Image.fromarray(ugly.picture()), "TIFF", compression="tiff_lzw"),
    ugly.frames("GIF"),
    ugly.frames("WEBP"),
]


@pytest.mark.parametrize("exc", [MemoryError(), AssertionError("x"), RecursionError("deep"), KeyError(3)])
def test_whatever_pillow_raises_becomes_an_unreadable_image(exc: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise exc

    data = ugly.png()
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", fail)
    with pytest.raises(UnreadableImage) as caught:
        codec.decode(data)
    assert caught.value.reason == ("too_large" if isinstance(exc, MemoryError) else "corrupt")
    assert caught.value.__cause__ is exc


def test_ugly_files_are_silent(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    files = [make() for make in ugly.READABLE.values()] + [make() for make, _ in ugly.UNREADABLE.values()]
    files += [ugly.truncated(seed, keep) for seed in SEEDS for keep in (0.05, 0.3, 0.9)]
    with caplog.at_level(logging.INFO), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for data in files:
            try:
                codec.decode(data)
            except UnreadableImage:
                continue
    assert [str(warning.message) for warning in caught] == []
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_message_says_what_a_file_looks_like_instead() -> None:
    with pytest.raises(UnreadableImage, match="HTML"):
        codec.probe(ugly.html_page())
    with pytest.raises(UnreadableImage, match="HEIC"):
        codec.probe(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(UnreadableImage, match="Git LFS"):
        codec.probe(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
