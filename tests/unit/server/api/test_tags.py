from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.server.services import Services
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient

TAGS = "/api/datasets/vehicles-crops/tags"


@pytest.fixture(autouse=True)
def dataset(commit_run: Fixture) -> None:
    """A crops dataset of ten samples."""
    commit_run(make_additions({"a.jpg": 10}))


def picked(*indices: int) -> dict[str, Any]:
    return {"all_of": [{"indices": list(indices)}]}


def make(client: TestClient, name: str, *indices: int) -> dict[str, Any]:
    answer = client.post(TAGS, json={"name": name, "selector": picked(*indices)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def members(client: TestClient, name: str) -> list[int]:
    answer = client.get(f"{TAGS}/{name}/members.bin")
    assert answer.status_code == 200, answer.text
    return list(BitMap.deserialize(answer.content))


def test_tags_are_made_listed_changed_and_deleted(client: TestClient) -> None:
    made = make(client, "vans at night", 1, 3)
    assert (made["tag"]["name"], made["tag"]["size"], made["tag"]["run_id"]) == ("vans at night", 2, None)
    listed = client.get(TAGS).json()
    assert [tag["name"] for tag in listed["items"]] == ["initial-tag", "vans at night"]
    assert listed["total"] == 2

    one = client.get(f"{TAGS}/vans at night")
    assert one.json() == made["tag"]
    changed = client.patch(
        f"{TAGS}/{made['tag']['id']}",
        json={"name": "vans", "selector": picked(5)},
        headers={"If-Match": one.headers["ETag"]},
    )
    assert changed.json()["tag"]["name"] == "vans"
    assert members(client, "vans") == [5]
    assert client.get(f"{TAGS}/vans at night").status_code == 404

    deleted = client.delete(f"{TAGS}/vans")
    assert deleted.status_code == 200
    assert client.get(f"{TAGS}/vans").status_code == 404
    assert client.post(f"/api/operations/{deleted.json()['operation_id']}:undo").status_code == 200
    assert members(client, "vans") == [5]


def test_members_come_in_three_forms(client: TestClient) -> None:
    make(client, "vans", 1, 3, 9)
    assert members(client, "vans") == [1, 3, 9]
    indices = client.get(f"{TAGS}/vans/members.bin", params={"format": "indices"})
    assert np.frombuffer(indices.content, dtype="<u4").tolist() == [1, 3, 9]
    bits = client.get(f"{TAGS}/vans/members.bin", params={"format": "bits"})
    assert bits.content == bytes([0b1010, 0b10])
    assert {answer.headers["Swath-Count"] for answer in (indices, bits)} == {"3"}
    assert members(client, "initial-tag") == list(range(10))
    assert client.get(f"{TAGS}/vans/members.bin", params={"format": "csv"}).status_code == 422


def test_samples_are_added_to_some_tags_and_removed_from_others(client: TestClient, services: Services) -> None:
    make(client, "left out", 1, 2)
    done = client.post(f"{TAGS}:apply", json={"selector": picked(2, 3), "add": ["kept"], "remove": ["left out"]})
    assert done.status_code == 200
    assert done.json()["changed"] == {"kept": 2, "left out": 1}
    assert [tag["size"] for tag in done.json()["tags"]] == [2, 1]
    again = client.post(f"{TAGS}:apply", json={"selector": picked(2, 3), "add": ["kept"], "remove": ["left out"]})
    assert again.json()["operation_id"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {"add": ["initial-tag"]},
        {"remove": ["initial-tag"]},
    ],
)
def test_initial_tag_cannot_be_changed(client: TestClient, asked: dict[str, Any]) -> None:
    answer = client.post(f"{TAGS}:apply", json={"selector": picked(1), **asked})
    assert answer.status_code == 409
    assert "`initial-tag` always holds all samples" in answer.json()["detail"]
    assert client.delete(f"{TAGS}/initial-tag").status_code == 409
    assert client.patch(f"{TAGS}/initial-tag", json={"name": "everything"}).status_code == 409


@pytest.mark.parametrize(
    "request_body",
    [
        {"selector": {}, "add": [], "remove": []},
        {"selector": {}, "add": ["kept"], "remove": ["kept"]},
        {"selector": {}, "add": ["x"]},
        {"selector": {"all_of": [{}]}, "add": ["kept"]},
        {"selector": picked(10), "add": ["kept"]},
        {"add": ["kept"]},
        {"selector": {}, "add": ["kept"], "more": 1},
    ],
)
def test_an_application_that_cannot_be_meant_is_refused(client: TestClient, request_body: dict[str, Any]) -> None:
    assert client.post(f"{TAGS}:apply", json=request_body).status_code in (404, 422)
    assert client.get(TAGS).json()["total"] == 1


def test_a_change_on_top_of_an_unseen_one_is_refused(client: TestClient) -> None:
    seen = client.post(TAGS, json={"name": "ours", "selector": picked(0)}).json()["tag"]["revision"]
    client.post(f"{TAGS}:apply", json={"selector": picked(1), "add": ["ours"]})
    old = {"If-Match": f'"{seen}"'}
    body = {"selector": picked(2), "add": ["ours"], "expected_revisions": {"ours": seen}}
    answers = [
        client.patch(f"{TAGS}/ours", json={"name": "mine"}, headers=old),
        client.patch(f"{TAGS}/ours", json={"name": "mine", "expected_revision": seen}),
        client.delete(f"{TAGS}/ours", headers=old),
        client.delete(f"{TAGS}/ours", params={"expected_revision": seen}),
        client.post(f"{TAGS}:apply", json=body),
    ]
    assert [answer.status_code for answer in answers] == [409] * 5
    assert members(client, "ours") == [0, 1]
    assert client.delete(f"{TAGS}/ours", headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("header", ['"x"', '"-1"', '"99999999999999999999"', '""', '"²"'])
def test_a_header_that_is_no_revision_is_refused(client: TestClient, header: str) -> None:
    make(client, "ours", 0)
    answer = client.delete(f"{TAGS}/ours", headers={"If-Match": header.encode()})
    assert answer.status_code == 422
    assert answer.json()["field"] == "If-Match"


def test_tags_are_combined_and_merged(client: TestClient) -> None:
    make(client, "low", 0, 1, 2)
    make(client, "even", 0, 2, 4)
    expression = {
        "difference": [{"any_of": [{"tag": "low"}, {"tag": "even"}]}, {"all_of": [{"tag": "low"}, {"tag": "even"}]}]
    }
    combined = client.post(f"{TAGS}:combine", json={"name": "either", "expression": expression})
    assert combined.status_code == 201
    assert members(client, "either") == [1, 4]
    merged = client.post(f"{TAGS}:merge", json={"into": "either", "sources": ["low", "even"]})
    assert merged.json()["tag"]["size"] == 4
    assert [tag["name"] for tag in client.get(TAGS).json()["items"]] == ["initial-tag", "either"]
    client.post(f"/api/operations/{merged.json()['operation_id']}:undo")
    assert members(client, "low") == [0, 1, 2]


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"tag": "low", "any_of": [{"tag": "low"}]},
        {"any_of": []},
        {"difference": [{"tag": "low"}]},
        {"none_of": ["low"]},
        {"tag": "nobody made it"},
    ],
)
def test_an_expression_that_cannot_be_meant_is_refused(client: TestClient, expression: dict[str, Any]) -> None:
    make(client, "low", 0)
    answer = client.post(f"{TAGS}:combine", json={"name": "result", "expression": expression})
    assert answer.status_code in (404, 422)
    assert client.get(TAGS).json()["total"] == 2


