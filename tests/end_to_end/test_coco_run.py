"""The object-level run on real photos, and everything that can be got out of it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Fixture = Any  # of conftest.py: Swath

COCO = "coco_object_detections"
PROMISED = {
    "run": str,
    "state": str,
    "message": str,
    "image_dataset": {"id": str, "name": str, "samples": int, "added": int},
    "crop_dataset": {"id": str, "name": str, "samples": int, "added": int},
    "images": {"listed": int, "new": int, "unreadable": int, "duplicate": int, "used": int},
    "objects": {
        "found": int,
        "used": int,
        "clipped": int,
        "outside": int,
        "zero_area": int,
        "filtered": int,
        "embedded": int,
        "cached": int,
    },
    "selected": int,
    "stage_seconds": dict,
    "findings": list,
    "paths": dict,
}


def assert_has(document: Any, promised: dict[str, Any], where: str = "$") -> None:
    for key, kind in promised.items():
        assert key in document, f"{where}.{key} is missing"
        if isinstance(kind, dict):
            assert_has(document[key], kind, f"{where}.{key}")
        else:
            assert isinstance(document[key], kind), f"{where}.{key} is {document[key]!r}"


def test_a_tenth_of_the_objects_of_coco128(swath: Fixture, coco128: Path, tmp_path: Path) -> None:
    result_folder = tmp_path / "result"
    ended = swath.process("run", coco128, "--task", COCO, "--n-samples", "0.1", "--json", "--output", result_folder)
    assert ended.returncode == 0, ended.stderr.decode()
    document = json.loads(ended.stdout)  # fails if anything else is on standard output
    assert_has(document, PROMISED)
    assert document["state"] == "COMPLETED"
    assert document["images"]["listed"] == document["images"]["used"] == 128
    assert document["objects"]["found"] == document["objects"]["used"] == document["objects"]["embedded"] == 929
    assert document["selected"] == 93
    assert document["crop_dataset"]["name"] == "coco128-crops"
    assert document["crop_dataset"]["samples"] == document["crop_dataset"]["added"] == 93
    kept_images = document["image_dataset"]["samples"]
    assert "929 objects in 126 images" in document["message"]
    assert f"selected 93 objects in {kept_images} images" in document["message"]
    assert sum(document["selected_categories"].values()) == 93
    assert all(seconds >= 0 for seconds in document["stage_seconds"].values())
    assert all(Path(path).exists() for path in document["paths"].values())
    assert json.loads((result_folder / "run.json").read_text())["run"] == document["run"]

    crop_names = swath.names("coco128-crops")
    assert len(crop_names) == 93
    rects = {
        row["file_name"]: (row["rect_x1"] - row["rect_x0"], row["rect_y1"] - row["rect_y0"])
        for row in swath.rows(
            "SELECT s.file_name, c.* FROM crops c JOIN samples s USING (dataset_id, sample_index) WHERE dataset_id = ?",
            document["crop_dataset"]["id"],
        )
    }
    for name in crop_names:
        with Image.open(coco128 / name) as crop:
            assert crop.size == rects[name]
    below = {str(path.relative_to(coco128)) for path in (coco128 / ".lightly/crops").rglob("*") if path.is_file()}
    assert below == set(crop_names)

    image_names = swath.names("coco128")
    assert len(image_names) == kept_images
    assert all((coco128 / name).is_file() for name in image_names)

    for dataset, names in (("coco128", image_names), ("coco128-crops", crop_names)):
        text = swath("export", dataset, "--format", "embeddings-csv").stdout.decode()
        rows = list(csv.reader(io.StringIO(text)))
        assert [row[0] for row in rows[1:]] == names
        vectors = np.array([row[1:129] for row in rows[1:]], dtype=np.float64)
        assert vectors.shape == (len(names), 128)
        assert [name for name in rows[0] if name.startswith("embedding_")] == rows[0][1:129]
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)

    coco = swath("export", "coco128", "--format", "coco").document
    assert sorted(image["file_name"] for image in coco["images"]) == sorted(image_names)
    assert {entry["image_id"] for entry in coco["annotations"]} <= {image["id"] for image in coco["images"]}
    assert {entry["category_id"] for entry in coco["annotations"]} <= {entry["id"] for entry in coco["categories"]}

    exported = swath("export", "coco128-crops", "--format", "crops", "--output", tmp_path / "crops")
    assert exported.code == 0, exported.stderr
    with (tmp_path / "crops" / "crops.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 93
    for row in table:
        source = coco128 / row["crop"]
        assert (tmp_path / "crops" / row["file"]).read_bytes() == source.read_bytes()
    folders = {path.name for path in (tmp_path / "crops").iterdir() if path.is_dir()}
    assert len(folders) == len(document["selected_categories"])


def test_every_crop_links_to_an_image_that_was_kept(swath: Fixture, coco128: Path) -> None:
    document = swath.run(coco128, "--task", COCO, "--n-samples", 20)
    crops = swath.rows("SELECT * FROM crops WHERE dataset_id = ?", document["crop_dataset"]["id"])
    parents = swath.rows("SELECT id FROM samples WHERE dataset_id = ?", document["image_dataset"]["id"])
    assert len(crops) == 20
    assert {row["parent_sample_id"] for row in crops} == {row["id"] for row in parents}


@pytest.mark.slow
def test_threads_and_names_do_not_change_what_is_selected(make_swath: Fixture, coco128: Path, tmp_path: Path) -> None:
    options = ("--task", COCO, "--n-samples", "0.05")
    one, three, renamed = (make_swath(name) for name in ("one", "three", "renamed"))
    one.run(coco128, *options, env={"SWATH_THREADS": "1"})
    expected = _object_keys(one)
    three.run(coco128, *options, env={"SWATH_THREADS": "3"})
    assert _object_keys(three) == expected
    # Keys come from the content of images: other names, in the opposite order, select the same objects.
    turned = tmp_path / "turned"
    names = sorted(path.stem for path in coco128.glob("*.jpg"))
    predictions = Path(".lightly/predictions")
    (turned / predictions / COCO).mkdir(parents=True)
    for fixed in (predictions / "tasks.json", predictions / COCO / "schema.json"):
        (turned / fixed).write_bytes((coco128 / fixed).read_bytes())
    for place, name in enumerate(names):
        new = f"x{len(names) - place:03d}"
        (turned / f"{new}.jpg").write_bytes((coco128 / f"{name}.jpg").read_bytes())
        document = json.loads((coco128 / predictions / COCO / f"{name}.json").read_text())
        document["file_name"] = f"{new}.jpg"
        (turned / predictions / COCO / f"{new}.json").write_text(json.dumps(document))
    renamed.run(turned, *options)
    assert _object_keys(renamed) == expected


def _object_keys(swath: Fixture) -> set[bytes]:
    keys = {row["object_key"] for row in swath.rows("SELECT object_key FROM crops")}
    assert len(keys) == 46
    return keys


@pytest.mark.parametrize("export_format", ["filenames", "embeddings-csv", "coco"])
def test_exports_to_a_file_are_what_is_printed(
    swath: Fixture, photos: Fixture, tmp_path: Path, export_format: str
) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    dataset = "photos" if export_format == "coco" else "photos-crops"
    printed = swath("export", dataset, "--format", export_format)
    target = tmp_path / "exported"
    written = swath("export", dataset, "--format", export_format, "--output", target)
    assert printed.code == written.code == 0
    assert target.read_bytes() == printed.stdout
    assert written.stdout == b""


def test_the_database_is_whole_after_a_run(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    with contextlib.closing(sqlite3.connect(swath.home / "swath.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.slow
def test_demo_data_can_be_run_on_at_once(swath: Fixture, tmp_path: Path) -> None:
    folder = tmp_path / "vehicles_dataset"
    drawn = swath.process("demo-data", folder, "--images", "40")
    assert drawn.returncode == 0, drawn.stderr.decode()
    document = swath.run(folder, "--task", "vehicles_object_detections", "--n-samples", "0.1")
    assert document["images"]["listed"] == 40
    assert document["selected"] == max(1, int(document["candidates"] * 0.1 + 0.5))
    assert document["crop_dataset"]["name"] == "vehicles_dataset-crops"
    assert "vehicles_dataset" in swath("datasets").stdout.decode()
