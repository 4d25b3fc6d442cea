"""An archive of files that is sent while it is made: nothing of it waits in memory or on a disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

MISSING_LIST = "missing-files.txt"
"""Names the files that were to be in the archive and are gone."""

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry: an archive of the same files is the same."""

NamedFile = tuple[str, Iterator[bytes] | None]
"""Name and bytes of a file; None: it is gone."""


def zip_stream(files: Iterable[NamedFile]) -> Iterator[bytes]:
    """A ZIP archive of files, not compressed: images are."""
    pipe = _Pipe()
    missing: list[str] = []
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, pieces in files:
            if pieces is None:
                missing.append(name)
                continue
            with archive.open(zipfile.ZipInfo(name, DATE), "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)
                    yield pipe.taken()
        if missing:
            archive.writestr(zipfile.ZipInfo(MISSING_LIST, DATE), "".join(f"{name}\n" for name in missing))
    yield pipe.taken()


class _Pipe(io.RawIOBase):
    """Takes what is written until somebody takes it out."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data
