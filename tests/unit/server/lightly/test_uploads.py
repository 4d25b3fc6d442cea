from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope
from swath.server.lightly import uploads
from swath.server.links import Link, LinkMaker
from swath.server.services import Services
from swath.store.database import Store
from swath.store.datasets import dataset_by_id, set_datasource
from swath.store.home import Home
from swath.testing.session_contract import make_additions

# As a client of 1.2.25 measures a grey image: more keys than are given back, one channel, a ratio that is infinite.
GREY = {
    "is_corrupted": False,
    "corruption": "",
    "mean": [0.5],
    "std": [0.25],
    "sumOfValues": [10.5],
    "sumOfSquares": [5],
    "shape": [48, 64, 1],
    "snr": 2.5,
    "sharpness": 7.25,
    "sizeInBytes": 1000,
}


def picture(width: int = 64, height: int = 48, kind: str = "JPEG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(data, kind)
    return data.getvalue()


def new_dataset(facade: TestClient, name: str = "photos") -> str:
    return str(facade.post("/datasets", json={"name": name}).json()["id"])


@pytest.fixture
def dataset(facade: TestClient) -> str:
    return new_dataset(facade)


def add(facade: TestClient, dataset: str, name: str, **more: Any) -> str:
    response = facade.post(f"/datasets/{dataset}/samples", json={"fileName": name, **more})
    assert response.status_code == 201, response.text
    assert set(response.json()) == {"id"}
    return str(response.json()["id"])


def upload(facade: TestClient, stranger: TestClient, dataset: str, *names: str) -> list[str]:
    """Samples with image and thumbnail, as a client sends them."""
    ids = []
    for name in names:
        ids.append(add(facade, dataset, name, metaData=GREY))
        urls = facade.get(f"/datasets/{dataset}/samples/{ids[-1]}/writeurls").json()
        assert stranger.put(urls["thumb"], content=picture(16, 12, "WEBP")).status_code == 200
        assert stranger.put(urls["full"], content=picture()).status_code == 200
    return ids


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_an_upload_makes_a_dataset_of_full_images(
    facade: TestClient, stranger: TestClient, dataset: str, home: Home
) -> None:
    at = f"/datasets/{dataset}"
    meta = {"total": 3, "processed": 0, "uploadMethod": "USER_PIP", "isRegistered": True}
    assert facade.put(f"{at}/registerDatasetUpload", json=meta).status_code == 204
    ids = upload(facade, stranger, dataset, "a.jpg", "sub/b, c.jpg", "ü #1%.jpg")
    assert facade.get(f"{at}/tags").json() == []
    created = facade.post(f"{at}/tags/initial", json={"imgType": "full", "creator": "USER_PIP"})
    assert created.status_code == 201
    (tag,) = facade.get(f"{at}/tags").json()
    assert (tag["id"], tag["name"], tag["bitMaskData"]) == (created.json()["id"], "initial-tag", "0x7")
    assert facade.get(f"{at}/mappings", params={"field": "_id"}).json() == ids
    assert facade.get(f"{at}/mappings", params={"field": "fileName"}).json() == ["a.jpg", "sub/b, c.jpg", "ü #1%.jpg"]
    assert facade.get(at).json()["imgType"] == "full"
    for sample in ids:
        url = facade.get(f"{at}/samples/{sample}/readurl", params={"type": "full"}).json()
        assert stranger.get(url).content == picture()
        url = facade.get(f"{at}/samples/{sample}/readurl", params={"type": "thumb"}).json()
        assert Image.open(io.BytesIO(stranger.get(url).content)).size == (64, 48)
    folder = home.uploads / dataset / "files"
    assert sorted(path.name for path in folder.rglob("*.jpg")) == ["a.jpg", "b, c.jpg", "ü #1%.jpg"]


def test_a_sample_is_given_back_in_the_shape_that_strict_clients_take(
    facade: TestClient, stranger: TestClient, dataset: str
) -> None:
    more = {"metaData": GREY, "customMetaData": {"image_id": 3}, "exif": {"Make": "x"}, "thumbName": "a_thumb.webp"}
    sample = add(facade, dataset, "a.jpg", **more)
    found = facade.get(f"/datasets/{dataset}/samples/{sample}").json()
    assert found["metaData"] == {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "sumOfValues": [10.5, 10.5, 10.5],
        "sumOfSquares": [5, 5, 5],
        "shape": [48, 64, 1],
        "snr": 2.5,
        "sharpness": 7.25,
        "sizeInBytes": 1000,
    }
    assert (found["customMetaData"], found["exif"], found["type"]) == ({"image_id": 3}, {"Make": "x"}, "IMAGE")


def test_thumbnails_are_all_there_is_of_an_upload_of_thumbnails(
    facade: TestClient, stranger: TestClient, dataset: str
) -> None:
    sample = add(facade, dataset, "a.jpg", metaData={**GREY, "shape": [480, 640, 3]})
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurl", params={"isThumbnail": "True"}).json()
    assert stranger.put(url, content=picture(128, 96, "WEBP")).status_code == 200
    assert facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "thumbnail"}).status_code == 201
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/readurl", params={"type": "thumb"}).json()
    assert Image.open(io.BytesIO(stranger.get(url).content)).size == (128, 96)
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/readurl", params={"type": "full"}).json()
    assert stranger.get(url).status_code == 404


