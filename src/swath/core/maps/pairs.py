"""Pairs of rows, laid out so that each row finds its own: then threads need not share what they add to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """The partners of row i are `partners[starts[i]:starts[i + 1]]`, ascending, with their `weights`."""

    starts: NDArray[np.int64]  # (n + 1,)
    partners: NDArray[np.int32]  # (P,)
    weights: NDArray[np.float32]  # (P,)


def both_ways(
    rows: NDArray[np.integer], partners: NDArray[np.integer], weights: NDArray[np.floating], count: int
) -> Pairs:
    """Every pair (P,) from either side. Pairs that come more than once stay so."""
    return _sorted(
        np.concatenate([rows, partners]), np.concatenate([partners, rows]), np.concatenate([weights, weights]), count
    )


def added_up(pairs: Pairs, *, fuzzy: bool) -> Pairs:
    """Equal pairs as one, with the sum a + b of their weights, or (`fuzzy`) the union a + b - ab of two."""
    count = len(pairs.starts) - 1
    rows = np.repeat(np.arange(count), np.diff(pairs.starts))
    is_first = np.ones(len(rows), dtype=np.bool_)
    is_first[1:] = (rows[1:] != rows[:-1]) | (pairs.partners[1:] != pairs.partners[:-1])
    first = np.flatnonzero(is_first)
    if not len(first):
        return pairs
    weights = np.add.reduceat(pairs.weights, first)
    if fuzzy:
        products = np.multiply.reduceat(pairs.weights, first)
        is_twice = np.diff(np.append(first, len(rows))) > 1
        weights = np.where(is_twice, weights - products, weights)
    return _sorted(rows[first], pairs.partners[first], weights, count)


def _sorted(
    rows: NDArray[np.integer], partners: NDArray[np.integer], weights: NDArray[np.floating], count: int
) -> Pairs:
    order = np.lexsort((partners, rows))
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=count), out=starts[1:])
    return Pairs(starts=starts, partners=partners[order].astype(np.int32), weights=weights[order].astype(np.float32))
