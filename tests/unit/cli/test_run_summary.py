from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swath.cli.run_summary import print_summary
from swath.wire.run_result import DatasetResult, ImageCounts, ObjectCounts, RunResult


def result(**changes: Any) -> RunResult:
    values: dict[str, Any] = {
        "state": "COMPLETED",
        "message": "all went well",
        "images": ImageCounts(listed=3, new=3, used=3),
        "stage_seconds": {"sampling": 1.25, "embedding": 2.0},
    }
    return RunResult(**{**values, **changes})


def printed(capsys: pytest.CaptureFixture[str], shown: RunResult, output: Path | None = None) -> list[str]:
    print_summary(shown, output=output)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_a_failed_run_says_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    failed = result(state="FAILED", message="no images", hint="look elsewhere")
    assert printed(capsys, failed) == [
        "run failed: no images",
        "hint: look elsewhere",
        "The datasets are as they were.",
    ]


def test_only_what_there_is_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, result()) == ["all went well", "  images    3 listed, 3 used", "  time      3.2 s", ""]


def test_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    full = result(
        images=ImageCounts(
            listed=2000, new=1990, unreadable=1, duplicate=2, without_predictions=3, bad_predictions=4, used=1980
        ),
        objects=ObjectCounts(
            found=5000, used=4900, clipped=7, outside=50, zero_area=20, filtered=30, embedded=4000, cached=900
        ),
        selected_categories={f"kind {number}": 20 - number for number in range(10)},
        image_dataset=DatasetResult(id="i", name="street", samples=1200, added=70),
        crop_dataset=DatasetResult(id="c", name="street crops", samples=3000, added=90),
    )
    assert printed(capsys, full) == [
        "all went well",
        (
            "  images    2,000 listed, 1,980 used (10 already done, 1 unreadable, 2 duplicates, 3 without predictions, "
            "4 with bad predictions)"
        ),
        (
            "  objects   5,000 found, 4,900 cropped (7 clipped at the border) (50 outside their image, "
            "20 without area, 30 filtered)"
        ),
        "  vectors   4,000 computed, 900 from the cache",
        (
            "  selected  20 kind 0, 19 kind 1, 18 kind 2, 17 kind 3, 16 kind 4, 15 kind 5, 14 kind 6, 13 kind 7 "
            "and 2 more kinds"
        ),
        "  time      3.2 s",
        "  crops     dataset 'street crops': 3,000 samples, 90 added",
        "  images    dataset 'street': 1,200 samples, 70 added",
        "",
        "Look at the crops: swath export 'street crops' --format crops --output crops",
    ]


def test_a_name_is_quoted_where_a_shell_would_take_it_apart(capsys: pytest.CaptureFixture[str]) -> None:
    for name, shown in (("street-crops", "street-crops"), ("day;night", "'day;night'")):
        crops = DatasetResult(id="c", name=name, samples=1, added=1)
        assert f"swath export {shown} --format crops" in printed(capsys, result(crop_dataset=crops))[-1]


def test_files_of_the_output_folder_are_named_if_they_are_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "crops").mkdir()
    (tmp_path / "images.txt").touch()
    assert printed(capsys, result(), tmp_path)[-3:] == [
        "Look at:",
        f"  {tmp_path / 'crops'}",
        f"  {tmp_path / 'images.txt'}",
    ]
