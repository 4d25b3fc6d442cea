from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient

VIEWS = "/api/datasets/vehicles-crops/views"


@pytest.fixture(autouse=True)
def dataset(commit_run: Fixture) -> None:
    """A crops dataset of six samples, half of them big wheels."""
    commit_run(make_additions({"a.jpg": 6}))


def rule(**changes: Any) -> dict[str, Any]:
    return {"filter": {"categories": ["big wheel"]}, "sort": {"key": "score"}, "page": {"tile": 128}, **changes}


def make(client: TestClient, name: str = "big wheels", **changes: Any) -> dict[str, Any]:
    answer = client.post(VIEWS, json={"name": name, "rule": rule(**changes)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_view_is_saved_counted_replaced_and_deleted(client: TestClient) -> None:
    made = make(client)
    assert (made["name"], made["user_name"], made["count"]) == ("big wheels", "local", None)
    assert made["rule"]["page"] == {"tile": 128}
    assert made["rule"]["filter"]["categories"] == ["big wheel"]
    assert client.get(f"/api/views/{made['id']}").json() == made
    assert client.get(f"/api/views/{made['id']}", params={"count": True}).json()["count"] == 3
    listed = client.get(VIEWS, params={"count": True}).json()
    assert [(view["name"], view["count"]) for view in listed["items"]] == [("big wheels", 3)]
    replaced = client.put(f"/api/views/{made['id']}", json={"name": "all", "rule": {}})
    assert (replaced.json()["name"], replaced.json()["rule"]["page"]) == ("all", {})
    assert client.get(f"/api/views/{made['id']}", params={"count": True}).json()["count"] == 6
    assert client.delete(f"/api/views/{made['id']}").status_code == 204
    assert client.get(f"/api/views/{made['id']}").status_code == 404


def test_a_view_whose_filter_names_what_is_gone_says_so(client: TestClient) -> None:
    made = make(client, filter={"tags": {"any_of": ["vans"]}})
    counted = client.get(f"/api/views/{made['id']}", params={"count": True}).json()
    assert counted["count"] is None
    assert counted["problem"] == "there is no tag `vans` in this dataset"
    assert client.get(VIEWS, params={"count": True}).json()["items"][0]["problem"] == counted["problem"]


def test_a_view_can_be_what_a_tag_is_made_of(client: TestClient) -> None:
    made = make(client)
    tag = client.post(
        "/api/datasets/vehicles-crops/tags",
        json={"name": "big ones", "selector": {"all_of": [{"view_id": made["id"]}]}},
    )
    assert tag.json()["tag"]["size"] == 3


@pytest.mark.parametrize(
    "request_body",
    [
        {"name": "x", "rule": {"filter": {"color": "red"}}},
        {"name": "x", "rule": {"sort": {"key": "distance"}}},
        {"name": "x", "rule": {"page": {"notes": "a" * 70_000}}},
        {"name": "   ", "rule": {}},
        {"name": "a\nb", "rule": {}},
        {"rule": {}},
    ],
)
def test_a_view_that_cannot_be_is_refused(client: TestClient, request_body: dict[str, Any]) -> None:
    assert client.post(VIEWS, json=request_body).status_code == 422
    assert client.get(VIEWS).json()["total"] == 0


def test_a_name_is_taken_once(client: TestClient) -> None:
    make(client)
    assert client.post(VIEWS, json={"name": "big wheels", "rule": {}}).status_code == 409


def test_who_does_not_see_a_dataset_finds_none_of_its_views(client: TestClient, user_client: Fixture) -> None:
    made = make(client)
    stranger = user_client(Scope.MEMBER, "anna")
    for answer in (
        stranger.get(VIEWS),
        stranger.post(VIEWS, json={"name": "mine", "rule": {}}),
        stranger.get(f"/api/views/{made['id']}"),
        stranger.put(f"/api/views/{made['id']}", json={"name": "mine", "rule": {}}),
        stranger.delete(f"/api/views/{made['id']}"),
        stranger.get("/api/views/nothing"),
    ):
        assert answer.status_code == 404, answer.request.url
    assert client.get(f"/api/views/{made['id']}").json() == made
