"""Embeddings kept between runs in one SQLite file, under keys that name everything that made them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swath.adapters.cache_file import MAX_PARAMETERS, CacheFile
from swath.core.embeddings import STORED_DTYPE

# A table of rows in order of arrival with a narrow index: random keys in a clustered table would touch nearly
# every page of a large cache on each insert (measured at 500k rows: half the time).
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors_1 (id INTEGER PRIMARY KEY, key BLOB NOT NULL, vector BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS vectors_1_key ON vectors_1 (key);
"""
_KEY_BYTES = 16


class SqliteEmbeddingCache:
    """Answers EmbeddingCache. Threads and processes may share the file; a row of another dimension counts as absent.

    Never raises for what is wrong with the file: `problem` says once what that is.
    """

    def __init__(self, path: Path) -> None:
        self._file = CacheFile(path, _SCHEMA)

    @property
    def problem(self) -> str | None:
        """A sentence for a person if the cache was damaged or is off, else None."""
        return self._file.problem

    def get(self, keys: NDArray[np.uint8], dimension: int) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        wanted = _split(keys)
        unique = sorted(set(wanted))  # in key order neighbouring look-ups share pages of the index
        nothing: dict[bytes, bytes] = {}
        stored = self._file.run(lambda connection: _select(connection, unique), nothing)
        width = dimension * STORED_DTYPE.itemsize
        fitting = {key: row for key, row in stored.items() if isinstance(row, bytes) and len(row) == width}
        there = np.array([key in fitting for key in wanted], dtype=np.bool_)
        vectors = np.zeros((len(wanted), dimension), dtype=STORED_DTYPE)
        joined = b"".join(fitting[key] for key in wanted if key in fitting)
        vectors[there] = np.frombuffer(joined, dtype=STORED_DTYPE).reshape(-1, dimension)
        finite = np.isfinite(vectors).all(axis=1)
        vectors[~finite] = 0
        return there & finite, vectors

    def put(self, keys: NDArray[np.uint8], vectors: NDArray[np.float16]) -> None:
        if len(keys) != len(vectors):
            raise ValueError(f"{len(keys)} keys for {len(vectors)} vectors")
        data = np.ascontiguousarray(vectors, dtype=STORED_DTYPE).tobytes()
        width = len(data) // len(keys) if len(keys) else 0
        rows = sorted((key, data[i * width : (i + 1) * width]) for i, key in enumerate(_split(keys)))
        self._file.run(lambda connection: _insert(connection, rows), None)

    def close(self) -> None:
        self._file.close()


def _split(keys: NDArray[np.uint8]) -> list[bytes]:
    if keys.dtype != np.uint8 or keys.ndim != 2 or keys.shape[1] != _KEY_BYTES:
        raise ValueError(f"keys must be (N, {_KEY_BYTES}) uint8, not {keys.shape} {keys.dtype}")
    data = keys.tobytes()
    return [data[i : i + _KEY_BYTES] for i in range(0, len(data), _KEY_BYTES)]


def _select(connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), MAX_PARAMETERS):
        chunk = keys[start : start + MAX_PARAMETERS]
        marks = ",".join("?" * len(chunk))
        found.update(connection.execute(f"SELECT key, vector FROM vectors_1 WHERE key IN ({marks})", chunk))
    return found


def _insert(connection: sqlite3.Connection, rows: list[tuple[bytes, bytes]]) -> None:
    with connection:
        connection.executemany("INSERT OR REPLACE INTO vectors_1 (key, vector) VALUES (?, ?)", rows)
