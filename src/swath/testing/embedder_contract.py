"""What every embedder promises. Subclass, override the fixture `embedder`, and pytest runs the promises on yours."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.pipeline.ports import Embedder


class EmbedderContract:
    """Vectors are compared bit for bit: a cached vector must be the one that would be computed again.

    The fixture `embedder` comes from the subclass.
    """

    @pytest.fixture
    def images(self, embedder: Embedder) -> NDArray[np.uint8]:
        """Nine images: noise, one colour, black, white, a gradient."""
        size = embedder.identity.input_size
        rng = np.random.default_rng(7)
        images = rng.integers(0, 256, (9, size, size, 3)).astype(np.uint8)
        images[1] = (200, 30, 90)
        images[2] = 0
        images[3] = 255
        images[4] = np.linspace(0, 255, size).astype(np.uint8)[:, None, None]
        return images

    def test_vectors_are_finite_float32_in_the_shape_the_identity_says(
        self, embedder: Embedder, images: NDArray[np.uint8]
    ) -> None:
        vectors = embedder.embed(images)
        assert vectors.shape == (len(images), embedder.identity.dimension)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()

    def test_different_images_get_different_vectors(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        assert len(np.unique(embedder.embed(images), axis=0)) > len(images) // 2

    def test_the_same_images_get_the_same_vectors_again(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        np.testing.assert_array_equal(embedder.embed(images), embedder.embed(images))

    @pytest.mark.parametrize("batch", [1, 2, 3, 8])
    def test_a_row_does_not_depend_on_the_size_of_the_batch(
        self, embedder: Embedder, images: NDArray[np.uint8], batch: int
    ) -> None:
        parts = [embedder.embed(images[start : start + batch]) for start in range(0, len(images), batch)]
        np.testing.assert_array_equal(np.concatenate(parts), embedder.embed(images))

    def test_a_row_does_not_depend_on_its_place_or_neighbours(
        self, embedder: Embedder, images: NDArray[np.uint8]
    ) -> None:
        order = np.random.default_rng(3).permutation(len(images))
        np.testing.assert_array_equal(embedder.embed(images[order]), embedder.embed(images)[order])

    def test_an_empty_batch_gives_no_rows_of_the_right_width(self, embedder: Embedder) -> None:
        size = embedder.identity.input_size
        vectors = embedder.embed(np.zeros((0, size, size, 3), dtype=np.uint8))
        assert vectors.shape == (0, embedder.identity.dimension)
        assert vectors.dtype == np.float32

    def test_images_in_any_memory_order_are_fine(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        strided = images[:, ::-1, ::-1]
        np.testing.assert_array_equal(embedder.embed(strided), embedder.embed(strided.copy()))

    def test_images_are_not_changed(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        before = images.copy()
        images.setflags(write=False)
        embedder.embed(images)
        np.testing.assert_array_equal(images, before)

    def test_earlier_results_survive_later_calls(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        first = embedder.embed(images[:2])
        copy = first.copy()
        embedder.embed(images[4:6])
        np.testing.assert_array_equal(first, copy)

    def test_threads_get_the_vectors_that_one_thread_gets(self, embedder: Embedder, images: NDArray[np.uint8]) -> None:
        expected = embedder.embed(images)
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(embedder.embed, [images, images[:5], images[3:]] * 4))
        for result, rows in zip(results, [slice(None), slice(5), slice(3, None)] * 4, strict=True):
            np.testing.assert_array_equal(result, expected[rows])

    def test_the_identity_is_stable_and_names_everything(self, embedder: Embedder) -> None:
        identity = embedder.identity
        assert identity == embedder.identity
        assert identity.name
        assert re.fullmatch(r"[0-9a-f]{64}", identity.digest)
        assert identity.dimension > 0
        assert identity.input_size > 0
        assert identity.resize_mode == "squash"

    @pytest.mark.parametrize("wrong", ["dtype", "size", "channels", "rank"])
    def test_images_of_another_shape_or_dtype_are_refused(
        self, embedder: Embedder, images: NDArray[np.uint8], wrong: str
    ) -> None:
        bad: Any = {
            "dtype": images.astype(np.float32),
            "size": images[:, :-1],
            "channels": images[..., :1],
            "rank": images[0],
        }[wrong]
        with pytest.raises(ValueError, match=str(embedder.identity.input_size)):
            embedder.embed(bad)
