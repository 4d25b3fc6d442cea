from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.browsing import pack_mask
from swath.store.catalog import iter_samples
from swath.store.database import Store
from swath.store.home import Home
from swath.store.projections import list_projections, read_points
from swath.store.samples import Sample
from swath.store.sharing import find_dataset
from swath.store.tags import create_tag
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient


@pytest.fixture
def crops(store: Store, commit_run: Fixture) -> list[Sample]:
    """The 60 samples of `vehicles-crops`."""
    additions = make_additions({"a.jpg": 25, "b.jpg": 35})
    assert additions.predictions is not None
    scores = np.linspace(0, 1, 60)
    scores[7] = np.nan
    commit_run(replace(additions, predictions=replace(additions.predictions, score=scores)))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        create_tag(connection, dataset.id, name="odd", members=np.arange(1, 60, 2))
    return list(iter_samples(store, "vehicles-crops"))


def projection(client: TestClient, dataset: str = "vehicles-crops") -> dict[str, Any]:
    answer = client.get(f"/api/datasets/{dataset}/projections")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["items"]
    assert isinstance(found, dict)
    return found


def points(client: TestClient, url: str) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Coordinates (M, 2) and sample indices (M,)."""
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    count = int(answer.headers["Swath-Count"])
    assert len(answer.content) == 12 * count
    return (
        np.frombuffer(answer.content, "<f4", 2 * count).reshape(2, count).T,
        np.frombuffer(answer.content, "<u4", count, offset=8 * count),
    )


def column(client: TestClient, found: dict[str, Any], name: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The label of every point by sample index, and the legend."""
    legend = client.get(f"/api/projections/{found['id']}/columns/{name}").json()
    answer = client.get(legend["url"])
    assert "immutable" in answer.headers["Cache-Control"]
    _, indices = points(client, found["points_url"])
    labels = [""] * len(indices)
    for index, code in zip(indices.tolist(), answer.content, strict=True):
        labels[index] = legend["entries"][code]["label"]
    return labels, legend["entries"]


def selected(client: TestClient, part: dict[str, Any]) -> list[int]:
    body = {"selector": {"all_of": [part]}}
    answer = client.post("/api/datasets/vehicles-crops/selections", json=body)
    assert answer.status_code == 201, answer.text
    data = client.get(f"/api/selections/{answer.json()['id']}/members.bin").content
    found: list[int] = np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")).tolist()
    return found


def test_every_sample_has_its_point(client: TestClient, crops: list[Sample], store: Store, home: Home) -> None:
    found = projection(client)
    assert (found["method"], found["point_count"]) == ("pca", 60)
    coordinates, indices = points(client, found["points_url"])
    assert sorted(indices.tolist()) == list(range(60))
    assert indices.tolist() != list(range(60)), "they come in random order"
    with store.reading() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        expected = read_points(connection, home, list_projections(connection, dataset.id)[0])
    np.testing.assert_array_equal(coordinates, expected[indices])


def test_points_are_immutable_under_their_version(client: TestClient, crops: list[Sample]) -> None:
    url = projection(client)["points_url"]
    answer = client.get(url)
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    unversioned = client.get(url.partition("?")[0])
    assert unversioned.headers["Cache-Control"] == "private, no-cache"
    assert unversioned.content == answer.content


def test_an_old_version_is_refused(client: TestClient, crops: list[Sample], commit_run: Fixture) -> None:
    old = projection(client)
    points(client, old["points_url"])
    commit_run(make_additions({"c.jpg": 3}))
    new = projection(client)
    assert new["version"] > old["version"]
    assert new["point_count"] == 63
    assert client.get(old["points_url"]).status_code == 409
    polygon = {"projection_id": old["id"], "version": old["version"], "points": [[0, 0], [1, 0], [1, 1]]}
    body = {"selector": {"all_of": [{"polygon": polygon}]}}
    assert client.post("/api/datasets/vehicles-crops/selections", json=body).status_code == 409
    _, indices = points(client, new["points_url"])
    assert sorted(indices.tolist()) == list(range(63))


def test_a_polygon_selects_what_it_shows(client: TestClient, crops: list[Sample]) -> None:
    found = projection(client)
    coordinates, indices = points(client, found["points_url"])
    low, high = np.quantile(coordinates, [0.3, 0.8], axis=0)
    square = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]
    inside = ((coordinates > low) & (coordinates < high)).all(axis=1)
    part = {
        "polygon": {
            "projection_id": found["id"],
            "version": found["version"],
            "points": [[float(x), float(y)] for x, y in square],
        }
    }
    assert selected(client, part) == sorted(indices[inside].tolist())
    assert 0 < inside.sum() < 60


