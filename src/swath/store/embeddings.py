"""Vectors of a dataset: immutable files of float16 rows ("segments") that rows of the database name.

A file is complete and flushed before a row names it, and is never written again. Rows of samples that were there
before (their image changed) stand in later segments with explicit sample indices, which override earlier ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.embeddings import STORED_DTYPE
from swath.core.errors import Conflict, SourceUnavailable
from swath.store import schema
from swath.store.files import naming_failures, write_whole
from swath.store.home import Home
from swath.store.ids import new_id

VECTORS_SUFFIX = ".f16"

_table = schema.vector_segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of vectors: row i belongs to sample `first_index + i`, or to `sample_indices[i]` where given."""

    dataset_id: str
    file_name: str
    first_index: int
    sample_indices: NDArray[np.int32] | None
    row_count: int
    dimension: int
    dtype: str
    byte_length: int
    sha256: bytes

    def rows_of(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each of some samples (M,), -1 for those that it has no row of."""
        if self.sample_indices is None:
            rows = indices - self.first_index
            return np.where((rows >= 0) & (rows < self.row_count), rows, -1)
        order = np.argsort(self.sample_indices)
        place = np.searchsorted(self.sample_indices, indices, sorter=order)
        candidates = np.append(order, -1)[place]
        is_row = (candidates >= 0) & (self.sample_indices[candidates] == indices)
        return np.where(is_row, candidates, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddedVectors:
    """Vectors (N, D) that a dataset is about to get: row i is of `first_index + i`, or of `sample_indices[i]`."""

    vectors: NDArray[np.float16]
    first_index: int = 0
    sample_indices: NDArray[np.int32] | None = None

    @property
    def end(self) -> int:
        """The first sample index after those that are new."""
        return self.first_index + len(self.vectors)

    @property
    def rows(self) -> NDArray[np.int32] | slice:
        """Where they go in a matrix of all vectors of the dataset."""
        return slice(self.first_index, self.end) if self.sample_indices is None else self.sample_indices


def write_segment(home: Home, dataset_id: str, added: AddedVectors) -> Segment:
    """Write vectors to a new file, flushed to the disk. Raises SourceUnavailable."""
    rows = np.ascontiguousarray(added.vectors, dtype=STORED_DTYPE)
    data = rows.view(np.uint8).reshape(-1)
    file_name = f"{dataset_id}-{new_id()}{VECTORS_SUFFIX}"
    write_whole(home.vectors / file_name, data.data)
    return Segment(
        dataset_id=dataset_id,
        file_name=file_name,
        first_index=added.first_index,
        sample_indices=added.sample_indices,
        row_count=rows.shape[0],
        dimension=rows.shape[1],
        dtype=STORED_DTYPE.str,
        byte_length=rows.nbytes,
        sha256=hashlib.sha256(data.data).digest(),
    )


def record_segments(connection: Connection, segments: Sequence[Segment], *, embedder_id: str, run_id: str) -> None:
    """Name segments in the database, in this order after those that are there."""
    for segment in segments:
        last = sa.select(sa.func.max(_table.c.sequence)).where(_table.c.dataset_id == segment.dataset_id)
        indices = segment.sample_indices
        connection.execute(
            sa.insert(_table).values(
                dataset_id=segment.dataset_id,
                sequence=(connection.execute(last).scalar() or 0) + 1,
                embedder_id=embedder_id,
                run_id=run_id,
                file_name=segment.file_name,
                first_index=segment.first_index,
                sample_indices=None if indices is None else np.asarray(indices, dtype="<i4").tobytes(),
                row_count=segment.row_count,
                dimension=segment.dimension,
                dtype=segment.dtype,
                byte_length=segment.byte_length,
                sha256=segment.sha256,
            )
        )


def segments_of(connection: Connection, dataset_id: str) -> list[Segment]:
    """The segments of a dataset in the order in which they override each other."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id).order_by(_table.c.sequence)
    return [
        Segment(
            dataset_id=row.dataset_id,
            file_name=row.file_name,
            first_index=row.first_index,
            sample_indices=None if row.sample_indices is None else np.frombuffer(row.sample_indices, dtype="<i4"),
            row_count=row.row_count,
            dimension=row.dimension,
            dtype=row.dtype,
            byte_length=row.byte_length,
            sha256=row.sha256,
        )
        for row in connection.execute(query)
    ]


def segment_files(connection: Connection) -> set[str]:
    """The names of all files that some row names."""
    return set(connection.execute(sa.select(_table.c.file_name)).scalars())


def read_vectors(connection: Connection, home: Home, dataset_id: str, *, dimension: int = 0) -> NDArray[np.float16]:
    """The vectors (N, D) of a dataset by sample index; (0, dimension) where there are none.

    Memory-mapped where one file holds them all. Every file's length and checksum are compared first.
    Raises SourceUnavailable naming a file that is missing, short or damaged.
    """
    segments = segments_of(connection, dataset_id)
    if not segments:
        return np.empty((0, dimension), dtype=STORED_DTYPE)
    if len(segments) == 1:
        return map_segment(home, segments[0])
    count = sum(segment.row_count for segment in segments if segment.sample_indices is None)
    vectors = np.empty((count, segments[0].dimension), dtype=STORED_DTYPE)
    for segment in segments:
        rows: NDArray[np.int32] | slice = slice(segment.first_index, segment.first_index + segment.row_count)
        if segment.sample_indices is not None:
            rows = segment.sample_indices
        vectors[rows] = map_segment(home, segment)
    return vectors


def iter_vectors(
    connection: Connection, home: Home, dataset_id: str, indices: NDArray[np.int64], *, rows_at_a_time: int
) -> Iterator[NDArray[np.float16]]:
    """The vectors of the samples `indices` (M,), piece by piece (rows, D), so that never all of them are in memory.

    Every file's length and checksum are compared first. Raises SourceUnavailable as above, IndexError for samples
    without vectors.
    """
    mapped = [(segment, map_segment(home, segment)) for segment in segments_of(connection, dataset_id)]
    pieces = (indices[start : start + rows_at_a_time] for start in range(0, len(indices), rows_at_a_time))
    return (_gathered(mapped, piece) for piece in pieces)


def read_rows(
    connection: Connection, home: Home, dataset_id: str, indices: NDArray[np.int64], *, is_checked: bool = False
) -> NDArray[np.float16]:
    """The vectors (M, D) of some samples, ascending; those of adjacent samples in one file stay memory-mapped.

    With `is_checked` files are not compared with their checksums: for all pages but the first of something read in
    pages. Raises SourceUnavailable as above, Conflict for samples without vectors.
    """
    segments = segments_of(connection, dataset_id)
    if not segments and not len(indices):
        return np.empty((0, 0), dtype=STORED_DTYPE)
    mapped = [(segment, map_segment(home, segment, is_checked=is_checked)) for segment in segments]
    if len(mapped) == 1 and len(indices) and int(indices[-1]) - int(indices[0]) == len(indices) - 1:
        segment, vectors = mapped[0]
        rows = segment.rows_of(indices[[0, -1]])
        if segment.sample_indices is None and (rows >= 0).all():
            return vectors[rows[0] : rows[1] + 1]
    try:
        return _gathered(mapped, indices)
    except IndexError as exc:
        raise Conflict(
            f"{exc}: the dataset's embeddings were taken away or replaced",
            hint="Upload embeddings of all its samples.",
        ) from exc


def _gathered(mapped: Sequence[tuple[Segment, NDArray[np.float16]]], wanted: NDArray[np.int64]) -> NDArray[np.float16]:
    """The vectors (M, D) of some samples from the files that hold them; later files override earlier ones."""
    rows = np.zeros((len(wanted), mapped[0][0].dimension if mapped else 0), dtype=STORED_DTYPE)
    is_there = np.zeros(len(wanted), dtype=np.bool_)
    for segment, vectors in mapped:
        at = segment.rows_of(wanted)
        has_row = at >= 0
        rows[has_row] = vectors[at[has_row]]
        is_there |= has_row
    if not is_there.all():
        raise IndexError(f"sample {int(wanted[~is_there][0])} has no vector")
    return rows


def map_segment(home: Home, segment: Segment, *, is_checked: bool = False) -> NDArray[np.float16]:
    """The rows (N, D) of one file, memory-mapped and read-only. Raises SourceUnavailable as above; with `is_checked`
    its checksum is taken for right."""
    path = home.vectors / segment.file_name
    with naming_failures("read vectors from", path):
        length = path.stat().st_size
        if length != segment.byte_length:
            raise _damaged(path, f"it has {length} bytes instead of {segment.byte_length}")
        vectors = np.memmap(path, dtype=segment.dtype, mode="r", shape=(segment.row_count, segment.dimension))
    if not is_checked and hashlib.sha256(vectors.view(np.uint8).reshape(-1).data).digest() != segment.sha256:
        raise _damaged(path, "its checksum is not the recorded one")
    return vectors


def _damaged(path: Path, how: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"vector file `{path}` is damaged: {how}",
        hint="Restore it from a backup; without one, delete the dataset and run again.",
    )
