"""What every image codec must do. Inherit and answer the `codec` fixture with one of a limit of 400 megapixels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.errors import UnreadableImage
from swath.pipeline.ports import ImageCodec
from swath.testing.ugly_images import READABLE, UNREADABLE, jpeg, oriented, picture, png


class ImageCodecContract:
    """Behaviour every ImageCodec shares. The fixture `codec` comes from the subclass."""

    @pytest.mark.parametrize("name", READABLE)
    def test_a_readable_image_is_decoded_and_its_header_agrees(self, codec: ImageCodec, name: str) -> None:
        data = READABLE[name]()
        info, pixels = codec.probe(data), codec.decode(data)
        assert pixels.dtype == np.uint8
        assert pixels.shape == (info.height, info.width, 3)
        assert pixels.flags.c_contiguous

    @pytest.mark.parametrize("name", UNREADABLE)
    def test_an_unreadable_image_is_refused_with_a_reason(self, codec: ImageCodec, name: str) -> None:
        make, reason = UNREADABLE[name]
        with pytest.raises(UnreadableImage) as caught:
            codec.decode(make())
        assert caught.value.reason == reason
        assert caught.value.message

    @pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation_is_turned_upright(self, codec: ImageCodec, orientation: int, file_format: str) -> None:
        data = oriented(orientation, file_format)
        pixels = codec.decode(data)
        assert pixels.shape == picture().shape
        assert np.abs(pixels.astype(int) - picture()).max() <= (6 if file_format == "JPEG" else 0)
        info = codec.probe(data)
        assert (info.width, info.height) == (48, 32)

    @pytest.mark.parametrize("orientation", [1, 3, 6])
    @pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 479), (64, 65), (129, 1000)])
    def test_a_smaller_decode_has_sizes_rounded_up(
        self, codec: ImageCodec, width: int, height: int, orientation: int
    ) -> None:
        data = oriented(orientation, pixels=picture(width, height))
        info = codec.probe(data)
        full = codec.decode(data).astype(float)
        for scale in (s for s in (1, 2, 4, 8) if s <= info.max_scale):
            small = codec.decode(data, scale=scale)
            assert small.shape == (-(-height // scale), -(-width // scale), 3)
            # The middle of each small pixel shows what the large ones around it show.
            inner = small[: height // scale, : width // scale].astype(float)
            blocks = full[: height // scale * scale, : width // scale * scale]
            means = blocks.reshape(height // scale, scale, width // scale, scale, 3).mean(axis=(1, 3))
            assert np.abs(inner - means).max() <= 8

    def test_a_scale_the_image_does_not_offer_gives_the_one_it_does(self, codec: ImageCodec) -> None:
        data = png()
        assert codec.probe(data).max_scale == 1
        assert np.array_equal(codec.decode(data, scale=8), picture())

    def test_a_crop_depends_on_nothing_outside_it(self, codec: ImageCodec) -> None:
        inside = noise(90, 70)
        black, white = np.zeros((300, 400, 3), np.uint8), np.full((300, 400, 3), 255, np.uint8)
        for around in (black, white):
            around[100:190, 200:270] = inside
        rect = (200, 100, 270, 190)
        alone = codec.crop_resized(inside, (0, 0, 70, 90), 32)
        assert alone.shape == (32, 32, 3)
        assert np.array_equal(codec.crop_resized(black, rect, 32), alone)
        assert np.array_equal(codec.crop_resized(white, rect, 32), alone)

    def test_a_crop_of_one_pixel_is_its_colour(self, codec: ImageCodec) -> None:
        pixels = noise(5, 7)
        crop = codec.crop_resized(pixels, (6, 4, 7, 5), 16)
        assert np.array_equal(crop, np.broadcast_to(pixels[4, 6], (16, 16, 3)))

    def test_a_thin_crop_is_squashed_to_a_square(self, codec: ImageCodec) -> None:
        crop = codec.crop_resized(picture(2000, 3), (0, 1, 2000, 2), 128)
        assert crop.shape == (128, 128, 3)
        assert np.abs(np.diff(crop[0, :, 0].astype(int))).max() <= 4

    @pytest.mark.parametrize("rect", [(0, 0, 0, 5), (5, 5, 3, 8), (-1, 0, 4, 4), (0, 0, 49, 4), (0, 0, 4, 33)])
    def test_a_rectangle_that_is_empty_or_outside_is_refused(self, codec: ImageCodec, rect: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="rectangle"):
            codec.crop_resized(picture(), rect, 8)
        with pytest.raises(ValueError, match="rectangle"):
            codec.encode_jpeg(picture(), rect)

    def test_an_encoded_crop_keeps_its_pixels(self, codec: ImageCodec) -> None:
        pixels = picture(200, 150)
        data = codec.encode_jpeg(pixels, (20, 30, 121, 97))
        found = codec.decode(data)
        assert found.shape == (67, 101, 3)
        assert np.abs(found.astype(int) - pixels[30:97, 20:121]).max() <= 6
        assert codec.encode_jpeg(pixels, (20, 30, 121, 97)) == data

    def test_a_thumbnail_fits_and_is_never_enlarged(self, codec: ImageCodec) -> None:
        for width, height, expected in [(400, 300, (192, 256)), (300, 400, (256, 192)), (100, 50, (50, 100))]:
            data = codec.encode_jpeg(picture(width, height), longest_side=256)
            assert codec.decode(data).shape[:2] == expected
        assert codec.decode(codec.encode_jpeg(picture(5000, 2), longest_side=64)).shape == (1, 64, 3)

    def test_threads_get_the_same_pixels(self, codec: ImageCodec) -> None:
        files = [jpeg(picture(160, 120)), png(), oriented(6), *(READABLE[name]() for name in ("cmyk jpeg", "webp"))]
        expected = [codec.decode(data) for data in files]
        with ThreadPoolExecutor(4) as threads:
            for _ in range(5):
                for found, pixels in zip(threads.map(codec.decode, files * 4), expected * 4, strict=True):
                    assert np.array_equal(found, pixels)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """Random pixels (H, W, 3)."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
