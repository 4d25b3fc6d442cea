"""Exports and metadata in process: what a person types, and what they get."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from arro3.io import read_parquet

from swath.core.errors import InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.settings import Settings, load_settings
from swath.store.session import open_run
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportFormat
from swath.wiring.exports import FORMATS, export_pieces, export_request
from swath.wiring.metadata import attach_file
from swath.wiring.workspace import open_workspace

NESTED = '{"a": ' * 40 + "1" + "}" * 40


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a home with two datasets, whose images lie in a folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings = load_settings({"SWATH_PUBLIC_URL": "https://swath.example"}, home=tmp_path / "home")
    with open_workspace(settings) as workspace, workspace.home.lock(print, what="test"):
        run = open_run(
            workspace.store,
            workspace.home,
            run_config_json="{}",
            image_dataset_name="vehicles",
            input_uri=str(folder),
            output_uri=str(folder),
            task="wheels",
        )
        run.commit(make_additions({"a.jpg": 3, "b.jpg": 1}))
        run.finish(RunState.COMPLETED, "done", "{}")
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"pixels of " + name.encode())
    return settings


def exported(settings: Settings, export_format: str, dataset: str = "vehicles-crops", **options: object) -> bytes:
    return b"".join(export_pieces(settings, dataset, export_request(export_format, **options)))


def attach(settings: Settings, path: Path) -> object:
    return attach_file(settings, "vehicles", path, note=print)


def test_every_format_can_be_asked_for() -> None:
    assert [export_request(name).format for name in FORMATS] == list(ExportFormat)


def test_tasks_lead_to_the_public_address(settings: Settings) -> None:
    tasks = json.loads(exported(settings, "label-studio"))
    assert [len(task["predictions"][0]["result"]) for task in tasks] == [3, 1]
    assert tasks[0]["data"]["image"].startswith("https://swath.example/v1/links/")
    assert tasks[0]["data"]["image"].endswith("/a.jpg")


def test_archives_and_parquet_are_whole(settings: Settings) -> None:
    archive = zipfile.ZipFile(io.BytesIO(exported(settings, "yolo", include_images=True)))
    assert archive.testzip() is None
    assert archive.read("images/b.jpg") == b"pixels of b.jpg"
    vectors = read_parquet(io.BytesIO(exported(settings, "embeddings-parquet"))).read_all()
    assert vectors.num_rows == 4


def test_metadata_of_a_file_are_attached_and_exported(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("file_name,weather.sky,speed\na.jpg,<grey>,3\nnobody.jpg,blue,1\n")
    attached = attach_file(settings, "vehicles", path, note=print)
    assert (attached.updated, attached.unknown_count, attached.unknown) == (1, 1, ("nobody.jpg",))
    lines = exported(settings, "csv", include_metadata=True).decode().splitlines()
    assert lines[0].endswith(",metadata.speed,metadata.weather.sky")
    assert [line.split(",")[-2:] for line in lines[1:]] == [["3.0", "<grey>"]] * 3 + [["", ""]]
    table = read_parquet(io.BytesIO(exported(settings, "parquet", include_metadata=True))).read_all()
    assert table["metadata.weather.sky"].to_pylist() == ["<grey>"] * 3 + [None]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "name\na.jpg\n", "has no column `file_name`"),
        (
            "m.jsonl",
            '{"file_name": "a.jpg", "metadata": ' + '{"a": ' * 40 + "1" + "}" * 41,
            "nested deeper than 32 levels",
        ),
        ("gone.csv", None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_attaches_nothing(
    settings: Settings, tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidConfig, match=message):
        attach(settings, tmp_path / name)


def test_metadata_of_a_dataset_that_is_not_there_are_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("[]")
    with pytest.raises(NotFound):
        attach_file(settings, "photos", path, note=print)


@pytest.mark.parametrize(
    ("export_format", "options", "message"),
    [
        ("excel", {}, "`--format` is one of `filenames`, .*, got `excel`"),
        ("coco", {"unit": "crops"}, "`--unit` is for `filenames`, .*, not for `coco`"),
        ("coco", {"include_images": True}, "`--with-images` is for `yolo`, not for `coco`"),
        ("label-studio", {"unit": "objects"}, "`--unit`: Input should be 'images' or 'crops'"),
    ],
)
def test_what_cannot_be_asked_of_a_format_is_told_as_it_was_typed(
    export_format: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidConfig, match=message):
        export_request(export_format, **options)
