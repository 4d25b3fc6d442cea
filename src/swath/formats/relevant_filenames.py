"""The relevant filenames file: which files of a datasource a run looks at.

One entry per line, paths relative to the root of the datasource:

    image_1.png                                     one file
    subdir/*                                        all files whose path starts with `subdir/`
    subdir/* subdir/image_4* !subdir/image_41.png   the same, without what gitignore patterns after it leave out

A path ends with its line and may hold spaces; only an asterisk that is followed by a space or by the end of the line
makes it a prefix, and then what follows are patterns (`\\ ` for a space in a pattern). There are no comments: a line
may start with `#`, as a file's name may.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from swath.core.errors import InvalidConfig
from swath.formats.filenames import read_lines

PREFIX_LINE = re.compile(r"(?P<prefix>.*?)\*(?:[ \t]+(?P<patterns>.*))?", re.DOTALL)

FIELD = "datasource.relevant_filenames_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixEntry:
    """A line `prefix* patterns…`: files whose key starts with `prefix` (NFC), but for those the patterns leave out."""

    line: str
    prefix: str
    left_out: GitIgnoreSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevantFilenames:
    """The entries of the file: `names` maps a path (NFC) to its line, `prefixes` are in the order of the file."""

    names: dict[str, str]
    prefixes: tuple[PrefixEntry, ...]

    def select(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys that are relevant, in the order given.

        Names match exactly, but for the way accents are composed.
        """
        by_prefix = self._by_prefix()
        composed = ((key, _composed(key)) for key in keys)
        return [key for key, plain in composed if plain in self.names or self._matching(plain, by_prefix)]

    def unmatched(self, keys: Iterable[str]) -> list[str]:
        """The lines, as written, that make none of the keys relevant: typos, and files that are gone."""
        by_prefix = self._by_prefix()
        matched: set[str] = set()
        for key in map(_composed, keys):
            if key in self.names:
                matched.add(self.names[key])
            matched.update(entry.line for entry in self._matching(key, by_prefix))
        lines = [*self.names.values(), *(entry.line for entry in self.prefixes)]
        return [line for line in dict.fromkeys(lines) if line not in matched]

    def _by_prefix(self) -> dict[int, dict[str, list[PrefixEntry]]]:
        """Entries by length of prefix and prefix: a key is looked up once per length, not once per entry."""
        entries: dict[int, dict[str, list[PrefixEntry]]] = {}
        for entry in self.prefixes:
            entries.setdefault(len(entry.prefix), {}).setdefault(entry.prefix, []).append(entry)
        return entries

    @staticmethod
    def _matching(key: str, by_prefix: dict[int, dict[str, list[PrefixEntry]]]) -> list[PrefixEntry]:
        return [
            entry
            for length, entries in by_prefix.items()
            for entry in entries.get(key[:length], ())
            if entry.left_out is None or not entry.left_out.match_file(key)
        ]


def parse_relevant_filenames(data: bytes, file: str) -> RelevantFilenames:
    """The entries of a relevant filenames file in UTF-8.

    Raises InvalidConfig, naming the line, for absolute paths, `.` and `..` parts and patterns git would not take.
    """
    names: dict[str, str] = {}
    prefixes: list[PrefixEntry] = []
    for number, line in read_lines(data, file):
        match = PREFIX_LINE.fullmatch(line)
        path = match["prefix"] if match else line
        # The last part of a prefix is the beginning of a name: `.*` means the files that start with a dot.
        folders = path.split("/")[:-1] if match else path.split("/")
        _check_path(path, folders, line, file, number)
        if match:
            left_out = _parse_patterns(match["patterns"] or "", line, file, number)
            prefixes.append(PrefixEntry(line=line, prefix=_composed(path), left_out=left_out))
        else:
            names.setdefault(_composed(path), line)
    return RelevantFilenames(names=names, prefixes=tuple(prefixes))


def _check_path(path: str, parts: list[str], line: str, file: str, number: int) -> None:
    if path.startswith("/"):
        problem, hint = "is an absolute path", "leave out the leading `/`."
    elif re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]", path):
        problem, hint = "is an absolute path", "leave out everything up to the root of the datasource."
    elif any(part in (".", "..") for part in parts):
        problem, hint = "has a `.` or `..` part", "write paths as they are seen from the root of the datasource."
    else:
        return
    raise InvalidConfig(
        f"Line {number} of `{file}` {problem}: `{line[:200]}`; paths are relative to the root of the datasource",
        field=FIELD,
        hint=hint,
    )


def _parse_patterns(text: str, line: str, file: str, number: int) -> GitIgnoreSpec | None:
    patterns = re.findall(r"(?:\\.|[^\s\\])+|\\$", text)
    if not patterns:
        return None
    try:
        return GitIgnoreSpec.from_lines(_composed(pattern) for pattern in patterns)
    # A range the wrong way round ([z-a]) reaches the regular expression and fails there.
    except (ValueError, re.error) as exc:
        raise InvalidConfig(
            f"Line {number} of `{file}` has a pattern git would not take: `{line[:200]}`",
            field=FIELD,
            hint="patterns after `prefix*` follow the rules of gitignore, separated by spaces.",
        ) from exc


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
