"""Embeddings, as scripts of the official clients see them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun

from swath.formats.embeddings_csv import parse_embeddings_csv
from swath.server.lightly.clients import client_version
from swath.server.services import Services
from swath.store import sample_names
from swath.store.catalog import read_vectors
from swath.store.uploaded_embeddings import announce_embedding, receive_embeddings
from swath.testing.session_contract import make_additions

OLD_CLIENT = {"User-Agent": "Swagger-Codegen/1.0.0/python"}
NEW_CLIENT = {"User-Agent": "Lightly/1.5.23 (Linux/6.1; x86_64;;) python/3.11"}


@pytest.fixture
def dataset_id(facade: TestClient, commit_run: CommitRun) -> str:
    """A crops dataset of five crops; vectors have eight numbers."""
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 3}), user="anna")
    return str(next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles-crops"))


def listed(client: TestClient, dataset_id: str, headers: dict[str, str] = NEW_CLIENT) -> list[dict[str, Any]]:
    answer = client.get(f"/datasets/{dataset_id}/embeddings", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def upload(services: Services, dataset_id: str, name: str, client: TestClient) -> str:
    """Hand in an embeddings file; returns its text."""
    names = client.get(f"/datasets/{dataset_id}/mappings", params={"field": "fileName"}).json()
    text = "filenames,embedding_0,labels\n" + "".join(f"{file},{row},7\n" for row, file in enumerate(names))
    with services.store.writing() as connection:
        announced = announce_embedding(connection, dataset_id, name)
    arrived = services.home.arriving / announced.id
    arrived.parent.mkdir(exist_ok=True)
    arrived.write_text(text)
    receive_embeddings(services.store, services.home, announced, arrived)
    return text


def test_the_vectors_of_runs_are_one_embedding(facade: TestClient, dataset_id: str, commit_run: CommitRun) -> None:
    (embedding,) = listed(facade, dataset_id)
    assert embedding.keys() == {"id", "name", "isProcessed", "createdAt", "is2d"}
    assert re.fullmatch(r"default_\d{8}_\d\dh\d\dm\d\ds", embedding["name"])
    assert re.fullmatch(r"[a-f0-9]{24}", embedding["id"])
    assert (embedding["isProcessed"], embedding["is2d"], type(embedding["createdAt"])) == (True, True, int)

    commit_run(make_additions({"c.jpg": 1}), user="anna")
    (later,) = listed(facade, dataset_id)
    assert later["id"] == embedding["id"]
    assert later["createdAt"] >= embedding["createdAt"]


def test_a_dataset_without_vectors_has_no_embeddings(facade: TestClient) -> None:
    made = facade.post("/datasets", json={"name": "empty"}).json()["id"]
    assert listed(facade, made) == []


def test_the_file_of_an_embedding_holds_the_vectors_and_is_never_compressed(
    facade: TestClient,
    stranger: TestClient,
    dataset_id: str,
    services: Services,
    commit_run: CommitRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sample_names, "PAGE_SIZE", 2)
    commit_run(make_additions({"c.jpg": 40}), user="anna")
    (embedding,) = listed(facade, dataset_id)
    url = facade.get(f"/datasets/{dataset_id}/embeddings/{embedding['id']}/readCSVUrl").json()
    answer = stranger.get(url, headers={"Accept-Encoding": "gzip, deflate"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
    assert answer.text.split("\n")[0] == ",".join(
        ["filenames", *(f"embedding_{place}" for place in range(8)), "labels"]
    )
    table = parse_embeddings_csv([answer.text], "embeddings.csv")
    names = facade.get(f"/datasets/{dataset_id}/mappings", params={"field": "fileName"}).json()
    assert list(table.file_names) == names
    assert np.array_equal(table.vectors, read_vectors(services.store, services.home, dataset_id))
    assert set(table.labels) == {0}


def test_the_latest_is_last_for_old_clients_and_first_for_others(
    facade: TestClient, stranger: TestClient, dataset_id: str, services: Services
) -> None:
    text = upload(services, dataset_id, "mine", facade)
    old, new = (listed(facade, dataset_id, headers) for headers in (OLD_CLIENT, NEW_CLIENT))
    assert [embedding["name"][:7] for embedding in old] == ["default", "mine"]
    assert new == old[::-1]
    assert [embedding["is2d"] for embedding in old] == [True, False]

    url = facade.get(f"/datasets/{dataset_id}/embeddings/{new[0]['id']}/readCSVUrl").json()
    answer = stranger.get(url, headers={"Accept-Encoding": "gzip"})
    assert (answer.text, answer.headers.get("content-encoding")) == (text, None)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Swagger-Codegen/1.0.0/python", (1, 2, 25)),
        ("Lightly/1.2.44 (Linux) python/3.9", (1, 2, 44)),
        ("OpenAPI-Generator/1.0.0/python", (9999, 0, 0)),
        ("", (9999, 0, 0)),
    ],
)
def test_clients_say_who_they_are(name: str, version: tuple[int, int, int]) -> None:
    assert client_version(name) == version


def test_the_map_of_the_vectors_has_a_point_for_every_sample(facade: TestClient, dataset_id: str) -> None:
    (embedding,) = listed(facade, dataset_id)
    path = f"/datasets/{dataset_id}/embeddings/{embedding['id']}/2d"
    (summary,) = facade.get(path).json()
    assert summary == {
        "id": summary["id"],
        "datasetId": dataset_id,
        "embeddingId": embedding["id"],
        "name": f"{embedding['name']}__2d",
        "createdAt": summary["createdAt"],
        "dimensionalityReductionMethod": "PCA",
    }
    whole = facade.get(f"{path}/{summary['id']}").json()
    first, second = whole.pop("coordinatesDimension1"), whole.pop("coordinatesDimension2")
    assert whole == summary
    assert len(first) == len(second) == 5
    assert len(set(first)) == 5


def test_embeddings_that_are_not_there_are_unknown(facade: TestClient, dataset_id: str) -> None:
    for path in ("readCSVUrl", "2d", f"2d/{'0' * 24}"):
        answer = facade.get(f"/datasets/{dataset_id}/embeddings/{'0' * 24}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "EMBEDDING_UNKNOWN")
    (embedding,) = listed(facade, dataset_id)
    answer = facade.get(f"/datasets/{dataset_id}/embeddings/{embedding['id']}/2d/{'0' * 24}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
