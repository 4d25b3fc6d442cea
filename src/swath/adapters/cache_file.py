"""An SQLite file that may be lost: opened lazily, shared by threads and processes, set aside when it is damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

_Result = TypeVar("_Result")

MAX_PARAMETERS = 500
"""Values in one `IN (...)`: more gain nothing, and every build of SQLite allows so many."""

_PAGE_SIZE = 8192  # three 1280-d float16 vectors a page; with 4096 one page would hold a single one
_BUSY_SECONDS = 20.0  # a writer of another process holds the file for less than a second
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


class CacheFile:
    """Runs small pieces of work on one connection; never raises for what is wrong with the file.

    A damaged file is moved to `<name>.damaged` and begun anew, once; a file that cannot be opened or written
    switches the cache off. `problem` then says so in a sentence for a person, and stays None otherwise.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._set_aside = False
        self._off = False
        self.problem: str | None = None

    def run(self, work: Callable[[sqlite3.Connection], _Result], otherwise: _Result) -> _Result:
        """The result of `work`, or `otherwise` while the cache is off or its file fails."""
        with self._lock:
            while not self._off:
                try:
                    return work(self._open())
                except (sqlite3.Error, OSError) as exc:
                    self._close()
                    if not self._recover(exc):
                        break
            return otherwise

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite does not wait for others where a file turns to WAL: without the lock, of several processes that
            # begin a cache together some would be told at once that it is locked.
            with _one_process_at_a_time(self._path):
                self._inode = _inode(self._path)  # before anything can fail: tells whose damaged file it was
                # The lock of this object keeps threads apart, so the connection may wander between them.
                connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
                self._connection = connection
                connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(self._schema)
                self._inode = _inode(self._path)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _recover(self, exc: Exception) -> bool:
        """Whether it is worth trying again."""
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF in _DAMAGED and not self._set_aside:
            self._set_aside = True
            aside = self._path.with_name(f"{self._path.name}.damaged")
            try:
                moved = self._move_to(aside)
            except OSError as failure:
                exc = failure
            else:
                if moved:
                    self.problem = (
                        f"The cache `{self._path}` was damaged; it was moved to `{aside}` and begun anew ({exc})"
                    )
                return True
        self._off = True
        self.problem = f"The cache `{self._path}` cannot be used ({exc}); going on without it, which takes longer"
        return False

    def _move_to(self, aside: Path) -> bool:
        """Whether it was this process that moved the file."""
        with _one_process_at_a_time(self._path):
            # Another process may have replaced the file already: then the new one is fine.
            if _inode(self._path) != self._inode:
                return False
            # The log goes first: a new file must never find that of an old one.
            for suffix in ("-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            os.replace(self._path, aside)
            return True


@contextmanager
def _one_process_at_a_time(path: Path) -> Iterator[None]:
    """Hold `<path>.lock`, which stays behind empty: to delete it would let two processes hold two locks."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
