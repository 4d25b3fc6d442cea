"""Runs after the first: only what is new is work, and what was selected before counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Fixture = Any  # of conftest.py: Swath, PhotoFolder


def counts(swath: Fixture, dataset: str) -> tuple[int, list[tuple[str, int]]]:
    shown = swath.show(dataset)
    return shown["sample_count"], [(tag["name"], tag["size"]) for tag in shown["tags"]]


def test_the_same_command_again_adds_nothing_and_succeeds(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(4)
    first = swath.run(photos.root)
    before = photos.files_below("crops"), swath.names("photos-crops"), counts(swath, "photos-crops")
    again = swath.run(photos.root)
    assert first["selected"] == 6
    assert again["state"] == "COMPLETED"
    assert "nothing new" in again["message"]
    assert "--process-all" in again["message"]
    assert again["images"]["listed"] == 4
    assert again["images"]["new"] == 0
    assert again["selected"] == 0
    assert again["crop_dataset"] == {**first["crop_dataset"], "added": 0}
    assert again["image_dataset"] == {**first["image_dataset"], "added": 0}
    assert (photos.files_below("crops"), swath.names("photos-crops"), counts(swath, "photos-crops")) == before


def test_only_added_images_are_processed_and_get_a_tag_of_their_own(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(4)
    swath.run(photos.root)
    earlier = swath.names("photos-crops")
    photos.add_many(2, prefix="later")
    second = swath.run(photos.root)
    assert second["images"]["new"] == 2
    assert second["objects"]["found"] == 6
    assert second["objects"]["embedded"] == 6
    assert second["candidates"] == 6
    assert second["crop_dataset"]["added"] == second["selected"] == 3
    assert second["crop_dataset"]["samples"] == len(earlier) + 3
    names = swath.names("photos-crops")
    assert names[: len(earlier)] == earlier
    assert all("later_" in name for name in names[len(earlier) :])
    sizes = counts(swath, "photos-crops")[1]
    assert sizes[0] == ("initial-tag", 9)
    assert [size for _, size in sizes[1:]] == [3]
    assert swath.names("photos-crops", tag=sizes[1][0]) == names[len(earlier) :]


def test_what_was_selected_before_is_not_selected_again_in_other_images(swath: Fixture, photos: Fixture) -> None:
    photos.add("a.jpg", [(0, 0, 64, 64)], size=(64, 64), seed=1)
    swath.run(photos.root, "--n-samples", 1)
    photos.add("b.png", [(0, 0, 64, 64)], size=(64, 64), seed=1)  # looks the same
    photos.add("c.png", [(0, 0, 64, 64)], size=(64, 64), seed=2)
    second = swath.run(photos.root, "--n-samples", 1)
    assert second["candidates"] == 2
    assert "c.png/" in swath.names("photos-crops")[1]


def test_a_corrected_prediction_file_is_work_again(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(3)
    photos.prediction_file("image_001.jpg").write_text("{")
    first = swath.run(photos.root, "--n-samples", "1.0")
    assert first["images"]["bad_predictions"] == 1
    assert first["selected"] == 6
    photos.predict("image_001.jpg", [(4, 6, 40, 30)])
    second = swath.run(photos.root, "--n-samples", "1.0")
    assert second["images"]["new"] == 1
    assert second["crop_dataset"]["added"] == 1
    assert "image_001.jpg/" in swath.names("photos-crops")[-1]


def test_an_image_whose_predictions_come_later_is_work_then(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    photos.add("late.jpg", predicted=False)
    first = swath.run(photos.root)
    assert first["images"]["without_predictions"] == 1
    assert [finding["code"] for finding in first["findings"]] == ["predictions_missing"]
    assert "nothing new" in swath.run(photos.root)["message"]
    photos.predict("late.jpg", [(4, 6, 40, 30)])
    later = swath.run(photos.root)
    assert later["images"]["new"] == 1
    assert later["objects"]["found"] == 1


def test_a_second_task_is_work_with_a_crops_dataset_of_its_own(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    photos.write_tasks([photos.task, "signs"])
    photos.write_schema(["stop", "go", "wait"], task="signs")
    photos.predict("image_000.jpg", [(10, 10, 30, 30)], task="signs")
    second = swath.run(photos.root, "--task", "signs", "--n-samples", "1.0")
    assert second["images"]["new"] == 2
    assert second["crop_dataset"]["name"] == "photos-signs-crops"
    assert second["crop_dataset"]["added"] == 1
    assert swath.show("photos-crops")["sample_count"] == 3
    assert "nothing new" in swath.run(photos.root, "--task", "signs")["message"]


def test_another_crops_dataset_is_work_and_must_be_named_again(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    first = swath.run(photos.root, "--crop-dataset-name", "mine")
    assert first["crop_dataset"]["name"] == "mine"
    unset = swath.run(photos.root)
    assert unset["crop_dataset"]["name"] == "photos-crops"
    assert unset["crop_dataset"]["added"] == 3
    assert unset["objects"]["embedded"] == 0
    assert unset["image_dataset"]["id"] == first["image_dataset"]["id"]
    assert "nothing new" in swath.run(photos.root)["message"]
    assert "nothing new" in swath.run(photos.root, "--crop-dataset-name", "mine")["message"]


def test_looking_again_at_everything_embeds_nothing_and_never_doubles(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(4)
    swath.run(photos.root, "--n-samples", 5)
    again = swath.run(photos.root, "--process-all", "--n-samples", 4)
    assert again["objects"]["found"] == 12
    assert again["objects"]["embedded"] == 0
    assert again["objects"]["cached"] == 12
    assert again["candidates"] == 7
    assert again["crop_dataset"]["samples"] == 9
    rest = swath.run(photos.root, "--process-all", "--n-samples", 100)
    assert rest["crop_dataset"]["samples"] == 12
    assert "100 were asked for" in rest["message"]
    assert "only 3" in rest["message"]
    nothing = swath.run(photos.root, "--process-all", "--n-samples", 100)
    assert nothing["crop_dataset"]["added"] == 0
    assert len(set(swath.names("photos-crops"))) == 12


def test_crops_of_an_image_whose_bytes_changed_are_stale(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(3)
    first = swath.run(photos.root, "--n-samples", "1.0")
    photos.add("image_001.jpg", seed=99)
    second = swath.run(photos.root, "--n-samples", "1.0")
    assert second["images"]["new"] == 1
    assert second["crop_dataset"]["added"] == 3
    assert second["image_dataset"] == {**first["image_dataset"], "added": 0}
    assert swath.show("photos-crops")["stale_crops"] == 3
    assert all((photos.root / name).is_file() for name in swath.names("photos-crops"))


@pytest.mark.parametrize(
    ("options", "names_in_message"),
    [
        (("--dataset", "photos-crops"), ("`photos-crops`", "`photos`")),
        (("--crop-dataset-name", "photos"), ("`photos`",)),
        (("--crop-dataset-name", "others"), ("`others`", "image dataset")),
        (("--crop-dataset-name", "others-crops"), ("`others-crops`", "`others`")),
        (("--dataset", "others"), ("`others`", "/others`", "/photos`")),
        (("--crop-dataset-name", "a b?"), ("`a b?`", "crop_dataset_name")),
        (("--dataset", "x"), ("`x`", "dataset")),
    ],
)
def test_datasets_that_do_not_fit_are_refused(
    swath: Fixture, photos: Fixture, make_photos: Fixture, options: tuple[str, str], names_in_message: tuple[str, ...]
) -> None:
    others = make_photos("others")
    for folder in (photos, others):
        folder.add_many(1)
        swath.run(folder.root)
    before = swath("datasets", "--json").document
    outcome = swath.try_run(photos.root, *options)
    assert outcome.code == 2
    assert outcome.document["state"] == "FAILED"
    for name in names_in_message:
        assert name in outcome.stderr, outcome.stderr
    assert swath("datasets", "--json").document == before


def test_equal_names_in_another_home_do_not_meet(make_swath: Fixture, make_photos: Fixture, tmp_path: Path) -> None:
    folder = make_photos("photos")
    folder.add_many(2)
    one, other = make_swath("one"), make_swath("other")
    first, second = one.run(folder.root), other.run(folder.root)
    assert first["crop_dataset"]["id"] != second["crop_dataset"]["id"]
    assert all((folder.root / name).is_file() for name in [*one.names("photos-crops"), *other.names("photos-crops")])
