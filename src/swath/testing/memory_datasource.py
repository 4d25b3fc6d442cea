"""A datasource in memory whose files can be made to fail or to be slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from swath.core.errors import InvalidConfig, NotFound, SourceChanged, SourceUnavailable
from swath.pipeline.ports import FileEntry, Rights


class MemoryDatasource:
    """Answers Datasource from a dict.

    Tests steer it by its attributes: `read_errors` and `write_errors` hold the error to raise for a key (of a write
    nothing is kept), `delays` seconds to wait before a key is read or written, `list_error` what a listing raises,
    `not_writable` a reason that makes every write fail, `concurrency` how many requests at a time are worth making,
    `retries` how many are said to have been repeated, `skipped` what listings are said to leave out. `reads` and
    `writes` log the keys in order of arrival.
    """

    def __init__(
        self, files: Mapping[str, bytes] | None = None, *, uri: str = "memory://test", page_size: int = 1000
    ) -> None:
        self._uri = uri
        self._page_size = page_size
        self._lock = threading.Lock()
        self._files: dict[str, tuple[bytes, int]] = {}
        self._writes_done = 0
        self.read_errors: dict[str, Exception] = {}
        self.write_errors: dict[str, Exception] = {}
        self.delays: dict[str, float] = {}
        self.list_error: Exception | None = None
        self.not_writable: str | None = None
        self.concurrency = 1
        self.retries = 0
        self.skipped: list[str] = []
        self.reads: list[str] = []
        self.writes: list[str] = []
        for key, data in (files or {}).items():
            self._store(_checked(key), data)

    @property
    def uri(self) -> str:
        return self._uri

    @property
    def files(self) -> dict[str, bytes]:
        """What is stored now, by key."""
        with self._lock:
            return {key: data for key, (data, _) in self._files.items()}

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        if prefix:
            _checked(prefix.rstrip("/") if not prefix.startswith("/") else prefix)
        if self.list_error is not None:
            raise self.list_error
        with self._lock:
            found = [
                FileEntry(key=key, size=len(data), version=str(number))
                for key, (data, number) in self._files.items()
                if key.startswith(prefix) and not (skip_hidden_root and key.startswith(".lightly/"))
            ]
        for start in range(0, len(found), self._page_size):
            yield found[start : start + self._page_size]

    def stat(self, key: str) -> FileEntry | None:
        with self._lock:
            stored = self._files.get(_checked(key))
        return FileEntry(key=key, size=len(stored[0]), version=str(stored[1])) if stored else None

    def read(self, key: str, *, start: int = 0, end: int | None = None, version: str | None = None) -> bytes:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"not a range: [{start}, {end})")
        self._arrive(_checked(key), self.reads, self.read_errors)
        with self._lock:
            stored = self._files.get(key)
        if stored is None:
            raise NotFound(f"There is no file `{key}` in `{self._uri}`")
        if version is not None and version != str(stored[1]):
            raise SourceChanged(f"`{key}` in `{self._uri}` was replaced while it was being used")
        return stored[0][start:end]

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        self._arrive(_checked(key), self.writes, self.write_errors)
        if self.not_writable is not None:
            raise SourceUnavailable(f"`{key}` in `{self._uri}` cannot be written: {self.not_writable}")
        with self._lock:
            if overwrite or key not in self._files:
                self._store(key, data)

    def delete(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                self._files.pop(_checked(key), None)

    def remove_unfinished(self, folder: str) -> None:
        """Nothing to do: a write here is over at once."""

    def why_not_writable(self) -> str | None:
        return self.not_writable

    def check_rights(self) -> Rights:
        failed = None if self.list_error is None else str(self.list_error)
        return Rights(list=failed, read=None, write=self.not_writable, overwrite=self.not_writable)

    def read_url(self, key: str, *, expires_s: int) -> str | None:
        _checked(key)
        return None

    def _store(self, key: str, data: bytes) -> None:
        self._writes_done += 1
        self._files[key] = (bytes(data), self._writes_done)

    def _arrive(self, key: str, log: list[str], errors: Mapping[str, Exception]) -> None:
        with self._lock:
            log.append(key)
        if key in self.delays:
            time.sleep(self.delays[key])
        if key in errors:
            raise errors[key]


def _checked(key: str) -> str:
    parts = key.split("/")
    if "\0" in key or "\\" in key or any(part in ("", ".", "..") for part in parts):
        raise InvalidConfig(f"`{key}` cannot name a file of a datasource")
    return key
