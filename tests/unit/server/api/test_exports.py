from __future__ import annotations

import json
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.io import read_parquet
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.server import export_preview, links
from swath.server.api import exports as exports_module
from swath.server.exporting import KEPT_MS, Exporter
from swath.server.services import Services
from swath.store import catalog
from swath.store.sharing import find_visible, share_dataset
from swath.store.users import find_user, local_user
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportFormat

Fixture = Any  # of conftest.py: CommitRun, UserClient

EXPORTS = "/api/datasets/vehicles-crops/exports"


@pytest.fixture(autouse=True)
def dataset(services: Services, commit_run: Fixture, tmp_path: Path) -> None:
    """A crops dataset of six samples, with their files."""
    folder = tmp_path / "data"
    commit_run(make_additions({"a.jpg": 6}), input_uri=str(folder), output_uri=str(folder))
    for sample in catalog.iter_samples(services.store, "vehicles-crops"):
        path = folder / sample.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"crop")


def ask(client: TestClient, **request: Any) -> dict[str, Any]:
    answer = client.post(EXPORTS, json={"format": "filenames", **request})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_an_export_waits_is_made_and_downloaded(client: TestClient, services: Services) -> None:
    asked = ask(client, selector={"all_of": [{"indices": [1, 4]}]})
    assert (asked["state"], asked["sample_count"], asked["file_url"]) == ("PENDING", 2, None)
    waiting = client.get(f"/api/exports/{asked['id']}/file")
    assert (waiting.status_code, waiting.json()["detail"]) == (409, f"export `{asked['id']}` is PENDING")
    assert services.export_requested.is_set()

    Exporter(services).work()
    ready = client.get(f"/api/exports/{asked['id']}").json()
    assert (ready["state"], ready["file_name"]) == ("READY", "vehicles-crops.txt")
    file = client.get(ready["file_url"])
    names = [sample.file_name for sample in catalog.iter_samples(services.store, "vehicles-crops")]
    assert file.text.splitlines() == [names[1], names[4]]
    assert len(file.content) == ready["byte_length"]
    assert file.headers["Content-Disposition"] == 'attachment; filename="vehicles-crops.txt"'
    assert file.headers["Content-Type"] == "text/plain; charset=utf-8"
    part = client.get(ready["file_url"], headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, file.content[2:6])
    assert client.get(EXPORTS).json()["items"] == [ready]


def test_an_export_of_a_tag_is_of_what_the_tag_held_when_it_was_asked_for(
    client: TestClient, services: Services
) -> None:
    tags = "/api/datasets/vehicles-crops/tags"
    client.post(tags, json={"name": "a b:c", "selector": {"all_of": [{"indices": [2]}]}})
    asked = ask(client, tag="a b:c")
    client.post(f"{tags}:apply", json={"selector": {}, "add": ["a b:c"]})
    Exporter(services).work()
    ready = client.get(f"/api/exports/{asked['id']}").json()
    assert (ready["tag"], ready["file_name"], ready["sample_count"]) == ("a b:c", "vehicles-crops-a-b-c.txt", 1)
    assert len(client.get(ready["file_url"]).text.splitlines()) == 1


def test_everything_is_exported_where_nothing_is_picked(client: TestClient, services: Services) -> None:
    asked = ask(client, format="crops")
    assert (asked["sample_count"], asked["tag"]) == (6, None)
    Exporter(services).work()
    archive = zipfile.ZipFile(BytesIO(client.get(f"/api/exports/{asked['id']}/file").content))
    assert len(archive.namelist()) == 7


def test_an_export_that_failed_says_why(client: TestClient, services: Services, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").mkdir()
    asked = ask(client, format="crops")
    Exporter(services).work()
    failed = client.get(f"/api/exports/{asked['id']}").json()
    assert failed["state"] == "FAILED"
    assert failed["message"].startswith("6 crop files are gone")
    answer = client.get(f"/api/exports/{asked['id']}/file")
    assert (answer.status_code, answer.json()["hint"]) == (409, failed["message"])


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        ({"format": "excel"}, 422),
        ({}, 422),
        ({"format": "coco", "tag": "initial-tag", "selector": {}}, 422),
        ({"format": "coco", "tag": "vans"}, 404),
        ({"format": "coco", "selector": {"all_of": [{"indices": [6]}]}}, 422),
    ],
)
def test_an_export_that_cannot_be_meant_is_refused(
    client: TestClient, request_body: dict[str, Any], status: int
) -> None:
    assert client.post(EXPORTS, json=request_body).status_code == status
    assert client.get(EXPORTS).json()["total"] == 0


