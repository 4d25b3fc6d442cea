from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from swath.adapters import remote_projection
from swath.adapters.remote_projection import RemoteProjectionSession
from swath.client.datasets import Datasets
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.errors import Conflict, InvalidConfig, NotFound, StaleLease
from swath.core.runs import RunState
from swath.pipeline.make_map import execute_projection_run
from swath.server.events import Event
from swath.server.map_extensions import extend_maps
from swath.server.services import Services
from swath.settings import load_settings
from swath.store import queue
from swath.store.projection_session import StoreProjectionSession
from swath.store.sharing import find_dataset, find_visible, share_dataset
from swath.store.users import find_user, local_user
from swath.testing.session_contract import make_additions
from swath.wire.maps import ProjectionRunResult, parse_projection_run_config
from swath.wire.runs import Assignment
from swath.wiring.claimed_projections import execute_claimed_projection

Fixture = Any  # of conftest.py: CommitRun, UserClient

PROJECTIONS = "/api/datasets/vehicles-crops/projections"


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

    def session(self, assignment: dict[str, Any]) -> RemoteProjectionSession:
        return RemoteProjectionSession(self.transport, assignment["run_id"], assignment["lease"])

    def work(self) -> ProjectionRunResult:
        """Do the next run to its end."""
        assignment = self.claim()
        assert assignment is not None
        config = parse_projection_run_config(assignment["config"])
        return execute_projection_run(assignment["run_id"], config, self.session(assignment), Quiet(), threads=1)


@pytest.fixture(autouse=True)
def dataset(commit_run: Fixture) -> None:
    """A crops dataset of twelve samples."""
    commit_run(make_additions({"a.jpg": 7, "b.jpg": 5}))


@pytest.fixture
def worker(client: TestClient) -> Worker:
    return Worker(client, "w1")


