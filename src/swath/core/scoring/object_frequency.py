"""How much there is to see in an image, compared to the other images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def object_frequency(
    image_of: NDArray[np.int64],
    categories: NDArray[np.int32],
    *,
    image_count: int,
    frequency_penalty: float = 0.25,
    min_score: float = 0.9,
) -> NDArray[np.float64]:
    """Scores (I,) from `min_score` to 1 of images that hold objects: object i (N,) is in image `image_of[i]` and of
    category `categories[i]`.

    The first object of a category counts 1, every further one `frequency_penalty`. The sums are mapped linearly from
    their least and greatest to `min_score` and 1, so that the score of an image depends on the others; where all are
    equal, all have 1. Raises ValueError for parameters outside 0 to 1.
    """
    if not (0 <= frequency_penalty <= 1 and 0 <= min_score <= 1):
        raise ValueError(f"`frequency_penalty` {frequency_penalty} and `min_score` {min_score} must lie from 0 to 1")
    kinds = int(categories.max(initial=0)) + 1
    # One number for each image and category that come together. Sorted here: `np.unique` hashes, twenty times as slow.
    pairs = np.sort(image_of * kinds + categories)
    is_first = np.diff(pairs, prepend=-1) > 0
    distinct = np.bincount(pairs[is_first] // kinds, minlength=image_count)
    further = np.bincount(image_of, minlength=image_count) - distinct
    sums = distinct + frequency_penalty * further
    if not image_count or sums.min() == sums.max():
        return np.ones(image_count)
    return np.interp(sums, (sums.min(), sums.max()), (min_score, 1.0))
