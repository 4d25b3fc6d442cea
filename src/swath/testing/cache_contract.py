"""What every embedding cache and every image index must do. Inherit and answer the fixture with an empty one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from swath.pipeline.ports import EmbeddingCache, FileEntry, ImageIndex, KnownImage


def some_keys(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Random keys (count, 16)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 16), dtype=np.uint8)


def some_vectors(count: int, dimension: int, seed: int = 0) -> NDArray[np.float16]:
    """Random vectors (count, dimension)."""
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float16)


class EmbeddingCacheContract:
    """Behaviour every EmbeddingCache shares. The fixture `cache` comes from the subclass."""

    def test_an_empty_cache_has_nothing_and_answers_in_shape(self, cache: EmbeddingCache) -> None:
        there, vectors = cache.get(some_keys(3), 8)
        assert there.tolist() == [False] * 3
        assert there.dtype == np.bool_
        assert vectors.dtype == np.float16
        assert vectors.shape == (3, 8)
        assert not vectors.any()

    def test_vectors_come_back_bit_for_bit_in_the_order_asked(self, cache: EmbeddingCache) -> None:
        keys, vectors = some_keys(1500), some_vectors(1500, 128)
        cache.put(keys, vectors)
        order = np.random.default_rng(1).permutation(1500)
        there, found = cache.get(keys[order], 128)
        assert there.all()
        assert np.array_equal(found, vectors[order])

    def test_missing_rows_stay_in_their_places(self, cache: EmbeddingCache) -> None:
        keys, vectors = some_keys(10), some_vectors(10, 4)
        cache.put(keys[::2], vectors[::2])
        there, found = cache.get(keys, 4)
        assert there.tolist() == [True, False] * 5
        assert np.array_equal(found[::2], vectors[::2])
        assert not found[1::2].any()

    def test_a_key_asked_twice_is_answered_twice(self, cache: EmbeddingCache) -> None:
        keys, vectors = some_keys(2), some_vectors(2, 4)
        cache.put(keys, vectors)
        there, found = cache.get(keys[[1, 0, 1]], 4)
        assert there.all()
        assert np.array_equal(found, vectors[[1, 0, 1]])

    def test_the_last_vector_put_under_a_key_counts(self, cache: EmbeddingCache) -> None:
        keys = some_keys(3)
        cache.put(keys, some_vectors(3, 4, seed=1))
        cache.put(keys, some_vectors(3, 4, seed=2))
        assert np.array_equal(cache.get(keys, 4)[1], some_vectors(3, 4, seed=2))

    def test_vectors_of_another_dimension_are_not_there(self, cache: EmbeddingCache) -> None:
        keys = some_keys(3)
        cache.put(keys, some_vectors(3, 4))
        there, found = cache.get(keys, 8)
        assert not there.any()
        assert found.shape == (3, 8)

    def test_nothing_can_be_asked_and_put(self, cache: EmbeddingCache) -> None:
        cache.put(some_keys(0), some_vectors(0, 4))
        there, found = cache.get(some_keys(0), 4)
        assert there.shape == (0,)
        assert found.shape == (0, 4)

    def test_views_into_larger_arrays_are_fine(self, cache: EmbeddingCache) -> None:
        keys = np.asfortranarray(some_keys(6))[::2]
        vectors = np.asfortranarray(some_vectors(6, 10))[::2, 1:9]
        cache.put(keys, vectors)
        assert np.array_equal(cache.get(keys, 8)[1], vectors)

    def test_threads_may_put_and_get_at_once(self, cache: EmbeddingCache) -> None:
        def work(seed: int) -> bool:
            keys, vectors = some_keys(200, seed), some_vectors(200, 16, seed)
            cache.put(keys, vectors)
            there, found = cache.get(keys, 16)
            return bool(there.all()) and np.array_equal(found, vectors)

        with ThreadPoolExecutor(6) as threads:
            assert all(threads.map(work, range(24)))


def entry(key: str = "a/b.jpg", size: int = 10, version: str = "v1") -> FileEntry:
    return FileEntry(key=key, size=size, version=version)


def known(number: int = 1) -> KnownImage:
    return KnownImage(digest=bytes([number]) * 32, width=number, height=2, max_scale=8)


class ImageIndexContract:
    """Behaviour every ImageIndex shares. The fixture `index` comes from the subclass."""

    def test_an_empty_index_knows_nothing(self, index: ImageIndex) -> None:
        assert index.get("/data", [entry()]) == {}
        assert index.get("/data", []) == {}

    def test_what_was_put_comes_back_whole(self, index: ImageIndex) -> None:
        broken = KnownImage(digest=bytes(32), width=0, height=0, max_scale=1, unreadable="truncated")
        index.put("/data", [(entry("ü 写.jpg"), known()), (entry("b.jpg"), broken)])
        assert index.get("/data", [entry("ü 写.jpg"), entry("b.jpg"), entry("c.jpg")]) == {
            "ü 写.jpg": known(),
            "b.jpg": broken,
        }

    def test_a_file_of_another_size_or_version_is_not_known(self, index: ImageIndex) -> None:
        index.put("/data", [(entry(), known())])
        assert index.get("/data", [entry(size=11)]) == {}
        assert index.get("/data", [entry(version="v2")]) == {}
        assert index.get("/data", [entry()]) == {"a/b.jpg": known()}

    def test_the_same_key_of_another_datasource_is_another_file(self, index: ImageIndex) -> None:
        index.put("/data", [(entry(), known(1))])
        index.put("/other", [(entry(), known(2))])
        assert index.get("/data", [entry()]) == {"a/b.jpg": known(1)}
        assert index.get("/other", [entry()]) == {"a/b.jpg": known(2)}
        assert index.get("/third", [entry()]) == {}

    def test_the_last_put_counts(self, index: ImageIndex) -> None:
        index.put("/data", [(entry(version="v1"), known(1))])
        index.put("/data", [(entry(version="v2"), known(2))])
        assert index.get("/data", [entry(version="v1")]) == {}
        assert index.get("/data", [entry(version="v2")]) == {"a/b.jpg": known(2)}

    def test_digests_come_back_while_size_and_version_match(self, index: ImageIndex) -> None:
        assert index.get_digests("/data", [entry()]) == {}
        index.put_digests("/data", [(entry("ü 写.json"), bytes(32)), (entry("b.json"), b"\x01" * 32)])
        index.put_digests("/data", [])
        wanted = [entry("ü 写.json"), entry("b.json"), entry("c.json")]
        assert index.get_digests("/data", wanted) == {"ü 写.json": bytes(32), "b.json": b"\x01" * 32}
        assert index.get_digests("/data", [entry("b.json", size=11), entry("ü 写.json", version="v2")]) == {}
        assert index.get_digests("/other", wanted) == {}
        index.put_digests("/data", [(entry("b.json", version="v2"), b"\x02" * 32)])
        assert index.get_digests("/data", [entry("b.json", version="v1")]) == {}
        assert index.get_digests("/data", [entry("b.json", version="v2")]) == {"b.json": b"\x02" * 32}

    def test_digests_of_files_say_nothing_about_images(self, index: ImageIndex) -> None:
        index.put_digests("/data", [(entry("a.jpg"), bytes(32))])
        index.put("/data", [(entry("b.jpg"), known())])
        assert index.get("/data", [entry("a.jpg")]) == {}
        assert index.get_digests("/data", [entry("b.jpg")]) == {}

    def test_thousands_at_once(self, index: ImageIndex) -> None:
        entries = [entry(f"{i}.jpg") for i in range(3000)]
        index.put("/data", [(e, known(i % 200)) for i, e in enumerate(entries)])
        found = index.get("/data", entries[::-1])
        assert found == {e.key: known(i % 200) for i, e in enumerate(entries)}

    def test_threads_may_put_and_get_at_once(self, index: ImageIndex) -> None:
        def work(number: int) -> bool:
            entries = [entry(f"{number}/{i}.jpg") for i in range(100)]
            index.put("/data", [(e, known(number)) for e in entries])
            return len(index.get("/data", entries)) == 100

        with ThreadPoolExecutor(6) as threads:
            assert all(threads.map(work, range(24)))
