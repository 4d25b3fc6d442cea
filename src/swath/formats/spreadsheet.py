"""Lines of CSV for people: numbers as they are, and no text that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_line(values: Sequence[str | float | bool | None]) -> str:
    """One line with its line break (CR LF). None is empty, booleans are 0 and 1, NaN is empty.

    Text that starts like a formula gets `'` before it, which spreadsheets take off again when they show it.
    """
    written: list[str] = []
    csv.writer(_Lines(written)).writerow([_cell(value) for value in values])
    return written[0]


def _cell(value: str | float | bool | None) -> str | float | None:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    if isinstance(value, bool):
        return int(value)
    return None if value != value else value


class _Lines:
    """What the writer takes for a file."""

    def __init__(self, written: list[str]) -> None:
        self._written = written

    def write(self, line: str) -> None:
        self._written.append(line)
