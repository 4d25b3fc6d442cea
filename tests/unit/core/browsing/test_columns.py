"""Columns that fit together, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from swath.core.browsing import CategoryLabel, SampleColumns

DrawColumns = Callable[..., SampleColumns]


def test_columns_of_different_lengths_are_refused_by_name(draw_columns: DrawColumns) -> None:
    with pytest.raises(ValueError, match=r"'width': \(4,\)"):
        replace(draw_columns(0, 5), width=np.zeros(4, dtype=np.int32))


def test_a_column_of_predictions_may_not_be_shorter_than_the_others(draw_columns: DrawColumns) -> None:
    with pytest.raises(ValueError, match="prediction_score"):
        replace(draw_columns(0, 5, images=True), prediction_score=np.zeros(0, dtype=np.float32))


@pytest.mark.parametrize(
    ("column", "code"), [("category", 4), ("category", -2), ("run", 3), ("run", -1), ("prediction_sample", 5)]
)
def test_a_code_that_points_nowhere_is_refused(draw_columns: DrawColumns, column: str, code: int) -> None:
    columns = draw_columns(0, 5, images=True)
    codes = getattr(columns, column).copy()
    codes[0] = code
    with pytest.raises(ValueError, match=f"`{column}`.*{code}"):
        replace(columns, **{column: codes})


def test_a_dataset_may_be_empty(draw_columns: DrawColumns) -> None:
    assert len(draw_columns(0, 0)) == 0


def test_the_label_of_a_category_without_a_name_is_its_id() -> None:
    assert CategoryLabel(task="vehicles", category_id=12, name=None).label == "12"
    assert CategoryLabel(task="vehicles", category_id=12, name="car").label == "car"
