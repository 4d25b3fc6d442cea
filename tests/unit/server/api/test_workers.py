from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.runs import RunState
from swath.server.services import Services
from swath.store import runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.users import find_user
from swath.store.workers import record_sign_of_life

Fixture = Any  # of conftest.py: UserClient


def register(client: TestClient, name: str = "w", **said: Any) -> dict[str, Any]:
    answer = client.post("/api/workers", json={"name": name, **said})
    assert answer.status_code == 200, answer.text
    worker: dict[str, Any] = answer.json()
    return worker


def schedule(client: TestClient, store: Store, owner: str, dataset: str = "vehicles") -> str:
    with store.writing() as connection:
        planned = plan_image_dataset(
            connection,
            owner_id=find_user(connection, owner).id,
            name=dataset,
            input_uri="/nowhere",
            output_uri="/nowhere",
        )
        create_dataset(connection, planned, now=now_ms())
    request = {"dataset": dataset, "selection": {"n_samples": 1, "unit": "images"}}
    run_id: str = client.post("/api/runs", json=request).json()["id"]
    return run_id


def claim(client: TestClient, worker: dict[str, Any], **request: Any) -> dict[str, Any] | None:
    answer = client.post(f"/api/workers/{worker['id']}/claim", json=request)
    assert answer.status_code == 200, answer.text
    assignment: dict[str, Any] | None = answer.json()["assignment"]
    return assignment


def test_a_worker_says_who_it_is(user_client: Fixture) -> None:
    anna = user_client(Scope.WORKER, "anna")
    worker = register(anna, labels=["gpu"], version="1.2", host_name="box", details={"cores": 8})
    assert (worker["state"], worker["labels"], worker["details"]) == ("idle", ["gpu"], {"cores": 8})
    assert anna.get(f"/api/workers/{worker['id']}").json()["version"] == "1.2"
    assert anna.get("/api/workers").json()["total"] == 1
    assert register(anna, labels=[])["id"] == worker["id"]


def test_workers_of_others_are_not_there_but_for_an_owner(user_client: Fixture) -> None:
    anna, ben = user_client(Scope.MEMBER, "anna"), user_client(Scope.MEMBER, "ben")
    owner = user_client(Scope.OWNER, "local")
    worker = register(anna)
    assert ben.get("/api/workers").json()["total"] == 0
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"is_draining": True}),
        ("DELETE", "", None),
        ("POST", "/claim", {}),
        ("POST", "/heartbeat", {}),
    ):
        answer = ben.request(method, f"/api/workers/{worker['id']}{path}", json=body)
        assert answer.status_code == 404, path
    assert owner.get("/api/workers").json()["total"] == 1
    assert owner.patch(f"/api/workers/{worker['id']}", json={"is_draining": True}).status_code == 200
    # An owner manages workers of others, but is none of them.
    assert owner.post(f"/api/workers/{worker['id']}/claim", json={}).status_code == 404


@pytest.mark.parametrize("worker", ["nope", "f" * 24])
def test_a_worker_that_is_not_there_is_not_found(user_client: Fixture, worker: str) -> None:
    client = user_client(Scope.OWNER, "local")
    assert client.get(f"/api/workers/{worker}").status_code == 404
    assert client.post(f"/api/workers/{worker}/claim", json={}).status_code == 404


def test_a_run_is_claimed_once(user_client: Fixture, store: Store, services: Services) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    assert claim(anna, worker) is None
    run_id = schedule(anna, store, "anna")
    assignment = claim(anna, worker)
    assert assignment is not None
    assert (assignment["run_id"], assignment["lease"], assignment["kind"]) == (run_id, 1, "object-level")
    assert assignment["lease_seconds"] == services.options.worker_timeout_s
    assert assignment["config"]["selection"]["unit"] == "images"
    assert claim(anna, worker) is None
    held = anna.get(f"/api/workers/{worker['id']}").json()
    assert (held["state"], held["runs"]) == ("busy", [run_id])
    run = anna.get(f"/api/runs/{run_id}").json()
    assert (run["state"], run["worker"]) == ("STARTED", {"id": worker["id"], "name": "w"})
    assert anna.delete(f"/api/workers/{worker['id']}").status_code == 409


@pytest.mark.parametrize(
    ("scope", "user", "serves_anna"),
    [
        (Scope.OWNER, "local", True),
        (Scope.WORKER, "local", True),
        (Scope.MEMBER, "local", False),
        (Scope.WORKER, "ben", False),
        (Scope.WORKER, "anna", True),
        (Scope.MEMBER, "anna", True),
        (Scope.OWNER, "ben", True),
    ],
)
def test_whom_a_worker_serves(user_client: Fixture, store: Store, scope: Scope, user: str, serves_anna: bool) -> None:
    run_id = schedule(user_client(Scope.MEMBER, "anna"), store, "anna")
    client = user_client(scope, user)
    assignment = claim(client, register(client))
    assert (None if assignment is None else assignment["run_id"]) == (run_id if serves_anna else None)


