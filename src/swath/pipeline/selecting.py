"""From a selection's configuration to numbers, and from picks back to objects or images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, StrategyInput, Vectors
from swath.core.errors import RunFailed
from swath.core.objects import rank_of_keys
from swath.core.outcomes import Finding
from swath.core.selection import Picks, resolve_amount, select
from swath.pipeline.objectives import limits_of, objectives_of, passing
from swath.pipeline.selection_data import SelectionData, inputs_of
from swath.pipeline.selection_findings import (
    about_limits,
    about_numbers,
    about_strengths,
    about_sums,
    about_targets,
    about_threshold,
)
from swath.pipeline.selection_quality import measure_quality
from swath.wire.run_result import SelectionQuality
from swath.wire.selection import SelectionConfig

ROWS_CHECKED = 1 << 14
"""Vectors looked at together when all are checked: a few megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Units in the order they were picked, of `available` ones, of which `eligible` passed all thresholds.

    `asked` is the count that was asked for (None: no count was given), `stopped_by` why it ended. `quality` is None
    where there was nothing to choose from.
    """

    units: NDArray[np.int64]
    distances: NDArray[np.float64]
    asked: int | None
    available: int
    eligible: int
    stopped_by: str
    quality: SelectionQuality | None = None
    findings: tuple[Finding, ...] = ()


def select_units(
    config: SelectionConfig,
    *,
    vectors: Vectors,
    keys: NDArray[np.uint8],
    preselected: Vectors,
    unit_of_row: NDArray[np.int64] | None,
    inputs: Sequence[StrategyInput] = (),
    image_of: NDArray[np.int64] | None = None,
    categories: CategoryValues | None = None,
    name_of_row: Callable[[int], str] | None = None,
    threads: int,
) -> Selected:
    """Select by the configuration among units with stable keys (U, 16).

    `vectors` (N, D) are the units' own, one row each, unless `unit_of_row` (N,) says which unit a row is of;
    `preselected` (M, D) is what was selected before. `inputs` say what each strategy needs to know, in their order
    (none at all: nothing beside the vectors). `image_of` (U,) numbers the image of each unit, for limits per image;
    `categories` are for quotas and figures. `name_of_row` says for messages whose vector a row is.

    Thresholds filter first; fractions and the amount asked for refer to all candidates nevertheless. Raises RunFailed
    for a vector that holds NaN or infinity, ValueError for arrays that do not fit each other or the configuration.
    """
    data = SelectionData(
        vectors=vectors,
        unit_of_row=unit_of_row,
        preselected=preselected,
        keys=keys,
        inputs=inputs_of(len(config.strategies), inputs),
        image_of=image_of,
        categories=categories,
    )
    _refuse_bad_vectors(data, name_of_row)
    available = len(data)
    count = resolve_amount(config.n_samples, available)
    asked = config.n_samples if isinstance(config.n_samples, int) else None if config.n_samples is None else count
    findings = [*about_numbers(config, data), *about_strengths(config)]
    kept = np.ones(available, dtype=np.bool_)
    for place, mask in passing(config, data):
        findings += about_threshold(config, place, int(mask.sum()), available)
        kept &= mask
    data = data.kept(kept)
    picks, quality = _nothing_picked(), None
    if len(data):
        rank = rank_of_keys(data.keys)
        with ThreadPoolExecutor(threads, thread_name_prefix="swath-select") as pool:
            picks = select(
                objectives_of(config, data, rank=rank, map_chunks=pool.map),
                count=min(count, len(data)),
                rank=rank,
                limits=limits_of(config, data),
                map_chunks=pool.map,
            )
            quality = measure_quality(config, data, picks.rows, rank=rank, map_chunks=pool.map)
        findings += about_limits(config, data, picks)
        findings += about_sums(config, data, picks)
        findings += about_targets(config, data, picks, quality)
    return Selected(
        units=np.flatnonzero(kept)[picks.rows],
        distances=picks.distances,
        asked=asked,
        available=available,
        eligible=len(data),
        stopped_by=picks.stopped_by,
        quality=quality,
        findings=tuple(findings),
    )


def _nothing_picked() -> Picks:
    return Picks(rows=np.zeros(0, dtype=np.int64), distances=np.zeros(0), stopped_by="exhausted")


def _refuse_bad_vectors(data: SelectionData, name_of_row: Callable[[int], str] | None) -> None:
    for start in range(0, len(data.vectors), ROWS_CHECKED):
        bad = np.flatnonzero(~np.isfinite(data.vectors[start : start + ROWS_CHECKED]).all(axis=1))
        if len(bad):
            row = start + int(bad[0])
            whose = f"row {row}" if name_of_row is None else name_of_row(row)
            raise RunFailed(
                f"the vector of {whose} holds NaN or infinity: nothing can be compared with it",
                hint="another embedder, or another file of that sample, gives it a vector that can be used.",
            )
    if not np.isfinite(data.preselected).all():
        raise RunFailed("a vector of what was selected before holds NaN or infinity")


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
