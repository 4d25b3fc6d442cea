"""Every option of `swath run`: what it changes, and what is said when its value cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Fixture = Any  # of conftest.py: Swath, PhotoFolder


def rects(swath: Fixture) -> set[tuple[int, int, int, int]]:
    return {tuple(row) for row in swath.rows("SELECT rect_x0, rect_y0, rect_x1, rect_y1 FROM crops")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--n-samples", "0"), ("n_samples", "`0`", "at least 1")),
        (("--n-samples", "1.5"), ("n_samples", "`1.5`", "at most 1.0")),
        (("--n-samples", "-3"), ("n_samples", "`-3`", "at least 1")),
        (("--n-samples", "abc"), ("--n-samples", "`abc`", "count")),
        (("--n-samples", "nan"), ("--n-samples", "`nan`")),
        (("--padding", "-0.1"), ("padding", "-0.1", "0")),
        (("--min-score", "2"), ("min_score", "2", "1")),
        (("--max-overlap", "-1"), ("max_overlap", "-1", "0")),
        (("--min-size", "-1"), ("min_size", "-1", "0")),
        (("--box-format", "yxyx"), ("box_format", "yxyx", "xywh")),
        (("--strategy", "best"), ("--strategy", "`best`", "`random`")),
        (("--unit", "pixel"), ("--unit", "`pixel`", "`image`")),
        (("--strategy", "random", "--min-distance", "0.1"), ("--min-distance", "diversity")),
        (("--embedder", "nothing-like-it"), ("nothing-like-it",)),
    ],
)
def test_values_that_cannot_be_used_are_named(
    swath: Fixture, photos: Fixture, options: tuple[str, ...], says: tuple[str, ...]
) -> None:
    photos.add_many(1)
    outcome = swath.try_run(photos.root, *options)
    assert outcome.code in (1, 2)
    assert outcome.document["state"] == "FAILED"
    for words in says:
        assert words in outcome.stderr, outcome.stderr
    assert photos.files_below("crops") == set()


def test_neither_a_count_nor_a_distance_is_refused(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    outcome = swath("run", photos.root, "--task", photos.task)
    assert outcome.code == 2
    assert "--n-samples" in outcome.stderr


def test_object_options_without_a_task_are_refused(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    outcome = swath("run", photos.root, "--unit", "image", "--n-samples", "1", "--min-score", "0.5")
    assert outcome.code == 2
    assert "--task" in outcome.stderr


@pytest.mark.parametrize(("amount", "selected"), [("1", 1), ("1.0", 6), ("0.5", 3), ("0.01", 1), ("4", 4), ("99", 6)])
def test_amounts_are_counts_or_fractions(swath: Fixture, photos: Fixture, amount: str, selected: int) -> None:
    photos.add_many(2)
    document = swath.run(photos.root, "--n-samples", amount)
    assert document["selected"] == document["crop_dataset"]["added"] == selected
    assert ("99 were asked for" in document["message"]) == (amount == "99")


@pytest.mark.parametrize(
    ("options", "used"),
    [
        (("--min-score", "0.8"), 4),
        (("--categories", "truck"), 2),
        (("--categories", "car,2"), 4),
        (("--min-size", "30"), 4),
        (("--max-overlap", "0.3"), 6),
    ],
)
def test_filters_leave_objects_out_and_count_them(
    swath: Fixture, photos: Fixture, options: tuple[str, str], used: int
) -> None:
    photos.add_many(2)
    document = swath.run(photos.root, "--n-samples", "1.0", *options)
    assert document["objects"]["found"] == 6
    assert document["objects"]["used"] == document["selected"] == used
    assert document["objects"]["filtered"] == 6 - used


def test_of_boxes_that_overlap_the_higher_score_stays(swath: Fixture, photos: Fixture) -> None:
    photos.add("a.jpg", [(10, 10, 40, 40)], predicted=False)
    photos.predict_document(
        "a.jpg",
        {
            "file_name": "a.jpg",
            "predictions": [
                {"category_id": 0, "bbox": [11, 10, 40, 40], "score": 0.4},
                {"category_id": 0, "bbox": [10, 10, 40, 40], "score": 0.9},
            ],
        },
    )
    document = swath.run(photos.root, "--n-samples", "1.0", "--max-overlap", "0.5")
    assert document["objects"]["filtered"] == 1
    assert rects(swath) == {(10, 10, 50, 50)}


def test_a_category_the_schema_does_not_know_is_refused(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    outcome = swath.try_run(photos.root, "--categories", "trick")
    assert outcome.code in (1, 2)
    assert "trick" in outcome.stderr
    assert "truck" in outcome.stderr


def test_padding_grows_crops_about_their_centre_within_the_image(swath: Fixture, photos: Fixture) -> None:
    photos.add("a.png", [(20, 20, 40, 20), (0, 60, 20, 36)])
    swath.run(photos.root, "--n-samples", "1.0", "--padding", "0.5")
    assert rects(swath) == {(10, 15, 70, 45), (0, 51, 25, 96)}
    sizes = set()
    for name in swath.names("photos-crops"):
        with Image.open(photos.root / name) as crop:
            sizes.add(crop.size)
    assert sizes == {(60, 30), (25, 45)}


def test_whole_images_can_be_selected_without_a_task(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(6)
    document = swath.run(photos.root, "--unit", "image", "--n-samples", 2)
    assert document["crop_dataset"] is None
    assert document["image_dataset"]["samples"] == document["selected"] == 2
    assert photos.files_below("crops") == set()
    assert "nothing new" in swath.run(photos.root, "--unit", "image", "--n-samples", 2)["message"]


def test_whole_images_can_be_selected_by_their_objects(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(6)
    document = swath.run(photos.root, "--task", photos.task, "--unit", "image", "--n-samples", 2)
    assert document["image_dataset"]["samples"] == document["selected"] == 2
    assert document["crop_dataset"]["samples"] == 6


def test_a_random_selection_depends_on_its_seed_alone(make_swath: Fixture, photos: Fixture) -> None:
    photos.add_many(10)
    picked = []
    for turn, seed in enumerate((3, 3, 4)):
        swath = make_swath(f"home-{turn}")
        swath.run(photos.root, "--strategy", "random", "--seed", seed, "--n-samples", 5)
        picked.append({row["object_key"] for row in swath.rows("SELECT object_key FROM crops")})
    assert picked[0] == picked[1] != picked[2]


def test_a_minimum_distance_ends_the_selection(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(4)
    document = swath.run(photos.root, "--min-distance", "0.6")
    assert 1 <= document["selected"] < 12
    assert "minimum distance" in document["message"]


def test_only_relevant_files_are_looked_at(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(3)
    (photos.root / ".lightly" / "relevant.txt").write_text("image_001.jpg\nmissing.jpg\n")
    document = swath.run(photos.root, "--n-samples", "1.0", "--relevant-filenames", "relevant.txt")
    assert document["images"]["listed"] == 1
    assert swath.names("photos") == ["image_001.jpg"]
    assert document["findings"][0]["code"] == "relevant_filenames_unmatched"
    assert document["findings"][0]["examples"] == ["missing.jpg"]


def test_a_relevant_filenames_file_that_is_not_there(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    outcome = swath.try_run(photos.root, "--relevant-filenames", "nowhere.txt")
    assert outcome.code in (1, 2)
    assert ".lightly/nowhere.txt" in outcome.stderr


def test_crops_go_to_the_output_datasource(swath: Fixture, photos: Fixture, tmp_path: Path) -> None:
    photos.add_many(2)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    swath.run(photos.root, "--output-datasource", elsewhere)
    names = swath.names("photos-crops")
    assert len(names) == 3
    assert all((elsewhere / name).is_file() for name in names)
    assert {path.name for path in (photos.root / ".lightly").iterdir()} == {"predictions"}
    refused = swath.try_run(photos.root)
    assert refused.code == 2
    assert str(elsewhere) in refused.stderr


def test_the_output_folder_has_datasets_and_artifacts(swath: Fixture, photos: Fixture, tmp_path: Path) -> None:
    photos.add_many(2)
    document = swath.run(photos.root, "--output", tmp_path / "result")
    there = {path.name for path in (tmp_path / "result").iterdir()}
    assert {"images.txt", "images.coco.json", "crops.embeddings.csv", "crops", "run.json"} <= there
    assert {"files.json", "objects.parquet", "candidates.f16"} <= there
    assert len(list((tmp_path / "result" / "crops").rglob("*.jpg"))) == document["selected"]
    assert all(Path(path).exists() for path in document["paths"].values())
