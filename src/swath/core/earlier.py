"""What earlier runs selected, as far as strategies ask for more than its vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.scoring.columns import ScoreColumns, no_scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierValues:
    """The samples of both datasets of a run: images (I) by sample index, and crops (M) that are not stale by sample
    index, in the order of their vectors. Without a crops dataset there are no crops."""

    file_names: tuple[str, ...]  # (I,)
    image_sizes: NDArray[np.int64]  # (I, 3) width and height in px, bytes
    image_scores: ScoreColumns  # (I, S)
    image_of_crop: NDArray[np.int32]  # (M,) row of the image that a crop is of
    category_ids: NDArray[np.int32]  # (M,) as in the schema of the task
    crop_sizes: NDArray[np.int32]  # (M, 2) width and height in px
    crop_scores: ScoreColumns  # (M, S)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttachedValues:
    """What people attached to the images of a dataset: all `keys` there are, and by file name the values under those
    that were asked for."""

    keys: tuple[str, ...]
    of_image: Mapping[str, Mapping[str, str | float | bool]]


def nothing_earlier() -> EarlierValues:
    """What is known where nothing was selected before, or where nobody asks."""
    return EarlierValues(
        file_names=(),
        image_sizes=np.zeros((0, 3), dtype=np.int64),
        image_scores=no_scores(0),
        image_of_crop=np.zeros(0, dtype=np.int32),
        category_ids=np.zeros(0, dtype=np.int32),
        crop_sizes=np.zeros((0, 2), dtype=np.int32),
        crop_scores=no_scores(0),
    )
