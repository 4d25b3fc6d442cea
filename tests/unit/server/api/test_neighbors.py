from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.home import Home
from swath.testing.session_contract import OTHER_EMBEDDER, make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient


@pytest.fixture
def vectors(store: Store, home: Home, commit_run: Fixture) -> NDArray[np.float64]:
    """Those of `vehicles-crops`, in two segments."""
    commit_run(make_additions({"a.jpg": 20, "b.jpg": 15}))
    commit_run(make_additions({"c.jpg": 15}))
    return read_vectors(store, home, "vehicles-crops").astype(np.float64)


def nearest(vectors: NDArray[np.float64], target: NDArray[np.float64], rows: NDArray[np.int64], k: int) -> list[int]:
    distances = np.linalg.norm(vectors[rows] - target, axis=1)
    return rows[np.lexsort((rows, distances))][:k].tolist()


def sample_id(client: TestClient, index: int, dataset: str = "vehicles-crops") -> str:
    found: str = client.get(f"/api/datasets/{dataset}/samples/{index}").json()["id"]
    return found


def test_neighbours_of_a_sample_are_others(client: TestClient, vectors: NDArray[np.float64]) -> None:
    answer = client.get(f"/api/samples/{sample_id(client, 7)}/neighbors", params={"k": 5})
    assert answer.status_code == 200
    items = answer.json()["items"]
    others = np.delete(np.arange(50), 7)
    assert [item["sample"]["index"] for item in items] == nearest(vectors, vectors[7], others, 5)
    expected = [np.linalg.norm(vectors[item["sample"]["index"]] - vectors[7]) for item in items]
    np.testing.assert_allclose([item["distance"] for item in items], expected)


def test_neighbours_of_a_vector_obey_a_filter(client: TestClient, vectors: NDArray[np.float64]) -> None:
    target = vectors[:3].mean(axis=0)
    asked = {"vector": target.tolist(), "k": 8, "filter": {"categories": ["small wheel"]}}
    answer = client.post("/api/datasets/vehicles-crops/neighbors", json=asked)
    categories = [client.get(f"/api/datasets/vehicles-crops/samples/{row}").json()["crop"] for row in range(50)]
    small = np.array([row for row in range(50) if categories[row]["category"] == "small wheel"])
    assert [item["sample"]["index"] for item in answer.json()["items"]] == nearest(vectors, target, small, 8)


def test_there_are_fewer_neighbours_where_no_more_pass(client: TestClient, vectors: NDArray[np.float64]) -> None:
    asked = {"sample_id": sample_id(client, 0), "k": 100, "filter": {"file_name": "/a.jpg/"}}
    answer = client.post("/api/datasets/vehicles-crops/neighbors", json=asked)
    assert answer.json()["total"] == 19
    asked["filter"] = {"categories": []}
    assert client.post("/api/datasets/vehicles-crops/neighbors", json=asked).json() == {"items": [], "total": 0}


def test_crops_are_found_by_an_image(
    client: TestClient, vectors: NDArray[np.float64], store: Store, home: Home
) -> None:
    image = read_vectors(store, home, "vehicles").astype(np.float64)[1]
    asked = {"sample_id": sample_id(client, 1, "vehicles"), "k": 3}
    answer = client.post("/api/datasets/vehicles-crops/neighbors", json=asked)
    found = [item["sample"]["index"] for item in answer.json()["items"]]
    assert found == nearest(vectors, image, np.arange(50), 3)


def test_embeddings_of_different_embedders_are_not_compared(
    client: TestClient, vectors: NDArray[np.float64], commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 2}, embedder=OTHER_EMBEDDER), name="bikes")
    asked = {"sample_id": sample_id(client, 0, "bikes-crops")}
    answer = client.post("/api/datasets/vehicles-crops/neighbors", json=asked)
    assert answer.status_code == 409
    assert "different embedders" in answer.json()["detail"]


