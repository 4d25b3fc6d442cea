"""Exports of tags, as scripts of the official clients and the tools behind them see them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun

from swath.server.lightly import exports
from swath.testing.session_contract import make_additions

NAMES = ["a.jpg", 'b "1", 2.jpg', "c\nd.jpg", "e é.jpg"]


class Exports:
    """A tag of the first, third and fourth of four images, and what it is exported to."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.dataset_id = next(one["id"] for one in client.get("/datasets").json() if one["name"] == "vehicles")
        path = f"/datasets/{self.dataset_id}/tags"
        (initial,) = client.get(path).json()
        body = {"name": "some", "prevTagId": initial["id"], "bitMaskData": "0xd", "totSize": 4}
        self.initial = f"{path}/{initial['id']}"
        self.path = f"{path}/{client.post(path, json=body).json()['id']}"

    def get(self, export: str, **params: Any) -> Any:
        answer = self.client.get(f"{self.path}/{export}", params=params, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in NAMES[:3]:
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def exported(facade: TestClient, commit_run: CommitRun, source: Path) -> Exports:
    additions = make_additions(dict.fromkeys(NAMES, 0))
    commit_run(additions, user="anna", input_uri=str(source), output_uri=str(source))
    return Exports(facade)


def test_file_names_are_lines_without_an_end(exported: Exports) -> None:
    lines = ["a.jpg", '"c\\nd.jpg"', "e é.jpg"]
    plain = exported.get("export/basic/filenames", format="PLAIN")
    assert plain.text == "\n".join(lines)
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    for params in ({}, {"format": "JSON"}):
        as_json = exported.get("export/basic/filenames", **params)
        assert as_json.json() == "\n".join(lines)
        assert as_json.headers["content-type"] == "application/json"
    assert exported.get("filenames").json() == ["a.jpg", "c\nd.jpg", "e é.jpg"]


def test_pages_of_file_names_are_rows_and_nothing_follows_the_last(exported: Exports) -> None:
    pages = [exported.get("export/basic/filenames", pageSize=2, pageOffset=start) for start in (0, 2, 4)]
    assert [page.json() for page in pages[:2]] == ['a.jpg\n"c\\nd.jpg"', "e é.jpg"]
    assert pages[2].content == b""
    assert exported.get("export/basic/filenames", pageSize=2, pageOffset=4, format="PLAIN").content == b""


def test_formats_of_file_names_have_the_same_order_and_number_of_lines(exported: Exports, source: Path) -> None:
    formats = ("NAME", "DATASOURCE_FULL", "REDIRECTED_READ_URL")
    names, places, urls = (
        exported.get("export/basic/filenames", fileNameFormat=name).json().split("\n") for name in formats
    )
    assert len(names) == len(places) == len(urls) == 3
    assert places == [f"{source}/a.jpg", json.dumps(f"{source}/c\nd.jpg"), f"{source}/e é.jpg"]
    assert all(url.startswith("http://localhost/v1/datasets/") for url in urls)


def test_what_is_not_asked_of_an_export_is_refused(exported: Exports) -> None:
    for params in ({"fileNameFormat": "SHORT"}, {"format": "XML"}, {"expiresIn": 0}, {"previewExample": "maybe"}):
        answer = exported.client.get(f"{exported.path}/export/basic/filenames", params=params)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_REQUEST"), params
    answer = exported.client.get(f"/datasets/{exported.dataset_id}/tags/{'0' * 24}/export/LabelStudio/tasks")
    assert (answer.status_code, answer.json()["code"]) == (404, "TAG_UNKNOWN")


def test_urls_of_exports_open_files_without_a_token(exported: Exports, stranger: TestClient) -> None:
    rows = exported.get("export/basic/filenamesAndReadUrls").json()
    assert [row.keys() for row in rows] == [{"fileName", "readUrl"}] * 3
    assert [row["fileName"] for row in rows] == ["a.jpg", "c\nd.jpg", "e é.jpg"]
    assert [stranger.get(row["readUrl"]).text for row in rows[:2]] == ["a.jpg", "c\nd.jpg"]
    assert "readurlRedirect?type=full&publicToken=" in rows[0]["readUrl"]
    (for_an_hour, *_) = exported.get("export/basic/filenamesAndReadUrls", expiresIn=3600).json()
    assert "readurlRedirect" not in for_an_hour["readUrl"]
    assert stranger.get(for_an_hour["readUrl"]).text == "a.jpg"


def test_label_studio_tasks_count_from_zero_across_pages(exported: Exports) -> None:
    tasks = exported.get("export/LabelStudio/tasks").json()
    assert [task["id"] for task in tasks] == [0, 1, 2]
    assert [task.keys() for task in tasks] == [{"id", "data"}] * 3
    assert tasks[0]["data"].keys() == {"image", "lightlyFileName"}
    assert tasks[0]["data"]["lightlyFileName"] == "a.jpg"
    assert exported.get("export/LabelStudio/tasks", pageSize=2, pageOffset=2).json() == tasks[2:]
    assert exported.get("export/LabelStudio/tasks", previewExample="True").json() == tasks[:1]

    (full, *_) = exported.get("export/LabelStudio/tasks", includeMetaData="True").json()
    sample = exported.client.get(f"/datasets/{exported.dataset_id}/samples").json()[0]
    assert full == {"id": 0, "data": {**tasks[0]["data"], "lightlyMetaInfo": sample}}


def test_tasks_and_rows_of_other_tools_have_their_keys(exported: Exports) -> None:
    old, *_ = exported.get("export/LabelBox/datarows").json()
    new, *_ = exported.get("export/LabelBoxV4/datarows").json()
    sama, *_ = exported.get("export/Sama/tasks", includeMetaData="True").json()
    assert old == {"externalId": "a.jpg", "imageUrl": new["row_data"]}
    assert new == {"row_data": new["row_data"], "global_key": "a.jpg", "media_type": "IMAGE"}
    known = json.loads(sama["data"].pop("lightlyMetaInfo"))
    assert known["fileName"] == "a.jpg"
    assert sama.keys() == {"data"}
    assert sama["data"] == {"id": 0, "url": new["row_data"], "image": new["row_data"], "lightlyFileName": "a.jpg"}


def test_an_archive_holds_the_files_and_names_those_that_are_gone(
    exported: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = exported.get("export/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    assert held == {"a.jpg": "a.jpg", "c\nd.jpg": "c\nd.jpg", "missing-files.txt": "e é.jpg\n"}

    monkeypatch.setattr(exports, "MOST_ZIPPED", 3)
    assert exported.get("export/zip").status_code == 200
    too_many = exported.client.get(f"{exported.initial}/export/zip")
    assert (too_many.status_code, too_many.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_crops_lie_in_the_output(facade: TestClient, commit_run: CommitRun, source: Path) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna", input_uri="/in", output_uri="/out")
    (crops,) = (one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles-crops")
    (tag,) = facade.get(f"/datasets/{crops}/tags").json()
    (name,) = facade.get(f"/datasets/{crops}/mappings", params={"field": "fileName"}).json()
    path = f"/datasets/{crops}/tags/{tag['id']}/export/basic/filenames"
    assert facade.get(path, params={"fileNameFormat": "DATASOURCE_FULL"}).text == f"/out/{name}"


def test_where_uploads_are_kept_is_not_told(facade: TestClient) -> None:
    dataset = facade.post("/datasets", json={"name": "uploaded"}).json()["id"]
    assert facade.post(f"/datasets/{dataset}/samples", json={"fileName": "a.jpg"}).status_code == 201
    made = facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "meta", "creator": "USER_PIP"}).json()
    path = f"/datasets/{dataset}/tags/{made['id']}/export/basic/filenames"
    assert facade.get(path, params={"fileNameFormat": "DATASOURCE_FULL"}).text == "a.jpg"
