from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.errors import InvalidConfig
from swath.wire.columns import write_columns
from swath.wire.run_config import SelectionUnit
from swath.wire.run_result import BesideRandom, CategoryShare, FindingDocument, SelectionQuality
from swath.wire.selection_run import (
    MOST_FINDINGS,
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


QUALITY = SelectionQuality(
    measured_on=3,
    cover_radius=BesideRandom(selected=0.5, random=0.75),
    class_distribution={"Räder": CategoryShare(available=3, selected=2, random=1.5)},
)
FINDING = FindingDocument(code="targets_missed", severity="warning", message="some\0thing", examples=["a"], count=1)


def test_a_choice_arrives_as_it_was() -> None:
    choice = Choice(
        sample_indices=np.array([9, 1]),
        available=3,
        eligible=2,
        asked=None,
        stopped_by="exhausted",
        quality=QUALITY,
        findings=(FINDING,),
    )
    again = read_choice(write_choice(choice))
    assert again.sample_indices.tolist() == [9, 1]
    assert (again.available, again.eligible, again.asked, again.stopped_by) == (3, 2, None, "exhausted")
    assert (again.quality, again.findings) == (QUALITY, (FINDING,))
    short = replace(choice, quality=None, findings=(), asked=4, eligible=None)
    again = read_choice(write_choice(short))
    assert (again.quality, again.findings, again.asked, again.eligible) == (None, (), 4, None)


def test_of_very_many_findings_the_first_are_kept() -> None:
    choice = Choice(sample_indices=np.array([0]), available=1, asked=1, stopped_by="count", findings=(FINDING,) * 1000)
    assert len(read_choice(write_choice(choice)).findings) == MOST_FINDINGS


def choice_reporting(report: str) -> bytes:
    columns = {"sample_indices": np.zeros(1, dtype=np.int32), "report": [report]}
    return write_columns(columns, {"available": 1, "asked": 1, "stopped_by": "count"})


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[]",
        "{}",
        '{"quality": null, "findings": [{}]}',
        '{"quality": {"measured_on": NaN}, "findings": []}',
        '{"quality": {"measured_on": 1, "cover_radius": {"selected": Infinity, "random": 0}}, "findings": []}',
        '{"quality": {"measured_on": 1, "cover_radius": {"selected": 1e999, "random": 0}}, "findings": []}',
        '{"quality": null, "findings": [], "more": 1}',
        '{"quality": null, "findings": [{"code": "a", "severity": "info", "message": "\\ud800"}]}',
        "[" * 100_000,
    ],
)
def test_a_report_that_is_none_is_refused(report: str) -> None:
    with pytest.raises(InvalidConfig):
        read_choice(choice_reporting(report))


def test_a_report_is_one() -> None:
    fine = {"sample_indices": np.zeros(1, dtype=np.int32)}
    for reports in ([], ["{}", "{}"]):
        with pytest.raises(InvalidConfig, match="report"):
            read_choice(write_columns({**fine, "report": reports}, {"available": 1}))


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