def test_an_upload_of_words_alone_needs_no_file(facade: TestClient, dataset: str) -> None:
    add(facade, dataset, "a.jpg")
    assert facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "meta"}).status_code == 201
    listed = facade.get(f"/datasets/{dataset}/samples/partial", params={"mode": "fileNames"}).json()
    assert [one["fileName"] for one in listed] == ["a.jpg"]


def test_an_upload_that_was_cut_off_is_completed_by_the_next(
    facade: TestClient, stranger: TestClient, dataset: str
) -> None:
    at = f"/datasets/{dataset}"
    first = upload(facade, stranger, dataset, "a.jpg")
    cut_off = add(facade, dataset, "b.jpg")
    # The next one sends again what is not listed.
    for path in ("samples/partial?mode=fileNames", "samples"):
        assert [one["fileName"] for one in facade.get(f"{at}/{path}").json()] == ["a.jpg"]
    assert facade.get(f"{at}/tags").json() == []
    assert upload(facade, stranger, dataset, "b.jpg", "c.jpg")[0] == cut_off
    facade.post(f"{at}/tags/initial", json={"imgType": "full"})
    assert facade.get(f"{at}/mappings", params={"field": "_id"}).json()[:2] == [first[0], cut_off]
    assert facade.get(f"{at}/tags").json()[0]["bitMaskData"] == "0x7"


def test_a_second_upload_gets_a_tag_of_its_own(facade: TestClient, stranger: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}"
    upload(facade, stranger, dataset, "a.jpg", "b.jpg")
    facade.post(f"{at}/tags/initial", json={"imgType": "full"})
    upload(facade, stranger, dataset, "c.jpg")
    request = {"upsizeTagName": "20260102_10h00m00s", "upsizeTagCreator": "USER_PIP"}
    created = facade.post(f"{at}/tags/upsize", json=request)
    assert created.status_code == 201
    initial, added = facade.get(f"{at}/tags").json()
    assert (initial["bitMaskData"], added["bitMaskData"], added["id"]) == ("0x7", "0x4", created.json()["id"])
    assert added["prevTagId"] == initial["id"]
    assert error_of(facade.post(f"{at}/tags/upsize", json=request)) == (409, "TAG_NAME_EXISTS")
    assert error_of(facade.post(f"{at}/tags/initial", json={"imgType": "full"})) == (409, "TAG_INITIAL_EXISTS")


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/passwd", ".lightly/predictions/tasks.json", "", "a\\b.jpg"])
def test_a_name_that_leaves_the_folder_is_refused(facade: TestClient, dataset: str, name: str, home: Home) -> None:
    response = facade.post(f"/datasets/{dataset}/samples", json={"fileName": name})
    assert error_of(response) == (422, "SAMPLE_CREATE_REQUEST_INVALID_FORMAT")
    assert facade.get(f"/datasets/{dataset}").json()["nSamples"] == 0


