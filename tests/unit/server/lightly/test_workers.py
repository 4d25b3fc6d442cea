from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FacadeClient
from tests.unit.server.lightly.scheduling import claim, dataset, error_of, folder, options, schedule

from swath.core.access import Scope
from swath.store import workers
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.users import find_user

__all__ = ["dataset", "folder", "options"]

UNKNOWN = "0" * 24


def announce(client: TestClient, name: str = "Default", **body: Any) -> str:
    answer = client.post("/docker/worker", json={"name": name, "workerType": "FULL", **body})
    assert answer.status_code == 201, answer.text
    worker_id: str = answer.json()["id"]
    return worker_id


def start(store: Store, name: str, *labels: str) -> None:
    """As a process does that becomes a worker of anna."""
    with store.writing() as connection:
        owner = find_user(connection, "anna").id
        workers.register_worker(
            connection, owner_id=owner, name=name, labels=labels, version="1.2", host_name="box", now=now_ms()
        )


def test_an_announced_worker_is_offline_until_a_process_starts(facade: TestClient, store: Store) -> None:
    worker_id = announce(facade, labels=["gpu"], creator="USER_PIP")
    found = facade.get(f"/docker/worker/{worker_id}").json()
    assert {**found, "userId": "", "createdAt": 0, "lastModifiedAt": 0} == {
        "id": worker_id,
        "userId": "",
        "name": "Default",
        "workerType": "FULL",
        "state": "OFFLINE",
        "createdAt": 0,
        "lastModifiedAt": 0,
        "labels": ["gpu"],
    }
    start(store, "Default")
    found = facade.get(f"/docker/worker/{worker_id}").json()
    assert (found["state"], found["labels"], found["dockerVersion"]) == ("IDLE", [], "1.2")


def test_the_same_name_is_the_same_worker_and_changes_nothing_about_one_that_runs(
    facade: TestClient, store: Store
) -> None:
    worker_id = announce(facade, "w one", labels=["a"])
    assert announce(facade, "w one") == worker_id
    assert facade.get(f"/docker/worker/{worker_id}").json()["labels"] == ["a"]
    assert announce(facade, "w one", labels=["b"]) == worker_id
    assert facade.get(f"/docker/worker/{worker_id}").json()["labels"] == ["b"]
    start(store, "w one", "c")
    assert announce(facade, "w one", labels=["d"]) == worker_id
    assert facade.get(f"/docker/worker/{worker_id}").json()["labels"] == ["c"]
    assert announce(facade, "w two") != worker_id


def test_a_worker_that_has_a_run_is_busy_and_cannot_be_forgotten(
    facade: TestClient, store: Store, dataset: str, folder: Path
) -> None:
    run_id = schedule(facade, dataset)
    claim(store, run_id)
    (worker,) = facade.get("/docker/worker").json()
    assert (worker["name"], worker["state"]) == ("worker-w1", "BUSY")
    assert error_of(facade.delete(f"/docker/worker/{worker['id']}")) == (422, "ILLEGAL_ACTION_RESOURCE_IN_USE")


def test_a_worker_can_be_forgotten(facade: TestClient) -> None:
    worker_id = announce(facade)
    assert facade.request("DELETE", f"/docker/worker/{worker_id}", json={}).status_code == 204
    assert facade.get("/docker/worker").json() == []
    assert error_of(facade.delete(f"/docker/worker/{worker_id}")) == (404, "DOCKER_WORKER_UNKNOWN")


def test_names_of_workers_are_names_that_strict_clients_read(facade: TestClient, store: Store) -> None:
    start(store, "box.example.org")
    start(store, "w")
    names = {worker["name"] for worker in facade.get("/docker/worker").json()}
    assert names == {"box-example-org", "worker-w"}


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a/b"},
        {"name": "ab"},
        {"name": "a" * 201},
        {"workerType": "FULL"},
        {"name": "abc", "workerType": "HALF"},
    ],
)
def test_what_is_no_worker_is_malformed(facade: TestClient, body: Any) -> None:
    assert error_of(facade.post("/docker/worker", json=body)) == (400, "MALFORMED_REQUEST")


def test_workers_of_others_are_not_there_but_for_an_owner(facade: TestClient, facade_client: FacadeClient) -> None:
    worker_id = announce(facade)
    other = facade_client(user="berta")
    assert other.get("/docker/worker").json() == []
    assert error_of(other.get(f"/docker/worker/{worker_id}")) == (404, "DOCKER_WORKER_UNKNOWN")
    assert error_of(other.delete(f"/docker/worker/{worker_id}")) == (404, "DOCKER_WORKER_UNKNOWN")
    owner = facade_client(Scope.OWNER, "local")
    assert [worker["id"] for worker in owner.get("/docker/worker").json()] == [worker_id]
    for unknown in (UNKNOWN, "odd"):
        assert error_of(owner.get(f"/docker/worker/{unknown}")) == (404, "DOCKER_WORKER_UNKNOWN")
