"""The one way into the selection: which objectives, how many, under which limits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection.combined import Combination, Objective
from swath.core.selection.diversity import Diversity
from swath.core.selection.limits import GroupLimit
from swath.core.selection.objective import MapChunks, Measure, Shortlist
from swath.core.selection.picks import Picks, StoppedBy
from swath.core.selection.random_order import Random
from swath.core.selection.representative import Representative
from swath.core.selection.units import RowsOfUnits

HIGHEST_STRENGTH = 1e9


def select(
    objectives: Sequence[Objective],
    *,
    count: int,
    rank: NDArray[np.int64],
    limits: Sequence[GroupLimit] = (),
    map_chunks: MapChunks = map,
) -> Picks:
    """Pick `count` of U units, or as many as there are and limits allow.

    Greedily, one unit at a time: the one that makes the product over all objectives of objective ** strength largest,
    each measured on what is selected (picks so far and preselected) together with that unit. A strength of 0 has no
    say, a negative one turns an objective round. Where an objective is 0 whichever unit is picked, it has no say in
    that pick; where it is 0 for some only, they come after the others. Every pick is exact in float64.

    `rank` (U,) holds distinct integers, the rank of each unit's stable key: among units that are equally good the
    lowest rank goes first, and nothing depends on the order of the input. With diversity and nothing selected before,
    the first pick is, of the units that are best by all other objectives, the one closest to the mean of all rows (a
    unit of several rows: its own mean is). Of units that are equally good, those without rows come after the others.

    `map_chunks` may run chunks in parallel: pass the `map` of a ThreadPoolExecutor that runs nothing but chunks (one
    executor may serve several selections at once). The picks are the same however it runs them.

    Raises InvalidConfig for no objective or a strength that cannot be used, ValueError for arrays that do not fit each
    other or a negative `count`.
    """
    _check(objectives, count, len(rank), limits)
    by_rank = _by_rank(rank)
    if len(objectives) == 1 and not limits and objectives[0].strength > 0:
        (objective,) = objectives
        if isinstance(objective, Random):
            return _select_at_random(objective, count, by_rank)
        if isinstance(objective, Representative):
            return _select_representative(objective, count, rank, by_rank, map_chunks)
        if isinstance(objective, Diversity):
            return _select_diverse(objective, count, rank.astype(np.int64), by_rank, map_chunks)
    return Combination(objectives, count=count, by_rank=by_rank, limits=limits, map_chunks=map_chunks).run()


def _select_at_random(objective: Random, count: int, by_rank: NDArray[np.int64]) -> Picks:
    chosen = objective.shuffled(by_rank)[:count]
    return _without_distances(chosen, count)


def _select_representative(
    objective: Representative,
    count: int,
    rank: NDArray[np.int64],
    by_rank: NDArray[np.int64],
    map_chunks: MapChunks,
) -> Picks:
    chosen = objective.pick(rank, count=count, map_chunks=map_chunks)
    if len(chosen) < count:  # what is left has no rows
        without_rows = by_rank[~np.isin(by_rank, chosen)]
        chosen = np.concatenate([chosen, without_rows[: count - len(chosen)]])
    return _without_distances(chosen, count)


def _without_distances(chosen: NDArray[np.int64], count: int) -> Picks:
    return Picks(
        rows=chosen,
        distances=np.full(len(chosen), np.nan),
        stopped_by="count" if len(chosen) == count else "exhausted",
    )


def _select_diverse(
    objective: Diversity,
    count: int,
    rank: NDArray[np.int64],
    by_rank: NDArray[np.int64],
    map_chunks: MapChunks,
) -> Picks:
    rows = RowsOfUnits.of(objective.units, objective.row_count)
    empty = by_rank[rows.sizes[by_rank] == 0]
    wanted = min(count, rows.unit_count - len(empty))
    chosen: list[NDArray[np.int64]] = []
    gains: list[NDArray[np.float64]] = []
    violated = False
    if wanted > 0:
        measure = objective.measure(rows, count=wanted, map_chunks=map_chunks)
        chosen, gains = pick_greedily(measure, rank, by_rank, wanted, objective.lowest_gain)
        violated = sum(map(len, chosen)) < wanted
    picked = np.concatenate([np.zeros(0, dtype=np.int64), *chosen])
    distances = np.sqrt(np.concatenate([np.zeros(0), *gains]))
    if not violated or objective.minimum_distance_mode == "filter":
        picked = np.concatenate([picked, empty[: count - len(picked)]])
    distances = np.concatenate([distances, np.full(len(picked) - len(distances), np.nan)])
    stopped_by: StoppedBy = "count" if len(picked) == count else "minimum_distance" if violated else "exhausted"
    return Picks(rows=picked, distances=distances, stopped_by=stopped_by)


def pick_greedily(
    measure: Measure, rank: NDArray[np.int64], by_rank: NDArray[np.int64], count: int, lowest_gain: float
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]]:
    """Picks and their gains (NaN for a first pick beside nothing) in batches; fewer than `count` if gains got too low.

    `count` must not exceed the number of candidates.
    """
    chosen: list[NDArray[np.int64]] = []
    gains: list[NDArray[np.float64]] = []
    missing = count
    if missing and not measure.knows_selection:
        first = by_rank[[np.argmin(measure.opening()[by_rank])]]
        measure.add(first)
        chosen.append(first)
        gains.append(np.full(1, np.nan))
        missing -= 1
    while missing:
        best = shortlist(measure.gains, rank, measure.shortlist_size)
        units, unit_gains = measure.pick_among(best, at_most=missing, lowest_gain=lowest_gain)
        if not len(units):
            break
        chosen.append(units)
        gains.append(unit_gains)
        missing -= len(units)
        if missing:
            measure.add(units)
    return chosen, gains


def shortlist(gains: NDArray[np.float64], rank: NDArray[np.int64], size: int) -> Shortlist:
    """The `size` best candidates: the highest gains, and of equal gains the lowest ranks."""
    bound_gain, bound_rank = -np.inf, 0
    if len(gains) <= size:
        members = np.flatnonzero(gains >= 0)
    else:
        bound_gain = gains.max() if size == 1 else np.partition(gains, len(gains) - size)[len(gains) - size]
        members = np.flatnonzero(gains >= max(bound_gain, 0.0))
        bound_rank = np.iinfo(np.int64).max  # all of equal gain are in, unless there are too many of them
        if len(members) > size:
            tied = gains[members] == bound_gain
            ties = members[tied]
            ties = ties[np.argsort(rank[ties])]
            room = size - (len(members) - len(ties))
            bound_rank = int(rank[ties[room]])
            members = np.concatenate([members[~tied], ties[:room]])
    members = members[np.argsort(rank[members])]
    return Shortlist(units=members, ranks=rank[members], bound_gain=float(bound_gain), bound_rank=bound_rank)


def _check(objectives: Sequence[Objective], count: int, unit_count: int, limits: Sequence[GroupLimit]) -> None:
    if count < 0:
        raise ValueError(f"count must not be negative, got {count}")
    if not objectives:
        raise InvalidConfig("No strategy to select by", field="strategies", hint="give at least one")
    for objective in objectives:
        if not (math.isfinite(objective.strength) and abs(objective.strength) <= HIGHEST_STRENGTH):
            raise InvalidConfig(
                f"Strength cannot be used: `{objective.strength}`",
                field="strength",
                hint="use a number from -1e9 to 1e9; 1 is usual, 0 is no say",
            )
        if not isinstance(objective, Random) and objective.unit_count != unit_count:
            name = type(objective).__name__
            raise ValueError(f"rank has {unit_count} entries for {objective.unit_count} units of {name}")
    for limit in limits:
        if limit.unit_count != unit_count:
            raise ValueError(f"rank has {unit_count} entries for {limit.unit_count} units of `{limit.name}`")


def _by_rank(rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Units in order of rank. Raises ValueError if ranks are not distinct integers."""
    if rank.ndim != 1 or not np.issubdtype(rank.dtype, np.integer):
        raise ValueError(f"rank must be (U,) integers, got {rank.dtype} {rank.shape}")
    by_rank = np.argsort(rank, kind="stable")
    ordered = rank[by_rank]
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("rank must not repeat a value")
    return by_rank
