"""Files that say what is known of images: CSV with a column `file_name`, a JSON list, or JSON documents line by line.

JSON documents are `{"file_name": …, "metadata": {…}}`. In CSV every other column is a key, `outer.inner` for nested
ones; a column whose cells are all numbers, or all `true` and `false`, holds those, and an empty cell says nothing.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swath.core.errors import InvalidConfig
from swath.formats.filenames import read_lines

FILE_NAME, METADATA = "file_name", "metadata"

SUFFIXES = (".csv", ".json", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMetadata:
    """What is known of one image."""

    file_name: str
    metadata: Mapping[str, Any]


def parse_metadata(data: bytes, file: str) -> list[ImageMetadata]:
    """The content of a file, whose ending says what it is. Raises InvalidConfig naming row and column."""
    parsers: dict[str, Callable[[bytes, str], list[ImageMetadata]]] = dict(
        zip(SUFFIXES, (_parse_csv, _parse_json, _parse_lines), strict=True)
    )
    ending = next((suffix for suffix in SUFFIXES if file.lower().endswith(suffix)), None)
    if ending is None:
        listed = ", ".join(f"`{suffix}`" for suffix in SUFFIXES)
        raise InvalidConfig(f"`{file}` ends in none of {listed}", field="file")
    found = parsers[ending](data, file)
    _refuse_repeated(found, file)
    return found


def _refuse_repeated(found: Sequence[ImageMetadata], file: str) -> None:
    seen: set[str] = set()
    for one in found:
        if one.file_name in seen:
            raise InvalidConfig(f"`{file}` has `{one.file_name}` twice", field="file", hint="Which one is meant?")
        seen.add(one.file_name)


def _parse_json(data: bytes, file: str) -> list[ImageMetadata]:
    document = _loaded(_text(data, file), file, "")
    if not isinstance(document, list):
        raise InvalidConfig(f"`{file}` is no list", field="file", hint=_SHAPE)
    return [_of_document(item, file, f"item {place}") for place, item in enumerate(document, start=1)]


def _parse_lines(data: bytes, file: str) -> list[ImageMetadata]:
    return [
        _of_document(_loaded(line, file, f" in line {number}"), file, f"line {number}")
        for number, line in read_lines(data, file)
    ]


_SHAPE = 'Each image is `{"file_name": "…", "metadata": {…}}`.'


def _of_document(item: Any, file: str, place: str) -> ImageMetadata:
    if not isinstance(item, dict) or set(item) != {FILE_NAME, METADATA}:
        raise InvalidConfig(f"`{file}`, {place}: expected `{FILE_NAME}` and `{METADATA}`", field="file", hint=_SHAPE)
    name, metadata = item[FILE_NAME], item[METADATA]
    if not isinstance(name, str) or not name:
        raise InvalidConfig(f"`{file}`, {place}: `{FILE_NAME}` is no text", field="file")
    if not isinstance(metadata, dict):
        raise InvalidConfig(f"`{file}`, {place}: `{METADATA}` is no object", field="file", hint=_SHAPE)
    return ImageMetadata(file_name=name, metadata=metadata)


def _loaded(text: str, file: str, where: str) -> Any:
    def refuse(constant: str) -> None:
        raise InvalidConfig(f"`{file}` holds `{constant}`{where}, which is no number of JSON", field="file")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as exc:
        line = where or f" in line {exc.lineno}"
        raise InvalidConfig(f"`{file}` is no JSON{line}: {exc.msg} at column {exc.colno}", field="file") from exc
    except RecursionError as exc:
        raise InvalidConfig(f"`{file}` is nested too deep{where}", field="file") from exc


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidConfig(f"`{file}` is not text in UTF-8", field="file", hint="Save the file as UTF-8.") from exc


def _parse_csv(data: bytes, file: str) -> list[ImageMetadata]:
    rows = _rows(_text(data, file), file)
    _, head = next(rows, (0, []))
    keys = [name.strip() for name in head]
    _check_head(keys, file)
    at = keys.index(FILE_NAME)
    table: list[list[str]] = []
    for number, cells in rows:
        if len(cells) != len(keys):
            raise InvalidConfig(f"`{file}`, row {number}: {len(cells)} cells under {len(keys)} columns", field="file")
        if not cells[at]:
            raise InvalidConfig(f"`{file}`, row {number}: column `{FILE_NAME}` is empty", field="file")
        table.append(cells)
    columns = {key: _column([cells[place] for cells in table]) for place, key in enumerate(keys) if place != at}
    return [
        ImageMetadata(file_name=cells[at], metadata=_nested({key: column[row] for key, column in columns.items()}))
        for row, cells in enumerate(table)
    ]


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, numbered from 1 as spreadsheets do."""
    # Not splitlines(): cells may hold what Unicode calls a line separator.
    reader = csv.reader((f"{line}\n" for line in text.removesuffix("\n").split("\n")), strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            raise InvalidConfig(f"`{file}`, row {number}: {exc}", field="file") from exc
        if cells is None:
            return
        if cells:
            yield number, cells


def _check_head(keys: Sequence[str], file: str) -> None:
    if FILE_NAME not in keys:
        listed = ", ".join(f"`{key}`" for key in keys[:10]) or "nothing"
        raise InvalidConfig(
            f"`{file}` has no column `{FILE_NAME}`: its first row has {listed}",
            field="file",
            hint="The first row names the columns, separated by commas.",
        )
    for place, key in enumerate(keys, start=1):
        if not all(key.split(".")):
            raise InvalidConfig(f"`{file}`, column {place}: `{key}` is no name", field="file")
        above = next((other for other in keys if key.startswith(f"{other}.")), None)
        if keys.count(key) > 1:
            raise InvalidConfig(f"`{file}` has two columns `{key}`", field="file")
        if above is not None:
            raise InvalidConfig(f"`{file}` has columns `{above}` and `{key}`: one is within the other", field="file")


def _column(cells: Sequence[str]) -> list[Any]:
    """The values of cells: None for empty ones, numbers or booleans where all others are such."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if filled and all(cell.lower() in ("true", "false") for cell in filled):
        return [cell.strip().lower() == "true" if cell.strip() else None for cell in cells]
    numbers = {cell: _number(cell) for cell in filled}
    if all(number is not None for number in numbers.values()):
        return [numbers.get(cell.strip()) for cell in cells]
    return [cell if cell.strip() else None for cell in cells]


def _number(cell: str) -> float | int | None:
    """The number a cell holds; None for a text, and for what looks like a number but names something: `007`."""
    digits = cell.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        return None if len(digits) > 1 and digits.startswith("0") else int(cell) if len(digits) <= 4000 else None
    if not cell.isascii() or "_" in cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`{"weather.sky": "grey"}` → `{"weather": {"sky": "grey"}}`, without what is None."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        if value is None:
            continue
        *outer, last = key.split(".")
        inner = nested
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return nested
