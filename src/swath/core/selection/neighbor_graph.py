"""The nearest rows of every row: exact up to a size, beyond it among the rows of the nearest cells.

A cell is what lies nearest to one of some centres, which k-means finds on a sample. For an exact answer the triangle
inequality rules cells out; where even that takes too long, a row is compared with its nearest cells only. Either way
the answer depends on neither the order of rows nor the number of threads: rows are looked at in an order that their
content gives, and of equally near ones the first in that order stays.

Memory beside the vectors, which are read where they lie: 8 bytes for each neighbor, about 60 a row, one more for every
number of a row on machines that multiply bytes faster, and a few MB for each thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.selection import native
from swath.core.selection.distances import Vectors, largest_magnitude, mean_vector
from swath.core.selection.kernels import Space
from swath.core.selection.objective import MapChunks

EXACT_UP_TO = 1.5e12
"""Numbers multiplied (rows x rows x dimension) up to which neighbours are exact: 108,000 rows of 128.

With 20 neighbors that is some 12 s of one core that multiplies bytes where no cell can be ruled out (rows all about as
far from one another), 7 where rows lie in clusters, as embeddings of photos do; without bytes about four times as much.
"""

ONE_CELL_UP_TO = 16_384
"""Rows for which cells are not worth their centres."""

CELLS_PER_ROOT = 1.5
"""Times the root of the number of rows gives the number of cells: to find the nearest then takes about as long as to
search one."""

PROBES = 24
"""Cells that a row is compared with where the answer is not exact."""

SAMPLE_PER_CELL = 32
ROUNDS = 8
"""Rounds of k-means. Cells need not be good, only small."""

CENTRES_AT_ONCE = 6
"""Centres that a kernel multiplies at once: their number is rounded up to a multiple, the rest is zeros."""

PADDING = 16
"""Rows more than there are that kernels may read."""

BLOCK_NUMBERS = 1 << 16
"""Numbers of a block of queries: 512 rows of 128."""

_MATRIX = (native.ROWS, native.INT, native.INT, native.ROWS, native.INT, native.I32)
_FRAME = (native.INT, native.F32, native.FLOAT, native.DOUBLE)
_WIDTH_OF_BYTES = native.Kernel("graph_width_of_bytes", native.INT)
_PREPARE = native.Kernel(
    "graph_prepare", *_MATRIX, *_FRAME, native.I32, native.INT, native.INT, native.INT,
    native.OUT_F32, native.OUT_U8, native.OUT_I32,
)  # fmt: skip
_SEARCH = native.Kernel(
    "graph_search", *_MATRIX, *_FRAME, native.I32, native.INT,
    native.INT, native.I64, native.I32, native.F64, native.F32, native.F32,
    native.F32, native.U8, native.I32, native.INT, native.INT, native.OUT_I32, native.OUT_F32,
)  # fmt: skip
_ASSIGN = native.Kernel(
    "graph_assign", *_MATRIX, *_FRAME, native.I32, native.INT,
    native.INT, native.F32, native.F32, native.OUT_I32, native.OUT_F64,
)  # fmt: skip
_DIGEST = native.Kernel("graph_digest", native.ROWS, native.INT, native.INT, native.INT, native.INT, native.OUT_I64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbors:
    """Of each row the k nearest others, nearest first; `distances` are Euclidean.

    Rows are named by their places. `exact` says whether they are the nearest of all, or only of those in the cells that
    were looked at.
    """

    places: NDArray[np.int32]  # (R, k)
    distances: NDArray[np.float32]  # (R, k)
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderedRows:
    """The rows of two matrices, those of `first` (N, D) before those of `second` (M, D), and an order of them.

    `order` (R,) says which row has which place: all rows, or of those of equal content one, in an order that depends on
    content alone. `place_of_row` (N + M,) is the place of the row itself, or of the one that stands for it.
    """

    first: Vectors
    second: Vectors
    largest: float
    """The largest absolute value."""
    order: NDArray[np.int32]
    place_of_row: NDArray[np.int32]
    distinct: NDArray[np.int32]
    """Places of rows, of those of equal content one, ascending."""

    @classmethod
    def of(
        cls,
        vectors: Vectors,
        preselected: Vectors | None = None,
        *,
        merges_equal: bool = False,
        map_chunks: MapChunks = map,
    ) -> OrderedRows:
        """`merges_equal` leaves one row of those of equal content.

        Raises ValueError for shapes and dtypes that cannot be, and for NaN and infinity, naming the first such row.
        """
        largest = largest_of("vectors", vectors)
        if preselected is None:
            preselected = np.empty((0, vectors.shape[1]), dtype=vectors.dtype)
        largest = max(largest, largest_of("preselected", preselected))
        if preselected.shape[1] != vectors.shape[1]:
            raise ValueError(f"preselected has {preselected.shape[1]} dimensions, vectors have {vectors.shape[1]}")
        if vectors.shape[1] == 0:  # rows of nothing are all the same; kernels want a number
            vectors = np.zeros((len(vectors), 1), dtype=np.float16)
            preselected = np.zeros((len(preselected), 1), dtype=np.float16)
        vectors, preselected = _contiguous(vectors), _contiguous(preselected)
        digests = np.concatenate([_digests(vectors, map_chunks), _digests(preselected, map_chunks)])
        contents, first_rows, content_of_row = np.unique(digests, return_index=True, return_inverse=True)
        if merges_equal:
            order, place_of_row, distinct = first_rows, content_of_row, np.arange(len(contents))
        else:
            order = np.argsort(digests, kind="stable")
            place_of_row = np.empty(len(order), dtype=np.int32)
            place_of_row[order] = np.arange(len(order))
            distinct = place_of_row[first_rows]
        return cls(
            first=vectors,
            second=preselected,
            largest=largest,
            order=order.astype(np.int32),
            place_of_row=place_of_row.astype(np.int32),
            distinct=distinct.astype(np.int32),
        )

    def __len__(self) -> int:
        """The number of places."""
        return len(self.order)

    @property
    def dimension(self) -> int:
        return int(self.first.shape[1])

    def for_kernel(self) -> tuple[Vectors, int, int, Vectors, int, NDArray[np.int32]]:
        return self.first, len(self.first), _is_half(self.first), self.second, _is_half(self.second), self.order

    def at(self, places: NDArray[np.int32]) -> NDArray[np.float32]:
        rows = self.order[places]
        in_first = rows < len(self.first)
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        found[in_first] = self.first[rows[in_first]]
        found[~in_first] = self.second[rows[~in_first] - len(self.first)]
        return found


def _of_space(space: Space) -> tuple[int, NDArray[np.float32], float, float]:
    """How kernels take it."""
    return space.depth, space.shift, space.scale, space.slack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Places by cell, in each by distance from the centre; radii are scaled, no place is farther away than its own.

    A row that is much farther from the centre than `radius` is as far from all places within that radius: they are
    passed over together.
    """

    starts: NDArray[np.int64]  # (C + 1,)
    places: NDArray[np.int32]  # (R,), equal rows ascending
    radii: NDArray[np.float64]  # (R,), of `places`
    centres: NDArray[np.float32]  # (C rounded up, D)
    norms: NDArray[np.float32]  # (C,)

    def __len__(self) -> int:
        return len(self.norms)

    def for_kernel(self) -> tuple[object, ...]:
        return len(self), self.starts, self.places, self.radii, self.centres, self.norms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prepared:
    """What kernels want to know of all rows before they compare them, in the order of the places of cells.

    Where the machine multiplies bytes faster than float32, that is a byte for every number.
    """

    known: NDArray[np.float32]  # (1 or 4, R + PADDING)
    bytes: NDArray[np.uint8]  # (R + PADDING, D rounded up, or 0)
    offsets: NDArray[np.int32]  # (R + PADDING, or 0)

    @classmethod
    def of(cls, rows: OrderedRows, space: Space, cells: _Cells, map_chunks: MapChunks) -> _Prepared:
        width, room = _WIDTH_OF_BYTES(rows.dimension), len(rows) + PADDING
        prepared = cls(
            known=np.zeros((4 if width else 1, room), dtype=np.float32),
            bytes=np.zeros((room, width), dtype=np.uint8),
            offsets=np.zeros(room if width else 0, dtype=np.int32),
        )
        size = 1 << 14

        def prepare(chunk: int) -> None:
            low, high = chunk * size, min(len(rows), (chunk + 1) * size)
            _PREPARE(*rows.for_kernel(), *_of_space(space), cells.places, len(rows), low, high, *prepared.for_kernel())

        for _ in map_chunks(prepare, range(-(-len(rows) // size))):
            pass
        return prepared

    def for_kernel(self) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.int32]]:
        return self.known, self.bytes, self.offsets


def nearest_others(
    rows: OrderedRows, k: int, *, map_chunks: MapChunks = map, exact_up_to: float = EXACT_UP_TO
) -> Neighbors:
    """The `k` nearest other rows of every row; k is at most the number of places less one, and may be 0."""
    count = len(rows)
    if not 0 <= k <= max(0, count - 1):
        raise ValueError(f"{count} rows cannot have {k} neighbors each")
    exact = float(count) * count * rows.dimension <= exact_up_to
    places, distances = np.empty((count, k), dtype=np.int32), np.empty((count, k), dtype=np.float32)
    if k == 0:
        return Neighbors(places=places, distances=distances, exact=True)
    compared = rows.first if len(rows.first) else rows.second
    mean = mean_vector(compared, rows.largest) if len(compared) else np.zeros(rows.dimension)
    space = Space.around(mean, rows.largest)
    cells = _find_cells(rows, space, map_chunks)
    prepared = _Prepared.of(rows, space, cells, map_chunks)
    probes = len(cells) if exact else min(PROBES, len(cells))
    blocks = _blocks_of_cells(cells, rows.dimension)

    def search(block: int) -> None:
        _SEARCH(
            *rows.for_kernel(), *_of_space(space), blocks[block], len(blocks[block]),
            *cells.for_kernel(), *prepared.for_kernel(), probes, k, places, distances,
        )  # fmt: skip

    for _ in map_chunks(search, range(len(blocks))):
        pass  # reading a result raises what went wrong in its chunk
    return Neighbors(places=places, distances=distances, exact=probes == len(cells))


def _find_cells(rows: OrderedRows, space: Space, map_chunks: MapChunks) -> _Cells:
    count = len(rows)
    everything = np.arange(count, dtype=np.int32)
    if count <= ONE_CELL_UP_TO:
        return _Cells(
            starts=np.array([0, count]),
            places=everything,
            radii=np.full(count, np.inf),
            centres=np.zeros((CENTRES_AT_ONCE, rows.dimension), dtype=np.float32),
            norms=np.zeros(1, dtype=np.float32),
        )
    centres = _centres(rows, space, round(CELLS_PER_ROOT * math.sqrt(count)), map_chunks)
    cell, squared_distances = _assign(rows, space, everything, centres, map_chunks)
    starts = np.zeros(len(centres) + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=len(centres)), out=starts[1:])
    order = np.lexsort((squared_distances, cell))  # stable
    return _Cells(
        starts=starts,
        places=order.astype(np.int32),
        radii=np.sqrt(squared_distances[order]) * (1 + 1e-9),
        centres=_padded(centres),
        norms=_squared_norms(centres),
    )


