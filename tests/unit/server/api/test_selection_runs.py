from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap
from starlette.testclient import TestClient

from swath.adapters import remote_selection
from swath.adapters.remote_selection import RemoteSelectionSession
from swath.client.runs import Runs
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.errors import Conflict, InvalidConfig, StaleLease
from swath.core.runs import RunState
from swath.pipeline.select_again import execute_selection_run
from swath.server.services import Services
from swath.settings import load_settings
from swath.store import queue
from swath.store.selection_session import StoreSelectionSession
from swath.store.sharing import find_visible, share_dataset
from swath.store.users import find_user, local_user
from swath.testing.session_contract import make_additions
from swath.wire.runs import Assignment
from swath.wire.selection_run import Choice, SelectionRunResult, parse_selection_run_config
from swath.wiring.claimed_selections import execute_claimed_selection

Fixture = Any  # of conftest.py: CommitRun, UserClient

TAGS = "/api/datasets/vehicles-crops/tags"


class Quiet:
    """Watches a run and says nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


class Worker:
    """One worker that has registered, over HTTP."""

    def __init__(self, client: TestClient, name: str) -> None:
        token = client.headers["Authorization"].removeprefix("Bearer ")
        self.transport = Transport("http://localhost", token, patience_s=0.0, transport=client._transport)
        self._id = self.transport.post("/workers", {"name": name})["id"]

    def claim(self) -> dict[str, Any] | None:
        answer = self.transport.post(f"/workers/{self._id}/claim", {})
        return answer["assignment"]  # type: ignore[no-any-return]

    def session(self, assignment: dict[str, Any]) -> RemoteSelectionSession:
        return RemoteSelectionSession(self.transport, assignment["run_id"], assignment["lease"])

    def work(self) -> SelectionRunResult:
        """Do the next run to its end."""
        assignment = self.claim()
        assert assignment is not None
        config = parse_selection_run_config(assignment["config"])
        return execute_selection_run(assignment["run_id"], config, self.session(assignment), Quiet(), threads=1)


@pytest.fixture(autouse=True)
def dataset(commit_run: Fixture) -> None:
    """A crops dataset of ten samples."""
    commit_run(make_additions({"a.jpg": 6, "b.jpg": 4}))


@pytest.fixture
def worker(client: TestClient) -> Worker:
    return Worker(client, "w1")


def ask(client: TestClient, path: str = "/api/runs:select", **changes: Any) -> dict[str, Any]:
    request = {"dataset": "vehicles-crops", "selection": {"n_samples": 3}, **changes}
    answer = client.post(path, json=request)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def members(client: TestClient, tag: str) -> list[int]:
    return list(BitMap.deserialize(client.get(f"{TAGS}/{tag}/members.bin").content))


def tag(client: TestClient, name: str, *indices: int) -> None:
    body = {"name": name, "selector": {"all_of": [{"indices": list(indices)}]}}
    assert client.post(TAGS, json=body).status_code == 201


def test_a_selection_run_is_asked_for_done_by_a_worker_and_leaves_a_tag(client: TestClient, worker: Worker) -> None:
    run = ask(client, new_tag="best three", runs_on=[], priority=5)
    assert (run["kind"], run["state"], run["crop_dataset"]["name"]) == ("selection", "QUEUED", "vehicles-crops")
    done = worker.work()
    after = client.get(f"/api/runs/{run['id']}").json()
    assert (after["state"], after["message"]) == ("COMPLETED", done.message)
    assert client.get(f"/api/runs/{run['id']}/result").json() == done.model_dump(mode="json")
    assert len(members(client, "best three")) == 3
    assert [line["message"] for line in client.get(f"/api/runs/{run['id']}/log").json()["items"]][-1] == done.message


def test_a_worker_chooses_what_this_process_would(
    client: TestClient, worker: Worker, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_selection, "ROWS_AT_ONCE", 2)
    tag(client, "kept", 0, 7, 9)
    run = ask(client, preselected_tag="kept", input={"all_of": [{"filter": {"categories": ["big wheel"]}}]})
    assignment = worker.claim()
    assert assignment is not None
    remote = worker.session(assignment).candidates()
    local = StoreSelectionSession(services.store, services.home, run["id"], assignment["lease"]).candidates()
    for name in ("sample_indices", "keys", "vectors", "preselected"):
        assert np.array_equal(getattr(remote, name), getattr(local, name)), name
    assert len(remote.preselected) == 3
    assert not set(remote.sample_indices.tolist()) & {0, 7, 9}


def test_dry_runs_of_two_workers_at_once_are_both_right(client: TestClient) -> None:
    tag(client, "kept", 0, 1)
    asked = [
        ask(client, "/api/runs:dry_run"),
        ask(client, "/api/runs:dry_run", selection={"proportion_samples": 0.5}, preselected_tag="kept"),
    ]
    workers = [Worker(client, f"w{number}") for number in range(2)]
    threads = [threading.Thread(target=one.work) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = [client.get(f"/api/runs/{run['id']}/result").json() for run in asked]
    assert [(r["candidates"], r["preselected"], r["selected"]) for r in results] == [(10, 0, 3), (8, 2, 4)]
    assert [r["categories"]["big wheel"]["before"] for r in results] == [0, 1]
    for result in results:
        after = sum(counts["after"] for counts in result["categories"].values())
        assert after == result["preselected"] + result["selected"]
        assert client.get(f"/api/selections/{result['selection_id']}").json()["count"] == result["selected"]
    assert client.get(TAGS).json()["total"] == 2
    again = ask(client, "/api/runs:dry_run")
    alone = workers[0].work()
    assert again["id"] == alone.run
    chosen = [
        client.get(f"/api/selections/{selection}/members.bin").content
        for selection in (results[0]["selection_id"], alone.selection_id)
    ]
    assert chosen[0] == chosen[1]


def test_a_run_among_the_samples_of_a_tag_says_so(client: TestClient, worker: Worker) -> None:
    tag(client, "kept", 0, 7, 9)
    run = ask(client, input_tag="kept", selection={"n_samples": 1.0}, new_tag="the same")
    assert run["config"]["input_tag"] == "kept"
    assert worker.work().selected == 3
    assert members(client, "the same") == [0, 7, 9]


def test_a_dry_run_can_be_tagged_as_it_is(client: TestClient, worker: Worker) -> None:
    ask(client, "/api/runs:dry_run")
    result = worker.work()
    selector = {"all_of": [{"selection_id": result.selection_id}]}
    made = client.post(f"{TAGS}:apply", json={"selector": selector, "add": ["taken over"]})
    assert made.json()["changed"] == {"taken over": 3}


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"dataset": "nobody"}, 404, None),
        ({"selection": {}}, 422, "selection.n_samples"),
        ({"selection": {"n_samples": 0}}, 422, "selection.n_samples"),
        ({"selection": {"n_samples": 1, "proportion_samples": 0.5}}, 422, "selection.proportion_samples"),
        ({"selection": {"n_samples": 1, "unit": "images"}}, 422, "selection.unit"),
        ({"input": {}, "input_tag": "initial-tag"}, 422, "input_tag"),
        ({"input_tag": "nobody"}, 404, None),
        ({"input": {"all_of": [{"indices": [10]}]}}, 422, None),
        ({"preselected_tag": "initial-tag"}, 409, None),
        ({"new_tag": "initial-tag"}, 409, None),
        ({"new_tag": "?"}, 422, "new_tag"),
        ({"priority": 10**6}, 422, "priority"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    client: TestClient, changes: dict[str, Any], status: int, field: str | None
) -> None:
    request = {"dataset": "vehicles-crops", "selection": {"n_samples": 3}, **changes}
    for path in ("/api/runs:select", "/api/runs:dry_run"):
        answer = client.post(path, json=request)
        assert answer.status_code == status, answer.text
        if field is not None:
            assert answer.json()["field"] == field
    assert client.get("/api/runs").json()["total"] == 1


def test_a_choice_is_kept_once_and_only_of_candidates(client: TestClient, worker: Worker, services: Services) -> None:
    ask(client, new_tag="chosen")
    assignment = worker.claim()
    assert assignment is not None
    session = worker.session(assignment)
    with pytest.raises(InvalidConfig, match="sample 10"):
        session.keep(Choice(sample_indices=np.array([10]), available=10, asked=3, stopped_by="count"))
    choice = Choice(sample_indices=np.array([4, 2]), available=10, asked=3, stopped_by="count")
    first = session.keep(choice)
    assert session.keep(choice) == first
    assert members(client, "chosen") == [2, 4]
    assert client.get(TAGS).json()["total"] == 2
    assert client.delete(f"{TAGS}/chosen").status_code == 200
    assert session.keep(choice) == first
    garbage = client.put(
        f"/api/runs/{assignment['run_id']}/selection",
        content=b"garbage",
        headers={"Swath-Lease": "1", "Content-Type": "application/vnd.swath.columns"},
    )
    assert garbage.status_code == 422


def test_a_worker_that_was_given_up_is_told_so(client: TestClient, worker: Worker, services: Services) -> None:
    ask(client, new_tag="chosen")
    assignment = worker.claim()
    assert assignment is not None
    with services.store.writing() as connection:
        queue.requeue_dead(connection, now=10**15)
    session = worker.session(assignment)
    with pytest.raises(StaleLease):
        session.candidates()
    with pytest.raises(StaleLease):
        session.keep(Choice(sample_indices=np.array([4]), available=10, asked=3, stopped_by="count"))
    config = parse_selection_run_config(assignment["config"])
    with pytest.raises(StaleLease):
        execute_selection_run(assignment["run_id"], config, session, Quiet(), threads=1)
    assert client.get(TAGS).json()["total"] == 1
    assert worker.work().tag == "chosen"


def test_runs_of_another_kind_have_no_candidates(client: TestClient, worker: Worker) -> None:
    body = {"dataset": "vehicles", "selection": {"n_samples": 1, "unit": "images"}}
    assert client.post("/api/runs", json=body).status_code == 201
    assignment = worker.claim()
    assert assignment is not None
    with pytest.raises(Conflict, match="is no selection run"):
        worker.session(assignment).candidates()


def test_a_run_that_did_not_complete_is_tried_again_with_the_same_samples(
    client: TestClient, worker: Worker, services: Services
) -> None:
    run = ask(client, new_tag="chosen")
    client.post(f"/api/runs/{run['id']}:cancel")
    retried = client.post(f"/api/runs/{run['id']}:retry")
    assert retried.status_code == 201
    assert retried.json()["config"] == run["config"]
    assert worker.work().run == retried.json()["id"]


def test_only_the_owner_of_a_dataset_starts_runs_on_it(
    client: TestClient, services: Services, user_client: Fixture
) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    request = {"dataset": "vehicles-crops", "selection": {"n_samples": 3}}
    assert anna.post("/api/runs:dry_run", json=request).status_code == 404
    with services.store.writing() as connection:
        vehicles = find_visible(connection, "vehicles", local_user(connection).id)
        share_dataset(connection, vehicles, find_user(connection, "anna"))
    assert anna.post("/api/runs:select", json=request).status_code == 403
    assert anna.post("/api/runs:dry_run", json=request).status_code == 403


def test_the_client_asks_for_selection_runs_and_reads_their_results(client: TestClient, worker: Worker) -> None:
    runs = Runs(worker.transport)
    run = runs.select("vehicles-crops", selection={"n_samples": 3}, new_tag="best three")
    worker.work()
    result = run.wait()
    assert (result.tag, result.selected) == ("best three", 3)
    dry = runs.select("vehicles-crops", selection={"n_samples": 3}, dry_run=True)
    worker.work()
    assert dry.wait().selected_categories == result.selected_categories


def test_a_claimed_run_that_this_version_does_not_understand_is_closed(
    client: TestClient, worker: Worker, tmp_path: Path
) -> None:
    run = ask(client)
    claimed = worker.claim()
    assert claimed is not None
    assignment = Assignment.model_validate({**claimed, "config": {**claimed["config"], "mode": "of the future"}})
    settings = load_settings({}, home=tmp_path / "worker")
    with pytest.raises(InvalidConfig, match="`mode`"):
        execute_claimed_selection(settings, worker.transport, assignment, Quiet())
    assert client.get(f"/api/runs/{run['id']}").json()["state"] == "FAILED"


def test_a_claimed_run_is_done_to_its_end(client: TestClient, worker: Worker, tmp_path: Path) -> None:
    ask(client, new_tag="best three")
    assignment = Assignment.model_validate(worker.claim())
    settings = load_settings({}, home=tmp_path / "worker")
    result = execute_claimed_selection(settings, worker.transport, assignment, Quiet())
    assert (result.state, result.tag) == ("COMPLETED", "best three")
