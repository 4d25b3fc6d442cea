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

import numpy as np
from numpy.typing import NDArray

from swath.core.selection import kernels
from swath.core.selection.distances import Vectors, mean_vector
from swath.core.selection.kernels import LANES, Aggregate, Batch, Loaded, NeighboursOfOwners, Space, padded
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


class BatchedNearest:
    """Gain of a unit: the `aggregate` over its rows of the squared distance to the nearest selected row."""

    def __init__(
        self,
        vectors: Vectors,
        preselected: Vectors | None,
        units: RowsOfUnits,
        largest: float,
        map_chunks: MapChunks,
        *,
        aggregate: Aggregate = "max",
        expected_rows: int = 1024,
    ) -> None:
        self._source = _readable(vectors)
        self._units = units
        self._aggregate: Aggregate = aggregate
        self._largest = largest
        self._map_chunks = map_chunks
        row_count, dimension = self._source.shape
        self._mean = mean_vector(self._source, largest)
        self._space = Space.around(self._mean, largest)
        self._nearest = np.full(row_count, np.inf)
        self._owner = np.zeros(row_count, dtype=np.int32)
        self._norms = np.empty(row_count, dtype=np.float32)
        self._chunked(
            row_count, lambda low, high: kernels.norms_of_rows(self._source, low, high, self._space, self._norms)
        )
        self._owners = np.empty((expected_rows, padded(dimension, LANES)), dtype=np.float32)
        self._owner_norms = np.empty(expected_rows, dtype=np.float32)
        self._owner_count = 0
        self._neighbour_bytes = max(1 << 26, vectors.nbytes // 8)
        self._skip_triangle = 0
        self._back_off = 1
        self.gains = self._nearest if units.single else np.where(units.sizes > 0, np.inf, NOT_A_CANDIDATE)
        self.shortlist_size = int(min(4096, max(256, units.unit_count // 96)))
        self.knows_selection = False
        if preselected is not None:
            self.add_rows(preselected, np.arange(len(preselected)))

    @property
    def source(self) -> Vectors:
        """The vectors as kernels read them: contiguous, of one dimension at least."""
        return self._source

    @property
    def nearest(self) -> NDArray[np.float64]:
        """(N,) squared distance of each row to the nearest selected one; 0 or less for selected rows."""
        return self._nearest

    def opening(self) -> NDArray[np.float64]:
        if not self._units.single:
            return distances_from_mean(self._source, self._units, self._mean, self._largest)
        distances = np.empty(len(self._source))
        self._chunked(
            len(distances),
            lambda low, high: kernels.distances_to_point(self._source, low, high, self._mean, distances),
        )
        return distances

    def pick_among(
        self, shortlist: Shortlist, *, at_most: int, lowest_gain: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        sizes = self._units.starts[shortlist.units + 1] - self._units.starts[shortlist.units]
        rows = self._units.rows_of(shortlist.units)
        picks, gains = kernels.pick_among(
            self._aggregate,
            kernels.load(self._source, rows, self._space),
            self._space,
            np.concatenate([[0], np.cumsum(sizes)]),
            self._nearest[rows],
            self.gains[shortlist.units],
            shortlist.ranks,
            bound_gain=shortlist.bound_gain,
            bound_rank=shortlist.bound_rank,
            lowest_gain=lowest_gain,
            at_most_rows=BATCH_ROWS,
            at_most=at_most,
        )
        return shortlist.units[picks], gains

    def add(self, units: NDArray[np.int64]) -> None:
        rows = self._units.rows_of(units)
        self._nearest[rows] = NOT_A_CANDIDATE if self._units.single else 0.0
        self.gains[units] = NOT_A_CANDIDATE
        self.add_rows(self._source, rows)

    def add_rows(self, source: Vectors, rows: NDArray[np.int64]) -> None:
        """Select `rows` of any matrix of as many dimensions."""
        readable = _readable(source)
        for start in range(0, len(rows), BATCH_ROWS):
            self._join(readable, rows[start : start + BATCH_ROWS])
        if self.knows_selection:
            self._refresh_gains()

    def _refresh_gains(self) -> None:
        if self._units.single:
            return  # gains are `_nearest` itself
        starts, rows = self._units.starts, self._units.rows
        self._chunked(
            self._units.unit_count,
            lambda low, high: kernels.gains_of_units(
                self._aggregate, starts, rows, low, high, self._nearest, self.gains
            ),
        )

    def _join(self, source: Vectors, rows: NDArray[np.int64]) -> None:
        """Lower the distances of all rows to a batch of new ones."""
        batch = kernels.batch(kernels.load(source, rows, self._space), self._space, self._owner_count)
        near = self._neighbours(batch)

        def lower(low: int, high: int) -> None:
            own = (self._source, low, high, self._space, self._norms, batch)
            if near is None:
                kernels.lower_all(*own, self._nearest, self._owner)
            else:
                kernels.lower_near(*own, near, self._nearest, self._owner)

        self._chunked(len(self._nearest), lower)
        self._remember_owners(batch.rows)
        self.knows_selection = True

    def _neighbours(self, batch: Batch) -> NeighboursOfOwners | None:
        """Which rows of the batch each owner's rows must be compared with; None if comparing all is cheaper.

        It is tried less and less often while it does not pay.
        """
        owner_count, batch_size = self._owner_count, len(batch.rows)
        if not owner_count:
            return None
        room = min(batch_size // 2, 65535, self._neighbour_bytes // (6 * owner_count))
        if room < 4:
            return None
        if self._skip_triangle > 0:
            self._skip_triangle -= 1
            return None
        reach, sizes = kernels.reach_of_owners(self._nearest, self._owner, owner_count)
        found = NeighboursOfOwners(
            rows=np.empty((owner_count, room), dtype=np.uint16),
            bounds=np.empty((owner_count, room), dtype=np.float32),
            counts=np.zeros(owner_count, dtype=np.int32),
        )
        owners, owner_norms = self._owners[:owner_count], self._owner_norms[:owner_count]
        self._chunked(
            owner_count,
            lambda low, high: kernels.neighbours_of_owners(
                low, high, self._space, owners, owner_norms, reach, batch, found
            ),
            at_least=256,
        )
        pairs = int((np.where(found.counts < 0, batch_size, found.counts) * sizes).sum())
        if pairs * SPARSE_COST > len(self._nearest) * batch_size:
            self._skip_triangle = self._back_off
            self._back_off = min(16, self._back_off * 2)
            return None
        self._back_off = 1
        return found

    def _remember_owners(self, rows: Loaded) -> None:
        count, added = self._owner_count, len(rows)
        if count + added > len(self._owners):
            capacity = max(1024, count + added, len(self._owners) * 3 // 2)
            owners = np.empty((capacity, self._owners.shape[1]), dtype=np.float32)
            norms = np.empty(capacity, dtype=np.float32)
            owners[:count], norms[:count] = self._owners[:count], self._owner_norms[:count]
            self._owners, self._owner_norms = owners, norms
        self._owners[count : count + added] = rows.centred
        self._owner_norms[count : count + added] = rows.norms
        self._owner_count += added

    def _chunked(self, count: int, work: Callable[[int, int], None], at_least: int = CHUNK_ROWS) -> None:
        """Do `work(low, high)` for all of range(count), in chunks."""
        size = max(at_least, -(-count // CHUNKS))
        for _ in self._map_chunks(
            lambda chunk: work(chunk * size, min(count, (chunk + 1) * size)), range(-(-count // size))
        ):
            pass  # reading a result raises what went wrong in its chunk


def _readable(vectors: Vectors) -> Vectors:
    """The matrix as the kernels read it; where it has no dimension, with one in which all rows are alike."""
    if vectors.shape[1] == 0:
        return np.zeros((len(vectors), 1), dtype=np.float32)
    return vectors if vectors.flags.c_contiguous else vectors.copy()
