from __future__ import annotations

import pytest

from swath.cli.quality_table import finding_text, print_quality
from swath.wire.run_result import BesideRandom, FindingDocument, SelectionQuality, TargetReached

MEASURED = SelectionQuality(
    measured_on=100,
    cover_radius=BesideRandom(selected=0.71234, random=0.9),
    mean_distance=BesideRandom(selected=0.3, random=0.4321),
    categories_covered=BesideRandom(selected=41, random=28.44),
    categories_available=71,
    targets=[TargetReached(strategy=1, category="bus", wanted=0.5, reached=0.125, available=9)],
)


def test_figures_stand_beside_those_of_chance(capsys: pytest.CaptureFixture[str]) -> None:
    print_quality(MEASURED)
    assert capsys.readouterr().out.splitlines() == [
        "                          selected      random",
        "  mean distance             0.3000      0.4321",
        "  cover radius              0.7123      0.9000",
        "  categories of 71              41        28.4",
        "  balance                  reached      wanted",
        "  bus                        12.5%       50.0%",
    ]


def test_what_is_not_known_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_quality(None)
    print_quality(SelectionQuality(measured_on=0))
    assert capsys.readouterr().out == ""


def test_only_some_targets_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    many = [
        TargetReached(strategy=0, category=f"category {place}", wanted=0.1, reached=0.1, available=1)
        for place in range(10)
    ]
    print_quality(SelectionQuality(measured_on=0, targets=many))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 8 + 1
    assert lines[-1] == "  and 2 more"


def test_a_finding_is_one_line() -> None:
    finding = FindingDocument(
        code="quotas_unmet",
        severity="warning",
        message="3 quotas could not be met",
        hint="ask for fewer.",
        examples=["car: 1 of at least 2", "bus: 0 of at least 1"],
        count=3,
    )
    assert finding_text(finding) == (
        "warning: 3 quotas could not be met: car: 1 of at least 2; bus: 0 of at least 1, … (hint: ask for fewer.)"
    )
