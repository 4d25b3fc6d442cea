"""Small random datasets whose values collide and hit bounds often."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest

from swath.core.browsing import NO_CODE, CategoryLabel, SampleColumns

DrawColumns: TypeAlias = Callable[..., SampleColumns]

CATEGORIES = (
    CategoryLabel(task="vehicles", category_id=0, name="truck"),
    CategoryLabel(task="vehicles", category_id=1, name="car"),
    CategoryLabel(task="people", category_id=1, name=None),
    CategoryLabel(task="toys", category_id=7, name="car"),
)
SCORES = np.array([0.0, 0.15, 0.3, 0.5, 0.9, 1.0, np.nan], dtype=np.float32)


def draw(seed: int, count: int, *, images: bool = False) -> SampleColumns:
    random = np.random.default_rng(seed)
    predictions = int(random.integers(1, 4 * count + 1)) if images and count else 0
    prediction_sample = random.integers(0, max(count, 1), predictions).astype(np.int32)
    no_codes = np.full(count, NO_CODE, dtype=np.int32)
    no_values = np.full(count, np.nan, dtype=np.float32)
    return SampleColumns(
        categories=CATEGORIES,
        run_ids=("first", "second", "third"),
        category=no_codes if images else random.integers(NO_CODE, len(CATEGORIES), count, np.int32),
        score=no_values if images else random.choice(SCORES, count),
        width=random.choice([0, 1, 2, 3, 32, 100], count).astype(np.int32),
        height=random.choice([1, 2, 3, 64, 100], count).astype(np.int32),
        byte_size=random.integers(1, 5, count),
        box_area=no_values if images else random.choice(SCORES, count) ** 4,
        stale=random.random(count) < 0.3,
        run=random.integers(0, 3, count).astype(np.int32),
        created_at=random.choice([0, 5, 2**33, 1_700_000_000_000, 1_700_000_000_001], count),
        name_rank=random.permutation(count).astype(np.int32),
        parent=no_codes if images else random.integers(NO_CODE, 4, count, np.int32),
        parent_rank=random.integers(0, 4, count).astype(np.int32),
        object_count=np.bincount(prediction_sample, minlength=count).astype(np.int32),
        prediction_sample=prediction_sample,
        prediction_category=random.integers(NO_CODE, len(CATEGORIES), predictions, np.int32),
        prediction_score=random.choice(SCORES, predictions),
    )


@pytest.fixture(scope="session")
def draw_columns() -> DrawColumns:
    """`draw_columns(seed, count, images=False)`: a dataset of crops, or of images with predictions."""
    return draw