def ask(client: TestClient, method: str = "umap", **changes: Any) -> dict[str, Any]:
    answer = client.post(PROJECTIONS, json={"method": method, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def projection(client: TestClient, found: dict[str, Any]) -> dict[str, Any]:
    answer = client.get(f"/api/projections/{found['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def points(client: TestClient, found: dict[str, Any]) -> dict[int, bytes]:
    """The bytes of the point of each sample that has one."""
    answer = client.get(found["points_url"])
    count = int(answer.headers["Swath-Count"])
    x, y = np.frombuffer(answer.content, "<f4", 2 * count).reshape(2, count)
    indices = np.frombuffer(answer.content, "<u4", count, offset=8 * count).tolist()
    return {index: at.tobytes() for index, at in zip(indices, np.stack([x, y], axis=1), strict=True)}


def projection_events(services: Services) -> list[Event]:
    return [event for event in services.events._recent if event.kind == "projection"]


def test_a_map_is_asked_for_made_by_a_worker_and_looked_at(client: TestClient, worker: Worker) -> None:
    asked = ask(client, parameters={"neighbors": 5}, priority=3)
    assert (asked["method"], asked["state"], asked["version"]) == ("umap", "PENDING", 0)
    assert asked["parameters"] == {"neighbors": 5, "min_distance": 0.1, "seed": 0}
    assert (asked["points_url"], asked["density_url"], asked["point_count"], asked["sample_count"]) == (
        None,
        None,
        0,
        12,
    )
    run = client.get(f"/api/runs/{asked['run_id']}").json()
    assert (run["kind"], run["state"], run["crop_dataset"]["name"]) == ("projection", "QUEUED", "vehicles-crops")
    assert (run["priority"], run["image_dataset"]["name"]) == (3, "vehicles")
    done = worker.work()
    after = client.get(f"/api/runs/{run['id']}").json()
    assert (after["state"], after["message"]) == ("COMPLETED", done.message)
    assert client.get(f"/api/runs/{run['id']}/result").json() == done.model_dump(mode="json")
    log = [line["message"] for line in client.get(f"/api/runs/{run['id']}/log").json()["items"]]
    assert any("12 samples were laid out by umap in" in line for line in log)
    made = projection(client, asked)
    assert (made["state"], made["message"], made["run_id"], made["point_count"]) == ("READY", "", None, 12)
    assert sorted(points(client, made)) == list(range(12))
    listed = client.get(PROJECTIONS).json()
    assert [(one["method"], one["state"]) for one in listed["items"]] == [("pca", "READY"), ("umap", "READY")]
    assert "category" in made["columns"]


def test_a_worker_reads_what_this_process_would(
    client: TestClient, worker: Worker, services: Services, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_projection, "FIRST_ROWS", 2)
    monkeypatch.setattr(remote_projection, "RANGE_BYTES", 100)
    made = ask(client)
    worker.work()
    commit_run(make_additions({"c.jpg": 3}))
    assert client.post(f"/api/projections/{made['id']}:extend").status_code == 200
    assignment = worker.claim()
    assert assignment is not None
    remote = worker.session(assignment)
    local = StoreProjectionSession(services.store, services.home, assignment["run_id"], assignment["lease"])
    np.testing.assert_array_equal(remote.vectors(), local.vectors())
    np.testing.assert_array_equal(remote.points(), local.points())
    assert (remote.vectors().shape[0], remote.points().shape) == (15, (12, 2))
    assert (remote.vectors().dtype, remote.points().dtype) == (np.float16, np.float32)


def test_samples_that_come_in_are_not_on_the_map_until_a_run_put_them_there(
    client: TestClient, worker: Worker, commit_run: Fixture
) -> None:
    made = ask(client)
    worker.work()
    before = projection(client, made)
    old = points(client, before)
    commit_run(make_additions({"c.jpg": 3}))
    lacking = projection(client, made)
    assert (lacking["point_count"], lacking["sample_count"], lacking["version"]) == (12, 15, before["version"])
    labels = client.get(f"/api/projections/{made['id']}/columns/category").json()
    assert sum(entry["count"] for entry in labels["entries"]) == 15
    assert len(client.get(labels["url"]).content) == 12
    extending = client.post(f"/api/projections/{made['id']}:extend").json()
    assert extending["state"] == "READY"
    assert extending["run_id"] is not None
    assert worker.work().placed == 3
    extended = projection(client, made)
    assert (extended["point_count"], extended["version"], extended["run_id"]) == (15, before["version"] + 1, None)
    new = points(client, extended)
    assert {index: new[index] for index in old} == old
    assert client.get(before["points_url"]).status_code == 409
    assert client.post(f"/api/projections/{made['id']}:extend").status_code == 409


def test_maps_are_extended_by_themselves_once(
    client: TestClient, worker: Worker, services: Services, commit_run: Fixture
) -> None:
    made = [ask(client, "umap"), ask(client, "pacmap", runs_on=[])]
    for _ in made:
        worker.work()
    commit_run(make_additions({"c.jpg": 3}))
    with services.store.reading() as connection:
        dataset_id = find_dataset(connection, "vehicles-crops").id
    extend_maps(services, dataset_id)
    extend_maps(services, dataset_id)
    waiting = client.get("/api/runs", params={"state": "QUEUED"}).json()["items"]
    assert [run["kind"] for run in waiting] == ["projection", "projection"]
    assert [worker.work().placed for _ in made] == [3, 3]
    assert worker.claim() is None
    assert [projection(client, one)["point_count"] for one in made] == [15, 15]


def test_samples_that_came_while_a_map_was_made_are_put_there_next(
    client: TestClient, worker: Worker, commit_run: Fixture
) -> None:
    made = ask(client)
    commit_run(make_additions({"c.jpg": 3}))
    assignment = worker.claim()
    assert assignment is not None
    # Of a worker that read the vectors before.
    worker.session(assignment).keep(0, np.zeros((12, 2), dtype=np.float32))
    lacking = projection(client, made)
    assert (lacking["state"], lacking["point_count"], lacking["sample_count"]) == ("READY", 12, 15)
    assert lacking["run_id"] not in (None, assignment["run_id"])
    worker.work()
    assert projection(client, made)["point_count"] == 15


def test_listeners_hear_of_every_change(client: TestClient, worker: Worker, services: Services) -> None:
    made = ask(client)
    heard = len(projection_events(services))
    assert heard >= 1
    worker.work()
    assert len(projection_events(services)) > heard
    heard = len(projection_events(services))
    ask(client)
    run_id = projection(client, made)["run_id"]
    assert client.post(f"/api/runs/{run_id}:cancel").status_code == 200
    assert len(projection_events(services)) >= heard + 2
    heard = len(projection_events(services))
    assert client.delete(f"/api/projections/{made['id']}").status_code == 204
    assert len(projection_events(services)) > heard
    assert {(event.id, event.dataset_id) for event in projection_events(services)} == {(made["id"], made["dataset_id"])}


def test_a_map_that_could_not_be_made_says_why(client: TestClient) -> None:
    asked = ask(client, "tsne")
    client.post(f"/api/runs/{asked['run_id']}:cancel")
    failed = projection(client, asked)
    assert (failed["state"], failed["message"]) == ("FAILED", "cancelled before it began")
    assert failed["run_id"] == asked["run_id"]
    assert ask(client, "tsne")["id"] == asked["id"]


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        ({"method": "pca"}, 422, "is made with every commit"),
        ({"method": "trimap"}, 422, "method"),
        ({"method": "tsne", "parameters": {"neighbors": 5}}, 422, "method `tsne` has no parameter `neighbors`"),
        ({"method": "umap", "parameters": {"neighbors": 1}}, 422, "parameters.neighbors"),
        ({"method": "umap", "parameters": {"neighbours": 5}}, 422, "parameters.neighbours"),
        ({}, 422, "method"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(
    client: TestClient, request_: dict[str, Any], status: int, words: str
) -> None:
    answer = client.post(PROJECTIONS, json=request_)
    assert answer.status_code == status
    assert words in answer.text
    assert len(client.get(PROJECTIONS).json()["items"]) == 1


def test_a_map_that_a_run_is_on_cannot_be_asked_for_again(client: TestClient) -> None:
    asked = ask(client)
    answer = client.post(PROJECTIONS, json={"method": "umap"})
    assert answer.status_code == 409
    assert asked["run_id"] in answer.json()["detail"]


def test_the_map_of_pca_is_neither_extended_nor_deleted(client: TestClient) -> None:
    [pca] = client.get(PROJECTIONS).json()["items"]
    assert pca["parameters"] == {}
    assert (pca["point_count"], pca["sample_count"], pca["run_id"]) == (12, 12, None)
    assert client.post(f"/api/projections/{pca['id']}:extend").status_code == 409
    assert client.delete(f"/api/projections/{pca['id']}").status_code == 409


def test_a_dataset_without_embeddings_has_no_map(client: TestClient, commit_run: Fixture) -> None:
    commit_run(make_additions({"x.jpg": 2}, selected=[]), name="empty")
    answer = client.post("/api/datasets/empty-crops/projections", json={"method": "umap"})
    assert answer.status_code == 409
    assert "no embeddings" in answer.json()["detail"]


def test_who_a_dataset_is_shared_with_looks_at_maps_but_makes_none(
    client: TestClient, user_client: Fixture, services: Services, worker: Worker
) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    made = ask(client)
    worker.work()
    for call in (anna.get, anna.delete):
        assert call(f"/api/projections/{made['id']}").status_code == 404
    with services.store.writing() as connection:
        images = find_visible(connection, "vehicles", local_user(connection).id)
        share_dataset(connection, images, find_user(connection, "anna"))
    assert anna.get(f"/api/projections/{made['id']}").json()["state"] == "READY"
    assert anna.delete(f"/api/projections/{made['id']}").status_code == 403
    assert anna.post(f"/api/projections/{made['id']}:extend").status_code == 403
    assert anna.post(PROJECTIONS, json={"method": "tsne"}).status_code == 403


@pytest.mark.parametrize("path", ["nothing", "0" * 24])
def test_a_projection_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    for answer in (
        client.get(f"/api/projections/{path}"),
        client.delete(f"/api/projections/{path}"),
        client.post(f"/api/projections/{path}:extend"),
        client.get(f"/api/projections/{path}/density.png"),
    ):
        assert answer.status_code == 404


def test_handing_in_twice_answers_the_same_and_a_lost_lease_changes_nothing(
    client: TestClient, worker: Worker, services: Services
) -> None:
    made = ask(client)
    first = worker.claim()
    assert first is not None
    with services.store.writing() as connection:
        queue.requeue_dead(connection, now=2**50)
    second = worker.claim()
    assert second is not None
    assert (second["run_id"], second["lease"]) == (first["run_id"], 2)
    at = np.ones((12, 2), dtype=np.float32)
    with pytest.raises(StaleLease):
        worker.session(first).keep(0, at * 2)
    with pytest.raises(StaleLease):
        worker.session(first).vectors()
    session = worker.session(second)
    assert session.keep(0, at) == session.keep(0, at)
    assert set(points(client, projection(client, made)).values()) == {at[0].tobytes()}


def test_points_that_fit_no_samples_are_refused(client: TestClient, worker: Worker) -> None:
    ask(client)
    assignment = worker.claim()
    assert assignment is not None
    with pytest.raises(InvalidConfig, match="begin at sample 3"):
        worker.session(assignment).keep(3, np.zeros((9, 2), dtype=np.float32))
    answer = client.put(
        f"/api/runs/{assignment['run_id']}/projection",
        content=b"nothing",
        headers={"Swath-Lease": str(assignment["lease"]), "Content-Type": "application/vnd.swath.columns"},
    )
    assert answer.status_code == 422


def test_a_run_of_another_kind_hands_in_no_points(client: TestClient, worker: Worker) -> None:
    body = {"dataset": "vehicles-crops", "selection": {"n_samples": 3}}
    assert client.post("/api/runs:select", json=body).status_code == 201
    assignment = worker.claim()
    assert assignment is not None
    with pytest.raises(Conflict, match="makes no map"):
        worker.session(assignment).keep(0, np.zeros((12, 2), dtype=np.float32))
    with pytest.raises(Conflict, match="makes no map"):
        worker.session(assignment).vectors()


def test_a_worker_that_does_not_understand_a_run_closes_it(client: TestClient, worker: Worker) -> None:
    asked = ask(client)
    assignment = worker.claim()
    assert assignment is not None
    strange = {**assignment, "config": {**assignment["config"], "method": "trimap"}}
    settings = load_settings({"SWATH_THREADS": "1"})
    with pytest.raises(InvalidConfig):
        execute_claimed_projection(settings, worker.transport, Assignment.model_validate(strange), Quiet())
    failed = projection(client, asked)
    assert failed["state"] == "FAILED"
    assert "method" in failed["message"]


def test_a_claimed_run_is_done_to_its_end(client: TestClient, worker: Worker) -> None:
    ask(client, "pacmap")
    assignment = worker.claim()
    settings = load_settings({"SWATH_THREADS": "2"})
    result = execute_claimed_projection(settings, worker.transport, Assignment.model_validate(assignment), Quiet())
    assert (result.state, result.placed) == ("COMPLETED", 12)


def test_scripts_make_extend_read_and_delete_maps(client: TestClient, worker: Worker, commit_run: Fixture) -> None:
    crops = Datasets(worker.transport).get("vehicles-crops")
    assert [one.method.value for one in crops.projections] == ["pca"]
    made = crops.make_projection("tsne", parameters={"perplexity": 5})
    assert (made.state.value, repr(made)) == ("PENDING", "<Projection tsne PENDING of 0 points>")
    with pytest.raises(Conflict, match="the tsne map has no points: it is PENDING"):
        made.points()
    worker.work()
    assert made.wait(timeout=5).document.parameters == {"perplexity": 5.0, "seed": 0}
    before = made.points()
    assert before.shape == (12, 2)
    assert np.isfinite(before).all()
    commit_run(make_additions({"c.jpg": 2}))
    lacking = made.points()
    assert np.isnan(lacking[12:]).all()
    np.testing.assert_array_equal(lacking[:12], before)
    run = made.extend()
    worker.work()
    assert run.refresh().state is RunState.COMPLETED
    assert isinstance(run.result, ProjectionRunResult)
    assert made.refresh().run is None
    assert np.isfinite(made.points()).all()
    made.delete()
    with pytest.raises(NotFound):
        made.refresh()


def test_a_map_has_a_picture_of_its_density(client: TestClient) -> None:
    [pca] = client.get(PROJECTIONS).json()["items"]
    answer = client.get(pca["density_url"], params={"v": pca["version"], "size": 128, "scheme": "dark"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (128, 128)
        alpha = np.asarray(image.convert("RGBA"))[:, :, 3]
    assert 0 < np.count_nonzero(alpha) < alpha.size / 2
    again = client.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    light = client.get(f"/api/projections/{pca['id']}/density.png", params={"size": 128})
    assert light.headers["ETag"] != answer.headers["ETag"]
    assert light.headers["Cache-Control"] == "private, no-cache"
    assert light.content != answer.content
    for wrong in ({"size": 1}, {"size": 10_000}, {"scheme": "sepia"}):
        assert client.get(f"/api/projections/{pca['id']}/density.png", params=wrong).status_code == 422
    assert client.get(pca["density_url"], params={"v": pca["version"] + 1}).status_code == 409