def test_image_datasets_have_no_crops_to_export(client: TestClient) -> None:
    answer = client.post("/api/datasets/vehicles/exports", json={"format": "crops"})
    assert (answer.status_code, answer.json()["field"]) == (422, "format")


def test_an_export_is_deleted_with_its_file(client: TestClient, services: Services) -> None:
    asked = ask(client)
    Exporter(services).work()
    assert client.delete(f"/api/exports/{asked['id']}").status_code == 204
    assert client.get(f"/api/exports/{asked['id']}").status_code == 404
    assert list(services.home.exports.iterdir()) == []


def test_a_file_that_is_gone_is_not_found(client: TestClient, services: Services) -> None:
    asked = ask(client)
    Exporter(services).work()
    for path in services.home.exports.iterdir():
        path.unlink()
    assert client.get(f"/api/exports/{asked['id']}/file").status_code == 404


def test_who_sees_a_dataset_sees_its_exports_and_deletes_only_their_own(
    client: TestClient, services: Services, user_client: Fixture
) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    asked = ask(client)
    for answer in (
        anna.get(EXPORTS),
        anna.post(EXPORTS, json={"format": "coco"}),
        anna.get(f"/api/exports/{asked['id']}"),
        anna.get(f"/api/exports/{asked['id']}/file"),
        anna.delete(f"/api/exports/{asked['id']}"),
    ):
        assert answer.status_code == 404, answer.request.url
    with services.store.writing() as connection:
        vehicles = find_visible(connection, "vehicles", local_user(connection).id)
        share_dataset(connection, vehicles, find_user(connection, "anna"))
    assert anna.get(f"/api/exports/{asked['id']}").status_code == 200
    assert anna.delete(f"/api/exports/{asked['id']}").status_code == 403
    hers = ask(anna)
    assert client.delete(f"/api/exports/{hers['id']}").status_code == 204


# Links


def made(client: TestClient, services: Services, **request: Any) -> dict[str, Any]:
    """An export that is READY."""
    asked = ask(client, **request)
    assert (asked["link_url"], asked["link_expires_at"]) == (None, None)
    Exporter(services).work()
    ready: dict[str, Any] = client.get(f"/api/exports/{asked['id']}").json()
    assert ready["state"] == "READY", ready["message"]
    return ready


