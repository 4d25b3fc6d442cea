"""The embedding cache beyond its contract: what is stored in the file, and what of it is not believed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from swath.adapters.embedding_cache import SqliteEmbeddingCache
from swath.testing.cache_contract import some_keys, some_vectors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeddings.sqlite"


def test_vectors_outlive_the_process(path: Path) -> None:
    keys, vectors = some_keys(50), some_vectors(50, 128)
    program = (
        "import sys; from pathlib import Path; from swath.adapters.embedding_cache import SqliteEmbeddingCache;"
        "from swath.testing.cache_contract import some_keys, some_vectors;"
        "SqliteEmbeddingCache(Path(sys.argv[1])).put(some_keys(50), some_vectors(50, 128))"  # no close: as if killed
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    there, found = SqliteEmbeddingCache(path).get(keys, 128)
    assert there.all()
    assert np.array_equal(found, vectors)


def test_two_open_caches_see_what_the_other_puts(path: Path) -> None:
    one, other = SqliteEmbeddingCache(path), SqliteEmbeddingCache(path)
    keys, vectors = some_keys(20), some_vectors(20, 8)
    one.put(keys[:10], vectors[:10])
    other.put(keys[10:], vectors[10:])
    for cache in (one, other):
        assert np.array_equal(cache.get(keys, 8)[1], vectors)
        assert cache.problem is None


def test_vectors_that_are_not_finite_are_not_there(path: Path) -> None:
    cache = SqliteEmbeddingCache(path)
    vectors = np.ones((3, 4), np.float16)
    vectors[1, 2] = np.nan
    vectors[2, 0] = np.inf
    cache.put(some_keys(3), vectors)
    there, found = cache.get(some_keys(3), 4)
    assert there.tolist() == [True, False, False]
    assert not found[1:].any()


def test_a_row_of_another_type_is_not_there(path: Path) -> None:
    cache = SqliteEmbeddingCache(path)
    cache.put(some_keys(2), some_vectors(2, 4))
    cache.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE vectors_1 SET vector = 'abcdefgh' WHERE key = ?", (some_keys(2)[0].tobytes(),))
    connection.commit()
    connection.close()
    assert cache.get(some_keys(2), 4)[0].tolist() == [False, True]


def test_a_damaged_cache_says_so_and_works_on(path: Path) -> None:
    path.write_bytes(b"nonsense" * 1000)
    cache = SqliteEmbeddingCache(path)
    assert not cache.get(some_keys(2), 4)[0].any()
    cache.put(some_keys(2), some_vectors(2, 4))
    assert cache.get(some_keys(2), 4)[0].all()
    assert cache.problem is not None
    assert path.with_name("embeddings.sqlite.damaged").exists()


def test_a_cache_that_is_off_answers_as_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = SqliteEmbeddingCache(tmp_path / "file" / "embeddings.sqlite")
    cache.put(some_keys(2), some_vectors(2, 4))
    there, found = cache.get(some_keys(2), 4)
    assert there.tolist() == [False, False]
    assert found.shape == (2, 4)
    assert cache.problem is not None
    cache.close()


@pytest.mark.parametrize("keys", [np.zeros((2, 15), np.uint8), np.zeros((2, 16), np.int8), np.zeros(16, np.uint8)])
def test_keys_of_another_shape_are_a_mistake(path: Path, keys: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    cache = SqliteEmbeddingCache(path)
    with pytest.raises(ValueError, match="keys must be"):
        cache.get(keys, 4)


def test_as_many_vectors_as_keys_must_be_put(path: Path) -> None:
    with pytest.raises(ValueError, match="2 keys for 3 vectors"):
        SqliteEmbeddingCache(path).put(some_keys(2), some_vectors(3, 4))
