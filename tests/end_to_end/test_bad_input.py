"""Input as it comes: what is wrong is named with file, place, value and what was expected; the rest is used."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from swath.adapters.datasource import local
from swath.testing import ugly_images

Fixture = Any  # of conftest.py: Swath, PhotoFolder

BOX = [4, 6, 40, 30]


def prediction(**fields: Any) -> dict[str, Any]:
    return {"category_id": 0, "bbox": BOX, "score": 0.5, **fields}


def finding(document: Any, code: str) -> Any:
    found = [entry for entry in document["findings"] if entry["code"] == code]
    assert len(found) == 1, document["findings"]
    return found[0]


def assert_refused(outcome: Any, *, code: int, says: tuple[str, ...]) -> None:
    assert outcome.code == code, outcome.stderr
    assert outcome.document["state"] == "FAILED"
    assert "Traceback" not in outcome.stderr
    for words in says:
        assert words in outcome.document["message"] + outcome.document["hint"], outcome.stderr
    assert outcome.document["message"] in outcome.stderr


def test_a_folder_without_predictions(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    shutil.rmtree(photos.root / ".lightly")
    assert_refused(
        swath.try_run(photos.root), code=1, says=(str(photos.root), "no predictions", ".lightly/predictions/tasks.json")
    )


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, 1, ("tasks.json",)),
        ('{"vehicles": 1}', 1, ("tasks.json", "`$`", "a list of task names")),
        ("[", 1, ("tasks.json", "JSON")),
        ('["cars", "signs"]', 1, ("`vehicles`", "`cars`", "`signs`", "tasks.json")),
        ('["../outside"]', 1, ("tasks.json", "$[0]", "../outside")),
    ],
)
def test_task_lists_that_cannot_be_used(
    swath: Fixture, photos: Fixture, content: str | None, code: int, says: tuple[str, ...]
) -> None:
    photos.add_many(1)
    path = photos.predictions / "tasks.json"
    path.unlink() if content is None else path.write_text(content)
    assert_refused(swath.try_run(photos.root), code=code, says=says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, ("`vehicles`", "vehicles/schema.json", "categories")),
        ('{"task_type": "classification", "categories": [{"id": 0, "name": "a"}]}', ("`classification`", "boxes")),
        ('{"task_type": "boxes", "categories": [{"id": 0, "name": "a"}]}', ("$.task_type", "boxes", "object-detec")),
        (
            '{"task_type": "object-detection", "categories": [{"id": 4, "name": "a"}, {"id": 4, "name": "b"}]}',
            ("schema.json", "$.categories[1].id", "got 4", "`a`", "`b`"),
        ),
        ('{"task_type": "object-detection", "categories": []}', ("$.categories", "at least one")),
    ],
)
def test_schemas_that_cannot_be_used(
    swath: Fixture, photos: Fixture, content: str | None, says: tuple[str, ...]
) -> None:
    photos.add_many(1)
    path = photos.predictions / "vehicles" / "schema.json"
    path.unlink() if content is None else path.write_text(content)
    assert_refused(swath.try_run(photos.root), code=1, says=says)


BAD_FILES: list[tuple[Any, str, tuple[str, ...]]] = [
    ("{", "predictions_not_json", ()),
    ("", "predictions_not_json", ()),
    ("[]", "predictions_invalid", ("`$`",)),
    ({"file_name": "bad.jpg"}, "predictions_invalid", ("predictions",)),
    (
        {"file_name": "bad.jpg", "predictions": [prediction(bbox=[0, 0, -5, 4])]},
        "predictions_invalid",
        ("$.predictions[0].bbox[2]", "-5"),
    ),
    (
        {"file_name": "bad.jpg", "predictions": [prediction(), prediction(bbox=[1, 2, 3])]},
        "predictions_invalid",
        ("$.predictions[1].bbox",),
    ),
    (
        '{"file_name": "bad.jpg", "predictions": [{"category_id": 0, "bbox": [NaN, 0, 4, 4], "score": 0.5}]}',
        "",
        ("bad.json",),
    ),
    (
        {"file_name": "bad.jpg", "predictions": [prediction(category_id=77)]},
        "predictions_unknown_category",
        ("$.predictions[0].category_id", "77", "0 to 2"),
    ),
    (
        {"file_name": "other.jpg", "predictions": [prediction()]},
        "predictions_other_image",
        ("$.file_name", "other.jpg", "bad.jpg"),
    ),
    (
        {"file_name": "bad.jpg", "predictions": [prediction(score=87)]},
        "predictions_invalid",
        ("$.predictions[0].score", "87", "0 to 1"),
    ),
]


@pytest.mark.parametrize(("content", "code", "says"), BAD_FILES)
def test_a_bad_prediction_file_is_skipped_with_its_reason(
    swath: Fixture, photos: Fixture, content: Any, code: str, says: tuple[str, ...]
) -> None:
    photos.add("good.jpg")
    photos.add("bad.jpg", predicted=False)
    if isinstance(content, str):
        photos.prediction_file("bad.jpg").write_text(content)
    else:
        photos.predict_document("bad.jpg", content)
    document = swath.run(photos.root, "--n-samples", "1.0")
    assert document["images"]["bad_predictions"] == 1
    assert document["objects"]["found"] == document["selected"] == 3
    found = document["findings"][0] if not code else finding(document, code)
    assert found["code"].startswith("predictions_")
    assert found["count"] == 1
    assert found["examples"][0].startswith("bad.jpg: ")
    for words in says:
        assert words in found["examples"][0]


def test_if_all_is_bad_the_run_fails_and_says_why(swath: Fixture, photos: Fixture) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        photos.add(name)
        photos.predict_document(name, {"file_name": name, "predictions": [prediction(category_id=9)]})
    outcome = swath.try_run(photos.root)
    assert_refused(outcome, code=1, says=("None of 4 images", "unknown category", "a.jpg", "$.predictions[0]", "b.jpg"))
    assert outcome.document["run"]
    assert swath("datasets", "--json").document == []


def test_images_that_cannot_be_read_are_skipped_and_named(swath: Fixture, photos: Fixture) -> None:
    photos.add("good.jpg")
    whole = photos.add("truncated.jpg")
    whole.write_bytes(whole.read_bytes()[:400])
    for name, content in (("empty.jpg", b""), ("text.jpg", b"not an image"), ("bomb.png", ugly_images.bomb_png())):
        photos.add(name).write_bytes(content)
    document = swath.run(photos.root, "--n-samples", "1.0")
    assert document["images"]["unreadable"] == 4
    assert document["selected"] == 3
    examples = finding(document, "unreadable")["examples"]
    assert sorted(example.split(":")[0] for example in examples) == [
        "bomb.png",
        "empty.jpg",
        "text.jpg",
        "truncated.jpg",
    ]


def test_only_unreadable_images_fail_the_run(swath: Fixture, photos: Fixture) -> None:
    photos.add("empty.jpg").write_bytes(b"")
    assert_refused(swath.try_run(photos.root), code=1, says=("None of 1 image", "unreadable", "empty.jpg"))


def test_of_equal_images_the_first_by_name_counts(swath: Fixture, photos: Fixture) -> None:
    photos.add("b.jpg", seed=1)
    photos.add("a.jpg", seed=1)
    document = swath.run(photos.root, "--n-samples", "1.0")
    assert document["images"]["duplicate"] == 1
    assert document["objects"]["found"] == 3
    assert swath.names("photos") == ["a.jpg"]
    assert finding(document, "duplicate")["examples"] == ["b.jpg: same bytes as `a.jpg`"]


def test_images_and_files_without_their_other_half_are_counted(swath: Fixture, photos: Fixture) -> None:
    photos.add("a.jpg")
    photos.add("gone.jpg").unlink()
    photos.add("empty.jpg", [])
    photos.add("without.jpg", predicted=False)
    document = swath.run(photos.root, "--n-samples", "1.0")
    assert document["images"]["listed"] == 3
    assert document["images"]["without_predictions"] == 1
    assert document["images"]["used"] == 2
    assert document["selected"] == 3


def test_ten_thousand_predictions_in_one_file(swath: Fixture, photos: Fixture) -> None:
    photos.add("crowd.png", [], size=(400, 400))
    photos.predict("crowd.png", [(4 * (place % 100), 4 * (place // 100), 4, 4) for place in range(10_000)])
    document = swath.run(photos.root, "--n-samples", 3, "--min-score", "0.9")
    assert document["objects"]["found"] == 10_000
    assert document["objects"]["used"] == 2_000
    assert document["selected"] == 3


def test_boxes_over_the_edge_and_beyond_it_are_told_apart(swath: Fixture, photos: Fixture) -> None:
    photos.add("a.jpg", [(4, 6, 40, 30), (100, 60, 60, 60), (200, 10, 20, 20), (10, 10, 0, 20)])
    document = swath.run(photos.root, "--n-samples", "1.0")
    objects = document["objects"]
    assert (objects["found"], objects["used"], objects["clipped"]) == (4, 2, 1)
    assert (objects["outside"], objects["zero_area"], document["selected"]) == (1, 1, 2)
    rects = {tuple(row) for row in swath.rows("SELECT rect_x0, rect_y0, rect_x1, rect_y1 FROM crops")}
    assert rects == {(4, 6, 44, 36), (100, 60, 128, 96)}


def test_boxes_written_as_corners_are_suspected_and_can_be_read_so(make_swath: Fixture, photos: Fixture) -> None:
    for number in range(12):
        name = f"{number:02d}.jpg"
        photos.add(name, predicted=False)
        photos.predict(name, [(60, 40, 110, 84), (90, 58, 126, 86), (70, 50, 120, 90)])
    expected = {(60, 40, 110, 84), (90, 58, 126, 86), (70, 50, 120, 90)}
    for box_format, code in (("xywh", "boxes_look_like_xyxy"), ("xyxy", ""), ("auto", "boxes_read_as_xyxy")):
        swath = make_swath(box_format)
        document = swath.run(photos.root, "--n-samples", "1.0", "--box-format", box_format)
        rects = {tuple(row) for row in swath.rows("SELECT rect_x0, rect_y0, rect_x1, rect_y1 FROM crops")}
        assert (rects == expected) == (box_format != "xywh")
        if code:
            assert "x1, y1, x2, y2" in finding(document, code)["message"]
        else:
            assert document["findings"] == []


def test_a_home_that_is_a_file(swath: Fixture, photos: Fixture, tmp_path: Path) -> None:
    photos.add_many(1)
    (tmp_path / "file").write_text("")
    outcome = swath.try_run(photos.root, "--home", tmp_path / "file")
    assert_refused(outcome, code=1, says=(str(tmp_path / "file"), "a file, not a folder"))


def test_a_home_that_cannot_be_written(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    outcome = swath.try_run(photos.root, "--home", "/proc/1/swath-home")
    assert_refused(outcome, code=1, says=("/proc/1/swath-home", "home"))


def test_a_datasource_that_is_not_there(swath: Fixture, photos: Fixture, tmp_path: Path) -> None:
    assert_refused(swath.try_run(tmp_path / "nowhere"), code=2, says=(str(tmp_path / "nowhere"),))
    assert_refused(swath.try_run(photos.root), code=1, says=("no images", str(photos.root)))


def test_a_disk_that_fills_up_while_crops_are_written(
    swath: Fixture, photos: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos.add_many(3)
    swath.run(photos.root)
    crops_there = photos.files_below("crops") | photos.files_below("thumbnails/crops")
    before = swath("datasets", "--json").document, crops_there
    photos.add_many(3, prefix="later")
    write_temporary = local._write_temporary
    written: list[str] = []

    def write_until_full(folder: str, data: bytes) -> str:
        if len(written) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(folder)
        return write_temporary(folder, data)

    with monkeypatch.context() as patch:
        patch.setattr(local, "_write_temporary", write_until_full)
        outcome = swath.try_run(photos.root)
    assert any(".lightly/crops/" in folder for folder in written)
    assert_refused(outcome, code=1, says=(".lightly/", "no space left on device", "disk is full"))
    crops_there = photos.files_below("crops") | photos.files_below("thumbnails/crops")
    assert (swath("datasets", "--json").document, crops_there) == before
    assert swath.run(photos.root)["crop_dataset"]["added"] == 5
    assert photos.files_below("crops") == set(swath.names("photos-crops"))