def test_what_is_no_image_is_refused_and_leaves_nothing(
    facade: TestClient, stranger: TestClient, dataset: str, home: Home
) -> None:
    sample = add(facade, dataset, "a.jpg")
    urls = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurls").json()
    for url in urls.values():
        response = stranger.put(url, content=b"#!/bin/sh\n")
        assert error_of(response) == (422, "BAD_REQUEST")
        assert "`a.jpg` is no image" in response.json()["error"]
    assert [path for path in home.uploads.rglob("*") if path.is_file()] == []
    assert list(home.arriving.iterdir()) == []


def test_too_large_an_image_is_refused(
    facade: TestClient, stranger: TestClient, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = add(facade, dataset, "a.jpg")
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurl").json()
    monkeypatch.setattr(uploads, "MOST_IMAGE_BYTES", 100)
    assert error_of(stranger.put(url, content=picture())) == (413, "PAYLOAD_TOO_LARGE")


def test_a_link_that_has_expired_or_was_changed_takes_nothing(
    facade: TestClient, stranger: TestClient, dataset: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = add(facade, dataset, "a.jpg")
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurl").json()
    assert error_of(stranger.put(url.replace("/links/", "/links/x"), content=picture())) == (403, "JWT_INVALID")
    assert error_of(stranger.get(url)) == (403, "JWT_INVALID")
    expired = LinkMaker(services.vault, "http://localhost")(
        Link(kind=uploads.FULL, dataset_id=dataset, name=sample, method="PUT"), expires_in_s=-1
    )
    response = stranger.put(expired, content=picture())
    assert error_of(response) == (403, "JWT_INVALID")
    assert "expired" in response.json()["error"]


def test_a_sample_of_another_dataset_is_not_there(facade: TestClient, stranger: TestClient, dataset: str) -> None:
    sample = add(facade, dataset, "a.jpg")
    other = new_dataset(facade, "others")
    for path in ("writeurl", "writeurls"):
        assert error_of(facade.get(f"/datasets/{other}/samples/{sample}/{path}")) == (404, "SAMPLE_UNKNOWN")
    assert error_of(facade.put(f"/datasets/{other}/samples/{sample}", json={})) == (404, "SAMPLE_UNKNOWN")
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurl").json()
    facade.delete(f"/datasets/{dataset}")
    assert error_of(stranger.put(url, content=picture())) == (404, "DATASET_UNKNOWN")


def test_only_the_owner_uploads(facade: TestClient, facade_client: FacadeClient, dataset: str) -> None:
    boris = facade_client(user="boris")
    response = boris.post(f"/datasets/{dataset}/samples", json={"fileName": "a.jpg"})
    assert error_of(response) == (404, "DATASET_UNKNOWN")
    assert boris.put(f"/datasets/{dataset}/registerDatasetUpload", json={"total": 1}).status_code == 404


def test_nothing_is_uploaded_to_what_a_run_embedded(facade: TestClient, commit_run: CommitRun) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna")
    for found in facade.get("/datasets").json():
        response = facade.post(f"/datasets/{found['id']}/samples", json={"fileName": "b.jpg"})
        assert error_of(response) == (422, "DATASET_NOT_SUPPORTED")
        response = facade.post(f"/datasets/{found['id']}/tags/initial", json={"imgType": "full"})
        assert error_of(response) == (409, "TAG_INITIAL_EXISTS")


def test_an_initial_tag_of_nothing_is_refused(facade: TestClient, dataset: str) -> None:
    response = facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "full"})
    assert error_of(response) == (422, "BAD_REQUEST")
    response = facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "half"})
    assert error_of(response) == (400, "MALFORMED_REQUEST")


def test_crops_are_not_uploaded(facade: TestClient, dataset: str) -> None:
    crop = {"fileName": "a.jpg", "cropData": {"parentId": "0" * 24}}
    response = facade.post(f"/datasets/{dataset}/samples", json=crop)
    assert error_of(response) == (422, "SAMPLE_CREATE_REQUEST_INVALID_CROP_DATA")


