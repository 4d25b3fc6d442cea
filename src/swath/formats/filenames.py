"""Plain lists of file names: one per line, as the official exports are.

A name that would not survive as a line of its own (it holds a line break or another control character, starts with a
quote, or begins or ends with a space) is written as a JSON string in double quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from swath.core.errors import InvalidConfig

NEEDS_QUOTES = re.compile(r'[\x00-\x1f\x7f\x85\u2028\u2029]|^[" ]| $')


def write_filenames(names: Iterable[str]) -> str:
    """One name per line, in the order given; empty for no names."""
    return "".join(f"{json.dumps(name) if NEEDS_QUOTES.search(name) else name}\n" for name in names)


def parse_filenames(data: bytes, file: str) -> list[str]:
    """The names of a list, in its order, without empty lines. Raises InvalidConfig if it is not UTF-8 text."""
    return [_parse_line(line, file, number) for number, line in read_lines(data, file)]


def _parse_line(line: str, file: str, number: int) -> str:
    if not line.startswith('"'):
        return line
    try:
        name = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise InvalidConfig(
            f"Line {number} of `{file}` starts with a quote but is no quoted name: `{line[:80]}`"
        ) from exc
    return str(name)


def read_lines(data: bytes, file: str) -> list[tuple[int, str]]:
    """Numbered lines (from 1) of a text in UTF-8, without surrounding space and without those that are empty.

    A byte order mark and line ends of any system are tolerated. Raises InvalidConfig for another encoding.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidConfig(f"`{file}` is not text in UTF-8", hint="save the file as UTF-8.") from exc
    if "\x00" in text:
        raise InvalidConfig(f"`{file}` holds zero bytes: not text in UTF-8", hint="save the file as UTF-8.")
    # Not splitlines(): names may hold what Unicode calls a line separator.
    stripped = ((number, line.strip(" \t\r")) for number, line in enumerate(text.split("\n"), start=1))
    return [(number, line) for number, line in stripped if line]
