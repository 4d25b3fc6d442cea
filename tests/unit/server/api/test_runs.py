from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.runs import RunState
from swath.server.services import ServerOptions
from swath.store import runs
from swath.store.artifacts import keep_artifact
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import create_dataset, dataset_by_name, plan_image_dataset
from swath.store.home import Home
from swath.store.sharing import share_dataset
from swath.store.users import find_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: UserClient, CommitRun

OBJECTS = {"object_level": {"task_name": "wheels"}, "selection": {"n_samples": 0.1}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A datasource with the predictions of a task."""
    folder = tmp_path / "data"
    (folder / ".lightly" / "predictions").mkdir(parents=True)
    (folder / ".lightly" / "predictions" / "tasks.json").write_text('["wheels", "doors"]')
    return folder


@pytest.fixture
def anna(user_client: Fixture, store: Store, folder: Path) -> TestClient:
    """A client of anna, who owns the empty image dataset `vehicles` on the datasource."""
    client: TestClient = user_client(Scope.MEMBER, "anna")
    make_dataset(store, "vehicles", folder, owner="anna")
    return client


def make_dataset(store: Store, name: str, folder: Path | str, *, owner: str) -> None:
    with store.writing() as connection:
        planned = plan_image_dataset(
            connection,
            owner_id=find_user(connection, owner).id,
            name=name,
            input_uri=str(folder),
            output_uri=str(folder),
        )
        create_dataset(connection, planned, now=now_ms())


def schedule(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/runs", json={"dataset": "vehicles", **OBJECTS, **changes})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_run_that_is_asked_for_waits(anna: TestClient, folder: Path) -> None:
    run = schedule(anna, priority=3, runs_on=["gpu"], process_all=True)
    assert (run["state"], run["kind"], run["task"]) == ("QUEUED", "object-level", "wheels")
    assert (run["priority"], run["runs_on"], run["image_dataset"]["name"]) == (3, ["gpu"], "vehicles")
    assert run["config"]["datasource"]["location"] == str(folder)
    assert run["config"]["datasource"]["process_all"] is True
    assert run["config"]["selection"]["n_samples"] == 0.1
    assert anna.get(f"/api/runs/{run['id']}").json() == run
    assert anna.get("/api/runs").json() == {"items": [run], "total": 1}


def test_a_share_is_told_from_a_count_by_its_name_too(anna: TestClient) -> None:
    run = schedule(anna, selection={"proportion_samples": 1.0})
    assert run["config"]["selection"]["n_samples"] == 1.0
    assert isinstance(run["config"]["selection"]["n_samples"], float)
    assert isinstance(schedule(anna, selection={"n_samples": 1})["config"]["selection"]["n_samples"], int)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"dataset": "vehicle"}, None, ["`vehicle`", "Did you mean `vehicles`?"]),
        ({"selction": {}}, "selction", ["`selction` is not known", "`selection`"]),
        ({"selection": {"n_sample": 3}}, "selection.n_sample", ["`selection.n_sample`", "Did you mean `n_samples`?"]),
        ({"object_level": {"task": "wheels"}}, "object_level.task", ["Did you mean `task_name`?"]),
        (
            {"selection": {"n_samples": 3, "proportion_samples": 0.5}},
            "selection.proportion_samples",
            ["`selection.n_samples` (3)", "`selection.proportion_samples` (0.5)"],
        ),
        ({"selection": {}}, "selection.n_samples", ["how many"]),
        ({"selection": {"n_samples": 0}}, "selection.n_samples", ["at least 1"]),
        ({"selection": {"n_samples": 1.5}}, "selection.n_samples", ["fraction"]),
        ({"object_level": {"task_name": "wheel"}}, "object_level.task_name", ["`wheel`", "did you mean `wheels`?"]),
        (
            {"object_level": {"task_name": "wheels", "crop_dataset_name": "a/b"}},
            "object_level.crop_dataset_name",
            ["`a/b`", "`a-b` would do"],
        ),
        ({"object_level": None}, "object_level.task_name", ["prediction task"]),
        ({"runs_on": ["a b"]}, "runs_on[0]", []),
        ({"priority": 10**9}, "priority", []),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(
    anna: TestClient, changes: dict[str, Any], field: str | None, words: list[str]
) -> None:
    answer = anna.post("/api/runs", json={"dataset": "vehicles", **OBJECTS, **changes})
    assert answer.status_code == (404 if "dataset" in changes else 422)
    problem = answer.json()
    assert problem.get("field") == field
    for word in words:
        assert word in problem["detail"] + problem.get("hint", "")
    assert anna.get("/api/runs").json()["total"] == 0


def test_a_run_does_not_start_from_crops(anna: TestClient, commit_run: Fixture, folder: Path) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna", input_uri=str(folder), output_uri=str(folder))
    answer = anna.post("/api/runs", json={"dataset": "vehicles-crops", **OBJECTS})
    assert answer.status_code == 422
    assert "cannot start from a crops dataset" in answer.json()["detail"]
    assert answer.json()["hint"] == "Run on image dataset `vehicles`."


def test_a_dataset_without_datasource_is_refused(anna: TestClient, store: Store) -> None:
    make_dataset(store, "empty", "", owner="anna")
    answer = anna.post("/api/runs", json={"dataset": "empty", **OBJECTS})
    assert (answer.status_code, answer.json()["field"]) == (422, "dataset")
    assert "has no datasource" in answer.json()["detail"]


def test_a_datasource_that_only_workers_reach_is_theirs_to_judge(anna: TestClient, store: Store) -> None:
    make_dataset(store, "far away", "/not/on/this/machine", owner="anna")
    assert schedule(anna, dataset="far away")["state"] == "QUEUED"


def test_a_datasource_without_predictions_is_refused(anna: TestClient, folder: Path) -> None:
    (folder / ".lightly" / "predictions" / "tasks.json").unlink()
    answer = anna.post("/api/runs", json={"dataset": "vehicles", **OBJECTS})
    assert (answer.status_code, answer.json()["field"]) == (422, "object_level.task_name")
    assert "has no predictions" in answer.json()["detail"]


def test_a_waiting_run_is_cancelled_at_once_and_can_be_retried(anna: TestClient) -> None:
    run = schedule(anna, priority=2)
    assert anna.post(f"/api/runs/{run['id']}:retry").status_code == 409
    cancelled = anna.post(f"/api/runs/{run['id']}:cancel").json()
    assert (cancelled["state"], cancelled["cancel_requested"]) == ("ABORTED", True)
    assert anna.post(f"/api/runs/{run['id']}:cancel").status_code == 409
    answer = anna.post(f"/api/runs/{run['id']}:retry")
    assert answer.status_code == 201
    again = answer.json()
    assert (again["state"], again["config"], again["priority"]) == ("QUEUED", run["config"], 2)
    assert again["id"] != run["id"]


def test_runs_are_listed_newest_first_in_pages_and_by_state(anna: TestClient) -> None:
    ids = [schedule(anna)["id"] for _ in range(3)]
    anna.post(f"/api/runs/{ids[1]}:cancel")

    def listed(**query: Any) -> tuple[list[str], int]:
        page = anna.get("/api/runs", params=query).json()
        return [item["id"] for item in page["items"]], page["total"]

    assert listed() == (ids[::-1], 3)
    assert listed(offset=1, limit=1) == ([ids[1]], 3)
    assert listed(state="QUEUED") == ([ids[2], ids[0]], 2)
    assert listed(state=["ABORTED", "FAILED"]) == ([ids[1]], 1)
    assert listed(dataset="vehicles", limit=1) == ([ids[2]], 3)
    assert anna.get("/api/runs", params={"dataset": "nothing"}).status_code == 404
    assert anna.get("/api/runs", params={"state": "NOTHING"}).status_code == 422


def test_others_see_runs_on_datasets_that_are_shared_with_them(
    anna: TestClient, user_client: Fixture, store: Store
) -> None:
    run = schedule(anna)
    ben = user_client(Scope.MEMBER, "ben")
    for path in ("", "/log", "/result", "/artifacts", "/artifacts/a"):
        assert ben.get(f"/api/runs/{run['id']}{path}").status_code == 404
    assert ben.get("/api/runs").json()["total"] == 0
    assert ben.post(f"/api/runs/{run['id']}:cancel").status_code == 404
    with store.writing() as connection:
        dataset = dataset_by_name(connection, "vehicles", owner_id=find_user(connection, "anna").id)
        assert dataset is not None
        share_dataset(connection, dataset, find_user(connection, "ben"))
    assert ben.get(f"/api/runs/{run['id']}").json() == run
    assert ben.get("/api/runs").json()["total"] == 1
    for action in ("cancel", "retry"):
        assert ben.post(f"/api/runs/{run['id']}:{action}").status_code == 403
    answer = ben.post("/api/runs", json={"dataset": "vehicles", **OBJECTS})
    assert answer.status_code == 403
    assert "only its owner `anna` may start runs on it" in answer.json()["detail"]


@pytest.mark.parametrize("run", ["nope", "f" * 24, "%00", "F" * 24])
def test_a_run_that_is_not_there_is_not_found(anna: TestClient, run: str) -> None:
    for path in ("", "/log", "/result", "/artifacts"):
        assert anna.get(f"/api/runs/{run}{path}").status_code in {404, 422}
    assert anna.post(f"/api/runs/{run}:cancel").status_code in {404, 422}


def test_who_may_only_look_asks_for_nothing(user_client: Fixture, anna: TestClient) -> None:
    run = schedule(anna)
    looking = user_client(Scope.READ_ONLY, "anna")
    assert looking.get("/api/runs").json()["total"] == 1
    assert looking.post("/api/runs", json={"dataset": "vehicles", **OBJECTS}).status_code == 403
    assert looking.post(f"/api/runs/{run['id']}:cancel").status_code == 403


def test_the_log_is_read_in_pages(anna: TestClient, store: Store) -> None:
    run_id = schedule(anna)["id"]
    with store.writing() as connection:
        runs.append_log_lines(connection, run_id, 0, [(None, "INFO", f"line {number}") for number in range(5)])

    def read(**query: int) -> list[int]:
        page = anna.get(f"/api/runs/{run_id}/log", params=query).json()
        assert page["total"] == 5
        return [line["number"] for line in page["items"]]

    assert read() == [0, 1, 2, 3, 4]
    assert read(after=2) == [3, 4]
    assert read(after=1, limit=2) == [2, 3]
    assert read(after=9) == []


def test_the_result_is_there_once_the_run_is_over(anna: TestClient, store: Store) -> None:
    run_id = schedule(anna)["id"]
    answer = anna.get(f"/api/runs/{run_id}/result")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        f"run `{run_id}` has no result: its state is `QUEUED`",
    )
    with store.writing() as connection:
        runs.finish_run(connection, run_id, RunState.FAILED, message="no", result=json.dumps({"state": "FAILED"}))
    assert anna.get(f"/api/runs/{run_id}/result").json() == {"state": "FAILED"}
    assert anna.get(f"/api/runs/{run_id}").json()["has_result"] is True


def test_artifacts_are_saved_never_shown(anna: TestClient, store: Store, home: Home, folder: Path) -> None:
    run_id = schedule(anna)["id"]
    keep_artifact(store, home, run_id, "report/ü <b>.html", b"<script>alert(1)</script>")
    (listed,) = anna.get(f"/api/runs/{run_id}/artifacts").json()["items"]
    assert (listed["name"], listed["byte_length"]) == ("report/ü <b>.html", 25)
    answer = anna.get(listed["path"])
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%BC%20%3Cb%3E.html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    missing = anna.get(f"/api/runs/{run_id}/artifacts/other")
    assert missing.status_code == 404
    assert "`report/ü <b>.html`" in missing.json()["hint"]
    for name in ("../../swath.sqlite", "..%2F..%2Fswath.sqlite", "%2Fetc%2Fpasswd"):
        assert anna.get(f"/api/runs/{run_id}/artifacts/{name}").status_code == 404


class TestConfined:
    @pytest.fixture
    def options(self, tmp_path: Path) -> ServerOptions:
        return ServerOptions(roots=(tmp_path / "elsewhere",))

    def test_the_server_reads_nothing_outside_of_its_roots_to_judge_a_run(
        self, anna: TestClient, store: Store, folder: Path
    ) -> None:
        with store.writing() as connection:
            planned = plan_image_dataset(
                connection,
                owner_id=find_user(connection, "anna").id,
                name="confined",
                input_uri=str(folder),
                output_uri=str(folder),
                is_confined=True,
            )
            create_dataset(connection, planned, now=now_ms())
        # The task is not in `tasks.json`, which nobody has looked at.
        assert schedule(anna, dataset="confined", object_level={"task_name": "other"})["task"] == "other"


def test_a_change_is_published(anna: TestClient, services: Any) -> None:
    run = schedule(anna)
    events = list(services.events._recent)
    assert [(event.kind, event.id) for event in events] == [("run", run["id"])]
    assert events[0].dataset_id == run["image_dataset"]["id"]
