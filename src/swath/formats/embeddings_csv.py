"""`embeddings.csv` as the official client writes and reads it: `filenames, embedding_0, …, embedding_<D-1>, labels`.

Two kinds of names need care. A comma, a quote or a line break is quoted as CSV has it; the official client reads that
as CSV but refuses names with a comma by its own rule. A name that starts like a formula (`=`, `+`, `-`, `@`, tab,
return) gets `./` before it, the same file by another spelling, so that no spreadsheet runs it; `parse_embeddings_csv`
takes it off again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import orjson
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

# About a megabyte of text at 128 numbers a row.
ROWS_PER_CHUNK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsTable:
    """The content of an embeddings file; row i of each is the same sample."""

    file_names: tuple[str, ...]
    vectors: NDArray[np.float32]  # (N, D)
    labels: tuple[int, ...]


def write_embeddings_csv(
    names: Sequence[str], vectors: NDArray[np.floating], labels: Sequence[int] | None = None
) -> Iterator[str]:
    """The file as a stream of text chunks, for names (N), finite vectors (N, D) and labels (N), 0 if not given.

    Numbers have as many digits as float32 needs to read back exactly. Vectors are taken in slices, so a memory map
    is never loaded whole. Raises ValueError for columns of different length and for NaN or infinity.
    """
    if labels is None:
        labels = [0] * len(names)
    if not len(names) == len(vectors) == len(labels):
        raise ValueError(f"{len(names)} names, {len(vectors)} vectors, {len(labels)} labels")
    return _chunks(names, vectors, labels)


def _chunks(names: Sequence[str], vectors: NDArray[np.floating], labels: Sequence[int]) -> Iterator[str]:
    dimension = vectors.shape[1]
    yield ",".join(["filenames", *(f"embedding_{place}" for place in range(dimension)), "labels"]) + "\n"
    for start in range(0, len(names), ROWS_PER_CHUNK):
        with np.errstate(over="ignore"):
            rows = np.ascontiguousarray(vectors[start : start + ROWS_PER_CHUNK], dtype=np.float32)
        if not np.isfinite(rows).all():
            raise ValueError("vectors with NaN or infinity cannot be written")
        # "[[0.1,0.2],[0.3,0.4]]" has the shortest digits of float32, far faster than formatting number by number.
        texts = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY).decode()[2:-2].split("],[")
        lines = []
        for place, text in enumerate(texts if dimension else [""] * len(rows)):
            row = start + place
            numbers = f",{text}" if dimension else ""
            lines.append(f"{_cell(names[row])}{numbers},{labels[row]}\n")
        yield "".join(lines)


def _cell(name: str) -> str:
    safe = f"./{name}" if name.startswith(FORMULA_STARTS) else name
    if re.search(r'[",\r\n]|^\s|\s$', safe) or not safe:
        return '"' + safe.replace('"', '""') + '"'
    return safe


def parse_embeddings_csv(lines: Iterable[str], file: str) -> EmbeddingsTable:
    """The content of an embeddings file, from its lines with their ends (or chunks cut at line ends).

    Raises InvalidConfig that names the row for a wrong header, rows of another length and what is no number.
    """
    reader = csv.reader(chain.from_iterable(_split(chunk) for chunk in lines), strict=True)
    names: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    labels: list[int] = []
    try:
        header = next(reader, [])
        width = _check_header(header, file)
        for row in reader:
            if not row:
                continue
            if len(row) != width:
                raise InvalidConfig(f"Row {len(names) + 2} of `{file}` has {len(row)} fields instead of {width}")
            names.append(row[0].removeprefix("./"))
            vectors.append(_numbers(row, file, len(names) + 1))
            labels.append(_label(row[-1], file, len(names) + 1))
    except csv.Error as exc:
        raise InvalidConfig(f"Row {len(names) + 2} of `{file}` is not CSV: {exc}") from exc
    table = np.array(vectors, dtype=np.float32).reshape(len(names), width - 2)
    return EmbeddingsTable(file_names=tuple(names), vectors=table, labels=tuple(labels))


def _split(chunk: str) -> Iterable[str]:
    # Not splitlines(): names may hold what Unicode calls a line separator.
    return re.findall(r"[^\n]*\n|[^\n]+", chunk)


def _check_header(header: list[str], file: str) -> int:
    fields = [name.strip().removeprefix("\ufeff") for name in header]
    expected = ["filenames", *(f"embedding_{place}" for place in range(len(fields) - 2)), "labels"]
    if len(fields) < 3 or fields != expected:
        shown = ", ".join(fields[:4])
        raise InvalidConfig(
            f"The header of `{file}` should be `filenames, embedding_0, …, labels`, got `{shown[:80]}`",
            hint="embedding columns are numbered from 0, in order.",
        )
    return len(fields)


def _numbers(row: list[str], file: str, number: int) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(text) for text in row[1:-1]], dtype=np.float64).astype(np.float32)
    except ValueError as exc:
        raise InvalidConfig(f"Row {number} of `{file}` (`{row[0]}`): {exc}") from exc
    if not np.isfinite(vector).all():
        raise InvalidConfig(f"Row {number} of `{file}` (`{row[0]}`) holds NaN or infinity")
    return vector


def _label(text: str, file: str, number: int) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise InvalidConfig(f"Row {number} of `{file}`: a label is a whole number, got `{text[:80]}`") from exc
