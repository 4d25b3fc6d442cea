"""What tests of schedules, runs and workers share: a datasource, a dataset on it, and runs that somebody takes up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.core.runs import RunState
from swath.server.services import ServerOptions
from swath.store import queue, runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.runs import Run
from swath.store.users import find_user
from swath.store.workers import register_worker

OBJECT_LEVEL = {
    "object_level": {"task_name": "wheels"},
    "enable_corruptness_check": True,
    "method": "coreset",
    "stopping_condition": {"n_samples": 0.1, "min_distance": -1},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A datasource with the predictions of two tasks, one of them without boxes."""
    folder = tmp_path / "data"
    predictions = folder / ".lightly" / "predictions"
    for task, kind in (("wheels", "object-detection"), ("weather", "classification")):
        (predictions / task).mkdir(parents=True)
        schema = {"task_type": kind, "categories": [{"id": 0, "name": "one"}]}
        (predictions / task / "schema.json").write_text(json.dumps(schema))
    (predictions / "tasks.json").write_text('["wheels", "weather", "doors"]')
    return folder


@pytest.fixture
def options(folder: Path) -> ServerOptions:
    return ServerOptions(roots=(folder.parent,))


@pytest.fixture
def dataset(facade: TestClient, folder: Path) -> str:
    """The id of anna's empty dataset on the datasource."""
    return make_dataset(facade, folder)


def make_dataset(client: TestClient, folder: Path, name: str = "vehicles") -> str:
    made = client.post("/datasets", json={"name": name, "type": "Images"})
    assert made.status_code == 201, made.text
    dataset_id: str = made.json()["id"]
    config = {"type": "LOCAL", "fullPath": folder.name, "purpose": "INPUT_OUTPUT"}
    answer = client.put(f"/datasets/{dataset_id}/datasource", json=config)
    assert answer.status_code == 204, answer.text
    return dataset_id


def post_config(client: TestClient, docker: Any = None, *, path: str = "", **parts: Any) -> str:
    body: dict[str, Any] = {"config": {"workerType": "FULL", "docker": docker, **parts}}
    if path == "/vX":
        body["version"] = "V4"
    answer = client.post(f"/docker/worker/config{path}", json=body)
    assert answer.status_code == 201, answer.text
    config_id: str = answer.json()["id"]
    return config_id


def try_schedule(
    client: TestClient, dataset: str, docker: Any = None, *, path: str = "", params: Any = None, **body: Any
) -> Any:
    parts = {name: body.pop(name) for name in ("selection", "lightly") if name in body}
    config_id = post_config(client, OBJECT_LEVEL if docker is None else docker, path=path, **parts)
    wanted = {"configId": config_id, "priority": "MID", **body}
    return client.post(f"/datasets/{dataset}/docker/worker/schedule", json=wanted, params=params)


def schedule(client: TestClient, dataset: str, docker: Any = None, **body: Any) -> str:
    answer = try_schedule(client, dataset, docker, **body)
    assert answer.status_code == 201, answer.text
    assert list(answer.json()) == ["id"]
    scheduled_id: str = answer.json()["id"]
    return scheduled_id


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def run_of(store: Store, run_id: str) -> Run:
    with store.reading() as connection:
        return runs.find_run(connection, run_id)


def claim(store: Store, run_id: str) -> int:
    """Let a worker take up a run. Returns its lease."""
    with store.writing() as connection:
        owner = find_user(connection, "anna").id
        worker = register_worker(connection, owner_id=owner, name="w1", labels=["gpu"], now=now_ms())
        claimed = queue.claim_run(
            connection, worker, serves_everybody=False, now=now_ms(), lease_ms=60_000, only_run_id=run_id
        )
    assert claimed.claim is not None
    return claimed.claim.run.lease


def finish(store: Store, run_id: str, state: RunState = RunState.COMPLETED) -> None:
    with store.writing() as connection:
        runs.finish_run(connection, run_id, state, message="over", result=None)
