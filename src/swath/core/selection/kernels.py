"""Compiled loops over rows. Every one releases the GIL, works on its own rows only and is kept in numba's disk cache.

Two kinds of numbers: `raw` rows are float32 copies of the stored vectors, widths padded with zeros to a multiple of
SUM_LANES; exact distances are float64 sums over raw rows, in the order of `distances.squared_distances`. `centred`
rows are (raw - shift) * scale in float32; they only serve to rule pairs out, with a margin (`slack`) that covers
every rounding on the way: a pair that may bring a row closer is always measured exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.extending import overload

from swath.core.selection.dot_filter import LANES, ROWS, dots_above

Function = TypeVar("Function", bound=Callable[..., Any])

TILE_NUMBERS = 1 << 15
"""Numbers of a tile of rows that stays in the level-2 cache while a batch passes over it (128 KB)."""

HALF_TO_SINGLE = np.float32(2.0**112)
"""Half-precision bits moved into single-precision places are too small by this factor, subnormal ones too."""


def _compiled(function: Function) -> Function:
    return cast(Function, numba.njit(nogil=True, cache=True)(function))


def _compiled_reordering(function: Function) -> Function:
    """For sums whose order does not matter, because a margin covers their rounding."""
    return cast(Function, numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})(function))


def load_row(source: Any, row: int, raw: Any) -> None:
    """Copy row `row` of `source`, float32 or the bits (uint16) of float16, into `raw` (W,) float32.

    Compiled code gets one of the loops below, chosen by the dtype when it is compiled.
    """
    raw[:] = source[row].view(np.float16) if source.dtype == np.uint16 else source[row]


@overload(load_row)
def _overload_load_row(source: Any, row: Any, raw: Any) -> Any:
    if source.dtype == numba.types.uint16:

        def load_half(source: Any, row: Any, raw: Any) -> None:
            bits = raw.view(np.uint32)
            for j in range(source.shape[1]):
                half = np.uint32(source[row, j])
                bits[j] = ((half & np.uint32(0x7FFF)) << np.uint32(13)) | ((half & np.uint32(0x8000)) << np.uint32(16))
            for j in range(source.shape[1]):
                raw[j] *= HALF_TO_SINGLE

        return load_half

    def load_single(source: Any, row: Any, raw: Any) -> None:
        for j in range(source.shape[1]):
            raw[j] = source[row, j]

    return load_single


@_compiled
def _centre(raw: Any, shift: Any, scale: Any, centred: Any) -> None:
    for j in range(len(shift)):
        centred[j] = (raw[j] - shift[j]) * scale


@_compiled
def _exact(a: Any, b: Any) -> Any:
    """The squared distance of two padded rows, added like `distances.squared_distances` does."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for j in range(0, len(a), 8):
        d0 = np.float64(a[j]) - np.float64(b[j])
        d1 = np.float64(a[j + 1]) - np.float64(b[j + 1])
        d2 = np.float64(a[j + 2]) - np.float64(b[j + 2])
        d3 = np.float64(a[j + 3]) - np.float64(b[j + 3])
        d4 = np.float64(a[j + 4]) - np.float64(b[j + 4])
        d5 = np.float64(a[j + 5]) - np.float64(b[j + 5])
        d6 = np.float64(a[j + 6]) - np.float64(b[j + 6])
        d7 = np.float64(a[j + 7]) - np.float64(b[j + 7])
        s0 += d0 * d0
        s1 += d1 * d1
        s2 += d2 * d2
        s3 += d3 * d3
        s4 += d4 * d4
        s5 += d5 * d5
        s6 += d6 * d6
        s7 += d7 * d7
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


@_compiled_reordering
def _dot(a: Any, b: Any) -> Any:
    total = np.float32(0.0)
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@_compiled
def distances_to_point(source: Any, low: int, high: int, point: Any, out: Any) -> None:
    """Exact squared distances of rows [low, high) to `point` (W,) float64."""
    raw = np.zeros(len(point), dtype=np.float32)
    for i in range(low, high):
        load_row(source, i, raw)
        out[i] = _exact(raw, point)


@_compiled
def load_rows(source: Any, rows: Any, shift: Any, scale: Any, raw: Any, centred: Any, norms: Any) -> None:
    """Gather `rows` into `raw` (n, W) and `centred` (n, D), with the squared norms of the latter."""
    for k in range(len(rows)):
        load_row(source, rows[k], raw[k])
        _centre(raw[k], shift, scale, centred[k])
        norms[k] = _dot(centred[k], centred[k])


@_compiled
def norms_of_rows(source: Any, low: int, high: int, shift: Any, scale: Any, norms: Any) -> None:
    """Squared norms of rows [low, high), centred."""
    depth = len(shift)
    raw = np.zeros(depth, dtype=np.float32)
    centred = np.empty(depth, dtype=np.float32)
    for i in range(low, high):
        load_row(source, i, raw)
        _centre(raw, shift, scale, centred)
        norms[i] = _dot(centred, centred)


