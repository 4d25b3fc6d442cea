"""What is known of files between runs, in one SQLite file, so that a warm run reads none of them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from swath.adapters.cache_file import MAX_PARAMETERS, CacheFile
from swath.pipeline.ports import FileEntry, KnownImage

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources_1 (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS images_1 (
    source INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, version TEXT NOT NULL, digest BLOB NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, max_scale INTEGER NOT NULL, unreadable TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files_1 (
    source INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, version TEXT NOT NULL, digest BLOB NOT NULL,
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
        rows = self._select("images_1", "digest, width, height, max_scale, unreadable", uri, entries)
        return {
            key: KnownImage(digest=digest, width=width, height=height, max_scale=max_scale, unreadable=unreadable)
            for key, digest, width, height, max_scale, unreadable in rows
        }

    def put(self, uri: str, known: Sequence[tuple[FileEntry, KnownImage]]) -> None:
        rows = sorted(
            (e.key, e.size, e.version, k.digest, k.width, k.height, k.max_scale, k.unreadable) for e, k in known
        )
        self._file.run(lambda connection: _insert(connection, "images_1", uri, rows), None)

    def get_digests(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, bytes]:
        return dict(self._select("files_1", "digest", uri, entries))

    def put_digests(self, uri: str, digests: Sequence[tuple[FileEntry, bytes]]) -> None:
        rows = sorted((entry.key, entry.size, entry.version, digest) for entry, digest in digests)
        self._file.run(lambda connection: _insert(connection, "files_1", uri, rows), None)

    def close(self) -> None:
        self._file.close()

    def _select(self, table: str, columns: str, uri: str, entries: Sequence[FileEntry]) -> Iterator[tuple[Any, ...]]:
        """Key and columns (a digest first) of the rows that are of the same size and version as their entry."""
        wanted = {entry.key: entry for entry in entries}
        keys = sorted(wanted)
        nothing: list[tuple[Any, ...]] = []
        rows = self._file.run(lambda connection: _select(connection, table, columns, uri, keys), nothing)
        for key, size, version, digest, *others in rows:
            entry = wanted[key]
            intact = isinstance(digest, bytes) and len(digest) == _DIGEST_BYTES
            if intact and size == entry.size and version == entry.version:
                yield key, digest, *others


def _select(
    connection: sqlite3.Connection, table: str, columns: str, uri: str, keys: list[str]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), MAX_PARAMETERS):
        chunk = keys[start : start + MAX_PARAMETERS]
        marks = ",".join("?" * len(chunk))
        found += connection.execute(
            f"SELECT key, size, version, {columns} FROM {table}"
            f" WHERE source = (SELECT id FROM sources_1 WHERE uri = ?) AND key IN ({marks})",
            (uri, *chunk),
        )
    return found


def _insert(connection: sqlite3.Connection, table: str, uri: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    with connection:
        connection.execute("INSERT OR IGNORE INTO sources_1 (uri) VALUES (?)", (uri,))
        (source,) = connection.execute("SELECT id FROM sources_1 WHERE uri = ?", (uri,)).fetchone()
        marks = ",".join("?" * (len(rows[0]) + 1))
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", ((source, *row) for row in rows))
