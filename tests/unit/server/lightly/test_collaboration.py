from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.testing.session_contract import make_additions

BERT = "bert@example.com"


@pytest.fixture
def bert(facade_client: FacadeClient) -> TestClient:
    return facade_client(user=BERT)


@pytest.fixture
def dataset_id(facade: TestClient) -> str:
    return str(facade.post("/datasets", json={"name": "photos"}).json()["id"])


def share(facade: TestClient, dataset_id: str, *users: str, **fields: Any) -> Any:
    body = {"accessType": "WRITE", "users": list(users), "creator": "USER_PIP", **fields}
    return facade.post(f"/datasets/{dataset_id}/collaboration/access", json=body)


def shared_with(facade: TestClient, dataset_id: str) -> list[str]:
    entries = facade.get(f"/datasets/{dataset_id}/collaboration/access").json()
    return [user for entry in entries for user in entry["users"]]


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_dataset_is_shared_with_an_address(facade: TestClient, bert: TestClient, dataset_id: str) -> None:
    answer = share(facade, dataset_id, BERT)

    assert (answer.status_code, set(answer.json())) == (201, {"id"})
    [entry] = facade.get(f"/datasets/{dataset_id}/collaboration/access").json()
    assert set(entry) == {"id", "owner", "accessType", "users", "teams", "createdAt", "lastModifiedAt"}
    assert (entry["accessType"], entry["users"], entry["teams"]) == ("WRITE", [BERT], [])
    [seen] = bert.get("/datasets", params={"shared": "True"}).json()
    assert (seen["id"], seen["accessType"]) == (dataset_id, "WRITE")
    assert bert.get("/datasets").json() == []


def test_the_list_is_replaced_as_a_whole(facade: TestClient, facade_client: FacadeClient, dataset_id: str) -> None:
    for user in ("bert", "cleo", "dora"):
        facade_client(user=user)
    share(facade, dataset_id, "bert", "cleo")
    share(facade, dataset_id, "cleo", "dora", "anna")

    assert shared_with(facade, dataset_id) == ["cleo", "dora"]
    share(facade, dataset_id)
    assert shared_with(facade, dataset_id) == []


def test_somebody_unknown_is_named_and_nothing_changes(facade: TestClient, bert: TestClient, dataset_id: str) -> None:
    share(facade, dataset_id, BERT)

    answer = share(facade, dataset_id, "nobody@example.com")
    assert error_of(answer) == (404, "USER_NOT_KNOWN")
    assert "`nobody@example.com`" in answer.json()["error"]
    assert shared_with(facade, dataset_id) == [BERT]
    assert error_of(share(facade, dataset_id, BERT, teams=["all"])) == (404, "TEAM_UNKNOWN")


def test_the_list_is_deleted_by_its_id(facade: TestClient, bert: TestClient, dataset_id: str) -> None:
    access = share(facade, dataset_id, BERT).json()["id"]

    path = f"/datasets/{dataset_id}/collaboration/access"
    assert error_of(facade.delete(f"{path}/0123456789abcdef01234567")) == (404, "ACCESS_CONTROL_UNKNOWN")
    assert facade.delete(f"{path}/{access}").status_code == 204
    assert shared_with(facade, dataset_id) == []


def test_only_the_owner_shares(facade: TestClient, bert: TestClient, dataset_id: str) -> None:
    assert error_of(share(bert, dataset_id)) == (404, "DATASET_UNKNOWN")
    share(facade, dataset_id, BERT)

    assert error_of(share(bert, dataset_id)) == (403, "FORBIDDEN")
    assert error_of(bert.delete(f"/datasets/{dataset_id}")) == (403, "FORBIDDEN")
    assert shared_with(bert, dataset_id) == [BERT]


def test_crops_are_shared_with_their_images(facade: TestClient, bert: TestClient, commit_run: CommitRun) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna")
    crops, images = facade.get("/datasets").json()
    share(facade, images["id"], BERT)

    assert shared_with(facade, crops["id"]) == [BERT]
    answer = share(facade, crops["id"], BERT)
    assert error_of(answer) == (409, "CONFLICT")
    assert "`vehicles`" in answer.json()["error"]