def _centres(rows: OrderedRows, space: Space, count: int, map_chunks: MapChunks) -> NDArray[np.float32]:
    """At most `count` centres (C, D), centred: k-means on a sample that no order of rows decides."""
    sample = rows.distinct[: count * SAMPLE_PER_CELL]
    points = space.centred(rows.at(sample))
    centres = points[:count].copy()
    for _ in range(ROUNDS):
        cell, _ = _assign(rows, space, sample, centres, map_chunks)
        members = np.argsort(cell, kind="stable")
        found, first = np.unique(cell[members], return_index=True)
        sums = np.add.reduceat(points[members], first, axis=0, dtype=np.float64)
        centres[found] = sums / np.diff(np.append(first, len(members)))[:, None]
    return centres


def _assign(
    rows: OrderedRows, space: Space, places: NDArray[np.int32], centres: NDArray[np.float32], map_chunks: MapChunks
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The nearest centre of each of `places` (n,), and the scaled squared distance that it is within."""
    cell, squared_distances = np.empty(len(places), dtype=np.int32), np.empty(len(places))
    padded, norms = _padded(centres), _squared_norms(centres)
    size = _block_rows(rows.dimension)

    def assign(block: int) -> None:
        part = slice(block * size, (block + 1) * size)
        _ASSIGN(
            *rows.for_kernel(), *_of_space(space), places[part], len(places[part]),
            len(centres), padded, norms, cell[part], squared_distances[part],
        )  # fmt: skip

    for _ in map_chunks(assign, range(-(-len(places) // size))):
        pass
    return cell, squared_distances


def _blocks_of_cells(cells: _Cells, dimension: int) -> list[NDArray[np.int32]]:
    """Places that are searched for together: rows of one cell, as they visit the same others."""
    size = _block_rows(dimension)
    return [
        cells.places[low : min(low + size, end)]
        for start, end in zip(cells.starts[:-1], cells.starts[1:], strict=True)
        for low in range(start, end, size)
    ]


def _block_rows(dimension: int) -> int:
    return max(64, min(512, BLOCK_NUMBERS // dimension))


def _padded(centres: NDArray[np.float32]) -> NDArray[np.float32]:
    missing = -len(centres) % CENTRES_AT_ONCE
    return np.concatenate([centres, np.zeros((missing, centres.shape[1]), dtype=np.float32)])


def _squared_norms(centres: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.square(centres, dtype=np.float64).sum(axis=1), dtype=np.float32)


def _digests(vectors: Vectors, map_chunks: MapChunks) -> NDArray[np.int64]:
    """A number (n,) that rows of equal content share, and hardly any others."""
    digests = np.empty(len(vectors), dtype=np.int64)
    size = 1 << 14

    def digest(chunk: int) -> None:
        low, high = chunk * size, min(len(vectors), (chunk + 1) * size)
        _DIGEST(vectors, _is_half(vectors), vectors.shape[1], low, high, digests)

    for _ in map_chunks(digest, range(-(-len(vectors) // size))):
        pass
    return digests


def _contiguous(vectors: Vectors) -> Vectors:
    return vectors if vectors.flags.c_contiguous else vectors.copy()


def _is_half(vectors: Vectors) -> int:
    return int(vectors.dtype == np.float16)


def largest_of(name: str, vectors: Vectors) -> float:
    """The largest absolute value. Raises ValueError, naming the first row that is not finite."""
    if vectors.ndim != 2 or vectors.dtype not in (np.float16, np.float32):
        raise ValueError(f"{name} must be float16 or float32 of shape (N, D), got {vectors.dtype} {vectors.shape}")
    largest = largest_magnitude(vectors)
    if not math.isfinite(largest):
        bad = next(row for row in range(len(vectors)) if not np.isfinite(vectors[row]).all())
        raise ValueError(f"row {bad} of {name} holds NaN or infinity")
    return largest
