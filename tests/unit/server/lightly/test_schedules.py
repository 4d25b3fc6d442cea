"""Scheduling runs with worker configurations, and what becomes of scheduled runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FacadeClient
from tests.unit.server.lightly.scheduling import (
    OBJECT_LEVEL,
    claim,
    dataset,
    error_of,
    finish,
    folder,
    make_dataset,
    options,
    post_config,
    run_of,
    schedule,
    try_schedule,
)

from swath.core.access import Scope
from swath.core.runs import RunState
from swath.store import queue
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import dataset_by_id
from swath.store.sharing import share_dataset
from swath.store.users import find_user
from swath.testing.session_contract import make_additions

__all__ = ["dataset", "folder", "options"]

Fixture = Any  # of conftest.py: CommitRun


def scheduled(client: TestClient, dataset: str, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/datasets/{dataset}/docker/worker/schedule", params=params)
    assert answer.status_code == 200, answer.text
    documents: list[dict[str, Any]] = answer.json()
    return documents


def test_a_configuration_becomes_a_run_that_waits(facade: TestClient, dataset: str, store: Store, folder: Path) -> None:
    scheduled_id = schedule(facade, dataset, priority="HIGH", runsOn=["gpu"], creator="USER_PIP")
    run = run_of(store, scheduled_id)
    config = json.loads(run.config)
    assert (run.state, run.priority, run.runs_on, run.task) == (RunState.QUEUED, 10, '["gpu"]', "wheels")
    assert config["datasource"]["location"] == str(folder)
    assert (config["selection"]["n_samples"], config["selection"]["unit"]) == (0.1, "objects")
    assert run.worker_config_id is not None


def test_a_scheduled_run_looks_as_clients_expect(facade: TestClient, dataset: str, store: Store) -> None:
    scheduled_id = schedule(facade, dataset, priority="CRITICAL", runsOn=["gpu", "big"])
    run = run_of(store, scheduled_id)
    assert scheduled(facade, dataset) == [
        {
            "id": scheduled_id,
            "datasetId": dataset,
            "userId": run.owner_id,
            "configId": run.worker_config_id,
            "priority": "CRITICAL",
            "runsOn": ["big", "gpu"],
            "state": "OPEN",
            "createdAt": run.created_at,
            "lastModifiedAt": run.created_at,
        }
    ]


def test_a_scheduled_run_is_listed_until_it_is_over(facade: TestClient, dataset: str, store: Store) -> None:
    scheduled_id = schedule(facade, dataset)
    claim(store, scheduled_id)
    assert [(run["id"], run["state"]) for run in scheduled(facade, dataset)] == [(scheduled_id, "LOCKED")]
    assert scheduled(facade, dataset, state="OPEN") == []
    finish(store, scheduled_id)
    assert scheduled(facade, dataset) == []
    assert [run["state"] for run in scheduled(facade, dataset, state="DONE")] == ["DONE"]
    assert [run["state"] for run in scheduled(facade, dataset, states=["DONE", "OPEN"])] == ["DONE"]


def test_a_run_whose_worker_died_stays_locked(facade: TestClient, dataset: str, store: Store) -> None:
    scheduled_id = schedule(facade, dataset)
    claim(store, scheduled_id)
    with store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 120_000)
    assert run_of(store, scheduled_id).state is RunState.QUEUED
    assert [run["state"] for run in scheduled(facade, dataset)] == ["LOCKED"]
    assert facade.get(f"/docker/runs/schedule/{scheduled_id}").json()["state"] == "STARTED"


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"json": {"state": "CANCELED"}}])
def test_a_run_that_waits_can_be_cancelled_once(
    facade: TestClient, dataset: str, store: Store, body: dict[str, Any]
) -> None:
    scheduled_id = schedule(facade, dataset)
    path = f"/datasets/{dataset}/docker/worker/schedule/{scheduled_id}"
    assert facade.put(path, **body).status_code == 204
    assert scheduled(facade, dataset) == []
    assert [run["state"] for run in scheduled(facade, dataset, state="CANCELED")] == ["CANCELED"]
    assert run_of(store, scheduled_id).state is RunState.ABORTED
    assert error_of(facade.put(path, json={"state": "CANCELED"})) == (422, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")
    assert error_of(facade.get(f"/docker/runs/schedule/{scheduled_id}")) == (404, "DOCKER_RUN_UNKNOWN")


def test_a_run_that_is_under_way_is_not_cancelled_by_its_schedule(
    facade: TestClient, dataset: str, store: Store
) -> None:
    scheduled_id = schedule(facade, dataset)
    claim(store, scheduled_id)
    path = f"/datasets/{dataset}/docker/worker/schedule/{scheduled_id}"
    assert error_of(facade.put(path, json={"state": "CANCELED"})) == (422, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")
    assert error_of(facade.put(path, json={"state": "DONE"})) == (422, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")
    assert not run_of(store, scheduled_id).cancel_requested
    unknown = f"/datasets/{dataset}/docker/worker/schedule/{'0' * 24}"
    assert error_of(facade.put(unknown, json={"state": "CANCELED"})) == (404, "DOCKER_WORKER_SCHEDULE_UNKNOWN")


def test_a_script_that_is_run_again_while_its_first_run_waits_schedules_another(
    facade: TestClient, dataset: str, store: Store, folder: Path
) -> None:
    keys = {"s3Region": "eu-central-1", "s3AccessKeyId": "KEY", "s3SecretAccessKey": "SECRET"}
    bucket = {"type": "S3", "fullPath": "s3://bucket/input/", **keys}
    local = {"type": "LOCAL", "fullPath": folder.name}
    scheduled_ids = set()
    for _ in range(2):
        for config in (bucket, local):
            for purpose in ("INPUT", "LIGHTLY"):
                answer = facade.put(f"/datasets/{dataset}/datasource", json={**config, "purpose": purpose})
                assert answer.status_code == 204, answer.text
        scheduled_ids.add(schedule(facade, dataset))
    assert {run["id"] for run in scheduled(facade, dataset)} == scheduled_ids
    assert {run_of(store, run_id).input_uri for run_id in scheduled_ids} == {str(folder)}


def test_scheduled_runs_of_all_datasets_are_listed(facade: TestClient, dataset: str, folder: Path) -> None:
    other = make_dataset(facade, folder, "others")
    expected = {schedule(facade, dataset), schedule(facade, other)}
    assert {run["id"] for run in facade.get("/docker/worker/schedule", params={"state": "OPEN"}).json()} == expected
    assert facade.get("/docker/worker/schedule", params={"state": "DONE"}).json() == []


# --- what cannot be scheduled, in the order it is looked at ---------------------------------------------------------


def test_a_dataset_that_is_not_there_is_not_found(facade: TestClient) -> None:
    assert error_of(try_schedule(facade, "0" * 24)) == (404, "DATASET_UNKNOWN")
    assert error_of(try_schedule(facade, "vehicles")) == (404, "DATASET_UNKNOWN")


@pytest.mark.parametrize("config_id", ["0" * 24, "x", ""])
def test_a_configuration_that_is_not_there_is_not_found(facade: TestClient, dataset: str, config_id: str) -> None:
    wanted = {"configId": config_id, "priority": "MID"}
    answer = facade.post(f"/datasets/{dataset}/docker/worker/schedule", json=wanted)
    assert error_of(answer) == (404, "DOCKER_WORKER_CONFIG_UNKNOWN")


def test_a_run_does_not_start_from_crops(facade: TestClient, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}), "vehicles", user="anna")
    ids = {dataset["type"]: dataset["id"] for dataset in facade.get("/datasets").json()}
    answer = try_schedule(facade, ids["Crops"])
    assert error_of(answer) == (422, "DATASET_NOT_SUPPORTED")
    assert "Schedule it on their image dataset `vehicles`" in answer.json()["error"]


def test_a_dataset_without_datasource_cannot_be_run(facade: TestClient) -> None:
    dataset = facade.post("/datasets", json={"name": "photos"}).json()["id"]
    assert error_of(try_schedule(facade, dataset)) == (422, "DATASET_DATASOURCE_UNKNOWN")


def test_only_the_owner_starts_runs(
    facade: TestClient, facade_client: FacadeClient, dataset: str, store: Store
) -> None:
    other = facade_client(user="berta")
    assert error_of(try_schedule(other, dataset)) == (404, "DATASET_UNKNOWN")
    with store.writing() as connection:
        found = dataset_by_id(connection, dataset)
        assert found is not None
        share_dataset(connection, found, find_user(connection, "berta"))
    assert error_of(try_schedule(other, dataset)) == (403, "FORBIDDEN")
    scheduled_id = schedule(facade, dataset)
    assert [run["id"] for run in scheduled(other, dataset)] == [scheduled_id]
    path = f"/datasets/{dataset}/docker/worker/schedule/{scheduled_id}"
    assert error_of(other.put(path, json={"state": "CANCELED"})) == (403, "FORBIDDEN")


def test_somebody_elses_configuration_is_not_there(
    facade: TestClient, facade_client: FacadeClient, dataset: str
) -> None:
    config_id = post_config(facade_client(user="berta"), OBJECT_LEVEL)
    wanted = {"configId": config_id, "priority": "MID"}
    answer = facade.post(f"/datasets/{dataset}/docker/worker/schedule", json=wanted)
    assert error_of(answer) == (404, "DOCKER_WORKER_CONFIG_UNKNOWN")


@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ({"enable_training": True}, ["`worker_config.enable_training` cannot be `True`"]),
        ({"pretagging": True}, ["`worker_config.pretagging`"]),
        ({"object_levels": {}}, ["there is no key", "Did you mean `worker_config.object_level"]),
        (
            {"method": "coral", "stopping_condition.n_samples": 5},
            ["`worker_config.active_learning.task_name` is missing"],
        ),
        ({"object_level": {"task_name": "wheels", "padding": float("1e300")}}, []),
    ],
)
def test_a_configuration_that_cannot_be_run_is_named(
    facade: TestClient, dataset: str, docker: Any, words: list[str]
) -> None:
    for params in ({}, {"disableConfigValidation": "True"}):
        answer = try_schedule(facade, dataset, docker, params=params)
        assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_INVALID")
        for word in words:
            assert word in answer.json()["error"]


@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ({"object_level": {"task_name": "wheel"}}, ["no prediction task `wheel`", "did you mean `wheels`?"]),
        ({"object_level": {"task_name": "doors"}}, ["has no `.lightly/predictions/doors/schema.json`"]),
        ({"object_level": {"task_name": "weather"}}, ["of type `classification`", "no boxes"]),
        ({"relevant_filenames_file": "names.txt"}, ["`.lightly/names.txt`, which does not exist"]),
    ],
)
def test_files_that_are_not_there_are_named_unless_nobody_wants_to_know(
    facade: TestClient, dataset: str, docker: Any, words: list[str]
) -> None:
    answer = try_schedule(facade, dataset, docker)
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    for word in words:
        assert word in answer.json()["error"]
    schedule(facade, dataset, docker, params={"disableConfigValidation": "True"})


def selecting(input_type: str, kind: str, *, source: Any = None, rule: Any = None) -> dict[str, Any]:
    entry = {"input": {"type": input_type, **(source or {})}, "strategy": {"type": kind, **(rule or {})}}
    return {"nSamples": 3, "strategies": [entry]}


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (
            selecting("SCORES", "WEIGHTS", source={"task": "wheel", "score": "uncertainty_margin"}),
            ["no prediction task `wheel`", "did you mean `wheels`?"],
        ),
        (
            selecting("SCORES", "WEIGHTS", source={"task": "weather", "score": "object_frequency"}),
            ["task `weather` is of type `classification`, which has no score `object_frequency`"],
        ),
        (
            selecting("SCORES", "WEIGHTS", source={"task": "wheels", "score": "objectness"}),
            ["no score `objectness`", "`objectness_least_confidence`"],
        ),
        (
            selecting("PREDICTIONS", "WEIGHTS", source={"task": "wheels", "categories": ["two"]}),
            ["task `wheels` has no category `two`", "`one`"],
        ),
        (
            selecting("PREDICTIONS", "BALANCE", source={"task": "weather"}, rule={"target": {"ones": 0.5}}),
            ["task `weather` has no category `ones`", "Did you mean `one`?"],
        ),
    ],
)
def test_tasks_that_strategies_name_have_what_they_ask_for(
    facade: TestClient, dataset: str, selection: Any, words: list[str]
) -> None:
    answer = try_schedule(facade, dataset, {}, path="/vX", selection=selection)
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    for word in words:
        assert word in answer.json()["error"]
    schedule(facade, dataset, {}, path="/vX", selection=selection, params={"disableConfigValidation": "True"})


@pytest.mark.parametrize(
    "selection",
    [
        selecting("SCORES", "WEIGHTS", source={"task": "weather", "score": "uncertainty_entropy"}),
        selecting("SCORES", "THRESHOLD", source={"task": "wheels", "score": "object_frequency"},
                  rule={"threshold": 0.95, "operation": "BIGGER"}),
        selecting("PREDICTIONS", "WEIGHTS", source={"task": "wheels", "categories": ["one"]}),
        selecting("PREDICTIONS", "BALANCE", source={"task": "weather"}, rule={"target": {"one": 1}}),
        selecting("METADATA", "WEIGHTS", source={"key": "lightly.width"}),
        selecting("EMBEDDINGS", "TYPICALITY", source={"task": "wheels"}),
    ],
)  # fmt: skip
def test_strategies_can_be_scheduled_on_every_input(facade: TestClient, dataset: str, selection: Any) -> None:
    schedule(facade, dataset, {}, path="/vX", selection=selection)


def test_metadata_that_strategies_go_by_must_be_known(
    facade: TestClient, dataset: str, folder: Path, store: Store
) -> None:
    by_lux = selecting("METADATA", "WEIGHTS", source={"key": "lux"})

    def refused() -> str:
        answer = try_schedule(facade, dataset, {}, path="/vX", selection=by_lux)
        assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
        return str(answer.json()["error"])

    assert "under `lux`: `.lightly/metadata/schema.json` does not exist, and no sample has it" in refused()
    (folder / ".lightly" / "metadata").mkdir()
    schema = folder / ".lightly" / "metadata" / "schema.json"
    schema.write_text(json.dumps([{"name": "Lux", "path": "luxx"}]))
    assert "does not list it, and no sample has it. Did you mean `luxx`?" in refused()
    schema.write_text(json.dumps([{"name": "Lux"}]))
    assert "$[0].path" in refused()
    schema.write_text(json.dumps([{"name": "Lux", "path": "lux"}]))
    schedule(facade, dataset, {}, path="/vX", selection=by_lux)


def test_metadata_of_samples_are_known(facade: TestClient, commit_run: Fixture, folder: Path) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna", input_uri=str(folder), output_uri=str(folder))
    dataset = next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles")
    (sample,) = facade.get(f"/datasets/{dataset}/samples").json()
    body = {"customMetaData": {"light": {"lux": 3}}}
    assert facade.put(f"/datasets/{dataset}/samples/{sample['id']}", json=body).status_code == 204
    schedule(facade, dataset, {}, path="/vX", selection=selecting("METADATA", "WEIGHTS", source={"key": "light.lux"}))


def test_samples_that_others_are_to_be_like_must_be_there(
    facade: TestClient, facade_client: FacadeClient, commit_run: Fixture, dataset: str, folder: Path
) -> None:
    commit_run(make_additions({"a.jpg": 1}), name="queries", user="anna")
    query = next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "queries")
    hidden = make_dataset(facade_client(user="boris"), folder, "of boris")

    def similar(dataset_id: str, tag: str) -> Any:
        source = {"datasetId": dataset_id, "tagName": tag}
        selection = selecting("EMBEDDINGS", "SIMILARITY", source=source)
        return try_schedule(facade, dataset, {}, path="/vX", selection=selection)

    assert similar(query, "initial-tag").status_code == 201
    for unknown in ((query, "dark"), (hidden, "initial-tag"), ("ab" * 12, "initial-tag"), (dataset, "initial-tag")):
        answer = similar(*unknown)
        assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_INVALID"), unknown
        assert answer.json()["error"].startswith("`selection_config.strategies[0].input`: ")


def test_crops_that_cannot_go_where_they_should_are_named(
    facade: TestClient, dataset: str, store: Store, folder: Path
) -> None:
    make_dataset(facade, folder, "taken")
    docker = {"object_level": {"task_name": "wheels", "crop_dataset_name": "taken"}}
    answer = try_schedule(facade, dataset, docker)
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_INVALID")
    assert "cannot go to dataset `taken`" in answer.json()["error"]
    assert scheduled(facade, dataset) == []


@pytest.mark.parametrize(
    "name", ["../secret.txt", ".lightly/../../secret.txt", "/etc/passwd", "a\0b", "x" * 5000, "\n"]
)
def test_a_list_of_files_lies_in_the_datasource_or_nowhere(
    facade: TestClient, dataset: str, folder: Path, name: str
) -> None:
    for place in (folder, folder.parent):
        (place / "secret.txt").write_text("a.jpg\n")
    answer = try_schedule(facade, dataset, {"relevant_filenames_file": name})
    if name.strip():
        assert answer.status_code == 422, answer.text
        assert "a.jpg" not in answer.text
    else:
        assert answer.status_code == 201


def test_a_list_of_files_that_names_nothing_is_named(facade: TestClient, dataset: str, folder: Path) -> None:
    (folder / ".lightly" / "names.txt").write_bytes(b"\xff\xfe")
    answer = try_schedule(facade, dataset, {"relevant_filenames_file": "names.txt"})
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")


def test_a_missing_list_of_tasks_is_named(facade: TestClient, dataset: str, folder: Path) -> None:
    (folder / ".lightly" / "predictions" / "tasks.json").unlink()
    answer = try_schedule(facade, dataset)
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    assert "tasks.json" in answer.json()["error"]


def test_a_broken_list_of_tasks_is_named(facade: TestClient, dataset: str, folder: Path) -> None:
    (folder / ".lightly" / "predictions" / "tasks.json").write_text("[1]")
    answer = try_schedule(facade, dataset)
    assert error_of(answer) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    assert "$[0]" in answer.json()["error"]


def test_a_datasource_that_is_gone_is_named(facade: TestClient, dataset: str, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    answer = try_schedule(facade, dataset)
    assert answer.status_code == 422
    assert answer.json()["code"].startswith("DATASET_DATASOURCE")


def test_what_is_no_schedule_is_malformed(facade: TestClient, dataset: str) -> None:
    for odd in ({"priority": "URGENT"}, {"runsOn": ["a b"]}, {"configId": None}):
        config = {"configId": post_config(facade), "priority": "MID", **odd}
        answer = facade.post(f"/datasets/{dataset}/docker/worker/schedule", json=config)
        assert error_of(answer) == (400, "MALFORMED_REQUEST"), odd


# --- generations ----------------------------------------------------------------------------------------------------


def test_all_generations_can_be_scheduled(facade: TestClient, dataset: str, store: Store) -> None:
    by_objects = {
        "nSamples": 3,
        "strategies": [{"input": {"type": "EMBEDDINGS", "task": "wheels"}, "strategy": {"type": "DIVERSITY"}}],
    }
    old = {"objectLevel": {"taskName": "wheels"}, "stoppingCondition": {"nSamples": 3.0, "minDistance": -1.0}}
    of_generation = {
        "": schedule(facade, dataset, {"object_level": {"task_name": "wheels"}}, selection=by_objects),
        "/v2": schedule(facade, dataset, old, path="/v2"),
        "/v3": schedule(facade, dataset, {}, path="/v3", selection=by_objects),
        "/vX": schedule(facade, dataset, {}, path="/vX", selection={**by_objects, "autoTasks": []}),
    }
    selections = {path: json.loads(run_of(store, run_id).config) for path, run_id in of_generation.items()}
    assert {path: config["selection"]["n_samples"] for path, config in selections.items()} == dict.fromkeys(
        of_generation, 3
    )
    assert [config["selection"]["unit"] for config in selections.values()] == ["objects", "objects", "images", "images"]
    assert {config["object_level"]["task_name"] for config in selections.values()} == {"wheels"}


def test_a_schedule_without_a_word_keeps_all_images(facade: TestClient, dataset: str, store: Store) -> None:
    answer = facade.post("/docker/worker/config", json={"config": {"workerType": "FULL"}})
    wanted = {"configId": answer.json()["id"], "priority": "MID"}
    scheduled_id = facade.post(f"/datasets/{dataset}/docker/worker/schedule", json=wanted).json()["id"]
    config = json.loads(run_of(store, scheduled_id).config)
    assert (config["selection"]["n_samples"], config["selection"]["unit"]) == (1.0, "images")


@pytest.mark.parametrize("scope", [Scope.READ_ONLY, Scope.WORKER])
def test_scopes_that_may_not_change_things_schedule_nothing(
    facade: TestClient, facade_client: FacadeClient, dataset: str, scope: Scope
) -> None:
    config_id = post_config(facade, OBJECT_LEVEL)
    wanted = {"configId": config_id, "priority": "MID"}
    answer = facade_client(scope).post(f"/datasets/{dataset}/docker/worker/schedule", json=wanted)
    assert error_of(answer) == (403, "FORBIDDEN")
