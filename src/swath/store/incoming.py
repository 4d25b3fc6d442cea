"""Files that arrive piece by piece: under their name only once they are whole, and what their sender said they are."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from swath.core.errors import Conflict, InvalidConfig, TooLarge
from swath.store.files import TEMPORARY_SUFFIX, flush_folder, naming_failures
from swath.store.ids import new_id


class IncomingFile:
    """A file on its way to `path`: write its pieces, complete it, keep it. Left without `keep`, nothing of it remains.

    Raises SourceUnavailable when the disk fails, TooLarge for more than `most_bytes`.
    """

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._temporary = path.with_name(f".{path.name[:100]}.{new_id()}{TEMPORARY_SUFFIX}")
        self._digest = hashlib.sha256()
        self.byte_length = 0
        with naming_failures("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        self.byte_length += len(piece)
        if self.byte_length > self._most_bytes:
            raise TooLarge(f"`{self._path.name}` is larger than {self._most_bytes:,} bytes")
        self._digest.update(piece)
        with naming_failures("write", self._path):
            self._file.write(piece)

    @property
    def sha256(self) -> bytes:
        """Digest (32 bytes) of what has arrived."""
        return self._digest.digest()

    def complete(self, expected_sha256: bytes) -> None:
        """Everything has arrived: flush it. Raises InvalidConfig if it is not what its sender said."""
        if self.sha256 != expected_sha256:
            raise InvalidConfig(
                f"`{self._path.name}` arrived damaged: its SHA-256 is not the one in `Content-Digest`",
                field="Content-Digest",
                hint="Send it again.",
            )
        with naming_failures("write", self._path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def keep(self, *, may_replace: bool) -> None:
        """Give the file its name, once it is complete; the same file a second time is fine.

        Raises Conflict if another file has the name and `may_replace` is not set.
        """
        with naming_failures("write", self._path):
            if may_replace:
                self._temporary.replace(self._path)
            elif not self._link_if_absent() and sha256_of(self._path) != self.sha256:
                raise Conflict(f"`{self._path.name}` was handed in before with other bytes")
            flush_folder(self._path.parent)

    def _link_if_absent(self) -> bool:
        """Unlike a rename, a link never takes the place of a file that came first."""
        try:
            os.link(self._temporary, self._path)
        except FileExistsError:
            return False
        return True


def sha256_of(path: Path) -> bytes:
    """Digest (32 bytes) of a file. Raises SourceUnavailable."""
    with naming_failures("read", path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
