"""The compiled loops of diversity (`native/nearest.c`, `picking.c`), typed, the lengths of all arrays looked at.

Two kinds of numbers: `raw` rows are float32 copies of the stored vectors, widths padded with zeros to a multiple of
SUM_LANES; exact distances are float64 sums over raw rows, in the order of `distances.squared_distances`. `centred`
rows are (raw - shift) * scale in float32, padded to a multiple of LANES; they only serve to rule pairs out, with a
margin (`slack`) that covers every rounding on the way: a pair that may bring a row closer is always measured exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from swath.core.selection.distances import SUM_LANES, Vectors
from swath.core.selection.native import (
    DOUBLE,
    F32,
    F64,
    FLOAT,
    I32,
    I64,
    INT,
    OUT_F32,
    OUT_F64,
    OUT_I32,
    OUT_I64,
    OUT_U16,
    ROWS,
    U16,
    Kernel,
)

Aggregate = Literal["mean", "max", "sum"]

LANES = 16
"""Columns that lie side by side for the filter."""

_AGGREGATES: dict[Aggregate, int] = {"mean": 0, "max": 1, "sum": 2}

_STORED = (ROWS, INT, INT)  # numbers, whether they are float16, depth
_SPACE = (F32, FLOAT, DOUBLE)  # shift, scale, slack
_distances_to_point = Kernel("distances_to_point", *_STORED, INT, INT, F64, OUT_F64)
_gather_rows = Kernel("gather_rows", *_STORED, I64, INT, F32, FLOAT, OUT_F32, OUT_F32, OUT_F32)
_norms_of_rows = Kernel("norms_of_rows", *_STORED, INT, INT, F32, FLOAT, OUT_F32)
_group_columns = Kernel("group_columns", F32, INT, INT, OUT_F32)
_lower_all = Kernel(
    "lower_all",
    *_STORED, INT, INT, *_SPACE, F32, F32, F32, F32, F32, F32, INT, INT, OUT_F64, OUT_I32,
)  # fmt: skip
_reach_of_owners = Kernel("reach_of_owners", F64, I32, INT, OUT_F64, OUT_I64)
_neighbours_of_owners = Kernel(
    "neighbours_of_owners",
    INT, INT, INT, FLOAT, DOUBLE, F32, F32, F64, F32, F32, F32, F32, INT, INT, OUT_U16, OUT_F32, OUT_I32,
)  # fmt: skip
_lower_near = Kernel(
    "lower_near",
    *_STORED, INT, INT, *_SPACE, F32, F32, F32, F32, INT, INT, INT, U16, F32, I32, OUT_F64, OUT_I32,
)  # fmt: skip
_gains_of_units = Kernel("gains_of_units", INT, I64, I64, INT, INT, F64, OUT_F64)
_pick_among = Kernel(
    "pick_among",
    INT, F32, F32, F32, INT, FLOAT, DOUBLE, I64, OUT_F64, OUT_F64, I64, INT, DOUBLE, INT, DOUBLE, INT, INT,
    OUT_I64, OUT_F64,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """How rows are centred and scaled, and the relative error that may have."""

    shift: NDArray[np.float32]  # (D,)
    scale: float
    slack: float

    @classmethod
    def around(cls, mean: NDArray[np.float64], largest: float) -> Space:
        """Of vectors with that mean (D,); `largest` is the largest absolute value of all that is to be compared.

        The scale is a power of two that brings the largest norms near 1: float32 then neither overflows nor loses small
        products. The error is that of a float32 sum of D products, and of the roundings of centring, norms and limits;
        twice what is needed.
        """
        dimension = len(mean)
        exponent = math.frexp(max(largest, 1e-30) * dimension**0.5)[1]
        return cls(shift=mean.astype(np.float32), scale=2.0**-exponent, slack=(dimension + 32) * 2.0**-24)

    @property
    def depth(self) -> int:
        return len(self.shift)

    def centred(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        scale = np.float32(self.scale)
        return vectors * scale - self.shift * scale


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """Some rows, in the forms the kernels want."""

    raw: NDArray[np.float32]  # (n, D padded to SUM_LANES)
    centred: NDArray[np.float32]  # (n, D padded to LANES)
    norms: NDArray[np.float32]  # (n,), squared, of the centred rows

    def __len__(self) -> int:
        return len(self.norms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Rows that join the selection together; `limits` and `columns` are padded to whole groups of LANES."""

    rows: Loaded
    columns: NDArray[np.float32]  # (groups * D * LANES,)
    limits: NDArray[np.float32]  # (groups * LANES,)
    first_owner: int
    """The number of the first of them among all rows that joined."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeighboursOfOwners:
    """For each row that joined before: the rows of a batch that may be nearer than it to rows it owns."""

    rows: NDArray[np.uint16]  # (owners, room)
    bounds: NDArray[np.float32]  # (owners, room), a quarter of their squared distance, or less
    counts: NDArray[np.int32]  # (owners,), -1: more than there was room for


def aggregate_number(aggregate: Aggregate) -> int:
    """What kernels call an aggregate."""
    return _AGGREGATES[aggregate]


def padded(count: int, lanes: int) -> int:
    return -(-count // lanes) * lanes


def distances_to_point(
    source: Vectors, low: int, high: int, point: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Exact squared distances of rows [low, high) to `point` (D,), into `out` (N,)."""
    depth = source.shape[1]
    whole = np.zeros(padded(depth, SUM_LANES))
    whole[:depth] = point
    _check(low, high, source, out)
    _distances_to_point(*_stored(source), low, high, whole, out)