def test_the_link_to_a_file_needs_no_token_and_holds_as_long_as_was_asked(
    client: TestClient, stranger: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = made(client, services, options={"expires_in_s": 3600})
    assert ready["link_url"].endswith("/vehicles-crops.txt")
    assert ready["link_expires_at"] == ready["finished_at"] + 3_600_000
    assert client.get(f"/api/exports/{ready['id']}").json()["link_url"] == ready["link_url"]
    loaded = stranger.get(ready["link_url"])
    assert loaded.status_code == 200
    assert loaded.content == client.get(ready["file_url"]).content
    assert loaded.headers["Content-Disposition"] == 'attachment; filename="vehicles-crops.txt"'
    assert loaded.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert stranger.head(ready["link_url"]).headers["Content-Length"] == str(ready["byte_length"])

    later = ready["link_expires_at"] + 1000
    monkeypatch.setattr(links.time, "time", lambda: later / 1000)
    assert stranger.get(ready["link_url"]).status_code == 403
    monkeypatch.setattr(exports_module, "now_ms", lambda: later)
    over = client.get(f"/api/exports/{ready['id']}").json()
    assert (over["link_url"], over["link_expires_at"]) == (None, None)


def test_a_link_holds_no_longer_than_the_file_is_kept(client: TestClient, services: Services) -> None:
    ready = made(client, services, options={"expires_in_s": 30 * 24 * 3600})
    assert ready["link_expires_at"] == ready["finished_at"] + KEPT_MS


def test_a_link_to_an_export_that_was_deleted_opens_nothing(
    client: TestClient, stranger: TestClient, services: Services
) -> None:
    ready = made(client, services)
    client.delete(f"/api/exports/{ready['id']}")
    assert stranger.get(ready["link_url"]).status_code == 404


# Labelling


def tasks_of(client: TestClient, ready: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.get(ready["file_url"]).json())


def test_crops_become_tasks_of_their_images_with_the_boxes_that_were_picked(
    client: TestClient, stranger: TestClient, services: Services, tmp_path: Path
) -> None:
    (tmp_path / "data" / "a.jpg").write_bytes(b"pixels")
    ready = made(client, services, format="label-studio", selector={"all_of": [{"indices": [1, 4]}]})
    [task] = tasks_of(client, ready)
    [prediction] = task["predictions"]
    assert prediction["model_version"] == "wheels"
    samples = list(catalog.iter_samples(services.store, "vehicles-crops"))
    for result, sample in zip(prediction["result"], (samples[1], samples[4]), strict=True):
        assert sample.crop is not None
        x0, y0, x1, y1 = sample.crop.box
        value = result["value"]
        back = (value["x"] * 6.4, value["y"] * 4.8, value["width"] * 6.4, value["height"] * 4.8)
        assert back == pytest.approx((x0, y0, x1 - x0, y1 - y0), abs=1e-6)
        assert (result["original_width"], result["original_height"]) == (640, 480)
        assert result["id"] == sample.crop.object_key.hex()
    assert task["data"]["file_name"] == "a.jpg"
    picture = stranger.get(task["data"]["image"], headers={"Origin": "http://label-studio.example"})
    assert (picture.status_code, picture.content) == (200, b"pixels")
    assert picture.headers["Access-Control-Allow-Origin"] == "*"
    assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_an_image_dataset_has_tasks_with_all_predictions(client: TestClient, services: Services) -> None:
    asked = client.post("/api/datasets/vehicles/exports", json={"format": "label-studio"}).json()
    Exporter(services).work()
    [task] = tasks_of(client, client.get(f"/api/exports/{asked['id']}").json())
    assert len(task["predictions"][0]["result"]) == 6


def test_crops_can_be_tasks_of_their_own(client: TestClient, stranger: TestClient, services: Services) -> None:
    options = {"unit": "crops"}
    tasks = tasks_of(client, made(client, services, format="label-studio", options=options))
    assert len(tasks) == 6
    assert [task["predictions"][0]["result"][0]["value"] for task in tasks[:2]] == [
        {"choices": ["big wheel"]},
        {"choices": ["small wheel"]},
    ]
    assert stranger.get(tasks[0]["data"]["image"]).content == b"crop"
    config = made(client, services, format="label-studio-config", options=options)
    assert '<Choice value="small wheel"/>' in client.get(config["file_url"]).text


def test_tasks_hold_the_metadata_of_images_where_it_is_asked_for(client: TestClient, services: Services) -> None:
    change = {"file_name": "a.jpg", "metadata": {"weather": {"sky": "grey"}, "image": "mine"}}
    assert client.put("/api/datasets/vehicles/metadata", json=[change]).json()["updated"] == 1
    for unit in ("images", "crops"):
        options = {"unit": unit, "include_metadata": True}
        data = tasks_of(client, made(client, services, format="label-studio", options=options))[0]["data"]
        assert (data["weather.sky"], data["metadata.image"]) == ("grey", "mine")
        assert data["image"].startswith("http://localhost/v1/links/")
    plain = tasks_of(client, made(client, services, format="label-studio"))[0]["data"]
    assert "weather.sky" not in plain
    table = client.get(made(client, services, format="csv", options={"include_metadata": True})["file_url"]).text
    assert table.splitlines()[0].endswith(",metadata.image,metadata.weather.sky")
    assert table.splitlines()[1].endswith(",mine,grey")


def test_the_names_of_images_of_crops_are_told_once_each(client: TestClient, services: Services) -> None:
    ready = made(client, services, options={"unit": "images"})
    assert client.get(ready["file_url"]).text == "a.jpg\n"


def test_labels_for_training_come_with_their_images(client: TestClient, services: Services, tmp_path: Path) -> None:
    (tmp_path / "data" / "a.jpg").write_bytes(b"pixels")
    ready = made(client, services, format="yolo", options={"include_images": True})
    archive = zipfile.ZipFile(BytesIO(client.get(ready["file_url"]).content))
    assert sorted(archive.namelist()) == ["data.yaml", "images.csv", "images.txt", "images/a.jpg", "labels/a.txt"]
    assert archive.read("images/a.jpg") == b"pixels"
    assert archive.read("images.txt") == b"./images/a.jpg\n"
    assert len(archive.read("labels/a.txt").splitlines()) == 6
    assert b'  0: "big wheel"\n  1: "small wheel"\n' in archive.read("data.yaml")


def test_images_that_are_gone_are_named(client: TestClient, services: Services) -> None:
    asked = ask(client, format="yolo", options={"include_images": True})
    Exporter(services).work()
    failed = client.get(f"/api/exports/{asked['id']}").json()
    assert failed["state"] == "FAILED"
    assert failed["message"].startswith("1 images are gone from")


def test_vectors_come_as_parquet(client: TestClient, services: Services, tmp_path: Path) -> None:
    ready = made(client, services, format="embeddings-parquet", selector={"all_of": [{"indices": [1, 4]}]})
    rows = read_parquet(BytesIO(client.get(ready["file_url"]).content)).read_all()
    vectors = catalog.read_vectors(services.store, services.home, "vehicles-crops")
    assert np.array_equal(np.array(rows["vector"].to_pylist(), dtype=np.float16), vectors[[1, 4]])
    samples = list(catalog.iter_samples(services.store, "vehicles-crops"))
    assert rows["id"].to_pylist() == [samples[1].id, samples[4].id]
    assert rows["file_name"].to_pylist() == [samples[1].file_name, samples[4].file_name]


@pytest.mark.parametrize(
    ("request_body", "word"),
    [
        ({"format": "coco", "options": {"unit": "crops"}}, "options.unit"),
        ({"format": "coco", "options": {"include_images": True}}, "options.include_images"),
        ({"format": "yolo", "options": {"include_metadata": True}}, "options.include_metadata"),
        ({"format": "label-studio", "options": {"expires_in_s": 1}}, "expires_in_s"),
        ({"format": "label-studio", "options": {"unit": "objects"}}, "unit"),
    ],
)
def test_options_that_mean_nothing_to_a_format_are_refused(
    client: TestClient, request_body: dict[str, Any], word: str
) -> None:
    answer = client.post(EXPORTS, json=request_body)
    assert answer.status_code == 422
    assert word in answer.text


def test_images_are_no_crops_to_label(client: TestClient) -> None:
    for export_format in ("label-studio", "label-studio-config", "filenames"):
        request = {"format": export_format, "options": {"unit": "crops"}}
        for path in ("exports", "exports:preview"):
            answer = client.post(f"/api/datasets/vehicles/{path}", json=request)
            assert (answer.status_code, answer.json()["field"]) == (422, "options.unit")


# Previews


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_a_preview_is_the_beginning_of_the_file(
    client: TestClient, services: Services, export_format: ExportFormat
) -> None:
    client.post(
        "/api/datasets/vehicles-crops/tags",
        json={"name": "vans", "selector": {"all_of": [{"indices": [1]}]}},
    )
    answer = client.post(f"{EXPORTS}:preview", json={"format": export_format.value})
    assert answer.status_code == 200, answer.text
    preview = answer.json()
    assert (preview["format"], preview["sample_count"]) == (export_format.value, 6)
    assert 1 <= len(preview["records"]) <= 3
    assert client.get(EXPORTS).json()["total"] == 0
    if export_format in PRINTED:
        file = client.get(made(client, services, format=export_format.value)["file_url"])
        text = "".join(file.text.replace("\r\n", "\n").split("\n"))
        begin = "".join((preview["head"] + "".join(preview["records"])).replace("\r\n", "\n").split("\n"))
        assert text.startswith(begin)


PRINTED = {ExportFormat.FILENAMES, ExportFormat.EMBEDDINGS_CSV, ExportFormat.CSV, ExportFormat.LABEL_STUDIO_CONFIG}
"""Formats whose file begins with the very text that is shown."""


def test_the_preview_of_tasks_shows_whole_ones_of_what_is_picked(client: TestClient) -> None:
    request = {"format": "label-studio", "selector": {"all_of": [{"indices": [5]}]}}
    [record] = client.post(f"{EXPORTS}:preview", json=request).json()["records"]
    assert len(json.loads(record)["predictions"][0]["result"]) == 1


def test_nothing_has_a_preview_without_records(client: TestClient) -> None:
    for export_format in ExportFormat:
        if export_format in (ExportFormat.LABEL_STUDIO_CONFIG, ExportFormat.TAGS):
            continue
        request = {"format": export_format.value, "selector": {"all_of": [{"indices": []}]}}
        answer = client.post(f"{EXPORTS}:preview", json=request)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["sample_count"], answer.json()["records"]) == (0, [])


def test_long_records_are_shortened(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_preview, "LONGEST", 10)
    [record, *_] = client.post(f"{EXPORTS}:preview", json={"format": "coco"}).json()["records"]
    assert (len(record), record[-1]) == (11, "…")
