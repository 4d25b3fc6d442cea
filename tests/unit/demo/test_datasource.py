from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from swath.core.errors import Conflict, InvalidConfig, SourceUnavailable
from swath.demo import DemoSummary, make_demo_datasource, rare_kinds

TASK_FOLDER = ".lightly/predictions/vehicles_object_detections"


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def times(folder: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSummary]:
    folder = tmp_path_factory.mktemp("demo") / "vehicles"
    return folder, make_demo_datasource(folder, images=16, workers=1)


def test_every_picture_has_its_prediction_file_and_nothing_else_is_there(made: tuple[Path, DemoSummary]) -> None:
    folder, _ = made
    pictures = {path.relative_to(folder) for path in folder.glob("camera_*/*.jpg")}
    documents = {path.relative_to(folder / TASK_FOLDER) for path in (folder / TASK_FOLDER).glob("*/*.json")}
    assert len(pictures) == 16
    assert {picture.with_suffix(".json") for picture in pictures} == documents
    rest = set(digests(folder)) - {picture.as_posix() for picture in pictures}
    rest -= {f"{TASK_FOLDER}/{document.as_posix()}" for document in documents}
    assert rest == {
        ".lightly/demo.json",
        ".lightly/ground_truth.json",
        ".lightly/predictions/tasks.json",
        f"{TASK_FOLDER}/schema.json",
    }


def test_task_and_schema_are_as_documented(made: tuple[Path, DemoSummary]) -> None:
    folder, _ = made
    assert load(folder / ".lightly/predictions/tasks.json") == ["vehicles_object_detections"]
    assert load(folder / TASK_FOLDER / "schema.json") == {
        "task_type": "object-detection",
        "categories": [{"id": 0, "name": "car"}, {"id": 1, "name": "truck"}, {"id": 2, "name": "motorbike"}],
    }


def test_pictures_predictions_and_ground_truth_agree(made: tuple[Path, DemoSummary]) -> None:
    folder, summary = made
    truth = load(folder / ".lightly/ground_truth.json")["images"]
    objects = 0
    for name, image in truth.items():
        with Image.open(folder / name) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (image["width"], image["height"])
        document = load((folder / TASK_FOLDER / name).with_suffix(".json"))
        assert document["file_name"] == name
        assert len(document["predictions"]) == len(image["predictions"]) == len(image["predicted"])
        assert name.startswith(image["camera"] + "/")
        for prediction in image["predictions"]:
            if not prediction["false_positive"]:
                shown = image["objects"][prediction["object"]]
                assert {key: prediction[key] for key in ("kind", "category", "colour", "box")} == {
                    key: shown[key] for key in ("kind", "category", "colour", "box")
                }
        found = {prediction["object"] for prediction in image["predictions"]}
        assert image["missed"] == [row for row in range(len(image["objects"])) if row not in found]
        objects += len(document["predictions"])
    assert objects == summary.objects == sum(summary.categories.values())
    assert set(summary.rare_kinds) == rare_kinds


def test_more_workers_make_the_same_bytes(made: tuple[Path, DemoSummary], tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    summary = make_demo_datasource(
        tmp_path / "b", images=16, workers=2, on_progress=lambda *done: progress.append(done)
    )
    assert digests(tmp_path / "b") == digests(made[0])
    assert progress == [(done, 16) for done in range(1, 17)]
    assert summary.objects == made[1].objects


def test_fewer_images_are_the_first_ones_of_more(made: tuple[Path, DemoSummary], tmp_path: Path) -> None:
    make_demo_datasource(tmp_path / "few", images=4, workers=1)
    few, all_of_them = digests(tmp_path / "few"), digests(made[0])
    for name in few:
        if name.endswith(".jpg") or name.startswith(TASK_FOLDER):
            assert few[name] == all_of_them[name]


def test_asking_again_touches_nothing(made: tuple[Path, DemoSummary]) -> None:
    before = times(made[0])
    assert make_demo_datasource(made[0], images=16) == made[1]
    assert times(made[0]) == before


def test_a_demo_can_grow_without_touching_earlier_pictures(tmp_path: Path) -> None:
    make_demo_datasource(tmp_path / "demo", images=2, workers=1)
    before = times(tmp_path / "demo")
    summary = make_demo_datasource(tmp_path / "demo", images=4, workers=1)
    after = times(tmp_path / "demo")
    assert summary.images == 4
    assert all(after[name] == before[name] for name in before if name.endswith(".jpg"))


def test_a_demo_cut_short_is_completed(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_demo_datasource(folder, images=3, workers=1)
    whole = digests(folder)
    marker = load(folder / ".lightly/demo.json") | {"complete": False}
    (folder / ".lightly/demo.json").write_text(json.dumps(marker))
    (folder / ".lightly/ground_truth.json").unlink()
    next(folder.glob("camera_*/*.jpg")).unlink()
    make_demo_datasource(folder, images=3, workers=1)
    assert digests(folder) == whole


def test_another_seed_replaces_the_demo_and_keeps_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_demo_datasource(folder, images=3, workers=1)
    (folder / ".lightly/crops").mkdir()
    (folder / ".lightly/crops/mine.txt").write_text("kept")
    make_demo_datasource(folder, images=2, seed=8, workers=1)
    make_demo_datasource(tmp_path / "fresh", images=2, seed=8, workers=1)
    assert digests(folder) == digests(tmp_path / "fresh") | {
        ".lightly/crops/mine.txt": hashlib.sha256(b"kept").hexdigest()
    }


@pytest.mark.parametrize(
    "marker",
    [
        None,
        "{",
        "[]",
        '{"made_by": "someone"}',
        '{"made_by": "x", "version": 1, "seed": 1, "complete": true, "files": []}',
    ],
)
def test_a_folder_that_is_not_ours_is_refused_untouched(tmp_path: Path, marker: str | None) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"precious")
    if marker is not None:
        (tmp_path / ".lightly").mkdir()
        (tmp_path / ".lightly/demo.json").write_text(marker)
    before = digests(tmp_path)
    with pytest.raises(Conflict, match="was not made as a demo datasource") as caught:
        make_demo_datasource(tmp_path, images=1)
    assert caught.value.hint
    assert digests(tmp_path) == before


def test_a_marker_cannot_make_us_delete_files_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_demo_datasource(folder, images=1, workers=1)
    (tmp_path / "camera_x").mkdir()
    (tmp_path / "camera_x/frame_0001.jpg").write_bytes(b"precious")
    (folder / "holiday.jpg").write_bytes(b"precious")
    marker = load(folder / ".lightly/demo.json")
    marker["files"] += ["../camera_x/frame_0001.jpg", "holiday.jpg"]
    (folder / ".lightly/demo.json").write_text(json.dumps(marker))
    make_demo_datasource(folder, images=1, seed=9, workers=1)
    assert (tmp_path / "camera_x/frame_0001.jpg").read_bytes() == b"precious"
    assert (folder / "holiday.jpg").read_bytes() == b"precious"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(Conflict):
        make_demo_datasource(tmp_path / "demo", images=1)
    with pytest.raises(SourceUnavailable):
        make_demo_datasource(tmp_path / "demo" / "below", images=1)


@pytest.mark.parametrize(("field", "value"), [("images", 0), ("seed", -1), ("workers", -2), ("workers", 0)])
def test_impossible_numbers_are_refused_by_name(tmp_path: Path, field: str, value: int) -> None:
    with pytest.raises(InvalidConfig) as caught:
        make_demo_datasource(tmp_path / "demo", **{field: value})
    assert caught.value.field == field
    assert not (tmp_path / "demo").exists()