def load(source: Vectors, rows: NDArray[np.int64], space: Space) -> Loaded:
    """Gather `rows` of `source`."""
    depth = space.depth
    loaded = Loaded(
        raw=np.empty((len(rows), padded(depth, SUM_LANES)), dtype=np.float32),
        centred=np.empty((len(rows), padded(depth, LANES)), dtype=np.float32),
        norms=np.empty(len(rows), dtype=np.float32),
    )
    assert source.shape[1] == depth
    assert len(rows) == 0 or 0 <= rows.min() <= rows.max() < len(source)
    _gather_rows(*_stored(source), rows, len(rows), space.shift, space.scale, loaded.raw, loaded.centred, loaded.norms)
    return loaded


def norms_of_rows(source: Vectors, low: int, high: int, space: Space, norms: NDArray[np.float32]) -> None:
    """Squared norms of rows [low, high), centred, into `norms` (N,)."""
    _check(low, high, source, norms)
    _norms_of_rows(*_stored(source), low, high, space.shift, space.scale, norms)


def batch(rows: Loaded, space: Space, first_owner: int) -> Batch:
    whole = padded(len(rows), LANES)
    columns = np.empty(whole * space.depth, dtype=np.float32)
    _group_columns(rows.centred, len(rows), space.depth, columns)
    limits = np.full(whole, np.inf, dtype=np.float32)  # padding is never near anything
    limits[: len(rows)] = rows.norms.astype(np.float64) * (0.5 - space.slack)
    return Batch(rows=rows, columns=columns, limits=limits, first_owner=first_owner)


def lower_all(
    source: Vectors, low: int, high: int, space: Space, norms: NDArray[np.float32], batch: Batch,
    nearest: NDArray[np.float64], owner: NDArray[np.int32],
) -> None:  # fmt: skip
    """Lower `nearest` (N,) of rows [low, high) to their distances to the rows of the batch, filtering every pair.

    `owner` (N,) becomes the number of the joined row that is nearest.
    """
    _check(low, high, source, norms, nearest, owner)
    _lower_all(
        *_stored(source), low, high, space.shift, space.scale, space.slack, norms,
        batch.rows.raw, batch.rows.centred, batch.columns, batch.rows.norms, batch.limits, len(batch.rows),
        batch.first_owner, nearest, owner,
    )  # fmt: skip


