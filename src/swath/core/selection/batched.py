"""Distances to the nearest selected row for large inputs: many picks per pass over memory, every one exact.

Gains only fall. So greedy picks among the best few thousand units are greedy picks among all, as long as the best of
them stays ahead of the best unit left out (`kernels.pick_among`). All other rows then meet the whole batch in one
pass, in one of two ways: a float32 filter over all pairs (`lower_all`), or the triangle inequality, which leaves only
the rows near each row's owner (`lower_near`). Whatever may be closer is measured exactly, so both give the same bits.

Memory beside the matrix, which is read where it lies: about 50 bytes a row (the engine's share included), 4 bytes a
dimension for each selected row, and at most an eighth of the matrix (64 MB for small ones) for neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.selection import kernels
from swath.core.selection.distances import SUM_LANES, Vectors, mean_vector
from swath.core.selection.dot_filter import LANES
from swath.core.selection.objective import NOT_A_CANDIDATE, MapChunks, Shortlist
from swath.core.selection.opening import distances_from_mean
from swath.core.selection.units import RowsOfUnits

BATCH_ROWS = 384
"""Rows of a batch at most, unless a single unit has more."""

CHUNK_ROWS = 2048
"""Rows of a chunk at least: a chunk costs about 20 µs to start."""

CHUNKS = 24
"""Chunks of a pass, at most: a few for every thread, so that none waits long for the last."""

SPARSE_COST = 3
"""A pair in `lower_near` costs about this many pairs in `lower_all` (measured; many are dropped without being read)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    """Rows that join the selection together, in the forms the kernels want."""

    raw: NDArray[np.float32]  # (P, W)
    centred: NDArray[np.float32]  # (P, D)
    columns: NDArray[np.float32]  # (ceil(P / LANES) * D * LANES,)
    norms: NDArray[np.float32]  # (P,)
    limits: NDArray[np.float32]  # (ceil(P / LANES) * LANES,)


