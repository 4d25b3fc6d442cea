"""What only a session over HTTP does; everything else is in tests/contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.adapters import remote_session
from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.errors import RunCancelled, SourceUnavailable, StaleLease
from swath.core.runs import RunState
from swath.server.app import create_app
from swath.server.services import Services
from swath.store import queue
from swath.store.clock import now_ms
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.home import Home
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.testing.session_contract import Killed, killing_at, make_additions
from swath.wire.runs import Progress

BASE_URL = "http://localhost"


@dataclass
class Worker:
    """A worker that holds a run, and what the server knows of it."""

    store: Store
    transport: Transport
    run_id: str

    def session(self, **options: Any) -> RemoteRunSession:
        return RemoteRunSession(self.transport, self.run_id, 1, **options)

    def run(self) -> dict[str, Any]:
        run: dict[str, Any] = self.transport.get(f"/runs/{self.run_id}")
        return run

    def log(self) -> list[str]:
        """All lines but the first, which says who began."""
        return [line["message"] for line in self.transport.get(f"/runs/{self.run_id}/log")["items"]][1:]


@pytest.fixture
def worker(store: Store, home: Home) -> Worker:
    services = Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=1_000_000),
        tables=ParquetTables(),
    )
    with store.writing() as connection:
        owner_id = local_user(connection).id
        planned = plan_image_dataset(
            connection, owner_id=owner_id, name="vehicles", input_uri="/nowhere", output_uri="/nowhere"
        )
        create_dataset(connection, planned, now=now_ms())
        _, token = issue_token(connection, owner_id, name="test", scope=Scope.OWNER)
    client = TestClient(create_app(services), base_url=BASE_URL)
    transport = Transport(BASE_URL, token, patience_s=0.0, transport=client._transport)
    request = {"dataset": "vehicles", "object_level": {"task_name": "wheels"}, "selection": {"n_samples": 1}}
    run_id = transport.post("/runs", request)["id"]
    worker_id = transport.post("/workers", {"name": "w"})["id"]
    transport.post(f"/workers/{worker_id}/claim", {})
    return Worker(store, transport, run_id)


def test_lines_of_the_log_are_gathered_until_the_next_state(worker: Worker) -> None:
    session = worker.session()
    for number in range(3):
        session.log("INFO", f"line {number}")
    assert worker.log() == []
    session.enter(RunState.EMBEDDING)
    assert worker.log() == ["line 0", "line 1", "line 2"]
    session.log("INFO", "line 3")
    session.finish(RunState.FAILED, "no", "{}")
    assert worker.log() == ["line 0", "line 1", "line 2", "line 3"]


def test_lines_that_are_odd_or_long_are_kept_for_people(worker: Worker) -> None:
    session = worker.session()
    session.log("INFO", "a\udcff\0.jpg")
    session.log("INFO", "long " * 10_000)
    for _ in range(250):
        session.log("INFO", "\x01" * 2000)
    session.finish(RunState.FAILED, "of b\udcff.jpg", "{}")
    log = [line["message"] for line in worker.transport.get(f"/runs/{worker.run_id}/log", {"limit": 1000})["items"]]
    assert log[1] == "a\\udcff\\0.jpg"
    assert (len(log[2]), log[2][-6:]) == (2000, " long…")
    assert len(log) == 253
    assert worker.run()["message"] == "of b\\udcff.jpg"


def test_many_lines_do_not_wait(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_session, "LINES_PER_REQUEST", 2)
    session = worker.session()
    for number in range(5):
        session.log("INFO", f"line {number}")
    assert worker.log() == ["line 0", "line 1", "line 2", "line 3"]


def test_lines_do_not_wait_for_long(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_session, "SECONDS_BETWEEN_LINES", 0.0)
    worker.session().log("WARNING", "at once")
    assert worker.log() == ["at once"]


def test_lines_that_could_not_be_sent_are_sent_later_and_once(worker: Worker) -> None:
    session = worker.session()
    session.log("INFO", "first")
    working = session._transport
    session._transport = Transport("http://127.0.0.1:9", "token", patience_s=0.0)
    with pytest.raises(SourceUnavailable):
        session.enter(RunState.EMBEDDING)
    session._transport = working
    session.log("INFO", "second")
    session.enter(RunState.EMBEDDING)
    assert worker.log() == ["first", "second"]


def test_a_run_that_somebody_cancelled_stops_at_its_next_state_or_report(worker: Worker) -> None:
    session = worker.session()
    session.enter(RunState.LOADING_DATASET)
    worker.transport.post(f"/runs/{worker.run_id}:cancel")
    with pytest.raises(RunCancelled, match=worker.run_id):
        session.report(Progress(state=RunState.LOADING_DATASET, done=1))
    with pytest.raises(RunCancelled, match=worker.run_id):
        session.enter(RunState.EMBEDDING)
    session.finish(RunState.ABORTED, "stopped", "{}")
    assert worker.run()["state"] == "ABORTED"


def test_a_lost_lease_is_told_apart_from_everything_else(worker: Worker) -> None:
    session = worker.session()
    with worker.store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 10**9)
    with pytest.raises(StaleLease):
        session.commit(make_additions({"a.jpg": 1}))
    with pytest.raises(StaleLease):
        session.finish(RunState.COMPLETED, "late", "{}")


def test_progress_is_there_to_look_at(worker: Worker) -> None:
    worker.session().report(Progress(state=RunState.EMBEDDING, done=3, total=7, unit="images", rate=1.5))
    assert worker.run()["progress"] == {"state": "EMBEDDING", "done": 3, "total": 7, "unit": "images", "rate": 1.5}


def test_an_artifact_is_found_at_the_server(worker: Worker) -> None:
    where = worker.session().store_artifact("lists/a ü.txt", memoryview(b"text"))
    assert where == f"{BASE_URL}/api/runs/{worker.run_id}/artifacts/lists/a%20%C3%BC.txt"
    assert worker.transport.get_bytes(where.removeprefix(f"{BASE_URL}/api")) == b"text"


def test_the_session_says_what_the_run_is_asked_to_do(worker: Worker) -> None:
    document = worker.session().document
    assert (document.kind, document.task, document.is_committed) == ("object-level", "wheels", False)
    assert document.config["object_level"]["task_name"] == "wheels"  # type: ignore[index, call-overload]
    assert worker.session().credentials().input.location == "/nowhere"


@pytest.mark.parametrize(("point", "parts"), [("before_parts", 0), ("after_parts", 4)])
def test_a_worker_that_dies_while_it_hands_in_adds_nothing(worker: Worker, home: Home, point: str, parts: int) -> None:
    session = worker.session(at_point=killing_at(point))
    with pytest.raises(Killed):
        session.commit(make_additions({"a.jpg": 2}))
    assert len([path for path in home.parts.rglob("*") if path.is_file()]) == parts
    assert worker.session().document.is_committed is False
    assert worker.session().commit(make_additions({"a.jpg": 2})).crops_added == 2


def test_a_worker_that_dies_before_its_report_has_committed(worker: Worker) -> None:
    session = worker.session(at_point=killing_at("before_finish"))
    session.commit(make_additions({"a.jpg": 2}))
    with pytest.raises(Killed):
        session.finish(RunState.COMPLETED, "done", "{}")
    with worker.store.writing() as connection:
        queue.requeue_dead(connection, now=now_ms() + 10**9)
    assert worker.run()["state"] == "COMPLETED"
