"""A folder as a datasource: confined to its root, listed fast, written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat as stat_bits
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from swath.adapters.datasource.folder_walk import FolderWalk, entry_of
from swath.adapters.datasource.keys import HIDDEN_ROOT, check_key, check_prefix, printable
from swath.core.errors import InvalidConfig, NotFound, SourceChanged, SourceUnavailable
from swath.pipeline.ports import FileEntry, Rights

TEMPORARY_PREFIX = ".swath-tmp-"
"""Files being written have this name until they are whole; a listing never shows what a crash left of them."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or name another output datasource.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or name another output datasource.",
    errno.EFBIG: "The file is larger than this file system or process may write.",
    errno.EROFS: "The file system is mounted read-only: name another output datasource.",
    errno.EACCES: "Give this user the right to it, or name another folder.",
    errno.EPERM: "Give this user the right to it, or name another folder.",
    errno.EISDIR: "A folder has the name that a file should have.",
    errno.ENOTDIR: "A file has the name that a folder should have.",
    errno.ENOTEMPTY: "A folder has the name that a file should have.",
    errno.EMFILE: "Too many files are open at once: raise `ulimit -n`.",
    errno.EIO: "The disk or network share reports an error; look at the system log.",
    errno.ESTALE: "The network share went away; mount it again.",
}


