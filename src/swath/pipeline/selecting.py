"""From a selection's configuration to numbers, and from picks back to objects or images."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.objects import rank_of_keys
from swath.core.selection import Diversity, Random, Units, resolve_amount, select
from swath.wire.run_config import DiversityStrategy, RandomStrategy, SelectionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Units in the order they were picked; `asked` is the count that was asked for (None: no count was given)."""

    units: NDArray[np.int64]
    distances: NDArray[np.float64]
    asked: int | None
    available: int
    stopped_by: str


def select_units(
    config: SelectionConfig,
    *,
    vectors: NDArray[np.float16],
    keys: NDArray[np.uint8],
    preselected: NDArray[np.float16],
    unit_of_row: NDArray[np.int64] | None,
    threads: int,
) -> Selected:
    """Select by the configuration among units with stable keys (U, 16).

    `vectors` (N, D) are the units' own, one row each, unless `unit_of_row` (N,) says which unit a row is of;
    `preselected` (M, D) is what was selected before.
    """
    available = len(keys)
    count = resolve_amount(config.n_samples, available)
    asked = config.n_samples if isinstance(config.n_samples, int) else None if config.n_samples is None else count
    if available == 0:
        empty = np.zeros(0)
        return Selected(units=empty.astype(np.int64), distances=empty, asked=asked, available=0, stopped_by="exhausted")
    units = None if unit_of_row is None else Units(unit_of_row=unit_of_row, unit_count=available)
    objectives = [_objective(strategy, vectors, preselected) for strategy in config.strategies]
    with ThreadPoolExecutor(threads, thread_name_prefix="swath-select") as pool:
        picks = select(objectives, count=count, rank=rank_of_keys(keys), units=units, map_chunks=pool.map)
    return Selected(
        units=picks.rows, distances=picks.distances, asked=asked, available=available, stopped_by=picks.stopped_by
    )


def _objective(
    strategy: DiversityStrategy | RandomStrategy, vectors: NDArray[np.float16], preselected: NDArray[np.float16]
) -> Diversity | Random:
    if isinstance(strategy, RandomStrategy):
        return Random(seed=strategy.seed, strength=strategy.strength)
    return Diversity(
        vectors=vectors,
        preselected=preselected if len(preselected) else None,
        strength=strategy.strength,
        minimum_distance=strategy.minimum_distance,
    )


def first_of_each_key(keys: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which rows (N,) of keys (N, 16) are the first with their key."""
    first = np.zeros(len(keys), dtype=np.bool_)
    if len(keys):
        first[np.unique(as_words(keys), return_index=True)[1]] = True
    return first


def is_among(keys: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the keys (N, 16) are among the others (M, 16)."""
    if not len(others):
        return np.zeros(len(keys), dtype=np.bool_)
    return np.isin(as_words(keys), as_words(others))


def as_words(keys: NDArray[np.uint8]) -> NDArray[np.void]:
    """Keys (N, 16) as one comparable value per row (N,)."""
    return np.ascontiguousarray(keys).view("V16").reshape(-1)


def image_keys(digests: Sequence[bytes]) -> NDArray[np.uint8]:
    """Stable keys (U, 16) of images from their digests."""
    joined = b"".join(digest[:16] for digest in digests)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, 16)
