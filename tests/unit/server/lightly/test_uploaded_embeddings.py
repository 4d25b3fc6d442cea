from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.server.lightly import uploaded_embeddings
from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.home import Home
from swath.testing.session_contract import make_additions

OLD_CLIENT = {"User-Agent": "Swagger-Codegen/1.0.0/python"}

# As clients write it: any order of rows, `\r\n`, a name in quotes.
CSV = 'filenames,embedding_0,embedding_1,labels\r\n"b, c.jpg",3.5,-4,0\r\na.jpg,1,2,7\r\n'


@pytest.fixture
def dataset(facade: TestClient) -> str:
    """A dataset of two samples."""
    dataset = str(facade.post("/datasets", json={"name": "photos"}).json()["id"])
    for name in ("a.jpg", "b, c.jpg"):
        facade.post(f"/datasets/{dataset}/samples", json={"fileName": name})
    facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "meta"})
    return dataset


def announce(facade: TestClient, dataset: str, name: str = "default") -> tuple[str, str]:
    """The link for a file, and the id of the embedding."""
    response = facade.get(f"/datasets/{dataset}/embeddings/writeCSVUrl", params={"name": name})
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"signedWriteUrl", "embeddingId"}
    return response.json()["signedWriteUrl"], response.json()["embeddingId"]


def send(facade: TestClient, stranger: TestClient, dataset: str, name: str = "default", csv: str = CSV) -> str:
    url, embedding = announce(facade, dataset, name)
    assert stranger.put(url, content=csv.encode()).status_code == 200
    return embedding


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_vectors_of_a_file_become_those_of_the_dataset(
    facade: TestClient, stranger: TestClient, dataset: str, store: Store, home: Home
) -> None:
    embedding = send(facade, stranger, dataset)
    assert read_vectors(store, home, dataset).tolist() == [[1, 2], [3.5, -4]]
    (listed,) = facade.get(f"/datasets/{dataset}/embeddings").json()
    assert (listed["id"], listed["name"], listed["isProcessed"], listed["is2d"]) == (embedding, "default", True, True)
    at = f"/datasets/{dataset}/embeddings/{embedding}"
    for method in ("PCA", "TSNE", "UMAP"):
        body = {"dimensionalityReductionMethod": method}
        assert facade.post(f"{at}/trigger2dEmbeddingsJob", json=body).status_code == 204
    assert facade.put(f"{at}/isProcessed", json={"rowCount": 2}).status_code == 204
    assert error_of(facade.put(f"{at}/isProcessed", json={"rowCount": 3})) == (422, "EMBEDDING_ROW_COUNT_INVALID")


def test_the_file_is_given_back_as_it_came(facade: TestClient, stranger: TestClient, dataset: str) -> None:
    embedding = send(facade, stranger, dataset)
    url = facade.get(f"/datasets/{dataset}/embeddings/{embedding}/readCSVUrl").json()
    assert stranger.get(url).content == CSV.encode()


def test_an_embedding_exists_once_its_file_has_come(facade: TestClient, stranger: TestClient, dataset: str) -> None:
    url, embedding = announce(facade, dataset)
    assert facade.get(f"/datasets/{dataset}/embeddings").json() == []
    at = f"/datasets/{dataset}/embeddings/{embedding}"
    assert error_of(facade.get(f"{at}/readCSVUrl")) == (404, "EMBEDDING_UNKNOWN")
    assert error_of(facade.put(f"{at}/isProcessed", json={"rowCount": 2})) == (422, "EMBEDDING_NOT_READY")
    # One that never came may be announced again, one that is there may not.
    assert announce(facade, dataset)[1] == embedding
    stranger.put(url, content=CSV.encode())
    response = facade.get(f"/datasets/{dataset}/embeddings/writeCSVUrl", params={"name": "default"})
    assert error_of(response) == (409, "EMBEDDING_NAME_EXISTS")


