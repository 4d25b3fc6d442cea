"""How unsure probabilities are: three measures from 0 (one category is certain) to 1 (all are equally likely).

Probabilities are (N, C), a row per prediction that sums up to 1. A single column p is taken as p and 1 - p. A row with
NaN has the uncertainty 0, as have all rows where there is nothing to be unsure about.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def least_confidence(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """(1 - p1) / (1 - 1/C) for every row (N,), where p1 is the highest of C probabilities."""
    rows = _checked(probabilities)
    return _in_range((1 - _highest(rows, 1)) / (1 - 1 / rows.shape[1]))


def margin(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 - (p1 - p2) for every row (N,), where p1 and p2 are the two highest probabilities."""
    rows = _checked(probabilities)
    return _in_range(1 - (_highest(rows, 1) - _highest(rows, 2)))


def entropy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """-Σ p log p / log C for every row (N,); 0 log 0 is 0."""
    rows = _checked(probabilities)
    # Sorted, so that the order of the categories has no say in how the sum is rounded.
    return _in_range(np.sort(_information(rows), axis=1).sum(axis=1) / np.log2(rows.shape[1]))


def uncertainties(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """The three measures (N, 3) in the order of `swath.core.scoring.UNCERTAINTIES`."""
    return np.stack([least_confidence(probabilities), margin(probabilities), entropy(probabilities)], axis=1)


def uncertainties_of_scores(scores: NDArray[np.float64], category_count: int) -> NDArray[np.float64]:
    """The three measures (N, 3) where of C probabilities only one is known: the score (N,) of the category that was
    predicted. The others share the rest equally; NaN where there is no score.
    """
    others = max(category_count - 1, 1)
    total = others + 1
    rest = (1 - scores) / others
    highest = np.maximum(scores, rest)
    second = np.minimum(scores, rest) if others == 1 else rest
    bits = _information(scores) + others * _information(rest)
    columns = [(1 - highest) / (1 - 1 / total), 1 - (highest - second), bits / np.log2(total)]
    result: NDArray[np.float64] = np.clip(np.stack(columns, axis=1), 0.0, 1.0)
    return result


def _checked(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    if probabilities.ndim != 2:
        raise ValueError(f"probabilities must be a 2-dimensional array (N, C), not one of shape {probabilities.shape}")
    if probabilities.shape[1] == 0:
        raise ValueError("probabilities of no category")
    rows = np.ascontiguousarray(probabilities, dtype=np.float64)  # sums depend on the layout
    return np.concatenate([rows, 1 - rows], axis=1) if rows.shape[1] == 1 else rows


def _highest(rows: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """The highest (1) or the one after it (2) of every row."""
    last = rows.shape[1] - place
    found: NDArray[np.float64] = np.partition(rows, last, axis=1)[:, last]
    return found


def _information(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """-p log2 p of each; 0 for 0, NaN for NaN."""
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return -shares * logarithms


def _in_range(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1: rows that sum up to a little more or less than 1 leave it; NaN is 0."""
    return np.clip(np.nan_to_num(values, nan=0.0), 0.0, 1.0)
