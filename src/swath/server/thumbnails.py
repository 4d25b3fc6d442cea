"""Thumbnails that were made once: in memory, and in files below the home's cache."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from swath.core.errors import SwathError
from swath.server.memo import Memo
from swath.store.files import TEMPORARY_SUFFIX
from swath.store.ids import new_id

DRAWN_AT_ONCE = 2
"""Images decoded at the same time: each takes memory, and a core that others wait for."""

REQUESTS_AT_ONCE = 8
"""Threads that pictures may take; those of all other requests are not theirs to use up."""

MOST_BYTES_AT_HAND = 128 << 20
"""Three images of 12 megapixels."""

FAILURE_IS_REMEMBERED_S = 30.0
REMEMBERED_FAILURES = 10_000

Drawn = TypeVar("Drawn")

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


class Thumbnails:
    """Pictures under names that say all about their content. Losing them costs time only.

    A picture is drawn once, however many ask; one that cannot be drawn is tried again after a while. Files are kept
    up to `max_disk_bytes`; those not read for longest are removed first.
    """

    def __init__(self, *, max_memory_bytes: int = 64 << 20, max_disk_bytes: int = 2 << 30) -> None:
        self.threads = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="pictures")
        self.at_hand = Memo(MOST_BYTES_AT_HAND, keeps_too_large=False)
        """Files of images, under their digest, and their pixels, under digest and scale: pictures of one image are
        often asked for together."""
        self._memory = Memo(max_memory_bytes)
        self._drawing = threading.Semaphore(DRAWN_AT_ONCE)
        self._max_disk_bytes = max_disk_bytes
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[float, SwathError]] = OrderedDict()
        self._byte_count: int | None = None  # of the files; None: not counted yet

    def get(self, folder: Path, name: str, draw: Callable[[], bytes]) -> bytes:
        """The JPEG of a name (ASCII letters, digits and `-`), drawn by `draw` if there is none in `folder`.

        Raises what `draw` raises, without calling it again for a while.
        """
        self._raise_known_failure(name)

        def make() -> bytes:
            self._raise_known_failure(name)
            path = folder / hashlib.sha256(name.encode()).hexdigest()[:2] / f"{name}.jpg"
            kept = _read(path)
            if kept is not None:
                return kept
            with self._drawing:
                try:
                    drawn = draw()
                except SwathError as exc:
                    self._remember_failure(name, exc)
                    raise
            self._keep(folder, path, drawn)
            return drawn

        return self._memory.get(name, make, size_of=len)

    def draw(self, draw: Callable[[], Drawn]) -> Drawn:
        """Draw something that is not kept, when it is its turn."""
        with self._drawing:
            return draw()

    def _raise_known_failure(self, name: str) -> None:
        with self._lock:
            until, failure = self._failures.get(name, (0.0, None))
        if failure is not None and until > time.monotonic():
            raise failure.with_traceback(None)

    def _remember_failure(self, name: str, failure: SwathError) -> None:
        with self._lock:
            self._failures[name] = (time.monotonic() + FAILURE_IS_REMEMBERED_S, failure)
            self._failures.move_to_end(name)
            while len(self._failures) > REMEMBERED_FAILURES:
                self._failures.popitem(last=False)

    def _keep(self, folder: Path, path: Path, data: bytes) -> None:
        # A cache that cannot be written (the disk is full, say) is slow, not broken.
        with suppress(OSError):
            _write(path, data)
        with self._lock:
            if self._byte_count is None:
                self._byte_count = sum(size for _, size, _ in _files(folder))
            else:
                self._byte_count += len(data)
            if self._byte_count > self._max_disk_bytes:
                # Some more than necessary, so that it is not done again at once.
                self._byte_count = _prune(folder, self._max_disk_bytes * 4 // 5)


def _read(path: Path) -> bytes | None:
    """A whole JPEG, None if there is none: no power cut is waited for when one is written."""
    try:
        data = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return data if data.startswith(_JPEG_START) and data.endswith(_JPEG_END) else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{new_id()}{TEMPORARY_SUFFIX}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file was last used, its size and its path."""
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob("*/*"):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return found


def _prune(folder: Path, max_bytes: int) -> int:
    """Remove the files not used for longest until the others take no more than that; returns what they take."""
    files = sorted(_files(folder), key=lambda file: file[:2])
    byte_count = sum(size for _, size, _ in files)
    for _, size, path in files:
        if byte_count <= max_bytes:
            break
        with suppress(OSError):
            path.unlink()
            byte_count -= size
    return byte_count
