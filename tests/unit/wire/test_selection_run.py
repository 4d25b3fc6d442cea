from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.wire.columns import write_columns
from swath.wire.run_config import SelectionUnit
from swath.wire.selection_run import (
    Choice,
    SampleSelection,
    read_choice,
    requested_selection,
    write_choice,
)


def requested(**selection: Any) -> Any:
    return requested_selection(SampleSelection.model_validate(selection), SelectionUnit.OBJECTS)


def test_an_amount_is_a_count_or_a_share() -> None:
    assert requested(n_samples=5).n_samples == 5
    assert requested(n_samples=0.5).n_samples == 0.5
    assert requested(proportion_samples=1).n_samples == 1.0
    assert isinstance(requested(proportion_samples=1).n_samples, float)
    limited = requested(strategies=[{"type": "diversity", "minimum_distance": 0.5}])
    assert (limited.n_samples, limited.unit) == (None, SelectionUnit.OBJECTS)


@pytest.mark.parametrize(
    ("selection", "field"),
    [
        ({}, "selection.n_samples"),
        ({"n_samples": 0}, "selection.n_samples"),
        ({"n_samples": 1.5}, "selection.n_samples"),
        ({"n_samples": 3, "proportion_samples": 0.5}, "selection.proportion_samples"),
        ({"n_samples": 3, "strategies": []}, "selection.strategies"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_refused(selection: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        requested(**selection)
    assert caught.value.field == field


def test_a_choice_arrives_as_it_was() -> None:
    choice = Choice(sample_indices=np.array([9, 1]), available=3, asked=None, stopped_by="exhausted")
    again = read_choice(write_choice(choice))
    assert again.sample_indices.tolist() == [9, 1]
    assert (again.available, again.asked, again.stopped_by) == (3, None, "exhausted")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        write_columns({}),
        write_columns({"sample_indices": np.zeros((2, 2), dtype=np.int32)}, {"available": 1}),
        write_columns({"sample_indices": np.zeros(2, dtype=np.int32)}, {"available": -1}),
        write_columns({"sample_indices": np.zeros(2, dtype=np.int64)}, {"available": 1}),
    ],
)
def test_bytes_that_are_something_else_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read"):
        read_choice(data)
