"""What is known of image files between runs, in one SQLite file, so that a warm run reads no image again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from swath.adapters.cache_file import MAX_PARAMETERS, CacheFile
from swath.pipeline.ports import FileEntry, KnownImage

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources_1 (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS images_1 (
    source INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, version TEXT NOT NULL, digest BLOB NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, max_scale INTEGER NOT NULL, unreadable TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
"""
_DIGEST_BYTES = 32


class SqliteImageIndex:
    """Answers ImageIndex. Threads and processes may share the file.

    Never raises for what is wrong with the file: `problem` says once what that is.
    """

    def __init__(self, path: Path) -> None:
        self._file = CacheFile(path, _SCHEMA)

    @property
    def problem(self) -> str | None:
        """A sentence for a person if the index was damaged or is off, else None."""
        return self._file.problem

    def get(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, KnownImage]:
        wanted = {entry.key: entry for entry in entries}
        keys = sorted(wanted)
        nothing: list[_Row] = []
        rows = self._file.run(lambda connection: _select(connection, uri, keys), nothing)
        known = {}
        for key, size, version, digest, width, height, max_scale, unreadable in rows:
            entry = wanted[key]
            intact = isinstance(digest, bytes) and len(digest) == _DIGEST_BYTES
            if intact and size == entry.size and version == entry.version:
                known[key] = KnownImage(
                    digest=digest, width=width, height=height, max_scale=max_scale, unreadable=unreadable
                )
        return known

    def put(self, uri: str, known: Sequence[tuple[FileEntry, KnownImage]]) -> None:
        rows = sorted(
            (e.key, e.size, e.version, k.digest, k.width, k.height, k.max_scale, k.unreadable) for e, k in known
        )
        self._file.run(lambda connection: _insert(connection, uri, rows), None)

    def close(self) -> None:
        self._file.close()


_Row = tuple[str, int, str, bytes, int, int, int, str]


def _select(connection: sqlite3.Connection, uri: str, keys: list[str]) -> list[_Row]:
    found: list[_Row] = []
    for start in range(0, len(keys), MAX_PARAMETERS):
        chunk = keys[start : start + MAX_PARAMETERS]
        marks = ",".join("?" * len(chunk))
        found += connection.execute(
            "SELECT key, size, version, digest, width, height, max_scale, unreadable FROM images_1"
            f" WHERE source = (SELECT id FROM sources_1 WHERE uri = ?) AND key IN ({marks})",
            (uri, *chunk),
        )
    return found


def _insert(connection: sqlite3.Connection, uri: str, rows: list[_Row]) -> None:
    with connection:
        connection.execute("INSERT OR IGNORE INTO sources_1 (uri) VALUES (?)", (uri,))
        (source,) = connection.execute("SELECT id FROM sources_1 WHERE uri = ?", (uri,)).fetchone()
        connection.executemany(
            "INSERT OR REPLACE INTO images_1 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ((source, *row) for row in rows)
        )
