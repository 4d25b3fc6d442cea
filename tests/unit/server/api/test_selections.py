from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.browsing import pack_mask
from swath.store.database import Store
from swath.store.sharing import find_dataset
from swath.store.tags import create_tag
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient


@pytest.fixture
def ids(client: TestClient, store: Store, commit_run: Fixture) -> list[str]:
    """Of the 20 samples of `vehicles-crops`."""
    commit_run(make_additions({"a.jpg": 12, "b.jpg": 8}))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        create_tag(connection, dataset.id, name="odd", members=np.arange(1, 20, 2))
    page = client.post("/api/datasets/vehicles-crops/samples:query", json={}).json()
    return [item["id"] for item in page["items"]]


def select(client: TestClient, *parts: dict[str, Any], except_ids: list[str] | None = None) -> dict[str, Any]:
    body = {"selector": {"all_of": list(parts), "except_ids": except_ids or []}}
    answer = client.post("/api/datasets/vehicles-crops/selections", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def members(client: TestClient, selection: dict[str, Any]) -> list[int]:
    data = client.get(f"/api/selections/{selection['id']}/members.bin").content
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    found: list[int] = np.flatnonzero(bits).tolist()
    return found


def test_a_selection_is_what_lies_in_all_parts_but_single_samples(client: TestClient, ids: list[str]) -> None:
    parts: list[dict[str, Any]] = [{"tag": "odd"}, {"filter": {"file_name": "/a.jpg/"}}, {"ids": ids[:8]}]
    selection = select(client, *parts, except_ids=[ids[3]])
    assert members(client, selection) == [1, 5, 7]
    assert selection["count"] == 3
    assert selection["example_ids"] == [ids[1], ids[5], ids[7]]
    assert selection["selector"]["except_ids"] == [ids[3]]
    assert client.get(f"/api/selections/{selection['id']}").json() == selection


def test_every_kind_of_part_selects(client: TestClient, ids: list[str]) -> None:
    bits = np.zeros(20, dtype=np.bool_)
    bits[[2, 19]] = True
    bitmap = {"bitmap": {"base64": base64.b64encode(pack_mask(bits)).decode()}}
    view = client.post(
        "/api/datasets/vehicles-crops/views", json={"name": "of b", "rule": {"filter": {"file_name": "/b.jpg/"}}}
    ).json()
    first = select(client, {"indices": [4, 4, 0]})
    assert members(client, first) == [0, 4]
    assert members(client, select(client, bitmap)) == [2, 19]
    assert members(client, select(client, {"bitmap": {"base64": "EQ=="}})) == [0, 4]  # ends with its last member
    assert members(client, select(client, {"selection_id": first["id"]})) == [0, 4]
    assert members(client, select(client, {"filter": {"selection_id": first["id"]}})) == [0, 4]
    assert members(client, select(client, {"view_id": view["id"]})) == list(range(12, 20))
    assert members(client, select(client, {"tag": "initial-tag"})) == list(range(20))
    assert members(client, select(client)) == list(range(20))
    assert members(client, select(client, {"ids": []})) == []


def test_a_selection_keeps_what_was_found(client: TestClient, ids: list[str], commit_run: Fixture) -> None:
    selection = select(client, {"filter": {}})
    commit_run(make_additions({"c.jpg": 5}))
    assert members(client, selection) == list(range(20))
    assert members(client, select(client, {"filter": {}})) == list(range(25))


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ({}, 422),
        ({"tag": "odd", "indices": [1]}, 422),
        ({"indices": [20]}, 422),
        ({"indices": [-1]}, 422),
        ({"indices": [True]}, 422),
        ({"ids": ["0" * 24]}, 404),
        ({"ids": ["nothing"]}, 422),
        ({"tag": "nothing"}, 404),
        ({"selection_id": "0" * 24}, 404),
        ({"view_id": "0" * 24}, 404),
        ({"bitmap": {"base64": "AAAAAA=="}}, 422),  # 4 bytes are for 32 samples
        ({"bitmap": {"base64": "AAD/"}}, 422),  # bits beyond the last sample
        ({"bitmap": {"base64": "äöü"}}, 422),
        ({"bitmap": {"base64": "AAAA", "version": 1}}, 422),
        ({"polygon": {"projection_id": "0" * 24, "version": 1, "points": []}}, 404),
        ({"polygon": {"projection_id": "0" * 24, "version": 1, "points": [[1e300, 1]]}}, 422),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, ids: list[str], part: dict[str, Any], status: int) -> None:
    body = {"selector": {"all_of": [part]}}
    answer = client.post("/api/datasets/vehicles-crops/selections", json=body)
    assert answer.status_code == status, answer.text


def test_a_selection_of_another_dataset_is_not_found(client: TestClient, ids: list[str]) -> None:
    body = {"selector": {}}
    of_images = client.post("/api/datasets/vehicles/selections", json=body).json()
    body = {"selector": {"all_of": [{"selection_id": of_images["id"]}]}}
    assert client.post("/api/datasets/vehicles-crops/selections", json=body).status_code == 404


def test_selections_of_others_do_not_exist(user_client: Fixture, ids: list[str], commit_run: Fixture) -> None:
    selection = select(user_client(Scope.OWNER, "local"), {"tag": "odd"})
    anna = user_client(Scope.MEMBER, "anna")
    commit_run(make_additions({"a.jpg": 1}), name="mine", user="anna")
    for path in (selection["id"], f"{selection['id']}/members.bin", "0" * 24, "nothing"):
        assert anna.get(f"/api/selections/{path}").status_code == 404
    for part in ({"selection_id": selection["id"]}, {"ids": [ids[0]]}):
        answer = anna.post("/api/datasets/mine-crops/selections", json={"selector": {"all_of": [part]}})
        assert answer.status_code == 404


def test_who_may_only_look_makes_no_selection(user_client: Fixture, ids: list[str]) -> None:
    reader = user_client(Scope.READ_ONLY, "local")
    answer = reader.post("/api/datasets/vehicles-crops/selections", json={"selector": {}})
    assert answer.status_code == 403


def test_counting_tells_samples_and_the_images_they_are_of_and_keeps_nothing(
    client: TestClient, ids: list[str], store: Store
) -> None:
    def counted(dataset: str, *parts: dict[str, Any]) -> dict[str, Any]:
        body = {"selector": {"all_of": list(parts)}}
        answer: dict[str, Any] = client.post(f"/api/datasets/{dataset}/selections:count", json=body).json()
        return answer

    assert counted("vehicles-crops") == {"count": 20, "image_count": 2}
    assert counted("vehicles-crops", {"indices": [0, 3, 11]}) == {"count": 3, "image_count": 1}
    assert counted("vehicles-crops", {"indices": [11, 12]}) == {"count": 2, "image_count": 2}
    assert counted("vehicles-crops", {"ids": []}) == {"count": 0, "image_count": 0}
    assert counted("vehicles", {"indices": [0]}) == {"count": 1, "image_count": 1}
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM selections").scalar_one() == 0