def test_a_bitmap_of_a_projection_counts_points(client: TestClient, crops: list[Sample]) -> None:
    found = projection(client)
    _, indices = points(client, found["points_url"])
    bits = np.zeros(60, dtype=np.bool_)
    bits[[0, 5, 59]] = True
    bitmap = {
        "projection_id": found["id"],
        "version": found["version"],
        "base64": base64.b64encode(pack_mask(bits)).decode(),
    }
    assert selected(client, {"bitmap": bitmap}) == sorted(indices[[0, 5, 59]].tolist())


def test_crops_are_coloured_by_what_they_are(client: TestClient, crops: list[Sample]) -> None:
    found = projection(client)
    assert found["columns"][:4] == ["category", "score", "run", "stale"]
    names = ["big wheel", "small wheel"]
    labels, legend = column(client, found, "category")
    assert labels == [names[sample.crop.category_id] for sample in crops if sample.crop]
    assert sum(entry["count"] for entry in legend) == 60
    assert column(client, found, "run")[0] == [sample.run_id for sample in crops]
    assert set(column(client, found, "stale")[0]) == {"as its image is"}
    labels, legend = column(client, found, "score")
    assert (labels[0], labels[7], labels[59]) == ("0.0 – 0.1", "", "0.9 – 1.0")
    assert [entry["kind"] for entry in legend] == ["label"] * 10 + ["missing"]
    assert [entry["label"] for entry in legend[:10]] == sorted(entry["label"] for entry in legend[:10])


def test_points_are_coloured_by_tags_and_selections(client: TestClient, crops: list[Sample], store: Store) -> None:
    found = projection(client)
    odd = ["yes" if index % 2 else "no" for index in range(60)]
    name = next(name for name in found["columns"] if name.startswith("tag:"))
    assert column(client, found, name)[0] == odd
    assert column(client, found, "tag:odd")[0] == odd
    body = {"selector": {"all_of": [{"indices": [3]}]}}
    selection = client.post("/api/datasets/vehicles-crops/selections", json=body).json()
    labels, legend = column(client, found, f"selection:{selection['id']}")
    assert [index for index, label in enumerate(labels) if label == "yes"] == [3]
    assert [(entry["label"], entry["count"]) for entry in legend] == [("no", 59), ("yes", 1)]


def test_a_column_changes_its_version_with_what_it_shows(client: TestClient, crops: list[Sample]) -> None:
    found = projection(client)
    address = f"/api/projections/{found['id']}/columns/tag:odd"
    before = client.get(address).json()
    body = {"selector": {"all_of": [{"indices": [0]}]}, "add": ["odd"]}
    assert client.post("/api/datasets/vehicles-crops/tags:apply", json=body).status_code == 200
    after = client.get(address).json()
    assert after["version"] != before["version"]
    assert client.get(before["url"]).status_code == 409
    assert client.get(after["url"]).status_code == 200


def test_images_are_coloured_by_how_many_objects_they_have(client: TestClient, crops: list[Sample]) -> None:
    found = projection(client, "vehicles")
    assert found["columns"] == ["object_count", "run"]
    assert column(client, found, "object_count")[0] == ["20 – 49", "20 – 49"]


@pytest.mark.parametrize("name", ["colour", "object_count", "tag:nothing", f"selection:{'0' * 24}", "tag:"])
def test_a_column_that_means_nothing_is_not_found(client: TestClient, crops: list[Sample], name: str) -> None:
    found = projection(client)
    for address in (name, f"{name}.bin"):
        assert client.get(f"/api/projections/{found['id']}/columns/{address}").status_code == 404


def test_a_dataset_without_embeddings_has_no_projection(client: TestClient, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}, selected=[]))
    answer = client.get("/api/datasets/vehicles-crops/projections")
    assert answer.json() == {"items": [], "total": 0}


def test_projections_of_others_do_not_exist(user_client: Fixture, crops: list[Sample], commit_run: Fixture) -> None:
    found = projection(user_client(Scope.OWNER, "local"))
    anna = user_client(Scope.MEMBER, "anna")
    commit_run(make_additions({"a.jpg": 1}), name="mine", user="anna")
    for path in ("points.bin", "columns/category", "columns/category.bin"):
        assert anna.get(f"/api/projections/{found['id']}/{path}").status_code == 404
        assert anna.get(f"/api/projections/nothing/{path}").status_code == 404
    polygon = {"projection_id": found["id"], "version": found["version"], "points": [[0, 0], [1, 0], [1, 1]]}
    body = {"selector": {"all_of": [{"polygon": polygon}]}}
    assert anna.post("/api/datasets/mine-crops/selections", json=body).status_code == 404
