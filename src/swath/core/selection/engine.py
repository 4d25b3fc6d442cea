"""The greedy loop: always the unit that adds most. How much a unit adds is the business of the objectives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection.diversity import Diversity
from swath.core.selection.objective import MapChunks, Measure, Shortlist
from swath.core.selection.picks import Picks, StoppedBy
from swath.core.selection.random_order import Random
from swath.core.selection.units import RowsOfUnits, Units

Objective = Diversity | Random


def select(
    objectives: Sequence[Objective],
    *,
    count: int,
    rank: NDArray[np.int64],
    units: Units | None = None,
    map_chunks: MapChunks = map,
) -> Picks:
    """Pick `count` units, or as many as there are.

    `rank` (U,) holds distinct integers, the rank of each unit's stable key: among units that are equally good the
    lowest rank goes first, and nothing depends on the order of the input. Without `units` each row is its own unit.

    Every pick is exact in float64. With nothing selected before, the first pick is the unit closest to the mean of
    all rows (a unit of several rows: its own mean is), otherwise the unit farthest from what is selected. Exact
    duplicates of what is selected have distance 0 and come last, in rank order; units without rows come after them.

    `map_chunks` may run chunks in parallel: pass the `map` of a ThreadPoolExecutor that runs nothing but chunks (one
    executor may serve several selections at once). The picks are the same however it runs them.

    Raises InvalidConfig for a combination of objectives or a strength that is not there yet, ValueError for arrays
    that do not fit each other or a negative `count`.
    """
    objective = _only(objectives)
    if count < 0:
        raise ValueError(f"count must not be negative, got {count}")
    by_rank = _by_rank(rank)
    if isinstance(objective, Random):
        _check_units(units.unit_count if units else len(rank), len(rank))
        chosen = objective.shuffled(by_rank)[:count]
        return Picks(
            rows=chosen,
            distances=np.full(len(chosen), np.nan),
            stopped_by="count" if len(chosen) == count else "exhausted",
        )
    rows = RowsOfUnits.of(units, objective.row_count)
    _check_units(rows.unit_count, len(rank))
    return _select_diverse(objective, rows, count, rank.astype(np.int64), by_rank, map_chunks)


def _select_diverse(
    objective: Diversity,
    rows: RowsOfUnits,
    count: int,
    rank: NDArray[np.int64],
    by_rank: NDArray[np.int64],
    map_chunks: MapChunks,
) -> Picks:
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


def _only(objectives: Sequence[Objective]) -> Objective:
    """The one objective there is, for now. Raises InvalidConfig for several and for strengths that mean something."""
    if len(objectives) != 1:
        names = " and ".join(type(objective).__name__ for objective in objectives) or "none"
        raise InvalidConfig(
            f"Selection strategies cannot be combined yet: got {names}",
            field="strategies",
            hint="give exactly one strategy",
        )
    (objective,) = objectives
    if not isinstance(objective, Diversity | Random):
        raise InvalidConfig(f"Selection strategy is not known: `{type(objective).__name__}`", field="strategies")
    if not (objective.strength > 0 and np.isfinite(objective.strength)):
        raise InvalidConfig(
            f"Strength cannot be used yet: `{objective.strength}`",
            field="strength",
            hint="use a number above 0; with a single strategy every such strength gives the same picks",
        )
    return objective


def _by_rank(rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Units in order of rank. Raises ValueError if ranks are not distinct integers."""
    if rank.ndim != 1 or not np.issubdtype(rank.dtype, np.integer):
        raise ValueError(f"rank must be (U,) integers, got {rank.dtype} {rank.shape}")
    by_rank = np.argsort(rank, kind="stable")
    ordered = rank[by_rank]
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("rank must not repeat a value")
    return by_rank


def _check_units(unit_count: int, rank_count: int) -> None:
    if unit_count != rank_count:
        raise ValueError(f"rank has {rank_count} entries for {unit_count} units")
