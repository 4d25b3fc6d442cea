"""Strategies, limits and figures from the command line, in real runs on drawn photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from swath.wire.run_result import SelectionQuality

Fixture = Any  # of conftest.py: Swath, PhotoFolder


def test_several_strategies_and_limits_decide_together(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(6)
    result = swath.run(
        photos.root,
        "--strategy", "diversity,strength=2",
        "--strategy", "balance,target.car=0.5,target.bus=0.5",
        "--strategy", "threshold,metadata=lightly.width,operation=bigger,threshold=38",
        "--max-per-image", 1,
        "--quota", "car=..2",
        "--n-samples", 4,
    )  # fmt: skip
    assert result["selected_categories"].keys() <= {"car", "truck"}  # buses are 36 px wide
    assert result["selected_categories"]["car"] == 2
    assert result["selected"] == result["image_dataset"]["samples"] == 4
    quality = SelectionQuality.model_validate(result["quality"])
    assert (quality.measured_on, result["candidates"]) == (12, 18)
    assert quality.cover_radius is not None
    assert [(one.strategy, one.category, one.wanted, one.reached) for one in quality.targets] == [
        (1, "car", 0.5, 0.5),
        (1, "bus", 0.5, 0.0),
        (1, "truck", 0.0, 0.5),
    ]
    findings = {finding["code"]: finding for finding in result["findings"]}
    assert findings["threshold_passed"]["message"] == "12 of 18 objects pass the threshold `lightly.width` > 38"
    assert findings["target_missed"]["examples"] == ["bus: 0.0% of 50.0%, no candidate has it"]


def test_a_summary_shows_figures_beside_those_of_chance(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(3)
    done = swath("run", photos.root, "--task", photos.task, "--n-samples", "3")
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    table = lines[lines.index(["selected", "random"]) + 1 :][:3]
    assert [row[:-2] for row in table] == [["mean", "distance"], ["cover", "radius"], ["categories", "of", "3"]]
    assert all(float(row[-1]) > 0 for row in table)


def test_a_document_says_all_of_a_selection(swath: Fixture, photos: Fixture, tmp_path: Path) -> None:
    photos.add_many(4)
    file = tmp_path / "selection.json"
    file.write_text(
        json.dumps({"n_samples": 3, "strategies": [{"type": "typicality", "strength": -1}], "max_per_image": 1})
    )
    done = swath("run", photos.root, "--task", photos.task, "--selection", file, "--json")
    assert (done.code, done.document["selected"], done.document["image_dataset"]["samples"]) == (0, 3, 3)
    again = swath("select", "photos-crops", "--selection", file, "--dry-run", "--json")
    assert (again.code, again.document["selected"]) == (0, 3)
    both = swath("select", "photos-crops", "--selection", file, "--n-samples", "2")
    assert (both.code, "`--selection` says all about the selection" in both.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--strategy", "divers"), "hint: Did you mean `diversity`?"),
        (("--strategy", "weights"), "expected one of `score`, `metadata`, `count`, `random`, none is there"),
        (("--strategy", "balance,metadata=a,target.b=-1"), "`selection.strategies[0].target.b`: expected a share"),
        (("--strategy", "typicality,neighbors=1"), "`selection.strategies[0].num_nearest_neighbors`"),
        (("--strategy", "diversity", "--min-distance-mode", "filter"), "there is no minimum distance"),
        (("--quota", "car=9..3"), "`selection.quotas.car.at_least`: expected no more than `at_most`, which is 3"),
        (("--quota", "bicycle=1.."), "has no category `bicycle`"),
        (("--strategy", "similarity,query=photos/liked"), "there is no dataset `photos`"),
        (("--unit", "image", "--max-per-image", "1"), "`selection.max_per_image`: limits how many objects"),
    ],
)
def test_what_cannot_be_meant_is_answered(swath: Fixture, photos: Fixture, options: tuple[str, ...], says: str) -> None:
    photos.add_many(1)
    refused = swath.try_run(photos.root, *options)
    assert refused.code in (1, 2)
    assert says in refused.stderr, refused.stderr
    assert photos.files_below("crops") == set()
