from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.embeddings import to_stored
from swath.pipeline.crop_embedding import ROWS_PER_CACHE_WRITE, CropEmbedding
from swath.pipeline.read_ahead import Stopped
from swath.testing.fake_embedder import FakeEmbedder

Fixture = Any  # of conftest.py: Workplace
SIZE = 32


def crops_of(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def keys_of(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(6).integers(0, 256, (count, 16), dtype=np.uint8)


def embedding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("swath-embed-")]


class Breaks(FakeEmbedder):
    """Embeds `after` batches, then breaks."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._left -= 1
        if self._left < 0:
            raise MemoryError("no memory for this batch")
        return super().embed(images)


def embed_crops(place: Any, embedder: FakeEmbedder, count: int, *, batch_size: int, threads: int) -> None:
    """Embed that many crops; the cache gets them under keys_of(count)."""
    crops, keys = crops_of(count), keys_of(count)
    vectors = np.zeros((count, 48), np.float16)
    with CropEmbedding(embedder, place.cache, vectors, batch_size=batch_size, threads=threads) as embedding:
        for row in range(count):
            embedding.add(row, keys[row], crops[row])


class Waits(FakeEmbedder):
    """Embeds nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self.may.wait(30)
        return super().embed(images)


@pytest.mark.parametrize(("batch_size", "threads"), [(1, 1), (7, 3), (64, 2), (1000, 4)])
def test_every_vector_lands_in_its_row_whoever_adds_it(place: Fixture, batch_size: int, threads: int) -> None:
    count = 150
    crops, keys = crops_of(count), keys_of(count)
    vectors = np.zeros((count + 1, 48), np.float16)
    rows = np.random.default_rng(0).permutation(count)
    with CropEmbedding(place.embedder, place.cache, vectors, batch_size=batch_size, threads=threads) as embedding:
        adders = [
            threading.Thread(
                target=lambda part: [embedding.add(row, keys[row], crops[row]) for row in part], args=(part,)
            )
            for part in (rows[first::4].tolist() for first in range(4))
        ]
        for adder in adders:
            adder.start()
        for adder in adders:
            adder.join()
    expected = to_stored(FakeEmbedder().embed(crops))
    assert (vectors[:count] == expected).all()
    assert not vectors[count].any()
    assert embedding.embedded == count
    assert sum(place.embedder.batches) == count
    assert max(place.embedder.batches) <= batch_size
    found, cached = place.cache.get(keys, 48)
    assert found.all()
    assert (cached == expected).all()
    assert not embedding_threads()


def test_nothing_added_embeds_nothing(place: Fixture) -> None:
    with CropEmbedding(place.embedder, place.cache, np.zeros((0, 48), np.float16), batch_size=4, threads=2):
        pass
    assert place.embedder.batches == []


@pytest.mark.parametrize("after", [0, 2])
def test_what_the_embedder_raises_comes_out_and_no_thread_hangs(place: Fixture, after: int) -> None:
    with pytest.raises(MemoryError, match="no memory for this batch"):
        embed_crops(place, Breaks(after), 200, batch_size=2, threads=2)
    assert not embedding_threads()


def test_a_failure_in_the_last_batch_comes_out_on_leaving(place: Fixture) -> None:
    with pytest.raises(MemoryError):
        embed_crops(place, Breaks(0), 1, batch_size=100, threads=2)


def test_what_was_embedded_before_a_failure_is_cached(place: Fixture) -> None:
    with pytest.raises(MemoryError):
        embed_crops(place, Breaks(3), 40, batch_size=5, threads=1)
    assert place.cache.get(keys_of(40), 48)[0].tolist() == [True] * 15 + [False] * 25


def test_the_callers_own_error_is_not_replaced_by_one_of_the_embedder(place: Fixture) -> None:
    def add_and_fail() -> None:
        with CropEmbedding(Breaks(0), place.cache, np.zeros((2, 48), np.float16), batch_size=1, threads=1) as embedding:
            embedding.add(0, keys_of(1)[0], crops_of(1)[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    assert not embedding_threads()


def test_an_embedder_that_gives_too_few_vectors_is_found_out(place: Fixture) -> None:
    class DropsOne(FakeEmbedder):
        def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
            return super().embed(images[1:])

    with pytest.raises(AssertionError, match="2 vectors for 3 crops"):
        embed_crops(place, DropsOne(), 3, batch_size=3, threads=1)


def test_whoever_adds_waits_while_too_many_batches_do(place: Fixture) -> None:
    embedder, threads, batch_size = Waits(), 2, 3
    room = (threads + threads + 2) * batch_size  # one batch in each thread, the others in the queue
    crop, key = crops_of(1)[0], keys_of(1)[0]
    added = 0
    with CropEmbedding(
        embedder, place.cache, np.zeros((100, 48), np.float16), batch_size=batch_size, threads=threads
    ) as embedding:

        def add_all() -> None:
            nonlocal added
            for row in range(100):
                embedding.add(row, key, crop)
                added += 1

        adder = threading.Thread(target=add_all)
        adder.start()
        deadline = time.monotonic() + 10
        while added < room + batch_size - 1 and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.3)
        held_up_at = added
        embedder.may.set()
        adder.join()
    assert held_up_at == room + batch_size - 1  # the last batch is full once one more comes, and that one waits
    assert embedding.embedded == 100


def test_after_a_stop_nothing_more_is_taken(place: Fixture) -> None:
    with CropEmbedding(
        place.embedder, place.cache, np.zeros((9, 48), np.float16), batch_size=1, threads=1
    ) as embedding:
        embedding.stopped.set()
        with pytest.raises(Stopped):
            embedding.add(0, keys_of(1)[0], crops_of(1)[0])
    assert not embedding_threads()


def test_a_stop_releases_whoever_waits(place: Fixture) -> None:
    embedder = Waits()
    crop, key = crops_of(1)[0], keys_of(1)[0]
    outcome: list[str] = []
    with CropEmbedding(embedder, place.cache, np.zeros((99, 48), np.float16), batch_size=1, threads=1) as embedding:

        def add_all() -> None:
            try:
                for row in range(99):
                    embedding.add(row, key, crop)
            except Stopped:
                outcome.append("stopped")

        adder = threading.Thread(target=add_all)
        adder.start()
        time.sleep(0.05)
        embedding.stopped.set()
        adder.join(10)
        embedder.may.set()
    assert outcome == ["stopped"]


def test_new_vectors_reach_the_cache_in_large_pieces(place: Fixture) -> None:
    class Cache:
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def put(self, keys: NDArray[np.uint8], vectors: NDArray[np.float16]) -> None:
            assert len(keys) == len(vectors)
            self.sizes.append(len(keys))

    count = ROWS_PER_CACHE_WRITE + 300
    crop, keys = crops_of(1)[0], keys_of(count)
    cache: Any = Cache()
    with CropEmbedding(
        FakeEmbedder(), cache, np.zeros((count, 48), np.float16), batch_size=256, threads=1
    ) as embedding:
        for row in range(count):
            embedding.add(row, keys[row], crop)
    assert sum(cache.sizes) == count
    assert cache.sizes == [ROWS_PER_CACHE_WRITE, 300]