def reach_of_owners(
    nearest: NDArray[np.float64], owner: NDArray[np.int32], owner_count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For every owner the largest `nearest`, and the number of rows it owns that may still get closer to something."""
    reach = np.zeros(owner_count)
    sizes = np.zeros(owner_count, dtype=np.int64)
    assert len(nearest) == len(owner)
    _reach_of_owners(nearest, owner, len(owner), reach, sizes)
    return reach, sizes


def neighbours_of_owners(
    low: int, high: int, space: Space, owners: NDArray[np.float32], owner_norms: NDArray[np.float32],
    reach: NDArray[np.float64], batch: Batch, found: NeighboursOfOwners,
) -> None:  # fmt: skip
    """Find the neighbours of owners [low, high) by the triangle inequality.

    A row at distance r from its owner cannot be nearer than r to anything that is 2 r or more away from the owner.
    """
    _check(low, high, owners, owner_norms, reach, found.rows, found.bounds, found.counts)
    assert owners.shape[1] == batch.rows.centred.shape[1]
    _neighbours_of_owners(
        low, high, space.depth, space.scale, space.slack, owners, owner_norms, reach,
        batch.rows.centred, batch.columns, batch.rows.norms, batch.limits, len(batch.rows),
        found.rows.shape[1], found.rows, found.bounds, found.counts,
    )  # fmt: skip


def lower_near(
    source: Vectors, low: int, high: int, space: Space, norms: NDArray[np.float32], batch: Batch,
    near: NeighboursOfOwners, nearest: NDArray[np.float64], owner: NDArray[np.int32],
) -> None:  # fmt: skip
    """Like `lower_all`, but a row is compared with the neighbours of its owner only; most rows are not even read."""
    _check(low, high, source, norms, nearest, owner)
    _lower_near(
        *_stored(source), low, high, space.shift, space.scale, space.slack, norms,
        batch.rows.raw, batch.rows.centred, batch.limits, len(batch.rows), batch.first_owner,
        near.rows.shape[1], near.rows, near.bounds, near.counts, nearest, owner,
    )  # fmt: skip


def gains_of_units(
    aggregate: Aggregate, starts: NDArray[np.int64], rows: NDArray[np.int64], low: int, high: int,
    nearest: NDArray[np.float64], gains: NDArray[np.float64],
) -> None:  # fmt: skip
    """Gains (U,) of units [low, high) that are still candidates (0 or more), from `nearest` (N,) of their rows."""
    _check(low, high, gains, starts[1:])
    assert len(rows) == len(nearest) == starts[-1]
    _gains_of_units(_AGGREGATES[aggregate], starts, rows, low, high, nearest, gains)


def pick_among(
    aggregate: Aggregate, rows: Loaded, space: Space, starts: NDArray[np.int64], nearest: NDArray[np.float64],
    gains: NDArray[np.float64], ranks: NDArray[np.int64], *, bound_gain: float, bound_rank: int, lowest_gain: float,
    at_most_rows: int, at_most: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # fmt: skip
    """Greedy among a few units, sorted by rank, until one that is not among them might be better.

    Unit u has rows starts[u] to starts[u + 1] of `rows` and `nearest`. The first pick takes place whatever the bound
    and its number of rows. Returns the picks and their gains; `nearest` and `gains` are used up.
    """
    assert len(starts) == len(gains) + 1 == len(ranks) + 1
    assert len(rows) == len(nearest) == starts[-1]
    picks = np.empty(min(at_most, len(gains)), dtype=np.int64)
    picked_gains = np.empty(len(picks))
    taken = _pick_among(
        _AGGREGATES[aggregate], rows.raw, rows.centred, rows.norms, space.depth, space.scale, space.slack,
        starts, nearest, gains, ranks, len(gains), bound_gain, bound_rank, lowest_gain, at_most_rows, len(picks),
        picks, picked_gains,
    )  # fmt: skip
    return picks[:taken], picked_gains[:taken]


def _stored(source: Vectors) -> tuple[Vectors, bool, int]:
    assert source.dtype in (np.float16, np.float32)
    return source, source.dtype == np.float16, source.shape[1]


def _check(low: int, high: int, first: NDArray[np.generic], *others: NDArray[np.generic]) -> None:
    """All arrays have a row for every number up to `high`."""
    assert 0 <= low <= high <= len(first)
    assert all(len(other) == len(first) for other in others)