def test_a_named_run_is_claimed_or_refused(user_client: Fixture, store: Store) -> None:
    anna, ben = user_client(Scope.MEMBER, "anna"), user_client(Scope.MEMBER, "ben")
    schedule(anna, store, "anna", "first")
    named = schedule(anna, store, "anna", "second")
    worker = register(anna)
    assignment = claim(anna, worker, run_id=named)
    assert assignment is not None
    assert assignment["run_id"] == named
    assert anna.post(f"/api/workers/{worker['id']}/claim", json={"run_id": named}).status_code == 409
    answer = ben.post(f"/api/workers/{register(ben)['id']}/claim", json={"run_id": named})
    assert answer.status_code == 404
    assert anna.post(f"/api/workers/{worker['id']}/claim", json={"run_id": "x"}).status_code == 422


def test_a_draining_worker_gets_no_run_until_it_registers_again(user_client: Fixture, store: Store) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    schedule(anna, store, "anna")
    drained = anna.patch(f"/api/workers/{worker['id']}", json={"is_draining": True}).json()
    assert drained["state"] == "draining"
    assert claim(anna, worker) is None
    assert anna.post(f"/api/workers/{worker['id']}/heartbeat", json={}).json()["is_draining"] is True
    register(anna)
    assert claim(anna, worker) is not None


def test_a_token_of_a_worker_does_not_drain(user_client: Fixture) -> None:
    client = user_client(Scope.WORKER, "anna")
    worker = register(client)
    assert client.patch(f"/api/workers/{worker['id']}", json={"is_draining": True}).status_code == 403


def test_a_worker_that_is_not_heard_of_is_offline(user_client: Fixture, store: Store, services: Services) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    with store.writing() as connection:
        record_sign_of_life(
            connection, worker["id"], now=now_ms() - round(services.options.worker_timeout_s * 1000) - 1000
        )
    assert anna.get(f"/api/workers/{worker['id']}").json()["state"] == "offline"
    anna.post(f"/api/workers/{worker['id']}/heartbeat", json={})
    assert anna.get(f"/api/workers/{worker['id']}").json()["state"] == "idle"


def test_asking_for_work_is_a_sign_of_life(user_client: Fixture, store: Store) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    with store.writing() as connection:
        record_sign_of_life(connection, worker["id"], now=0)
    assert claim(anna, worker) is None
    assert anna.get(f"/api/workers/{worker['id']}").json()["state"] == "idle"


def test_a_heartbeat_tells_what_was_lost_and_what_was_cancelled(user_client: Fixture, store: Store) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    run_id = schedule(anna, store, "anna")
    claim(anna, worker)
    anna.post(f"/api/runs/{run_id}:cancel")
    beat = anna.post(
        f"/api/workers/{worker['id']}/heartbeat",
        json={"held": [{"run_id": run_id, "lease": 1}, {"run_id": run_id, "lease": 2}]},
    ).json()
    assert beat == {"is_draining": False, "lost": [run_id], "cancelled": [run_id]}


def test_a_worker_that_was_removed_is_not_there(user_client: Fixture) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    worker = register(anna)
    assert anna.delete(f"/api/workers/{worker['id']}").status_code == 204
    assert anna.post(f"/api/workers/{worker['id']}/heartbeat", json={}).status_code == 404


def test_a_run_that_cannot_begin_is_closed_when_it_is_claimed(user_client: Fixture, store: Store) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    run_id = schedule(anna, store, "anna")
    with store.writing() as connection:
        run = runs.find_run(connection, run_id)
        connection.execute(
            runs.schema.runs.update().where(runs.schema.runs.c.id == run.id).values(image_dataset_id="f" * 24)
        )
    assert claim(anna, register(anna)) is None
    run_document = anna.get(f"/api/runs/{run_id}").json()
    assert (run_document["state"], run_document["message"]) == (
        RunState.FAILED,
        "dataset `vehicles` is not there any more",
    )


@pytest.mark.parametrize(
    "said", [{"name": ""}, {"name": " w"}, {"labels": ["a b"]}, {"labels": "gpu"}, {"details": [1]}, {"what": 1}]
)
def test_what_a_worker_cannot_say_is_refused(user_client: Fixture, said: dict[str, Any]) -> None:
    client = user_client(Scope.WORKER, "anna")
    assert client.post("/api/workers", json={"name": "w", **said}).status_code == 422