def test_an_expression_that_is_too_deep_is_refused(client: TestClient) -> None:
    expression: dict[str, Any] = {"tag": "initial-tag"}
    for depth in range(2, 400):
        expression = {"any_of": [expression]}
        if depth in (10, 11, 399):
            answer = client.post(f"{TAGS}:combine", json={"name": f"depth {depth}", "expression": expression})
            assert answer.status_code == (201 if depth == 10 else 422), answer.text


def test_the_log_lists_what_one_did_and_takes_it_back(client: TestClient) -> None:
    make(client, "vans", 1)
    applied = client.post(f"{TAGS}:apply", json={"selector": picked(2), "add": ["vans"]}).json()
    log = client.get("/api/datasets/vehicles-crops/operations").json()
    assert [entry["summary"] for entry in log["items"]] == ["added 1 sample to `vans`", "made tag `vans` of 1 sample"]
    refused = client.post(f"/api/operations/{log['items'][1]['id']}:undo")
    assert refused.status_code == 409
    assert "tag `vans` was changed since" in refused.json()["detail"]
    undone = client.post(f"/api/operations/{applied['operation_id']}:undo")
    assert (undone.status_code, undone.json()["is_undone"]) == (200, True)
    assert members(client, "vans") == [1]
    assert client.post(f"/api/operations/{applied['operation_id']}:redo").status_code == 200
    assert members(client, "vans") == [1, 2]


def test_who_does_not_see_a_dataset_finds_none_of_its_tags(client: TestClient, user_client: Fixture) -> None:
    operation = make(client, "vans", 1)["operation_id"]
    stranger = user_client(Scope.MEMBER, "anna")
    for answer in (
        stranger.get(TAGS),
        stranger.get(f"{TAGS}/vans"),
        stranger.get(f"{TAGS}/vans/members.bin"),
        stranger.post(TAGS, json={"name": "mine", "selector": {}}),
        stranger.post(f"{TAGS}:apply", json={"selector": {}, "add": ["mine"]}),
        stranger.delete(f"{TAGS}/vans"),
        stranger.get("/api/datasets/vehicles-crops/operations"),
        stranger.post(f"/api/operations/{operation}:undo"),
        stranger.post("/api/operations/nothing:undo"),
    ):
        assert answer.status_code == 404, answer.request.url
    assert client.get(TAGS).json()["total"] == 2


def test_who_may_only_look_changes_nothing(client: TestClient, user_client: Fixture) -> None:
    operation = make(client, "vans", 1)["operation_id"]
    reader = user_client(Scope.READ_ONLY, "local")
    assert reader.get(f"{TAGS}/vans").status_code == 200
    for answer in (
        reader.post(TAGS, json={"name": "mine", "selector": {}}),
        reader.post(f"{TAGS}:apply", json={"selector": {}, "add": ["mine"]}),
        reader.patch(f"{TAGS}/vans", json={"name": "cars"}),
        reader.delete(f"{TAGS}/vans"),
        reader.post(f"/api/operations/{operation}:undo"),
    ):
        assert answer.status_code == 403, answer.request.url
    assert client.get(TAGS).json()["total"] == 2