def test_a_new_run_is_among_the_neighbours(
    client: TestClient, vectors: NDArray[np.float64], commit_run: Fixture
) -> None:
    asked = {"vector": vectors[3].tolist(), "k": 100}
    assert client.post("/api/datasets/vehicles-crops/neighbors", json=asked).json()["total"] == 50
    commit_run(make_additions({"d.jpg": 4}))
    assert client.post("/api/datasets/vehicles-crops/neighbors", json=asked).json()["total"] == 54


def test_an_index_that_is_damaged_is_made_anew(
    client: TestClient, vectors: NDArray[np.float64], home: Home, services: Fixture
) -> None:
    address = f"/api/samples/{sample_id(client, 7)}/neighbors"
    before = client.get(address).json()
    (file,) = (home.cache / "neighbors").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    object.__setattr__(services, "browser", type(services.browser)())
    assert client.get(address).json() == before
    assert file.stat().st_size > 100


def test_a_dataset_without_embeddings_has_no_neighbours(client: TestClient, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}, selected=[]))
    answer = client.post("/api/datasets/vehicles-crops/neighbors", json={"vector": [1.0]})
    assert answer.status_code == 409
    assert "has no embeddings" in answer.json()["detail"]
    assert client.get("/api/datasets/vehicles-crops/embeddings").headers["Swath-Total"] == "0"


@pytest.mark.parametrize(
    "asked",
    [{}, {"vector": []}, {"vector": [1.0] * 7}, {"vector": [1e39] * 8}, {"vector": [1.0] * 8, "sample_id": "0" * 24}],
)
def test_a_wrong_reference_is_refused(client: TestClient, vectors: NDArray[np.float64], asked: dict[str, Any]) -> None:
    assert client.post("/api/datasets/vehicles-crops/neighbors", json=asked).status_code == 422


@pytest.mark.parametrize(("dtype", "kind"), [("float16", "<f2"), ("float32", "<f4")])
def test_embeddings_come_as_rows_of_numbers(
    client: TestClient, vectors: NDArray[np.float64], dtype: str, kind: str
) -> None:
    params: dict[str, str | int] = {"first": 18, "count": 20, "dtype": dtype}
    answer = client.get("/api/datasets/vehicles-crops/embeddings", params=params)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    shape = {name: answer.headers[f"Swath-{name}"] for name in ("First", "Rows", "Dimension", "Dtype", "Total")}
    assert shape == {"First": "18", "Rows": "20", "Dimension": "8", "Dtype": dtype, "Total": "50"}
    np.testing.assert_array_equal(np.frombuffer(answer.content, kind).reshape(20, 8), vectors[18:38])
    beyond = client.get("/api/datasets/vehicles-crops/embeddings", params={"first": 1000})
    assert (beyond.content, beyond.headers["Swath-Rows"]) == (b"", "0")


def test_embeddings_of_others_do_not_exist(user_client: Fixture, vectors: NDArray[np.float64]) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    assert anna.get("/api/datasets/vehicles-crops/embeddings").status_code == 404
    assert anna.post("/api/datasets/vehicles-crops/neighbors", json={"vector": [1.0] * 8}).status_code == 404


def test_a_reference_of_others_does_not_exist(
    user_client: Fixture, vectors: NDArray[np.float64], commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 2}), name="mine", user="anna")
    hidden = sample_id(user_client(Scope.OWNER, "local"), 0)
    answer = user_client(Scope.MEMBER, "anna").post("/api/datasets/mine-crops/neighbors", json={"sample_id": hidden})
    assert answer.status_code == 404


def test_of_equal_samples_the_first_others_are_taken(client: TestClient, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 3})
    assert additions.crops is not None
    commit_run(replace(additions, crops=replace(additions.crops, vectors=np.zeros((3, 8), np.float16))))
    # All are equally near.
    answer = client.get(f"/api/samples/{sample_id(client, 1)}/neighbors", params={"k": 1})
    assert [item["sample"]["index"] for item in answer.json()["items"]] == [0]