@_compiled
def _limit(norm: Any, nearest: Any, slack: Any) -> Any:
    """A pair cannot be nearer than `nearest` unless its dot product exceeds the sum of both sides' limits."""
    return np.float32(0.5 * (norm - nearest) - slack * (norm + nearest) - 1e-30)


@_compiled
def lower_all(
    source: Any, low: int, high: int, shift: Any, scale: Any, slack: Any, norms: Any,
    batch_raw: Any, batch_columns: Any, batch_limits: Any, first_owner: int,
    nearest: Any, owner: Any,
) -> None:  # fmt: skip
    """Lower `nearest` of rows [low, high) to their distance to the rows of the batch, filtering every pair.

    `batch_columns` holds the centred batch in groups of LANES columns; `owner` becomes `first_owner` plus the number
    in the batch of the row that is nearest.
    """
    depth = len(shift)
    squared_scale = np.float64(scale) * np.float64(scale)
    tile_rows = max(ROWS, TILE_NUMBERS // depth // ROWS * ROWS)
    raw = np.zeros((tile_rows, batch_raw.shape[1]), dtype=np.float32)
    centred = np.zeros((tile_rows + ROWS, depth), dtype=np.float32)
    flat = centred.reshape(-1)
    limits = np.zeros(tile_rows + ROWS, dtype=np.float32)
    members = np.zeros(tile_rows, dtype=np.int64)
    masks = np.zeros(ROWS, dtype=np.uint16)
    i = low
    while i < high:
        filled = 0
        while i < high and filled < tile_rows:
            if nearest[i] > 0.0:  # 0 cannot get lower
                members[filled] = i
                load_row(source, i, raw[filled])
                _centre(raw[filled], shift, scale, centred[filled])
                limits[filled] = _limit(np.float64(norms[i]), nearest[i] * squared_scale, slack)
                filled += 1
            i += 1
        for group in range(len(batch_limits) // LANES):
            for r in range(0, filled, ROWS):
                if dots_above(
                    flat, r * depth, batch_columns, group * LANES * depth, depth,
                    limits, r, batch_limits, group * LANES, masks,
                ) == 0:  # fmt: skip
                    continue
                for k in range(min(ROWS, filled - r)):
                    mask = masks[k]
                    p = group * LANES
                    while mask != 0:
                        if mask & 1:
                            distance = _exact(raw[r + k], batch_raw[p])
                            row = members[r + k]
                            if distance < nearest[row]:
                                nearest[row] = distance
                                owner[row] = first_owner + p
                                limits[r + k] = _limit(np.float64(norms[row]), distance * squared_scale, slack)
                        mask >>= 1
                        p += 1


@_compiled
def reach_of_owners(nearest: Any, owner: Any, reach: Any, sizes: Any) -> None:
    """For every owner the largest `nearest` and the number of rows it owns that may still get closer to something."""
    for i in range(len(nearest)):
        if nearest[i] > 0.0:
            a = owner[i]
            sizes[a] += 1
            if nearest[i] > reach[a]:
                reach[a] = nearest[i]


@_compiled
def neighbours_of_owners(
    low: int, high: int, depth: int, scale: Any, slack: Any,
    owners: Any, owner_norms: Any, reach: Any, batch_columns: Any, batch_norms: Any, batch_limits: Any,
    neighbours: Any, neighbour_bounds: Any, counts: Any,
) -> None:  # fmt: skip
    """For owners [low, high): which rows of the batch may come closer to a row they own than they are themselves.

    By the triangle inequality a row at distance r from its owner cannot be nearer than r to anything that is 2 r or
    more away from the owner. `neighbour_bounds` gets a lower bound of a quarter of the squared distance between owner
    and batch row, scaled like the rows, to be compared with r^2. A count of -1 says there were more than had room.
    """
    squared_scale = np.float64(scale) * np.float64(scale)
    room = neighbours.shape[1]
    limits = np.zeros(ROWS, dtype=np.float32)
    masks = np.zeros(ROWS, dtype=np.uint16)
    tile = np.zeros(ROWS * depth, dtype=np.float32)
    members = np.zeros(ROWS, dtype=np.int64)
    batch_size = len(batch_norms)
    a = low
    while a < high:
        filled = 0
        while a < high and filled < ROWS:
            counts[a] = 0
            if reach[a] > 0.0:
                members[filled] = a
                tile[filled * depth : (filled + 1) * depth] = owners[a]
                limits[filled] = _limit(np.float64(owner_norms[a]), 4.0 * reach[a] * squared_scale, slack)
                filled += 1
            a += 1
        for group in range(len(batch_limits) // LANES):
            if (
                filled == 0
                or dots_above(
                    tile, 0, batch_columns, group * LANES * depth, depth, limits, 0, batch_limits, group * LANES, masks
                )
                == 0
            ):
                continue
            for k in range(filled):
                mask = masks[k]
                member = members[k]
                p = group * LANES
                while mask != 0 and counts[member] >= 0:
                    if mask & 1:
                        if counts[member] == room:
                            counts[member] = -1
                        elif p < batch_size:
                            dot = np.float32(0.0)
                            for j in range(depth):
                                dot += tile[k * depth + j] * batch_columns[(group * depth + j) * LANES + p % LANES]
                            norms = np.float64(owner_norms[member]) + np.float64(batch_norms[p])
                            squared = norms - 2.0 * dot - 2.0 * slack * norms
                            neighbours[member, counts[member]] = p
                            neighbour_bounds[member, counts[member]] = 0.25 * (1.0 - 1e-6) * squared
                            counts[member] += 1
                    mask >>= 1
                    p += 1


@_compiled
def lower_near(
    source: Any, low: int, high: int, shift: Any, scale: Any, slack: Any, norms: Any,
    batch_raw: Any, batch_centred: Any, batch_limits: Any, batch_size: int, first_owner: int,
    neighbours: Any, neighbour_bounds: Any, counts: Any, nearest: Any, owner: Any,
) -> None:  # fmt: skip
    """Like `lower_all`, but a row is compared with the neighbours of its owner only; most rows are not even read."""
    depth = len(shift)
    squared_scale = np.float64(scale) * np.float64(scale)
    raw = np.zeros(batch_raw.shape[1], dtype=np.float32)
    centred = np.zeros(depth, dtype=np.float32)
    for i in range(low, high):
        before = nearest[i]
        count = counts[owner[i]]
        if before <= 0.0 or count == 0:
            continue
        a = owner[i]
        loaded = False
        limit = np.float32(0.0)
        for k in range(count if count > 0 else batch_size):
            p = k
            if count > 0:
                if neighbour_bounds[a, k] >= before * squared_scale:
                    continue
                p = int(neighbours[a, k])
            if not loaded:
                load_row(source, i, raw)
                _centre(raw, shift, scale, centred)
                limit = _limit(np.float64(norms[i]), before * squared_scale, slack)
                loaded = True
            if _dot(centred, batch_centred[p]) <= limit + batch_limits[p]:
                continue
            distance = _exact(raw, batch_raw[p])
            if distance < nearest[i]:
                nearest[i] = distance
                owner[i] = first_owner + p
                limit = _limit(np.float64(norms[i]), distance * squared_scale, slack)


@_compiled
def _mean_ascending(values: Any, low: int, high: int) -> Any:
    if high - low == 1:
        return values[low]
    ascending = np.sort(values[low:high])
    total = 0.0
    for value in ascending:
        total += value
    return total / (high - low)


@_compiled
def pick_among(
    raw: Any, centred: Any, norms: Any, scale: Any, slack: Any, starts: Any, nearest: Any, gains: Any, ranks: Any,
    bound_gain: float, bound_rank: int, lowest_gain: float, at_most_rows: int, picks: Any, picked_gains: Any,
) -> Any:  # fmt: skip
    """Greedy among a few units, sorted by rank, until one that is not among them might be better.

    Unit u has rows starts[u] to starts[u + 1] of `raw`, `centred`, `norms` and `nearest`. The first pick takes place
    whatever the bound and its number of rows. Returns how many were picked. `nearest` and `gains` are used up.
    """
    squared_scale = np.float64(scale) * np.float64(scale)
    taken = 0
    rows_taken = 0
    while taken < len(picks):
        best = np.argmax(gains)
        gain = gains[best]
        if gain < 0.0 or gain < lowest_gain:
            break
        size = starts[best + 1] - starts[best]
        if taken > 0 and (
            gain < bound_gain or (gain == bound_gain and ranks[best] > bound_rank) or rows_taken + size > at_most_rows
        ):
            break
        picks[taken] = best
        picked_gains[taken] = gain
        taken += 1
        rows_taken += size
        gains[best] = -1.0
        for u in range(len(gains)):
            if gains[u] < bound_gain or gains[u] <= 0.0:
                continue  # cannot be picked in this round any more, or cannot get lower
            lowered = False
            for i in range(starts[u], starts[u + 1]):
                if nearest[i] <= 0.0:
                    continue
                limit = _limit(np.float64(norms[i]), nearest[i] * squared_scale, slack)
                for c in range(starts[best], starts[best + 1]):
                    column_limit = np.float32(0.5 * norms[c] - slack * norms[c])
                    if _dot(centred[i], centred[c]) <= limit + column_limit:
                        continue
                    distance = _exact(raw[i], raw[c])
                    if distance < nearest[i]:
                        nearest[i] = distance
                        lowered = True
                        limit = _limit(np.float64(norms[i]), distance * squared_scale, slack)
            if lowered:
                gains[u] = _mean_ascending(nearest, starts[u], starts[u + 1])
    return taken


@_compiled
def means_of_units(starts: Any, rows: Any, low: int, high: int, nearest: Any, gains: Any) -> None:
    """Gains of units [low, high) that are still candidates: the mean of `nearest` over their rows, smallest first."""
    for u in range(low, high):
        size = starts[u + 1] - starts[u]
        if gains[u] < 0.0:
            continue
        values = np.empty(size, dtype=np.float64)
        for k in range(size):
            values[k] = nearest[rows[starts[u] + k]]
        gains[u] = _mean_ascending(values, 0, size)
