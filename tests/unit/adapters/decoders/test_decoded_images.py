"""What comes out of ugly and ordinary images: exact sizes at every scale, the right colours, the same from threads."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.errors import UnreadableImage
from swath.testing import ugly_images as ugly

PHOTOS = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "coco128"
codec = PillowCodec()


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    files = sorted(PHOTOS.glob("*.jpg"))[:6]
    if not files:
        pytest.skip("needs the photos of coco128 beside the repository")
    return [file.read_bytes() for file in files]


# Sizes


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("width", "height"), [(64, 64), (67, 131), (640, 427), (65, 1001), (320, 240)])
def test_a_scaled_size_is_the_exact_size_rounded_up(width: int, height: int, orientation: int) -> None:
    data = ugly.oriented(orientation, pixels=ugly.picture(width, height))
    offered = codec.probe(data).max_scale
    for scale in (s for s in (1, 2, 4, 8) if s <= offered):
        assert codec.decode(data, scale=scale).shape == (-(-height // scale), -(-width // scale), 3)


def test_photos_shrink_without_moving(photos: list[bytes]) -> None:
    for data in photos:
        full = codec.decode(data).astype(float)
        height, width = (side // 8 * 8 for side in full.shape[:2])
        means = full[:height, :width].reshape(height // 8, 8, width // 8, 8, 3).mean(axis=(1, 3))
        small = codec.decode(data, scale=8)[: height // 8, : width // 8]
        in_place, beside = np.abs(small - means).mean(), np.abs(small[:, 1:] - means[:, :-1]).mean()
        assert in_place < 3
        assert beside > 2 * in_place


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "PPM", "GIF"])
def test_an_image_of_one_pixel_is_its_colour(file_format: str) -> None:
    data = ugly.encoded(Image.new("RGB", (1, 1), (200, 40, 90)), file_format)
    info = codec.probe(data)
    assert (info.width, info.height, info.max_scale) == (1, 1, 1)
    assert np.abs(codec.decode(data, scale=8)[0, 0].astype(int) - [200, 40, 90]).max() <= 8


@pytest.mark.parametrize(("width", "height"), [(20_000, 70), (70, 20_000)])
def test_a_very_long_image_is_decoded_at_every_scale(width: int, height: int) -> None:
    picture = ugly.picture(width, height)
    data = ugly.jpeg(picture)
    assert codec.probe(data).max_scale == 8
    for scale in (1, 8):
        pixels = codec.decode(data, scale=scale)
        assert pixels.shape == (-(-height // scale), -(-width // scale), 3)
        assert np.abs(pixels[-1, -1].astype(int) - picture[-1, -1]).max() <= 8


@pytest.mark.parametrize("scale", [0, 3, 16, -1])
def test_a_scale_that_no_decoder_has_is_a_mistake(scale: int) -> None:
    with pytest.raises(ValueError, match="scale must be one of"):
        codec.decode(ugly.jpeg(), scale=scale)


# Colours


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_kind_of_jpeg_has_the_pixels_pillow_gives_it(subsampling: int, progressive: bool) -> None:
    data = ugly.jpeg(ugly.picture(101, 77), subsampling=subsampling, progressive=progressive, quality=60)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(codec.decode(data), np.asarray(image))


def test_sixteen_bits_of_colour_keep_the_colours() -> None:
    assert np.array_equal(codec.decode(ugly.sixteen_bit_rgb_png()), ugly.picture())


def test_half_transparent_pixels_are_half_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 200, 128))
    assert np.abs(codec.decode(ugly.encoded(image, "PNG"))[0, 0].astype(int) - [127, 127, 227]).max() <= 1


def test_a_crop_at_native_size_keeps_full_colour_and_a_thumbnail_does_not() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2, 0] = 255  # one pixel wide: shared colour smears them
    native = codec.decode(codec.encode_jpeg(stripes)).astype(int)
    small = codec.decode(codec.encode_jpeg(stripes, longest_side=64)).astype(int)
    assert np.abs(native - stripes).max() <= 25
    assert np.abs(small - stripes).max() > 60


# What cannot be read


@pytest.mark.parametrize("name", [name for name, (_, reason) in ugly.UNREADABLE.items() if reason != "truncated"])
def test_what_the_header_gives_away_is_refused_by_the_probe_already(name: str) -> None:
    make, reason = ugly.UNREADABLE[name]
    with pytest.raises(UnreadableImage) as caught:
        codec.probe(make())
    assert caught.value.reason == reason


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "PPM", "GIF"])
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_refused(file_format: str, keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = ugly.truncated(ugly.encoded(Image.fromarray(noise), file_format), keep)
    with pytest.raises(UnreadableImage) as caught:
        codec.decode(data)
    assert caught.value.reason in ("truncated", "corrupt")
    assert caught.value.message


# Threads


def test_threads_leave_no_warning_and_no_filter_behind(photos: list[bytes]) -> None:
    files = [*photos, ugly.with_damaged_exif(), ugly.palette_png(transparent=True)]
    expected = [codec.decode(data) for data in files]
    wrong: list[int] = []

    def work() -> None:
        for _ in range(4):
            for number, data in enumerate(files):
                if not np.array_equal(codec.decode(data), expected[number]):
                    wrong.append(number)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before
    assert wrong == []
    assert [str(warning.message) for warning in seen] == []
