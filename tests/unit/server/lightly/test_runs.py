"""Runs that have begun, byte by byte where strict clients care."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL
from tests.unit.server.lightly.conftest import FacadeClient
from tests.unit.server.lightly.scheduling import claim, dataset, error_of, finish, folder, options, schedule

from swath import __version__
from swath.core.browsing.projections import ProjectionMethod
from swath.core.runs import RunState
from swath.store import queue, runs
from swath.store.artifacts import keep_artifact
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.home import Home
from swath.store.projection_runs import schedule_map
from swath.store.sharing import find_dataset
from swath.store.users import find_user
from swath.testing.session_contract import make_additions
from swath.wire.maps import MapParameters, complete_parameters

__all__ = ["dataset", "folder", "options"]

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def begun(facade: TestClient, dataset: str, store: Store) -> str:
    """The id of a run that a worker has taken up."""
    run_id = schedule(facade, dataset)
    claim(store, run_id)
    return run_id


def artifact(document: dict[str, Any], kind: str) -> dict[str, Any] | None:
    return next((one for one in document["artifacts"] if one["type"] == kind), None)


def test_a_run_is_not_there_before_a_worker_takes_it_up(facade: TestClient, dataset: str, store: Store) -> None:
    run_id = schedule(facade, dataset)
    for path in (f"/docker/runs/schedule/{run_id}", f"/docker/runs/{run_id}", f"/docker/runs/{run_id}/tags"):
        assert error_of(facade.get(path)) == (404, "DOCKER_RUN_UNKNOWN")
    assert facade.get("/docker/runs").json() == []
    assert facade.get("/docker/runs/count").json() == "0"
    claim(store, run_id)
    assert facade.get(f"/docker/runs/schedule/{run_id}").json()["id"] == run_id
    assert facade.get("/docker/runs/count").json() == "1"


def test_a_run_looks_as_clients_expect(facade: TestClient, dataset: str, store: Store, begun: str) -> None:
    with store.writing() as connection:
        runs.move_run(connection, begun, RunState.SAMPLING)
        run = runs.find_run(connection, begun)
    document = facade.get(f"/docker/runs/{begun}").json()
    artifacts = document.pop("artifacts")
    assert document == {
        "id": begun,
        "userId": run.owner_id,
        "dockerVersion": __version__,
        "state": "SAMPLING",
        "datasetId": dataset,
        "configId": run.worker_config_id,
        "scheduledId": begun,
        "createdAt": run.created_at,
        "lastModifiedAt": run.started_at,
    }
    assert [list(one) for one in artifacts] == [["id", "type", "fileName", "createdAt"]]
    assert re.fullmatch("[0-9a-f]{24}", artifacts[0]["id"])


def test_a_run_that_could_not_begin_is_there_with_its_reason(facade: TestClient, dataset: str, store: Store) -> None:
    run_id = schedule(facade, dataset)
    with store.writing() as connection:
        runs.finish_run(connection, run_id, RunState.FAILED, message="the dataset is gone", result=None)
    document = facade.get(f"/docker/runs/schedule/{run_id}").json()
    assert (document["state"], document["message"]) == ("FAILED", "the dataset is gone")


def test_no_client_hears_of_states_that_are_ours(facade: TestClient, store: Store, begun: str) -> None:
    with store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 120_000)
        assert runs.find_run(connection, begun).state is RunState.QUEUED
    for document in (facade.get(f"/docker/runs/{begun}").json(), *facade.get("/docker/runs").json()):
        assert document["state"] == "STARTED"
    assert {line["state"] for line in facade.get(f"/docker/runs/{begun}/logs").json()["logs"]} == {"STARTED"}


def test_a_run_under_way_says_how_far_it_is(facade: TestClient, store: Store, begun: str) -> None:
    for progress, words in (
        ({"done": 1200, "total": 5000, "unit": "images"}, "1,200 of 5,000 images"),
        ({"done": 3, "unit": ""}, "3"),
    ):
        with store.writing() as connection:
            text = json.dumps({"state": "EMBEDDING", **progress})
            queue.record_progress(connection, begun, runs.find_run(connection, begun).lease, text)
        assert facade.get(f"/docker/runs/{begun}").json()["message"] == words


def test_runs_come_in_pages_or_as_a_whole(facade: TestClient, dataset: str, store: Store) -> None:
    ids = []
    for _ in range(5):
        ids.append(schedule(facade, dataset))
        claim(store, ids[-1])
        finish(store, ids[-1])
    schedule(facade, dataset)
    for path in ("/docker/runs", f"/docker/runs/query/datasetId/{dataset}"):
        assert {run["id"] for run in facade.get(path).json()} == set(ids)
        paged = [facade.get(path, params={"pageSize": 2, "pageOffset": first}).json() for first in (0, 2, 4, 6)]
        assert [len(page) for page in paged] == [2, 2, 1, 0]
        assert {run["id"] for page in paged for run in page} == set(ids)


def test_runs_that_make_maps_are_not_shown_to_scripts(
    facade: TestClient, store: Store, commit_run: Fixture, begun: str
) -> None:
    commit_run(make_additions({"a.jpg": 3}), name="mapped", user="anna")
    with store.writing() as connection:
        crops = find_dataset(connection, "mapped-crops", find_user(connection, "anna").id)
        parameters = complete_parameters(ProjectionMethod.PACMAP, MapParameters())
        run_id = schedule_map(connection, crops, ProjectionMethod.PACMAP, parameters, owner_id=crops.owner_id)
    claim(store, run_id)
    shown = {run["id"] for run in facade.get("/docker/runs").json()}
    assert begun in shown
    assert run_id not in shown
    for path in (f"/docker/runs/query/datasetId/{crops.parent_id}", "/docker/worker/schedule"):
        assert run_id not in {run["id"] for run in facade.get(path).json()}


def test_runs_of_a_dataset_that_is_not_there_are_not_found(facade: TestClient) -> None:
    assert error_of(facade.get(f"/docker/runs/query/datasetId/{'0' * 24}")) == (404, "DATASET_UNKNOWN")


def test_runs_of_others_are_not_there(facade: TestClient, facade_client: FacadeClient, begun: str) -> None:
    other = facade_client(user="berta")
    assert other.get("/docker/runs").json() == []
    for path in ("", "/tags", "/logs", "/readReportUrl", f"/artifacts/{'0' * 24}/readurl"):
        assert error_of(other.get(f"/docker/runs/{begun}{path}")) == (404, "DOCKER_RUN_UNKNOWN")
    assert error_of(facade.get("/docker/runs/odd")) == (404, "DOCKER_RUN_UNKNOWN")


def test_what_a_run_added_is_a_tag_of_either_dataset(facade: TestClient, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 1}), user="anna")
    ids = {dataset["type"]: dataset["id"] for dataset in facade.get("/datasets").json()}
    run_id = facade.get("/docker/runs").json()[0]["id"]
    tags = facade.get(f"/docker/runs/{run_id}/tags").json()
    assert {tag["datasetId"] for tag in tags} == set(ids.values())
    assert {tag["datasetId"]: tag["bitMaskData"] for tag in tags} == {
        ids["Images"]: "0x3",
        ids["Crops"]: "0x7",
    }
    assert {tag["name"] for tag in tags} == {"initial-tag"}
    commit_run(make_additions({"c.jpg": 1}), user="anna")
    later_id = facade.get("/docker/runs").json()[0]["id"]
    later = facade.get(f"/docker/runs/{later_id}/tags").json()
    assert {tag["datasetId"]: tag["bitMaskData"] for tag in later} == {ids["Images"]: "0x4", ids["Crops"]: "0x8"}
    assert {tag["runId"] for tag in later} == {later_id}
    made = [tag["createdAt"] for tag in later]
    assert made == sorted(made, reverse=True)


# --- logs and artifacts ---------------------------------------------------------------------------------------------


def test_a_log_is_read_line_by_line_from_a_cursor(facade: TestClient, store: Store, begun: str) -> None:
    with store.writing() as connection:
        runs.append_log(connection, begun, "WARNING", "ünlikely\n")
        runs.append_log(connection, begun, "ODD", "level")
    first = facade.get(f"/docker/runs/{begun}/logs").json()
    assert [line["msg"] for line in first["logs"]][-2:] == ["ünlikely\n", "level"]
    assert [line["level"] for line in first["logs"]] == ["INFO", "WARNING", "INFO"]
    assert {tuple(line) for line in first["logs"]} == {("ts", "level", "msg", "state")}
    assert facade.get(f"/docker/runs/{begun}/logs", params={"cursor": 2}).json()["logs"] == first["logs"][2:]
    assert facade.get(f"/docker/runs/{begun}/logs", params={"cursor": first["cursor"]}).json() == {
        "cursor": first["cursor"],
        "logs": [],
    }


def download(facade: TestClient, app: Any, run_id: str, kind: str) -> Any:
    document = facade.get(f"/docker/runs/{run_id}").json()
    found = artifact(document, kind)
    assert found is not None
    url = facade.get(f"/docker/runs/{run_id}/artifacts/{found['id']}/readurl").json()
    assert url.endswith(f"/{found['fileName']}")
    # Whoever has the link needs no token; what would compress is asked to.
    return TestClient(app, base_url=BASE_URL).get(url, headers={"Accept-Encoding": "gzip"})


def test_a_log_can_be_loaded_as_it_is(facade: TestClient, app: Any, store: Store, begun: str) -> None:
    with store.writing() as connection:
        for number in range(200):
            runs.append_log(connection, begun, "INFO", f"line {number} of many that could be compressed well")
    finish(store, begun)
    answer = download(facade, app, begun, "LOG")
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
    lines = answer.text.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO: line 199 of many.*", lines[-2])
    assert lines[-1].endswith("Z COMPLETED: over")


def test_unreadable_images_are_listed_with_their_reasons(
    facade: TestClient, app: Any, store: Store, home: Home, begun: str
) -> None:
    assert artifact(facade.get(f"/docker/runs/{begun}").json(), "CORRUPTNESS_CHECK_INFORMATION") is None
    outcomes = [
        {"file": "broken.jpg", "outcome": "unreadable", "reason": "truncated"},
        {"file": "twin.jpg", "outcome": "duplicate", "reason": ""},
    ]
    keep_artifact(store, home, begun, "files.json", json.dumps(outcomes).encode())
    answer = download(facade, app, begun, "CORRUPTNESS_CHECK_INFORMATION")
    assert answer.json() == {"corrupt_samples": {"broken.jpg": "truncated"}, "corrupt_videos": {}}
    assert "content-encoding" not in answer.headers


def test_artifacts_that_are_not_there_are_not_found(facade: TestClient, begun: str) -> None:
    document = facade.get(f"/docker/runs/{begun}").json()
    assert {one["type"] for one in document["artifacts"]} == {"LOG"}
    path = f"/docker/runs/{begun}/artifacts/{'0' * 24}/readurl"
    assert error_of(facade.get(path)) == (404, "DOCKER_RUN_ARTIFACT_UNKNOWN")
    assert error_of(facade.get(f"/docker/runs/{begun}/readReportUrl")) == (404, "DOCKER_RUN_REPORT_UNAVAILABLE")
