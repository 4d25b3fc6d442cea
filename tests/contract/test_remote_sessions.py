"""A server that is killed while a worker hands in what its run adds: the worker goes on with the next one."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.additions import CommitReceipt
from swath.core.errors import StaleLease
from swath.core.runs import RunState
from swath.store.clock import now_ms
from swath.store.database import open_store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.home import open_home
from swath.store.schema import runs
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.testing.session_contract import EMBEDDER, crops_by_key, expected_crops, make_additions

SERVER = """
import os, signal, sys
from pathlib import Path
import uvicorn
from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.server.app import create_app
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.database import open_store
from swath.store.home import open_home
from swath.store.schema import runs
from swath.store.sweep import sweep

folder, url, port, kill_at, worker_timeout_s = sys.argv[1:]

def at_point(reached):
    if reached == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

home, store = open_home(Path(folder)), open_store(url)
services = Services(store=store, home=home, vault=Vault.open(home), open_datasource=open_datasource,
                    codec=PillowCodec(max_pixels=10**6), tables=ParquetTables(), at_point=at_point,
                    options=ServerOptions(worker_timeout_s=float(worker_timeout_s)))
with home.lock(print):
    sweep(store, home)
    uvicorn.run(create_app(services), port=int(port), log_level="error")
"""

PATIENCE_S = 60.0

pytestmark = pytest.mark.slow


@dataclass
class Installation:
    """A home with an empty dataset `vehicles`, and the server processes that hold it one after another."""

    home: Path
    url: str
    token: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    transports: list[Transport] = field(default_factory=list)

    def start(self, *, kill_at: str = "", worker_timeout_s: float = 60.0) -> None:
        arguments = [str(self.home), self.url, str(self.port), kill_at, str(worker_timeout_s)]
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, *arguments])
        self.transport().get("/health")

    def transport(self) -> Transport:
        transport = Transport(f"http://127.0.0.1:{self.port}", self.token, patience_s=PATIENCE_S)
        self.transports.append(transport)
        return transport

    def schedule(self) -> str:
        request = {"dataset": "vehicles", "object_level": {"task_name": "wheels"}, "selection": {"n_samples": 1}}
        run_id: str = self.transport().post("/runs", request)["id"]
        return run_id

    def claim(self, run_id: str | None = None) -> RemoteRunSession:
        transport = self.transport()
        worker = transport.post("/workers", {"name": "w"})
        answer = transport.post(f"/workers/{worker['id']}/claim", {"run_id": run_id}, may_repeat=True)
        assignment = answer["assignment"]
        return RemoteRunSession(transport, assignment["run_id"], assignment["lease"])

    def run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.transport().get(f"/runs/{run_id}")
        return run

    def wait_for(self, run_id: str, *states: RunState) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while (run := self.run(run_id))["state"] not in states:
            assert time.monotonic() < deadline, run
            time.sleep(0.05)
        return run

    def was_killed(self) -> bool:
        assert self.process is not None
        return self.process.wait(timeout=PATIENCE_S) == -signal.SIGKILL

    def let_leases_run_out(self) -> None:
        """Make it long ago that any worker was heard of; no server is running."""
        store = open_store(self.url)
        with store.writing() as connection:
            has_lease = runs.c.lease_expires_at.is_not(None)
            connection.execute(runs.update().where(has_lease).values(lease_expires_at=1))
        store.close()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        for transport in self.transports:
            transport.close()
        self.kill()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    home = open_home(tmp_path / "home")
    store = open_store(database_url)
    with store.writing() as connection:
        owner_id = local_user(connection).id
        planned = plan_image_dataset(
            connection, owner_id=owner_id, name="vehicles", input_uri="/nowhere", output_uri="/nowhere"
        )
        create_dataset(connection, planned, now=now_ms())
        _, token = issue_token(connection, owner_id, name="test", scope=Scope.OWNER)
    store.close()
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    installation = Installation(home.root, database_url, token, port)
    yield installation
    installation.stop()


ADDITIONS = make_additions({f"{number}.jpg": number for number in range(4)})


@pytest.mark.parametrize(
    "kill_at", ["after_part", "before_transaction", "after_transaction", "before_finish", "after_finish"]
)
def test_a_worker_outlives_the_server_and_adds_everything_once(installation: Installation, kill_at: str) -> None:
    installation.start(kill_at=kill_at)
    run_id = installation.schedule()
    session = installation.claim()
    receipts: list[CommitReceipt] = []

    def work() -> None:
        session.enter(RunState.SAVING_RESULTS)
        session.log("INFO", "half way")
        receipts.append(session.commit(ADDITIONS))
        session.finish(RunState.COMPLETED, "done", '{"n": 6}')

    thread = threading.Thread(target=work)
    thread.start()
    assert installation.was_killed()
    installation.start()
    thread.join(timeout=PATIENCE_S)
    assert [(receipt.images_added, receipt.crops_added) for receipt in receipts] == [(4, 6)]
    run = installation.run(run_id)
    assert (run["state"], run["message"], run["deaths"]) == ("COMPLETED", "done", 0)
    log = installation.transport().get(f"/runs/{run_id}/log")["items"]
    assert [line["message"] for line in log][1:] == ["half way"]
    assert_added_once(installation)


def assert_added_once(installation: Installation) -> None:
    installation.schedule()
    later = installation.claim()
    assert crops_by_key(later) == expected_crops(ADDITIONS)
    assert len(later.used_files()) == 4
    assert len(later.earlier_images(EMBEDDER)[0]) == 4
    assert list((installation.home / "parts").rglob("images-*")) == []


@pytest.mark.parametrize("has_committed", [False, True])
def test_the_run_of_a_worker_that_is_gone_comes_to_its_end(installation: Installation, has_committed: bool) -> None:
    installation.start()
    run_id = installation.schedule()
    gone = installation.claim()
    if has_committed:
        gone.commit(ADDITIONS)
    installation.kill()
    installation.let_leases_run_out()
    installation.start(worker_timeout_s=1.0)
    if has_committed:
        run = installation.wait_for(run_id, RunState.COMPLETED)
        assert run["message"].endswith("the worker ended before its report")
    else:
        installation.wait_for(run_id, RunState.QUEUED)
        with pytest.raises(StaleLease):
            gone.commit(ADDITIONS)
        installation.kill()
        installation.start()
        again = installation.claim(run_id)
        again.commit(ADDITIONS)
        again.finish(RunState.COMPLETED, "done", "{}")
    assert_added_once(installation)


def test_a_server_that_starts_waits_until_its_workers_could_be_heard(installation: Installation) -> None:
    installation.start(kill_at="before_finish")
    run_id = installation.schedule()
    session = installation.claim()
    thread = threading.Thread(target=lambda: session.finish(RunState.FAILED, "no images", "{}"))
    thread.start()
    assert installation.was_killed()
    installation.let_leases_run_out()
    installation.start()
    thread.join(timeout=PATIENCE_S)
    assert (installation.run(run_id)["state"], installation.run(run_id)["deaths"]) == ("FAILED", 0)


def test_an_answer_to_a_claim_that_got_lost_costs_a_lease_and_nothing_more(installation: Installation) -> None:
    installation.start(kill_at="after_claim")
    run_id = installation.schedule()
    transport = installation.transport()
    worker = transport.post("/workers", {"name": "w"})
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(transport.post(f"/workers/{worker['id']}/claim", {}, may_repeat=True))
    )
    thread.start()
    assert installation.was_killed()
    installation.start()
    thread.join(timeout=PATIENCE_S)
    assert answers == [{"assignment": None}]
    # Nobody knows of the lease: it runs out.
    installation.kill()
    installation.let_leases_run_out()
    installation.start(worker_timeout_s=1.0)
    assert installation.wait_for(run_id, RunState.QUEUED)["deaths"] == 1
    installation.kill()
    installation.start()
    session = installation.claim(run_id)
    session.commit(ADDITIONS)
    session.finish(RunState.COMPLETED, "done", "{}")
    assert_added_once(installation)
