"""The exact nearest neighbours of a vector among a million, without looking at most of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.principal_axes import ROWS_AT_ONCE, PrincipalAxes

TABLE_COLUMNS = 32  # 128 bytes a row; more prune better and cost more to read
AXES_OF_TABLE = TABLE_COLUMNS - 2
SAMPLE_ROWS = 20_000
FIRST_LOOK = 64  # rows measured to learn how far the neighbours can be at most
GROUP_SIZE = 64
MEASURED_AT_ONCE = 4096  # rows between two looks at what may still be nearer
VALUES_AT_ONCE = 65_536  # of the rows being measured; in float64 they stay in the processor's cache
FARTHEST_QUERY = 1e30  # squared; beyond it float32 may overflow

SLACK = 4 * TABLE_COLUMNS * float(np.finfo(np.float32).eps)
"""How much of |row|² + |query|² is given away so that no rounding lifts a bound above the distance it bounds.

A sum of T products in float32 errs by at most T eps / 2 of the sum of their sizes, in any order of adding; those are at
most 2 (|row|² + |query|²) in each of the two tables. That is 2 T eps; the rest covers the rounding of the tables."""
SMALLEST = float(np.finfo(np.float32).tiny) * TABLE_COLUMNS
"""What float32 may lose to underflow."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeighborIndex:
    """Lower bounds of distances that a matrix-vector product gives for all rows.

    A vector is its place along the principal axes and a residual at right angles to them. Two residuals differ by at
    least the difference of their lengths. So the squared distance in the space of the axes and that one length never
    exceeds the true one. Rows are measured exactly only if their bound is below the distance of the k-th best row
    known; what comes out is exact whatever the data, which decides only how fast. Where bounds from the first axes
    leave many rows, the next axes take apart what was residual to the first.
    """

    vectors: NDArray[np.float16]  # (N, D) as stored, may be memory-mapped
    mean: NDArray[np.float64]  # (D,)
    axes: NDArray[np.float64]  # (A, D) orthonormal, at most twice AXES_OF_TABLE
    table: NDArray[np.float32]  # (N, first axes + 2): places, length of the residual, squared length less slack
    refinement: NDArray[np.float32]  # (N, next axes + 2): places, length of the residual left, and of that before

    @classmethod
    def build(cls, vectors: NDArray[np.float16], *, sample_seed: int = 0) -> NeighborIndex:
        """Index `vectors` (N, D). Rows that are not finite are nobody's neighbour."""
        if vectors.ndim != 2:
            raise ValueError(f"vectors must have shape (rows, dimensions), got {vectors.shape}")
        found = PrincipalAxes.fit(vectors, count=2 * AXES_OF_TABLE, sample_rows=SAMPLE_ROWS, seed=sample_seed)
        table_width, refinement_width = _table_widths(found.axes)
        table = np.empty((len(vectors), table_width), dtype=np.float32)
        refinement = np.empty((len(vectors), refinement_width), dtype=np.float32)
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            chunk = vectors[start : start + ROWS_AT_ONCE].astype(np.float64)
            is_finite = np.isfinite(chunk).all(axis=1)
            chunk[~is_finite] = found.mean
            part = slice(start, start + len(chunk))
            at = _Coordinates.of(chunk, found.mean, found.axes)
            table[part, :-2], table[part, -2] = at.first_places, at.first_residual
            table[part, -1] = np.where(is_finite, at.squared * (1 - SLACK), np.inf)
            refinement[part, :-2], refinement[part, -2] = at.next_places, at.next_residual
            refinement[part, -1] = at.first_residual
        return cls(vectors=vectors, mean=found.mean, axes=found.axes, table=table, refinement=refinement)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All but the vectors, to be kept in a file."""
        return {"mean": self.mean, "axes": self.axes, "table": self.table, "refinement": self.refinement}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], vectors: NDArray[np.float16]) -> NeighborIndex:
        """The index that `to_arrays` gave `arrays` of (they may be memory-mapped), over the same `vectors`.

        Raises ValueError if shapes or dtypes show that it was of others.
        """
        mean, axes, table, refinement = (arrays[name] for name in ("mean", "axes", "table", "refinement"))
        rows, dimension = vectors.shape
        fits = (
            mean.shape == (dimension,)
            and axes.shape[1:] == (dimension,)
            and (table.shape, refinement.shape) == tuple((rows, width) for width in _table_widths(axes))
            and table.dtype == refinement.dtype == np.float32
        )
        if not fits:
            raise ValueError(f"the index was made of other vectors than these, of shape {vectors.shape}")
        return cls(vectors=vectors, mean=mean, axes=axes, table=table, refinement=refinement)

    def query(
        self, vector: NDArray[np.floating[Any]], k: int, *, mask: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` rows nearest to `vector` (D,), nearest first, and their Euclidean distances, both (k,).

        Of equally near rows the lower ones are taken, and come first. With `mask` (N,) only rows in it count. There
        are fewer than k if there are no more rows. Raises ValueError if `vector` is not finite or k is below 1.
        """
        target = np.asarray(vector, dtype=np.float64)
        with np.errstate(over="ignore"):
            has_length = np.isfinite(np.square(target).sum())
        if target.shape != self.mean.shape or not has_length:
            raise ValueError(f"the vector must hold {len(self.mean)} finite numbers (whose squares are finite too)")
        if k < 1:
            raise ValueError(f"`k` must be at least 1, got {k}")
        at = _Coordinates.of(target[None], self.mean, self.axes)
        bounds = self._lower_bounds(at)
        if mask is not None:
            bounds = np.where(mask, bounds, np.float32(np.inf))
        k = min(k, int(np.count_nonzero(bounds < np.inf)))
        if k == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
        rows, squared = self._nearest(target, at, bounds, k)
        return rows, np.sqrt(squared)

    def _lower_bounds(self, at: _Coordinates) -> NDArray[np.float32]:
        """For every row (N,) what its squared distance is at least; infinite for rows that are not finite."""
        if not at.is_within_float32:
            return np.where(np.isfinite(self.table[:, -1]), np.float32(0), np.float32(np.inf))
        bounds = self.table @ np.concatenate([-2 * at.first_places[0], -2 * at.first_residual, [1]]).astype(np.float32)
        bounds += np.float32(at.squared[0] * (1 - SLACK) - SMALLEST)
        return bounds

    def _refine(self, bounds: NDArray[np.float32], at: _Coordinates) -> None:
        """Replace in `bounds` (N,) what the first residuals contribute by what is known of their parts."""
        if at.is_within_float32 and self.refinement.shape[1] > 2:
            weights = np.concatenate([-2 * at.next_places[0], -2 * at.next_residual, 2 * at.first_residual])
            bounds += self.refinement @ weights.astype(np.float32)

    def _nearest(
        self, target: NDArray[np.float64], at: _Coordinates, bounds: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest rows and squared distances. Changes `bounds`."""
        first = _smallest(bounds, max(4 * k, FIRST_LOOK))
        first = first[bounds.take(first) < np.inf]
        rows, squared = _best(first, self._squared_distances(target, first), k)
        bounds[first] = np.inf
        remaining = np.flatnonzero(bounds <= _float32_not_below(squared[-1]))
        if len(remaining) > MEASURED_AT_ONCE:
            self._refine(bounds, at)
            remaining = remaining[bounds.take(remaining) <= _float32_not_below(squared[-1])]
            # The most promising ones first: they may rule out the others.
            remaining = remaining.take(np.argsort(bounds.take(remaining)))
        for start in range(0, len(remaining), MEASURED_AT_ONCE):
            portion = remaining[start : start + MEASURED_AT_ONCE]
            portion = portion[bounds.take(portion) <= _float32_not_below(squared[-1])]
            if not len(portion):
                break
            measured = self._squared_distances(target, portion)
            rows, squared = _best(np.concatenate([rows, portion]), np.concatenate([squared, measured]), k)
        return rows, squared

    def _squared_distances(self, target: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distances (M,) of `rows` (M,): each is the same number whichever rows it is measured with."""
        squared = np.empty(len(rows))
        portion = max(VALUES_AT_ONCE // len(target), 1)
        for start in range(0, len(rows), portion):
            difference = self.vectors[rows[start : start + portion]].astype(np.float64)
            difference -= target
            np.square(difference, out=difference)
            difference.sum(axis=1, out=squared[start : start + len(difference)])
        return squared


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Coordinates:
    """Vectors (M, D) in terms of the axes."""

    squared: NDArray[np.float64]  # (M,) squared distance from the mean
    first_places: NDArray[np.float64]  # (M, up to AXES_OF_TABLE)
    first_residual: NDArray[np.float64]  # (M,) length of what is at right angles to the first axes
    next_places: NDArray[np.float64]  # (M, up to AXES_OF_TABLE)
    next_residual: NDArray[np.float64]  # (M,) of what is at right angles to all axes

    @classmethod
    def of(cls, vectors: NDArray[np.float64], mean: NDArray[np.float64], axes: NDArray[np.float64]) -> _Coordinates:
        centred = vectors - mean
        places = centred @ axes.T
        first, following = places[:, :AXES_OF_TABLE], places[:, AXES_OF_TABLE:]
        squared = np.square(centred).sum(axis=1)
        first_rest = np.maximum(squared - np.square(first).sum(axis=1), 0)
        next_rest = np.maximum(first_rest - np.square(following).sum(axis=1), 0)
        return cls(
            squared=squared,
            first_places=first,
            first_residual=np.sqrt(first_rest),
            next_places=following,
            next_residual=np.sqrt(next_rest),
        )

    @property
    def is_within_float32(self) -> bool:
        """Whether the first vector is so near that no bound overflows."""
        return bool(self.squared[0] < FARTHEST_QUERY)


def _table_widths(axes: NDArray[np.float64]) -> tuple[int, int]:
    first = min(len(axes), AXES_OF_TABLE)
    return first + 2, len(axes) - first + 2


def _smallest(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Rows of the `count` smallest of `values` (N,), or of all if there are fewer, in no order.

    Values are dealt into groups. The groups with the `count` smallest minima hold what is sought, since each other
    value is above that many minima; so only these are partitioned, which is ten times as fast as partitioning all.
    """
    groups = len(values) // GROUP_SIZE
    if groups > count:
        grouped = values[: groups * GROUP_SIZE].reshape(GROUP_SIZE, groups)
        promising = np.argpartition(grouped.min(axis=0), count - 1)[:count]
        members = promising + np.arange(GROUP_SIZE)[:, None] * groups
        rows = np.concatenate([members.ravel(), np.arange(groups * GROUP_SIZE, len(values))])
    else:
        rows = np.arange(len(values))
    if count >= len(rows):
        return rows
    return rows.take(np.argpartition(values.take(rows), count - 1)[:count])


def _best(
    rows: NDArray[np.int64], squared: NDArray[np.float64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k of `rows` with the smallest `squared`, by that and then by row."""
    order = np.lexsort((rows, squared))[:k]
    return rows.take(order), squared.take(order)


def _float32_not_below(value: np.float64) -> np.float32:
    """The bound up to which rows may still be nearer: never infinite, for that marks rows that are out."""
    most = np.finfo(np.float32).max
    above: np.float32 = np.nextafter(np.float32(np.minimum(value, most)), most)
    return above