def test_metadata_is_replaced_and_too_much_of_it_refused(facade: TestClient, dataset: str) -> None:
    sample = add(facade, dataset, "a.jpg", customMetaData={"n": 1})
    at = f"/datasets/{dataset}/samples/{sample}"
    assert facade.put(at, json={"customMetaData": {"image_id": 0, "weather": {"t": 20.5}}}).status_code == 204
    assert facade.put(at, json={"exif": {"Make": "x"}, "fileName": "a.jpg"}).status_code == 204
    found = facade.get(at).json()
    assert (found["customMetaData"], found["exif"]) == ({"image_id": 0, "weather": {"t": 20.5}}, {"Make": "x"})
    response = facade.put(at, json={"customMetaData": {"n": "x" * (300 << 10)}})
    assert error_of(response) == (413, "CUSTOM_METADATA_AT_MAX_SIZE")
    assert error_of(facade.put(at, json={"fileName": "b.jpg"})) == (422, "BAD_REQUEST")
    assert facade.get(at).json()["customMetaData"] == {"image_id": 0, "weather": {"t": 20.5}}


def test_a_sample_and_its_links_come_in_one_answer(facade: TestClient, stranger: TestClient, dataset: str) -> None:
    response = facade.post(f"/datasets/{dataset}/samples/withWriteUrls", json={"fileName": "a.jpg"})
    assert response.status_code == 201
    assert set(response.json()) == {"id", "sampleWriteUrls"}
    assert set(response.json()["sampleWriteUrls"]) == {"full", "thumb"}
    assert stranger.put(response.json()["sampleWriteUrls"]["full"], content=picture()).status_code == 200


def test_the_files_of_an_upload_go_with_the_dataset(
    facade: TestClient, stranger: TestClient, dataset: str, home: Home
) -> None:
    upload(facade, stranger, dataset, "a.jpg")
    assert facade.delete(f"/datasets/{dataset}").status_code in (200, 204)
    assert list(home.uploads.iterdir()) == []


def test_images_go_where_the_dataset_reads_them_and_replace_nothing_there(
    facade: TestClient, stranger: TestClient, dataset: str, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "b.jpg").write_bytes(picture(10, 10))
    read_from(store, dataset, folder, is_confined=False)
    upload(facade, stranger, dataset, "a.jpg")
    assert (folder / "a.jpg").read_bytes() == picture()
    sample = add(facade, dataset, "b.jpg")
    url = facade.get(f"/datasets/{dataset}/samples/{sample}/writeurl").json()
    assert error_of(stranger.put(url, content=picture())) == (409, "DATASET_DATASOURCE_ILLEGAL_ACTION")
    assert stranger.put(url, content=picture(10, 10)).status_code == 200
    assert (folder / "b.jpg").read_bytes() == picture(10, 10)


def test_nobody_puts_images_into_folders_that_others_read(
    facade: TestClient, dataset: str, store: Store, tmp_path: Path
) -> None:
    read_from(store, dataset, tmp_path, is_confined=True)
    sample = add(facade, dataset, "a.jpg")
    for path in ("writeurl", "writeurls"):
        response = facade.get(f"/datasets/{dataset}/samples/{sample}/{path}")
        assert error_of(response) == (403, "DATASET_DATASOURCE_ILLEGAL_ACTION")


def read_from(store: Store, dataset_id: str, folder: Path, *, is_confined: bool) -> None:
    with store.writing() as connection:
        dataset = dataset_by_id(connection, dataset_id)
        assert dataset is not None
        set_datasource(connection, dataset, input_uri=str(folder), is_confined=is_confined)


def test_what_was_uploaded_can_be_looked_at(
    facade: TestClient, stranger: TestClient, dataset: str, user_client: UserClient
) -> None:
    upload(facade, stranger, dataset, "a.jpg", "sub/b.jpg")
    add(facade, dataset, "cut off.jpg")
    native = user_client(Scope.MEMBER, "anna")
    at = f"/api/datasets/{dataset}"
    found = native.post(f"{at}/samples:query", json={"filter": {}, "limit": 10}).json()["items"]
    assert [(one["file_name"], one["width"], one["height"]) for one in found] == [
        ("a.jpg", 64, 48),
        ("sub/b.jpg", 64, 48),
        ("cut off.jpg", 0, 0),
    ]
    assert native.post(f"{at}/samples:facets", json={"filter": {}}).json()["runs"] == [{"run_id": "", "count": 3}]
    pictures = [native.get(f"/api/samples/{one['id']}/thumbnail", params={"size": 64}).status_code for one in found]
    assert pictures == [200, 200, 404]
    assert native.get(f"{at}/projections").json()["items"] == []
