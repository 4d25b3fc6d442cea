"""Walks a folder tree with as few system calls as can be, following links that stay inside, and never in circles."""

from __future__ import annotations

import os
import stat as stat_bits
from collections.abc import Iterator

from swath.adapters.datasource.keys import is_valid_name, printable
from swath.pipeline.ports import FileEntry

PAGE_SIZE = 4096
"""Entries per page: enough to make the cost of a page vanish, few enough to start work early."""

_Folder = tuple[str, str, "set[tuple[int, int]] | None"]
"""Real path with a slash at its end, key with a slash at its end, and below a link: the real folders seen so far."""


def entry_of(key: str, found: os.stat_result) -> FileEntry:
    """The entry of a regular file."""
    return FileEntry(
        key=key,
        size=found.st_size,
        version=f"{found.st_mtime_ns:x}.{found.st_ctime_ns:x}",
        modified_at=found.st_mtime_ns // 1_000_000,
    )


class FolderWalk:
    """One walk below `base` (real path with a slash at its end).

    `hidden` names a folder at the root that is left out, `ignored` a prefix of file names that never show.
    `skipped` tells, a line each, what cannot be offered under a key.
    """

    def __init__(self, base: str, *, hidden: str | None, ignored: str) -> None:
        self._base = base
        self._hidden = f"{base}{hidden}/" if hidden else None
        self._hidden_key = hidden
        self._ignored = ignored
        self.skipped: list[str] = []

    def pages(self, prefix: str) -> Iterator[list[FileEntry]]:
        """Pages of the files whose key starts with `prefix`. OSError carries the path of a folder that fails."""
        parent = prefix.rpartition("/")[0]
        key_base = f"{parent}/" if parent else ""
        start = os.path.realpath(self._base + parent)
        start = f"{start.rstrip('/')}/"
        if not start.startswith(self._base):
            self._skip(parent, "a link that leaves the folder")
            return
        page: list[FileEntry] = []
        pending: list[_Folder] = [] if self._is_hidden(start) else [(start, key_base, None)]
        while pending:
            for entry in self._folder(pending, prefix):
                page.append(entry)
                if len(page) >= PAGE_SIZE:
                    yield page
                    page = []
        if page:
            yield page

    def _folder(self, pending: list[_Folder], prefix: str) -> Iterator[FileEntry]:
        """Files of the next pending folder; its folders join the pending ones."""
        folder, key_base, seen = pending.pop()
        try:
            scan = os.scandir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return  # gone since its name was read, or never there
        # Below the prefix every name fits; only in the folder where it ends must names be compared.
        name_start = prefix[len(key_base) :] if len(prefix) > len(key_base) else ""
        ignored = self._ignored
        with scan:
            for item in scan:
                name = item.name
                if (name_start and not name.startswith(name_start)) or name.startswith(ignored):
                    continue
                key = key_base + name
                if key == self._hidden_key:
                    continue  # by key too: it may be a link to another folder
                if not is_valid_name(name):
                    self._skip(key, "a name that is not UTF-8, or holds a backslash")
                    continue
                try:
                    if item.is_symlink():
                        entry = self._link(item.path, key, folder, seen, pending)
                        if entry is not None:
                            yield entry
                    elif item.is_dir(follow_symlinks=False):
                        below = f"{folder}{name}/"
                        if not self._is_hidden(below) and (seen is None or _first_time(seen, os.stat(below))):
                            pending.append((below, f"{key}/", seen))
                    elif item.is_file(follow_symlinks=False):
                        yield entry_of(key, item.stat(follow_symlinks=False))
                    else:
                        self._skip(key, "not a file")
                except FileNotFoundError:
                    continue  # deleted since its name was read

    def _link(
        self, path: str, key: str, folder: str, seen: set[tuple[int, int]] | None, pending: list[_Folder]
    ) -> FileEntry | None:
        target = os.path.realpath(path)
        if not f"{target}/".startswith(self._base):
            self._skip(key, "a link that leaves the folder")
            return None
        try:
            found = os.stat(target)
        except OSError:
            self._skip(key, "a link that leads nowhere")
            return None
        if stat_bits.S_ISREG(found.st_mode):
            # A link into the hidden folder would bring what we wrote back as input.
            return None if self._is_hidden(target) else entry_of(key, found)
        if not stat_bits.S_ISDIR(found.st_mode):
            self._skip(key, "not a file")
            return None
        below = f"{target.rstrip('/')}/"
        if folder.startswith(below):
            self._skip(key, "a link to a folder that it is in")
        elif not self._is_hidden(below):
            # Below one link each real folder counts once: links among folders could multiply without end.
            seen_below = set() if seen is None else seen
            if _first_time(seen_below, found):
                pending.append((below, f"{key}/", seen_below))
        return None

    def _is_hidden(self, path: str) -> bool:
        return self._hidden is not None and path.startswith(self._hidden)

    def _skip(self, key: str, why: str) -> None:
        self.skipped.append(f"`{printable(key)}`: {why}")


def _first_time(seen: set[tuple[int, int]], found: os.stat_result) -> bool:
    identity = (found.st_dev, found.st_ino)
    if identity in seen:
        return False
    seen.add(identity)
    return True
