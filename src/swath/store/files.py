"""Files that are written whole or not at all, and the words for what can go wrong with a disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swath.core.errors import SourceUnavailable
from swath.store.ids import new_id

TEMPORARY_SUFFIX = ".partial"

_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or use a home on another disk.",
    errno.EDQUOT: "Your quota on this disk is used up: free some space, or use a home on another disk.",
    errno.EROFS: "The disk is mounted read-only: use a home elsewhere.",
    errno.EACCES: "Change its permissions, or use a home elsewhere.",
    errno.EPERM: "Change its permissions, or use a home elsewhere.",
}


@contextmanager
def naming_failures(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError into SourceUnavailable: "cannot <what> `<path>`: <reason>"."""
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise SourceUnavailable(f"cannot {what} `{path}`: {reason}", hint=_HINTS.get(exc.errno or 0, "")) from exc


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file under its final name only once all bytes are on the disk.

    Flushed before the rename and the folder after it, so that a row that names the file is never true too early,
    not even after a power cut. Raises SourceUnavailable.
    """
    temporary = path.with_name(f".{path.name}.{new_id()}{TEMPORARY_SUFFIX}")
    with naming_failures("write", path):
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make names that were made or removed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
