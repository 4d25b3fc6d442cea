"""Reading listed files of a datasource that others write to, and that may go away."""

from __future__ import annotations

import threading
import time

from swath.core.errors import NotFound, SourceChanged, SourceUnavailable, TooLarge
from swath.pipeline.ports import Datasource, FileEntry

MAX_IMAGE_BYTES = 512 * 1024 * 1024
"""An image file larger than this counts as unreadable, unread: it would be in memory whole, once per thread."""

MAX_FAILURES_IN_A_ROW = 25
"""So many files of a distant datasource that could not be read, and none in between that could: it is no longer up to
the files."""

SECONDS_BETWEEN_LOOKS = 5.0
"""How often at most a failure makes us look whether the datasource is still there."""

FILE_FAILURES = (NotFound, SourceUnavailable, TooLarge)
"""What may be wrong with one file."""


def read_listed(source: Datasource, entry: FileEntry, *, max_bytes: int) -> tuple[FileEntry, bytes]:
    """The bytes of a file as it was listed, or, if it has changed since, as it is now; with the entry they belong to.

    Raises TooLarge (before reading anything), NotFound if it is gone, SourceChanged if it keeps changing, and
    SourceUnavailable.
    """
    try:
        return _read(source, entry, max_bytes)
    except SourceChanged:
        now = source.stat(entry.key)
        if now is None:
            raise NotFound(f"`{entry.key}` was deleted from `{source.uri}` while the run was looking at it") from None
        return _read(source, now, max_bytes)


def _read(source: Datasource, entry: FileEntry, max_bytes: int) -> tuple[FileEntry, bytes]:
    if entry.size > max_bytes:
        raise TooLarge(f"`{entry.key}` has {entry.size:,} bytes, more than {max_bytes:,}")
    return entry, source.read(entry.key, version=entry.version)


class SourceWatch:
    """Tells a file that cannot be read, which costs its image, from a datasource that is lost, which ends the run.

    Ask it about every failure, and once more with `settle` when all files have been read. Safe to use from threads.
    """

    def __init__(self, source: Datasource) -> None:
        self._source = source
        self._turn = threading.Lock()
        self._failures_in_a_row = 0
        self._looked_at = -SECONDS_BETWEEN_LOOKS
        self._unexplained: str | None = None

    def succeeded(self) -> None:
        """A file could be read."""
        self._failures_in_a_row = 0

    def failed(self, key: str, error: Exception) -> None:
        """A file could not be read. Raises NotFound or SourceUnavailable if that is because of the datasource."""
        if isinstance(error, (SourceChanged, TooLarge)):
            return  # it answers
        with self._turn:
            is_distant = self._source.concurrency > 1
            self._failures_in_a_row += isinstance(error, SourceUnavailable)
            if is_distant and self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                raise error
            self._unexplained = key
            if time.monotonic() - self._looked_at >= SECONDS_BETWEEN_LOOKS:
                self._look()

    def settle(self) -> None:
        """Raises as `failed` does, for the last failures that nobody looked into."""
        with self._turn:
            self._look()

    def _look(self) -> None:
        """Lists next to nothing: a datasource that is gone, or that refuses us, says so."""
        if self._unexplained is None:
            return
        key, self._unexplained = self._unexplained, None
        next(iter(self._source.list_pages(key)), None)
        self._looked_at = time.monotonic()
