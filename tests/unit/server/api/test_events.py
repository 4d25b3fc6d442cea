"""Events over a connection that stays open: to whom, until when, and that they never keep a server from stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.live_server import LiveServer, serving
from tests.unit.server.conftest import UserClient

from swath.core.access import Scope
from swath.server.services import Services
from swath.store.database import Store
from swath.store.home import Home
from swath.store.runs import list_runs
from swath.store.session import open_run


@pytest.fixture
def live(app: FastAPI) -> Iterator[LiveServer]:
    with serving(app) as server:
        yield server


class Listener:
    """An open stream; `heard` grows as events come."""

    def __init__(self, live: LiveServer, client: TestClient, path: str = "/api/events", **headers: str) -> None:
        self.heard: list[str] = []
        self.ids: list[str] = []
        self.status = 0
        self.has_begun = threading.Event()
        self._url = live.url + path
        self._headers = {"Authorization": client.headers["authorization"], **headers}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self.has_begun.wait(10)

    def _listen(self) -> None:
        with httpx2.stream("GET", self._url, headers=self._headers, timeout=20) as answer:
            self.status = answer.status_code
            if answer.status_code != 200:
                self.has_begun.set()
            for line in answer.iter_lines():
                self.has_begun.set()
                if line.startswith("event: "):
                    self.heard.append(line.removeprefix("event: "))
                if line.startswith("id: "):
                    self.ids.append(line.removeprefix("id: "))

    def hears(self, *kinds: str) -> bool:
        """Whether it has heard exactly these, waiting for the last of them."""
        deadline = time.monotonic() + 10
        while len(self.heard) < len(kinds) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.heard == list(kinds)

    def ends(self) -> bool:
        self._thread.join(10)
        return not self._thread.is_alive()


def test_what_a_user_changes_they_hear_and_others_do_not(
    live: LiveServer, services: Services, client: TestClient, user_client: UserClient
) -> None:
    anna, berta = user_client(Scope.MEMBER, "anna"), user_client(Scope.READ_ONLY, "berta")
    of_anna, of_berta = Listener(live, anna), Listener(live, berta)
    anna.post("/api/datasets", json={"name": "vehicles"})
    anna.put("/api/datasets/vehicles/shares/berta")
    anna.patch("/api/datasets/vehicles", json={"name": "cars"})
    assert of_anna.hears("dataset", "dataset", "dataset")
    assert of_berta.hears("dataset", "dataset")


def test_who_loses_a_dataset_hears_that_too(live: LiveServer, user_client: UserClient) -> None:
    anna, berta = user_client(Scope.MEMBER, "anna"), user_client(Scope.MEMBER, "berta")
    of_berta = Listener(live, berta)
    anna.post("/api/datasets", json={"name": "vehicles"})
    anna.put("/api/datasets/vehicles/shares/berta")
    assert of_berta.hears("dataset")
    anna.delete("/api/datasets/vehicles/shares/berta")
    assert of_berta.hears("dataset", "dataset")
    anna.patch("/api/datasets/vehicles", json={"name": "cars"})
    anna.put("/api/datasets/cars/shares/berta")
    assert of_berta.hears("dataset", "dataset", "dataset")


def test_a_lost_connection_is_taken_up_where_it_ended(live: LiveServer, services: Services, client: TestClient) -> None:
    first = Listener(live, client)
    for name in ("vehicles", "animals", "plants"):
        client.post("/api/datasets", json={"name": name})
    assert first.hears("dataset", "dataset", "dataset")
    again = Listener(live, client, **{"Last-Event-ID": first.ids[0]})
    assert again.hears("dataset", "dataset")
    assert again.ids == first.ids[1:]


def test_a_listener_of_one_run_hears_of_that_run(
    live: LiveServer, services: Services, client: TestClient, user_client: UserClient, store: Store, home: Home
) -> None:
    open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri="/data",
        output_uri="/data",
        task="wheels",
    )
    with store.reading() as connection:
        run_id = list_runs(connection)[0].id
    listener = Listener(live, client, f"/api/runs/{run_id}/events")
    services.events.publish("run", id="0" * 24, owner_id=None)
    services.events.publish("run", id=run_id, owner_id=None)
    assert listener.hears("run")
    stranger = user_client(Scope.MEMBER, "anna")
    for run in (run_id, "0" * 24, "nonsense"):
        assert stranger.get(f"/api/runs/{run}/events").status_code == 404


def test_revoking_the_token_ends_the_stream_at_once(live: LiveServer, client: TestClient) -> None:
    made = client.post("/api/tokens", json={"name": "watcher", "scope": "read-only"}).json()
    watcher = TestClient(client.app, headers={"Authorization": f"Bearer {made['secret']}"})
    listener = Listener(live, watcher)
    client.delete(f"/api/tokens/{made['id']}")
    assert listener.ends()
    assert Listener(live, watcher).status == 401


def test_open_streams_do_not_keep_the_server_from_stopping(app: FastAPI, client: TestClient) -> None:
    live = LiveServer(app)
    live.start()
    listeners = [Listener(live, client) for _ in range(3)]
    assert live.stop() < 5
    assert all(listener.ends() for listener in listeners)


def test_listeners_that_leave_are_forgotten(live: LiveServer, services: Services, client: TestClient) -> None:
    headers = {"Authorization": client.headers["authorization"]}
    with httpx2.stream("GET", f"{live.url}/api/events", headers=headers, timeout=10) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert services.events.subscription_count == 1
    deadline = time.monotonic() + 10
    while services.events.subscription_count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert services.events.subscription_count == 0


def test_workers_have_no_use_for_events(user_client: UserClient) -> None:
    assert user_client(Scope.WORKER).get("/api/events").status_code == 403
