from __future__ import annotations

import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.server.exporting import Exporter
from swath.server.services import Services
from swath.store import catalog
from swath.store.sharing import find_visible, share_dataset
from swath.store.users import find_user, local_user
from swath.testing.session_contract import make_additions

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