@pytest.mark.parametrize(
    ("csv", "code"),
    [
        ("filenames,embedding_0,labels\na.jpg,1,0\n", "EMBEDDING_ROW_COUNT_INVALID"),
        (CSV + "d.jpg,1,2,0\n", "EMBEDDING_ROW_COUNT_INVALID"),
        ("filenames,embedding_0,labels\na.jpg,1,0\nd.jpg,1,0\n", "EMBEDDING_INVALID"),
        ("filenames,embedding_0,labels\na.jpg,1,0\na.jpg,1,0\n", "EMBEDDING_INVALID"),
        ('filenames,embedding_0,labels\na.jpg,x,0\n"b, c.jpg",1,0\n', "EMBEDDING_INVALID"),
        ('filenames,embedding_0,labels\na.jpg,nan,0\n"b, c.jpg",1,0\n', "EMBEDDING_INVALID"),
        ('filenames,embedding_0,labels\na.jpg,1e9,0\n"b, c.jpg",1,0\n', "EMBEDDING_INVALID"),
        ('filenames,embedding_1,labels\na.jpg,1,0\n"b, c.jpg",1,0\n', "EMBEDDING_INVALID"),
        ("\x89PNG\r\n\x1a\n", "EMBEDDING_INVALID"),
        ("", "EMBEDDING_INVALID"),
    ],
)
def test_a_file_that_is_not_of_the_samples_is_refused(
    facade: TestClient, stranger: TestClient, dataset: str, csv: str, code: str, home: Home
) -> None:
    url, _ = announce(facade, dataset)
    assert error_of(stranger.put(url, content=csv.encode())) == (422, code)
    assert facade.get(f"/datasets/{dataset}/embeddings").json() == []
    assert list(home.vectors.iterdir()) == []


def test_too_large_a_file_is_refused(
    facade: TestClient, stranger: TestClient, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploaded_embeddings, "MOST_CSV_BYTES", 10)
    url, _ = announce(facade, dataset)
    assert error_of(stranger.put(url, content=CSV.encode())) == (413, "PAYLOAD_TOO_LARGE")


def test_the_file_that_came_last_counts(
    facade: TestClient, stranger: TestClient, dataset: str, store: Store, home: Home
) -> None:
    first = send(facade, stranger, dataset)
    facade.post(f"/datasets/{dataset}/samples", json={"fileName": "d.jpg"})
    assert len(read_vectors(store, home, dataset)) == 0
    longer = 'filenames,embedding_0,labels\n"b, c.jpg",2,0\na.jpg,1,0\nd.jpg,3,0\n'
    second = send(facade, stranger, dataset, "default_20260102_10h00m00s", longer)
    assert read_vectors(store, home, dataset).tolist() == [[1], [2], [3]]
    at = f"/datasets/{dataset}/embeddings"
    listed = facade.get(at, headers=OLD_CLIENT).json()
    assert [(one["id"], one["is2d"]) for one in listed] == [(first, False), (second, True)]


def test_deleting_the_embedding_of_the_dataset_leaves_it_without_vectors(
    facade: TestClient, stranger: TestClient, dataset: str, store: Store, home: Home
) -> None:
    embedding = send(facade, stranger, dataset)
    at = f"/datasets/{dataset}/embeddings/{embedding}"
    assert facade.delete(at).status_code == 204
    assert facade.get(f"/datasets/{dataset}/embeddings").json() == []
    assert len(read_vectors(store, home, dataset)) == 0
    assert list(home.uploads.rglob("*.csv")) == []
    assert error_of(facade.delete(at)) == (404, "EMBEDDING_UNKNOWN")


def test_vectors_of_runs_are_not_replaced(
    facade: TestClient, stranger: TestClient, commit_run: CommitRun, store: Store, home: Home
) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna")
    dataset = next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles")
    before = read_vectors(store, home, dataset).tolist()
    (of_runs,) = facade.get(f"/datasets/{dataset}/embeddings").json()
    kept = send(facade, stranger, dataset, "mine", "filenames,embedding_0,labels\na.jpg,1,0\n")
    assert read_vectors(store, home, dataset).tolist() == before
    assert {one["id"] for one in facade.get(f"/datasets/{dataset}/embeddings").json()} == {of_runs["id"], kept}
    assert error_of(facade.delete(f"/datasets/{dataset}/embeddings/{of_runs['id']}")) == (422, "BAD_REQUEST")


def test_an_embedding_of_another_dataset_is_not_there(
    facade: TestClient, facade_client: FacadeClient, stranger: TestClient, dataset: str
) -> None:
    embedding = send(facade, stranger, dataset)
    other = facade.post("/datasets", json={"name": "others"}).json()["id"]
    body = {"dimensionalityReductionMethod": "PCA"}
    for found in (other, "0" * 24):
        response = facade.post(f"/datasets/{found}/embeddings/{embedding}/trigger2dEmbeddingsJob", json=body)
        assert response.status_code == 404
    response = facade_client(user="boris").get(f"/datasets/{dataset}/embeddings/writeCSVUrl", params={"name": "x"})
    assert error_of(response) == (404, "DATASET_UNKNOWN")