class LocalFolder:
    """The files below one folder.

    Keys never leave the root: `..` and absolute keys are refused, and so is whatever a symbolic link outside the
    root stands for. Links that stay inside are followed, loops are cut. This guards against names in ugly or hostile
    data, not against somebody who swaps folders for links while they are being read.

    `version` of an entry is made of the times of the last change of content and of attributes, so a file replaced
    by another one of equal size and preserved modification time is noticed; a mere `chmod` costs one more read.
    """

    def __init__(self, root: Path, *, uri: str = "") -> None:
        """`uri` is the bucket that the folder stands in for, if it does.

        Raises NotFound where `root` does not exist, SourceUnavailable where it cannot be listed and InvalidConfig
        where its path is not UTF-8: it names the datasource in databases, reports and answers.
        """
        try:
            self._root = os.path.realpath(root.expanduser(), strict=True)
            with os.scandir(self._root):
                pass
        except (FileNotFoundError, RuntimeError, ValueError) as exc:
            raise NotFound(
                f"There is no folder `{root}`", hint="Check the spelling; relative paths start at the current folder."
            ) from exc
        except OSError as exc:
            hint = (
                "Name the folder, not a file in it." if exc.errno == errno.ENOTDIR else _HINTS.get(exc.errno or 0, "")
            )
            raise SourceUnavailable(f"The folder `{root}` cannot be read: {_reason(exc)}", hint=hint) from exc
        if printable(self._root) != self._root:
            raise InvalidConfig(
                f"The path of the folder `{printable(self._root)}` is not valid UTF-8",
                hint="Rename the folder, or the one it is in that has the odd name.",
            )
        self._base = self._root.rstrip("/") + "/"
        self._uri = uri or self._root
        self.skipped: list[str] = []
        """What the last complete listing left out, a line each: names that are not UTF-8, links that leave the
        root or lead in circles, things that are no files."""

    @property
    def uri(self) -> str:
        """The absolute path, links resolved; of a folder that stands in for a bucket, the bucket's."""
        return self._uri

    @property
    def concurrency(self) -> int:
        return 1

    @property
    def retries(self) -> int:
        return 0

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        check_prefix(prefix)
        walk = FolderWalk(self._base, hidden=HIDDEN_ROOT if skip_hidden_root else None, ignored=TEMPORARY_PREFIX)
        try:
            yield from walk.pages(prefix)
        except OSError as exc:
            where = os.fsdecode(exc.filename) if exc.filename is not None else self._root
            raise SourceUnavailable(
                f"The folder `{where}` cannot be listed: {_reason(exc)}", hint=_HINTS.get(exc.errno or 0, "")
            ) from exc
        self.skipped = walk.skipped

    def stat(self, key: str) -> FileEntry | None:
        path = self._inside(key)
        if path is None:
            return None
        try:
            found = os.lstat(path)
        except OSError as exc:
            if exc.errno in _ABSENT:
                return None
            raise self._unavailable(key, "looked up", exc) from exc
        return entry_of(key, found) if stat_bits.S_ISREG(found.st_mode) else None

    def read(self, key: str, *, start: int = 0, end: int | None = None, version: str | None = None) -> bytes:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"not a range: [{start}, {end})")
        path = self._inside(key)
        if path is None:
            raise NotFound(
                f"`{key}` is a link that leaves `{self._root}`",
                hint="Copy the file there, or name a folder above both.",
            )
        try:
            # Not blocking: opening a pipe would wait for a writer for ever. The path is resolved: a link is news.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                found = os.fstat(descriptor)
                if not stat_bits.S_ISREG(found.st_mode):
                    raise NotFound(f"`{key}` in `{self._root}` is not a file")
                data = _read_range(descriptor, start, found.st_size if end is None else min(end, found.st_size))
                # Looked at after reading: a file that is written in place meanwhile is no version of itself either.
                if version is not None and entry_of(key, os.fstat(descriptor)).version != version:
                    raise SourceChanged(
                        f"`{key}` in `{self._root}` was replaced while it was being used",
                        hint="Do it again once nobody writes there any more.",
                    )
                return data
            finally:
                os.close(descriptor)
        except OSError as exc:
            if exc.errno in _ABSENT:
                raise NotFound(f"There is no file `{key}` in `{self._root}`") from exc
            raise self._unavailable(key, "read", exc) from exc

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        folder, target = self._target(key)
        try:
            if not overwrite and os.path.lexists(target):
                return
            os.makedirs(folder, exist_ok=True)
            temporary = _write_temporary(folder, data)
            try:
                if overwrite:
                    os.replace(temporary, target)
                else:
                    _move_unless_there(temporary, target)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
        except OSError as exc:
            raise self._unavailable(key, "written", exc) from exc

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            _, target = self._target(key)
            try:
                os.unlink(target)
            except OSError as exc:
                if exc.errno not in _ABSENT:
                    raise self._unavailable(key, "deleted", exc) from exc

    def remove_unfinished(self, folder: str) -> None:
        for where, _, names in os.walk(self._base + check_prefix(folder)):
            for name in names:
                if name.startswith(TEMPORARY_PREFIX):
                    with suppress(FileNotFoundError):
                        os.unlink(os.path.join(where, name))

    def why_not_writable(self) -> str | None:
        # What Swath writes goes below the hidden folder; where there is none yet, it is made in the root.
        hidden = self._inside(HIDDEN_ROOT)
        if hidden is None:
            return f"`{self._base}{HIDDEN_ROOT}` is a link that leaves the folder"
        folder = hidden if os.path.lexists(hidden) else self._root
        try:
            os.unlink(_write_temporary(folder, b"Swath tries whether it may write here.\n"))
        except OSError as exc:
            return f"`{folder}`: {_reason(exc)}"
        return None

    def check_rights(self) -> Rights:
        reason = self.why_not_writable()
        return Rights(list=None, read=self._why_not_readable(), write=reason, overwrite=reason)

    def read_url(self, key: str, *, expires_s: int) -> str | None:
        check_key(key)
        return None

    def _why_not_readable(self) -> str | None:
        """Tries one byte of the first file there is."""
        try:
            entry = next((entry for page in self.list_pages(skip_hidden_root=True) for entry in page), None)
            if entry is not None:
                self.read(entry.key, end=1)
        except (NotFound, SourceUnavailable) as exc:
            return exc.message
        return None

    def _inside(self, key: str) -> str | None:
        """The path of a key with all links resolved, None if that is outside the root."""
        path = os.path.realpath(self._base + check_key(key))
        return path if path.startswith(self._base) else None

    def _target(self, key: str) -> tuple[str, str]:
        """Folder and path to write or delete; the folder is resolved, the file itself is not: a link is replaced."""
        parent, _, name = check_key(key).rpartition("/")
        folder = os.path.realpath(self._base + parent)
        if not f"{folder.rstrip('/')}/".startswith(self._base):
            raise SourceUnavailable(
                f"`{key}` cannot be written: `{parent}` is a link that leaves `{self._root}`",
                hint="Replace the link by a folder, or name another output datasource.",
            )
        return folder, os.path.join(folder, name)

    def _unavailable(self, key: str, what: str, exc: OSError) -> SourceUnavailable:
        hint = _HINTS.get(exc.errno or 0, "")
        return SourceUnavailable(f"`{key}` in `{self._root}` cannot be {what}: {_reason(exc)}", hint=hint)


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()


def _read_range(descriptor: int, start: int, end: int) -> bytes:
    """Bytes [start, end); fewer if the file shrinks meanwhile."""
    parts = []
    while start < end:
        part = os.pread(descriptor, end - start, start)
        if not part:
            break
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _write_temporary(folder: str, data: bytes) -> str:
    """Write a new file with a temporary name and see it to the disk; nothing is left where that fails."""
    path = os.path.join(folder, f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    # Mode 0666 minus umask: others may read crops. `tempfile` would give them to this user alone.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            # A commit may name this file a moment later: without this, a power cut could leave it empty.
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    return path


def _move_unless_there(temporary: str, target: str) -> None:
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError as exc:
        if exc.errno not in _NO_HARD_LINKS:
            raise
        # Without hard links (FAT, some network shares) there is no atomic way; both writers wrote the same crop.
        if not os.path.lexists(target):
            os.replace(temporary, target)