class BatchedNearest:
    """Gain of a unit: the mean over its rows of the squared distance to the nearest selected row."""

    def __init__(
        self,
        vectors: Vectors,
        preselected: Vectors | None,
        units: RowsOfUnits,
        largest: float,
        map_chunks: MapChunks,
        *,
        expected_rows: int = 1024,
    ) -> None:
        self._vectors = vectors
        self._source = _readable(vectors)
        self._units = units
        self._largest = largest
        self._map_chunks = map_chunks
        row_count, dimension = vectors.shape
        self._mean = mean_vector(vectors, largest)
        self._shift = self._mean.astype(np.float32)
        # A power of two that brings the largest norms near 1: float32 then neither overflows nor loses small products.
        exponent = np.frexp(max(largest, 1e-30) * max(1.0, dimension) ** 0.5)[1]
        self._scale = np.float32(2.0 ** -float(exponent))
        # Of a float32 sum of D products, and of the roundings of centring, norms and limits; twice what is needed.
        self._slack = float((dimension + 32) * 2.0**-24)
        self._nearest = np.full(row_count, np.inf)
        self._owner = np.zeros(row_count, dtype=np.int32)
        self._norms = np.empty(row_count, dtype=np.float32)
        self._chunked(
            row_count,
            lambda low, high: kernels.norms_of_rows(self._source, low, high, self._shift, self._scale, self._norms),
        )
        self._owners = np.empty((expected_rows, dimension), dtype=np.float32)
        self._owner_norms = np.empty(expected_rows, dtype=np.float32)
        self._owner_count = 0
        self._neighbour_bytes = max(1 << 26, vectors.nbytes // 8)
        self._skip_triangle = 0
        self._back_off = 1
        self.gains = self._nearest if units.single else np.where(units.sizes > 0, np.inf, NOT_A_CANDIDATE)
        self.shortlist_size = int(min(4096, max(64, units.unit_count // 64)))
        self.knows_selection = False
        if preselected is not None:
            readable = _readable(preselected)
            for start in range(0, len(preselected), BATCH_ROWS):
                self._join(readable, np.arange(start, min(start + BATCH_ROWS, len(preselected))))
        if self.knows_selection:
            self._refresh_gains()

    def opening(self) -> NDArray[np.float64]:
        if not self._units.single:
            return distances_from_mean(self._vectors, self._units, self._mean, self._largest)
        distances = np.empty(len(self._vectors))
        padded = np.zeros(_padded(len(self._mean)))
        padded[: len(self._mean)] = self._mean
        self._chunked(
            len(distances),
            lambda low, high: kernels.distances_to_point(self._source, low, high, padded, distances),
        )
        return distances

    def pick_among(
        self, shortlist: Shortlist, *, at_most: int, lowest_gain: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        sizes = self._units.starts[shortlist.units + 1] - self._units.starts[shortlist.units]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        rows = self._units.rows_of(shortlist.units)
        raw, centred, norms = self._load(self._source, rows)
        picks = np.empty(min(at_most, len(shortlist.units)), dtype=np.int64)
        gains = np.empty(len(picks))
        taken = kernels.pick_among(
            raw,
            centred,
            norms,
            self._scale,
            self._slack,
            starts,
            self._nearest[rows],
            self.gains[shortlist.units],
            shortlist.ranks,
            shortlist.bound_gain,
            shortlist.bound_rank,
            lowest_gain,
            BATCH_ROWS,
            picks,
            gains,
        )
        return shortlist.units[picks[:taken]], gains[:taken]

    def add(self, units: NDArray[np.int64]) -> None:
        rows = self._units.rows_of(units)
        self._nearest[rows] = NOT_A_CANDIDATE if self._units.single else 0.0
        for start in range(0, len(rows), BATCH_ROWS):
            self._join(self._source, rows[start : start + BATCH_ROWS])
        self.gains[units] = NOT_A_CANDIDATE
        self._refresh_gains()

    def _refresh_gains(self) -> None:
        if self._units.single:
            return  # gains are `_nearest` itself
        starts, rows = self._units.starts, self._units.rows
        self._chunked(
            self._units.unit_count,
            lambda low, high: kernels.means_of_units(starts, rows, low, high, self._nearest, self.gains),
        )

    def _join(self, source: NDArray[np.generic], rows: NDArray[np.int64]) -> None:
        """Lower the distances of all rows to a batch of new ones."""
        batch = self._batch(source, rows)
        near = self._neighbours(batch)
        first_owner = self._owner_count
        if near is None:
            self._chunked(
                len(self._nearest),
                lambda low, high: kernels.lower_all(
                    self._source, low, high, self._shift, self._scale, self._slack, self._norms,
                    batch.raw, batch.columns, batch.limits, first_owner, self._nearest, self._owner,
                ),
            )  # fmt: skip
        else:
            neighbours, bounds, counts = near
            self._chunked(
                len(self._nearest),
                lambda low, high: kernels.lower_near(
                    self._source, low, high, self._shift, self._scale, self._slack, self._norms,
                    batch.raw, batch.centred, batch.limits, len(batch.norms), first_owner,
                    neighbours, bounds, counts, self._nearest, self._owner,
                ),
            )  # fmt: skip
        self._remember_owners(batch)
        self.knows_selection = True

    def _neighbours(self, batch: _Batch) -> tuple[NDArray[np.uint16], NDArray[np.float32], NDArray[np.int32]] | None:
        """Which rows of the batch each owner's rows must be compared with; None if comparing all is cheaper.

        It is tried less and less often while it does not pay.
        """
        owner_count, batch_size = self._owner_count, len(batch.norms)
        if not owner_count:
            return None
        room = min(batch_size // 2, 65535, self._neighbour_bytes // (6 * owner_count))
        if room < 4:
            return None
        if self._skip_triangle > 0:
            self._skip_triangle -= 1
            return None
        reach = np.zeros(owner_count)
        sizes = np.zeros(owner_count, dtype=np.int64)
        kernels.reach_of_owners(self._nearest, self._owner, reach, sizes)
        neighbours = np.empty((owner_count, room), dtype=np.uint16)
        bounds = np.empty((owner_count, room), dtype=np.float32)
        counts = np.zeros(owner_count, dtype=np.int32)
        self._chunked(
            owner_count,
            lambda low, high: kernels.neighbours_of_owners(
                low, high, len(self._shift), self._scale, self._slack,
                self._owners, self._owner_norms, reach, batch.columns, batch.norms, batch.limits,
                neighbours, bounds, counts,
            ),
            at_least=256,
        )  # fmt: skip
        pairs = int((np.where(counts < 0, batch_size, counts) * sizes).sum())
        if pairs * SPARSE_COST > len(self._nearest) * batch_size:
            self._skip_triangle = self._back_off
            self._back_off = min(16, self._back_off * 2)
            return None
        self._back_off = 1
        return neighbours, bounds, counts

    def _remember_owners(self, batch: _Batch) -> None:
        count, added = self._owner_count, len(batch.norms)
        if count + added > len(self._owners):
            capacity = max(1024, count + added, len(self._owners) * 3 // 2)
            owners = np.empty((capacity, len(self._shift)), dtype=np.float32)
            norms = np.empty(capacity, dtype=np.float32)
            owners[:count], norms[:count] = self._owners[:count], self._owner_norms[:count]
            self._owners, self._owner_norms = owners, norms
        self._owners[count : count + added] = batch.centred
        self._owner_norms[count : count + added] = batch.norms
        self._owner_count += added

    def _batch(self, source: NDArray[np.generic], rows: NDArray[np.int64]) -> _Batch:
        raw, centred, norms = self._load(source, rows)
        dimension = len(self._shift)
        groups = -(-len(rows) // LANES)
        padded = np.zeros((groups * LANES, dimension), dtype=np.float32)
        padded[: len(rows)] = centred
        limits = np.full(groups * LANES, np.inf, dtype=np.float32)  # padding is never near anything
        limits[: len(rows)] = norms.astype(np.float64) * (0.5 - self._slack)
        columns = np.ascontiguousarray(padded.reshape(groups, LANES, dimension).transpose(0, 2, 1)).reshape(-1)
        return _Batch(raw=raw, centred=centred, columns=columns, norms=norms, limits=limits)

    def _load(
        self, source: NDArray[np.generic], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Raw rows (n, W), centred rows (n, D) and their squared norms (n,)."""
        dimension = len(self._shift)
        raw = np.zeros((len(rows), _padded(dimension)), dtype=np.float32)
        centred = np.empty((len(rows), dimension), dtype=np.float32)
        norms = np.empty(len(rows), dtype=np.float32)
        kernels.load_rows(source, rows, self._shift, self._scale, raw, centred, norms)
        return raw, centred, norms

    def _chunked(self, count: int, work: Callable[[int, int], None], at_least: int = CHUNK_ROWS) -> None:
        """Do `work(low, high)` for all of range(count), in chunks."""
        size = max(at_least, -(-count // CHUNKS))
        for _ in self._map_chunks(
            lambda chunk: work(chunk * size, min(count, (chunk + 1) * size)), range(-(-count // size))
        ):
            pass  # reading a result raises what went wrong in its chunk


def _padded(dimension: int) -> int:
    return -(-dimension // SUM_LANES) * SUM_LANES


def _readable(vectors: Vectors) -> NDArray[np.generic]:
    """The matrix as the kernels read it: float16 as its bits, which numba has no type for."""
    contiguous = np.ascontiguousarray(vectors)
    return contiguous.view(np.uint16) if contiguous.dtype == np.float16 else contiguous
