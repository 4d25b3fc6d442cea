"""What predictions say besides category, box and score, reduced to what scores and distributions need of it.

Probabilities of many categories, masks and keypoints of a million objects would not fit into memory; a few numbers do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.predictions import ImagePredictions, TaskSchema, TaskType
from swath.core.scoring.names import UNCERTAINTIES
from swath.core.scoring.uncertainty import uncertainties


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Probabilities of N predictions, those of 0 left out: row i is `categories[starts[i]:starts[i + 1]]`, places in
    the schema, with `amounts` beside them. A row without any is of a prediction without probabilities."""

    starts: NDArray[np.int64]  # (N + 1,)
    categories: NDArray[np.int32]  # (E,)
    amounts: NDArray[np.float32]  # (E,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionDetails:
    """Of the N predictions of one image."""

    uncertainties: NDArray[np.float64]  # (N, 3) of the probabilities, NaN where none are given
    keypoints: NDArray[np.float64]  # (N,) 1 - mean confidence, NaN where there are none
    pixels: NDArray[np.float64]  # (N,) that a mask covers, 0 without one
    shares: Shares | None  # None if nobody asks for them, or none are given


def details_of(found: ImagePredictions, schema: TaskSchema, *, with_shares: bool) -> PredictionDetails | None:
    """The details of an image's predictions; None if there are none, as in most files."""
    if not (found.probabilities or found.segmentations or found.keypoints):
        return None
    count = len(found)
    has_keypoints = schema.task_type is TaskType.KEYPOINT_DETECTION
    given = [row for row, shares in enumerate(found.probabilities) if shares is not None]
    rows = np.array([found.probabilities[row] for row in given], dtype=np.float64)
    unsure = np.full((count, len(UNCERTAINTIES)), np.nan)
    if given:
        unsure[given] = uncertainties(rows)
    return PredictionDetails(
        uncertainties=unsure,
        keypoints=_keypoint_uncertainty(found.keypoints, count) if has_keypoints else np.full(count, np.nan),
        pixels=_pixels(found.segmentations, count),
        shares=_shares(rows, given, count) if with_shares and given else None,
    )


def _keypoint_uncertainty(keypoints: Sequence[tuple[float, ...] | None], count: int) -> NDArray[np.float64]:
    """1 - the mean confidence of the keypoints x, y, confidence of each instance.

    Some write how visible a keypoint is (0, 1, 2) instead: more than 1 is as sure as 1.
    """
    result = np.full(count, np.nan)
    for row, points in enumerate(keypoints):
        if points:
            confidences = points[2::3]
            result[row] = 1 - sum(min(confidence, 1.0) for confidence in confidences) / len(confidences)
    return result


def _pixels(segmentations: Sequence[tuple[int, ...] | None], count: int) -> NDArray[np.float64]:
    """Run lengths take turns, those of the background first."""
    result = np.zeros(count)
    for row, runs in enumerate(segmentations):
        if runs:
            result[row] = sum(runs[1::2])
    return result


def _shares(rows: NDArray[np.float64], given: Sequence[int], count: int) -> Shares:
    of_row, categories = np.nonzero(rows)
    sizes = np.zeros(count, dtype=np.int64)
    sizes[given] = np.bincount(of_row, minlength=len(rows))
    return Shares(
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]),
        categories=categories.astype(np.int32),
        amounts=rows[of_row, categories].astype(np.float32),
    )
