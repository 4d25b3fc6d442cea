"""Calls about a run by who holds it, who held it, and who never did. What sessions do is in tests/contract."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.runs import RunState
from swath.server.services import ServerOptions, Services
from swath.store import queue, runs, schema
from swath.store.clock import now_ms
from swath.store.credentials import Vault, keep_credentials
from swath.store.database import Store
from swath.store.datasets import create_dataset, dataset_by_name, plan_image_dataset
from swath.store.home import Home
from swath.store.parts import remove_parts
from swath.store.users import find_user
from swath.testing.session_contract import EMBEDDER, make_additions
from swath.wire.additions import EmbedderDocument, write_manifest, write_parts
from swath.wire.endpoints import Endpoints

Fixture = Any  # of conftest.py: UserClient


def digest_of(data: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"}


@dataclass
class HeldRun:
    """A run of anna on `vehicles` that a worker of hers holds under lease 1."""

    client: TestClient
    run_id: str
    worker_id: str
    lease: int = 1

    def call(self, method: str, path: str, *, lease: int | None = None, **options: Any) -> Any:
        headers = {"Swath-Lease": str(lease or self.lease), **options.pop("headers", {})}
        return self.client.request(method, f"/api/runs/{self.run_id}{path}", headers=headers, **options)

    def put(self, path: str, data: bytes, **headers: str) -> Any:
        return self.call("PUT", path, content=data, headers={**digest_of(data), **headers})

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = self.client.get(f"/api/runs/{self.run_id}").json()
        return document


@pytest.fixture
def options() -> ServerOptions:
    return ServerOptions(endpoints=Endpoints.parse("s3://photos=http://minio:9000"))


@pytest.fixture
def held(user_client: Fixture, store: Store) -> HeldRun:
    client = user_client(Scope.MEMBER, "anna")
    with store.writing() as connection:
        planned = plan_image_dataset(
            connection,
            owner_id=find_user(connection, "anna").id,
            name="vehicles",
            input_uri="/nowhere",
            output_uri="/elsewhere",
        )
        create_dataset(connection, planned, now=now_ms())
    request = {"dataset": "vehicles", "object_level": {"task_name": "wheels"}, "selection": {"n_samples": 1}}
    run_id = client.post("/api/runs", json=request).json()["id"]
    worker_id = client.post("/api/workers", json={"name": "w"}).json()["id"]
    client.post(f"/api/workers/{worker_id}/claim", json={})
    return HeldRun(client, run_id, worker_id)


def hand_in(held: HeldRun, images: dict[str, int]) -> dict[str, Any]:
    """Hand in the parts of these additions; returns the manifest."""
    additions = make_additions(images)
    for name, part in write_parts(additions):
        assert held.put(f"/parts/{name}", part).status_code == 200
    return write_manifest(additions).model_dump(mode="json")


ROWS = {**EmbedderDocument.of(EMBEDDER).model_dump(), "first": 0, "count": 9}

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/state", {"json": {"state": "EMBEDDING"}}),
    ("PUT", "/progress", {"json": {"state": "EMBEDDING", "done": 1}}),
    ("POST", "/log", {"json": {"lines": [{"number": 0, "level": "INFO", "message": "late"}]}}),
    ("GET", "/session", {}),
    ("GET", "/session/used-files", {}),
    ("GET", "/session/known-digests", {}),
    ("GET", "/session/known-crop-files", {}),
    ("GET", "/session/earlier-crops", {"params": ROWS}),
    ("GET", "/session/earlier-images", {"params": ROWS}),
    ("GET", "/credentials", {}),
    ("PUT", "/parts/images-0", {"content": b"part", "headers": digest_of(b"part")}),
    ("PUT", "/artifacts/a.txt", {"content": b"text", "headers": digest_of(b"text")}),
    ("POST", "/commit", {"json": write_manifest(make_additions({})).model_dump(mode="json")}),
    ("POST", "/finish", {"json": {"state": "FAILED", "message": "late", "result": {}}}),
]
RELEASE: tuple[str, str, dict[str, Any]] = ("POST", "/release", {})


def test_every_call_of_who_holds_the_run_is_answered(held: HeldRun) -> None:
    for method, path, sent in CALLS:
        answer = held.call(method, path, **sent)
        assert answer.is_success, (path, answer.text)


@pytest.mark.parametrize("is_claimed_again", [False, True])
def test_no_call_under_a_lease_that_is_over_changes_anything(
    held: HeldRun, store: Store, home: Home, is_claimed_again: bool
) -> None:
    with store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 10**9)
    if is_claimed_again:
        held.client.post(f"/api/workers/{held.worker_id}/claim", json={})
    before = held.document(), held.client.get(f"/api/runs/{held.run_id}/log").json()
    for method, path, sent in (*CALLS, RELEASE):
        answer = held.call(method, path, **sent)
        assert (answer.status_code, answer.json()["type"]) == (409, "stale-lease"), path
    assert (held.document(), held.client.get(f"/api/runs/{held.run_id}/log").json()) == before
    assert files_below(home.parts) == []
    assert files_below(home.artifacts) == []


def test_no_call_of_somebody_else_is_answered_however_it_guesses_the_lease(held: HeldRun, user_client: Fixture) -> None:
    before = held.document()
    others = [(404, user_client(Scope.WORKER, "ben")), (404, user_client(Scope.OWNER, "local"))]
    for status, client in (*others, (403, user_client(Scope.READ_ONLY, "anna"))):
        thief = HeldRun(client, held.run_id, held.worker_id)
        for method, path, sent in (*CALLS, RELEASE):
            assert thief.call(method, path, **sent).status_code == status, path
    assert held.document() == before


@pytest.mark.parametrize("lease", ["", "0", "-1", "x", "9" * 30])
def test_a_call_without_a_number_of_a_lease_is_refused(held: HeldRun, lease: str) -> None:
    headers = {"Swath-Lease": lease} if lease else {}
    assert held.client.get(f"/api/runs/{held.run_id}/session", headers=headers).status_code == 422


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_part_that_arrives_damaged_is_not_kept(held: HeldRun, home: Home) -> None:
    answer = held.call("PUT", "/parts/images-0", content=b"other bytes", headers=digest_of(b"bytes"))
    assert (answer.status_code, answer.json()["field"]) == (422, "Content-Digest")
    assert files_below(home.parts) == []
    for digest in ("", "sha-256=:AAAA:", "md5=:AAAA:", "sha-256=:" + "!" * 44 + ":"):
        answer = held.call("PUT", "/parts/images-0", content=b"", headers={"Content-Digest": digest})
        assert answer.status_code == 422


def test_a_part_is_handed_in_twice_but_not_changed(held: HeldRun, home: Home) -> None:
    assert held.put("/parts/images-0", b"bytes").json()["byte_length"] == 5
    assert held.put("/parts/images-0", b"bytes").status_code == 200
    assert held.put("/parts/images-0", b"other").status_code == 409
    (path,) = files_below(home.parts)
    assert (path.read_bytes(), path.relative_to(home.parts).parts) == (b"bytes", (held.run_id, "1", "images-0"))


@pytest.mark.parametrize("name", ["images", "../images-0", "..%2Fimages-0", ".images-0", "images-0.partial", "A-0"])
def test_a_part_of_another_name_is_refused(held: HeldRun, home: Home, name: str) -> None:
    assert held.put(f"/parts/{name}", b"bytes").status_code in {404, 422}
    assert files_below(home.parts) == []


def test_a_commit_is_answered_the_same_twice(held: HeldRun, home: Home) -> None:
    manifest = hand_in(held, {"a.jpg": 2, "b.jpg": 1})
    first = held.call("POST", "/commit", json=manifest)
    assert first.json() == {
        "image_samples": 2,
        "images_added": 2,
        "crop_samples": 3,
        "crops_added": 3,
        "tag_names": [],
    }
    assert held.call("POST", "/commit", json=manifest).json() == first.json()
    # Nobody needs them any more.
    assert files_below(home.parts) == []
    for _ in range(2):
        answer = held.call("POST", "/finish", json={"state": "COMPLETED", "message": "done", "result": {"a": 1}})
        assert answer.status_code == 204
    assert held.call("POST", "/commit", json=manifest).json() == first.json()
    assert held.document()["message"] == "done"
    assert held.client.get(f"/api/runs/{held.run_id}/result").json() == {"a": 1}


@pytest.mark.parametrize("point", ["before_commit", "before_transaction"])
def test_a_commit_that_overtakes_another_of_the_same_run_answers_both(
    held: HeldRun, services: Services, app: FastAPI, point: str
) -> None:
    """The connection broke while the first was under way, and the worker asked again."""
    manifest = hand_in(held, {"a.jpg": 2, "b.jpg": 1})
    overtaking: list[dict[str, Any]] = []

    def overtake(reached: str) -> None:
        if reached == point and not overtaking:
            overtaking.append({})
            overtaking[0] = held.call("POST", "/commit", json=manifest).json()

    app.state.services = replace(services, at_point=overtake)
    overtaken = held.call("POST", "/commit", json=manifest)
    assert overtaking[0]["crops_added"] == 3
    assert overtaken.json() == overtaking[0]


def test_a_commit_whose_parts_went_with_its_lease_hears_of_the_lease(
    held: HeldRun, services: Services, store: Store, app: FastAPI
) -> None:
    manifest = hand_in(held, {"a.jpg": 2})

    def lose(reached: str) -> None:
        if reached == "before_commit":
            with store.writing() as connection:
                queue.requeue_dead(connection, now=now_ms() + 10**9)
            remove_parts(services.home, held.run_id, up_to_lease=1)

    app.state.services = replace(services, at_point=lose)
    answer = held.call("POST", "/commit", json=manifest)
    assert (answer.status_code, answer.json()["type"]) == (409, "stale-lease")


def test_a_commit_without_all_parts_adds_nothing(held: HeldRun) -> None:
    manifest = hand_in(held, {"a.jpg": 2})
    manifest["rows"]["images"] = [*manifest["rows"]["images"], 7]
    answer = held.call("POST", "/commit", json=manifest)
    assert (answer.status_code, answer.json()["detail"]) == (409, "part `images-1` was not handed in")


def test_parts_that_do_not_fit_together_add_nothing(held: HeldRun, store: Store) -> None:
    hand_in(held, {"a.jpg": 2})
    manifest = write_manifest(make_additions({"a.jpg": 2})).model_dump(mode="json")
    manifest["embedder"]["dimension"] = 9
    assert held.call("POST", "/commit", json=manifest).status_code == 422
    manifest = write_manifest(make_additions({"a.jpg": 2}, task="doors")).model_dump(mode="json")
    answer = held.call("POST", "/commit", json=manifest)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "the parts do not fit together: additions of a run: the schema is of another task",
    )
    with store.reading() as connection:
        assert runs.find_run(connection, held.run_id).receipt is None


def test_damaged_columns_add_nothing(held: HeldRun) -> None:
    manifest = hand_in(held, {"a.jpg": 2})
    manifest["rows"]["crops"] = [2, 2]
    assert held.put("/parts/crops-1", b"no columns at all").status_code == 200
    answer = held.call("POST", "/commit", json=manifest)
    assert answer.status_code == 422
    assert "part `crops-1` cannot be read" in answer.json()["detail"]


def test_progress_and_log_are_there_to_look_at(held: HeldRun) -> None:
    held.call("PUT", "/state", json={"state": "EMBEDDING"})
    progress = {"state": "EMBEDDING", "done": 5, "total": 9, "unit": "images", "rate": 2.5}
    assert held.call("PUT", "/progress", json=progress).json() == {"cancel_requested": False}
    lines = [{"number": number, "level": "INFO", "message": f"line {number}"} for number in range(3)]
    held.call("POST", "/log", json={"lines": lines[:2]})
    held.call("POST", "/log", json={"lines": lines})
    assert held.document()["state"] == "EMBEDDING"
    assert held.document()["progress"] == progress
    log = held.client.get(f"/api/runs/{held.run_id}/log").json()["items"]
    assert [line["message"] for line in log] == ["worker `w` on `` began", "line 0", "line 1", "line 2"]


def test_who_reports_hears_that_the_run_is_to_stop(held: HeldRun) -> None:
    held.client.post(f"/api/runs/{held.run_id}:cancel")
    for call in (
        held.call("PUT", "/state", json={"state": "EMBEDDING"}),
        held.call("PUT", "/progress", json={"state": "EMBEDDING", "done": 1}),
        held.call("POST", "/log", json={"lines": []}),
    ):
        assert call.json() == {"cancel_requested": True}


def test_states_go_forward_to_an_end_only_by_finish(held: HeldRun) -> None:
    assert held.call("PUT", "/state", json={"state": "SAMPLING"}).status_code == 200
    assert held.call("PUT", "/state", json={"state": "EMBEDDING"}).status_code == 409
    assert held.call("PUT", "/state", json={"state": "COMPLETED"}).status_code == 409
    answer = held.call("POST", "/finish", json={"state": "SAMPLING", "message": "", "result": {}})
    assert (answer.status_code, answer.json()["field"]) == (422, "state")


def test_a_report_holds_the_lease_for_longer(held: HeldRun, store: Store, services: Services) -> None:
    with store.writing() as connection:
        connection.execute(runs.schema.runs.update().values(lease_expires_at=5))
    held.call("PUT", "/state", json={"state": "EMBEDDING"})
    with store.reading() as connection:
        expires_at = runs.find_run(connection, held.run_id).lease_expires_at
    assert expires_at is not None
    assert expires_at > now_ms() + services.options.worker_timeout_s * 1000 / 2


def test_a_released_run_waits_again(held: HeldRun, home: Home) -> None:
    held.put("/parts/images-0", b"bytes")
    assert held.call("POST", "/release").status_code == 204
    assert (held.document()["state"], held.document()["deaths"]) == ("QUEUED", 0)
    assert files_below(home.parts) == []


def test_the_parts_of_a_worker_that_took_over_are_its_own(held: HeldRun, store: Store, home: Home) -> None:
    held.put("/parts/images-0", b"of the first")
    with store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 10**9)
    held.client.post(f"/api/workers/{held.worker_id}/claim", json={})
    held.lease = 2
    assert held.put("/parts/images-0", b"of the second").status_code == 200
    assert (home.parts / held.run_id / "2" / "images-0").read_bytes() == b"of the second"


def test_credentials_are_those_of_the_dataset_and_not_kept_on_the_way(
    held: HeldRun, store: Store, services: Services
) -> None:
    plain = held.call("GET", "/credentials")
    assert plain.json() == {
        "input": {"location": "/nowhere", "credentials": None, "endpoint": None},
        "output": {"location": "/elsewhere", "credentials": None, "endpoint": None},
        "is_confined": False,
    }
    assert plain.headers["cache-control"] == "no-store"
    assert isinstance(services.vault, Vault)
    keys = {"access_key_id": "AKIA", "secret_access_key": "hush"}
    with store.writing() as connection:
        dataset = dataset_by_name(connection, "vehicles", owner_id=find_user(connection, "anna").id)
        assert dataset is not None
        connection.execute(sa.update(schema.datasets).values(input_uri="s3://photos/a", output_uri="gs://crops"))
        keep_credentials(connection, services.vault, dataset.id, "input", keys)
    answer = held.call("GET", "/credentials").json()
    assert answer["input"] == {"location": "s3://photos/a", "credentials": keys, "endpoint": "http://minio:9000"}
    assert answer["output"] == {"location": "gs://crops", "credentials": None, "endpoint": None}
    # What a machine has itself is nothing for confined runs.
    with store.writing() as connection:
        connection.execute(sa.update(schema.datasets).values(is_confined=True))
    assert held.call("GET", "/credentials").json()["output"]["credentials"] == {}


def test_artifacts_with_folders_come_back(held: HeldRun) -> None:
    content = bytes(range(256)) * 10_000
    for data in (b"first", content):
        assert held.put("/artifacts/report/figures.bin", data).json()["byte_length"] == len(data)
    (listed,) = held.client.get(f"/api/runs/{held.run_id}/artifacts").json()["items"]
    assert listed["sha256"] == hashlib.sha256(content).hexdigest()
    assert held.client.get(listed["path"]).content == content


@pytest.mark.parametrize("name", ["..%2Fa", "a%2F..%2F..%2Fb", "%2Fetc%2Fa", "a%5Cb", "a%00b", "a%0Ab", "./a", "a//b"])
def test_an_artifact_never_leaves_its_run(held: HeldRun, home: Home, name: str) -> None:
    answer = held.put(f"/artifacts/{name}", b"x")
    if answer.is_success:
        assert files_below(home.artifacts) == [home.artifacts / held.run_id / "a"]
        return
    assert answer.status_code in {404, 405, 422}
    assert files_below(home.root / "artifacts") == []


def test_what_the_worker_did_is_published(held: HeldRun, services: Services) -> None:
    def published() -> list[tuple[str, str]]:
        return [(event.kind, event.id) for event in services.events._recent]

    before = len(published())
    held.call("PUT", "/state", json={"state": RunState.EMBEDDING.value})
    assert published()[before:] == [("run", held.run_id)]
    held.call("POST", "/finish", json={"state": "COMPLETED", "message": "", "result": {}})
    assert published()[-2:] == [("run", held.run_id), ("worker", held.worker_id)]
