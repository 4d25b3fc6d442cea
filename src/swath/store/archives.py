"""Zip files that exports are, written one file at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from swath.core.errors import NotFound

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file: the same content makes the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry:
    """A text that goes into an archive, compressed."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedEntry:
    """A file of a datasource that goes into an archive as it is: pictures do not get smaller."""

    path: str
    key: str


Entry = TextEntry | CopiedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFiles:
    """How many files of a datasource went into an archive, and the keys of those that are gone."""

    count: int
    missing: tuple[str, ...]


def write_archive(path: Path, entries: Iterable[Entry], read: Callable[[str], bytes]) -> CopiedFiles:
    """Write a zip, one file in memory at a time; `read` reads a key."""
    missing: list[str] = []
    count = 0
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            if isinstance(entry, TextEntry):
                data = entry.text.encode("utf-8", "surrogatepass")
                archive.writestr(_info(entry.path), data, zipfile.ZIP_DEFLATED)
                continue
            try:
                archive.writestr(_info(entry.path), read(entry.key))
                count += 1
            except NotFound:
                missing.append(entry.key)
    return CopiedFiles(count=count, missing=tuple(missing))


def _info(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, ZIP_DATE)
    info.external_attr = 0o644 << 16  # readable for those who unpack it
    return info
