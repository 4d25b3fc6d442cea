"""Every RunSession passes the same suite; a run killed by the system leaves all or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
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
from swath.core.errors import InvalidConfig
from swath.pipeline.ports import KillPoint, RunSession
from swath.server.app import create_app
from swath.server.services import Services
from swath.store import queue
from swath.store.attaching import attach_metadata
from swath.store.clock import now_ms
from swath.store.credentials import Vault
from swath.store.database import Store, open_store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.home import Home, open_home
from swath.store.runs import request_cancel
from swath.store.session import do_nothing, open_run
from swath.store.sharing import find_dataset
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.testing.session_contract import (
    EMBEDDER,
    OpenSession,
    RunSessionContract,
    crops_by_key,
    expected_crops,
    finish,
    images_by_name,
    make_additions,
)
from swath.wire.metadata import MetadataChange

BASE_URL = "http://localhost"


class TestStoreRunSession(RunSessionContract):
    @pytest.fixture
    def open_session(self, store: Store, home: Home) -> OpenSession:
        def open_session(
            *,
            name: str = "vehicles",
            task: str | None = "wheels",
            crop_dataset_name: str | None = None,
            at_point: KillPoint | None = None,
        ) -> RunSession:
            return open_run(
                store,
                home,
                run_config_json="{}",
                image_dataset_name=name,
                input_uri="/data",
                output_uri="/data",
                task=task,
                crop_dataset_name=crop_dataset_name,
                at_point=at_point or do_nothing,
            )

        return open_session


@dataclass
class RemoteRuns:
    """Opens runs as workers do: scheduled, claimed and worked on by HTTP, with the server in this process."""

    services: Services
    client: TestClient
    token: str
    at_point: KillPoint = do_nothing

    def transport(self) -> Transport:
        return Transport(BASE_URL, self.token, patience_s=0.0, transport=self.client._transport)

    def open(
        self,
        *,
        name: str = "vehicles",
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        at_point: KillPoint | None = None,
    ) -> RunSession:
        self._give_up_what_is_open()
        self._make_dataset(name)
        self.at_point = at_point or do_nothing
        transport = self.transport()
        request: dict[str, Any] = {"dataset": name, "selection": {"n_samples": 1, "unit": "images"}}
        if task is not None:
            request["object_level"] = {"task_name": task, "crop_dataset_name": crop_dataset_name}
        run = transport.post("/runs", request)
        worker = transport.post("/workers", {"name": "w"})
        assignment = transport.post(f"/workers/{worker['id']}/claim", {"run_id": run["id"]})["assignment"]
        return RemoteRunSession(transport, run["id"], assignment["lease"])

    def _give_up_what_is_open(self) -> None:
        """The worker of an earlier run is gone, and nobody wants it done again."""
        with self.services.store.writing() as connection:
            for run in queue.requeue_dead(connection, now=now_ms() + 10**9):
                if not run.state.is_final:
                    request_cancel(connection, run.id)

    def _make_dataset(self, name: str) -> None:
        with self.services.store.writing() as connection:
            owner_id = local_user(connection).id
            planned = plan_image_dataset(
                connection, owner_id=owner_id, name=name, input_uri="/nowhere", output_uri="/nowhere"
            )
            create_dataset(connection, planned, now=now_ms())


@pytest.fixture
def remote_runs(store: Store, home: Home) -> RemoteRuns:
    services = Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=1_000_000),
        at_point=lambda point: remote.at_point(point),
        tables=ParquetTables(),
    )
    with store.writing() as connection:
        _, token = issue_token(connection, local_user(connection).id, name="test", scope=Scope.OWNER)
    remote = RemoteRuns(services, TestClient(create_app(services), base_url=BASE_URL), token)
    return remote


class TestRemoteRunSession(RunSessionContract):
    @pytest.fixture
    def open_session(self, remote_runs: RemoteRuns) -> OpenSession:
        return remote_runs.open


def test_rows_come_in_pages(remote_runs: RemoteRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_session, "RANGE_BYTES", 2 * EMBEDDER.dimension * 2)
    additions = make_additions({"a.jpg": 2, "b.jpg": 3, "c.jpg": 0})
    session = remote_runs.open()
    session.commit(additions)
    finish(session)
    later = remote_runs.open()
    assert crops_by_key(later) == expected_crops(additions)
    assert set(images_by_name(later)) == {"a.jpg", "b.jpg", "c.jpg"}


def test_what_people_attached_reaches_a_worker_as_it_is(remote_runs: RemoteRuns, store: Store) -> None:
    session = remote_runs.open()
    session.commit(make_additions({"a.jpg": 1, "b.jpg": 1, "c.jpg": 0}))
    finish(session)
    with store.writing() as connection:
        changes = [
            MetadataChange(file_name="a.jpg", metadata={"lux": 2.5, "place": {"name": "Zürich"}, "other": 1}),
            MetadataChange(file_name="c.jpg", metadata={"place": {"name": "town"}, "dry": True}),
        ]
        attach_metadata(connection, find_dataset(connection, "vehicles"), changes)
    attached = remote_runs.open().attached_values(["lux", "place.name", "dry", "nothing"])
    assert attached.keys == ("dry", "lux", "other", "place.name")
    assert attached.of_image == {
        "a.jpg": {"lux": 2.5, "place.name": "Zürich"},
        "c.jpg": {"place.name": "town", "dry": True},
    }


def test_keys_that_are_no_list_of_texts_are_refused(remote_runs: RemoteRuns) -> None:
    session = remote_runs.open()
    assert isinstance(session, RemoteRunSession)
    for keys in ("lux", "{}", "[1]"):
        with pytest.raises(InvalidConfig, match="JSON list of texts"):
            session._columns("attached-values", {"keys": keys})


CHILD = """
import os, signal, sys
from pathlib import Path
from swath.store.database import open_store
from swath.store.home import open_home
from swath.store.session import open_run
from swath.testing.session_contract import make_additions

folder, url, point, images = sys.argv[1:]

def at_point(reached):
    if reached == point:
        os.kill(os.getpid(), signal.SIGKILL)

home, store = open_home(Path(folder)), open_store(url)
with home.lock(print):
    run = open_run(store, home, run_config_json="{}", image_dataset_name="vehicles", input_uri="/data",
                   output_uri="/data", task="wheels", at_point=at_point)
    additions = make_additions({f"{number:04d}.jpg": 5 for number in range(int(images))})
    print("ready", flush=True)
    run.commit(additions)
print("committed", flush=True)
"""


def start_child(home: Path, url: str, *, point: str, images: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(home), url, point, str(images)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def crops_after(path: Path, url: str, *, images: int) -> int:
    """How many of the child's crops are there; commits them again and checks that nothing is lost or doubled."""
    additions = make_additions({f"{number:04d}.jpg": 5 for number in range(images)})
    home, store = open_home(path), open_store(url)
    with home.lock(pytest.fail):
        session = open_run(
            store,
            home,
            run_config_json="{}",
            image_dataset_name="vehicles",
            input_uri="/data",
            output_uri="/data",
            task="wheels",
        )
        found = session.target.crop_samples
        assert crops_by_key(session) == (expected_crops(additions) if found else {})
        assert len(session.used_files()) == (images if found else 0)
        receipt = session.commit(additions)
        assert (receipt.image_samples, receipt.crop_samples) == (images, 5 * images)
        assert crops_by_key(session) == expected_crops(additions)
        finish(session)
    store.close()
    # One file for each dataset: what the killed commit wrote is used or gone.
    assert len(list((path / "vectors").iterdir())) == 2
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("point", "found"), [("before_transaction", 0), ("after_transaction", 15)])
def test_kill_9_at_a_named_point_leaves_all_or_nothing(
    tmp_path: Path, database_url: str, point: str, found: int
) -> None:
    child = start_child(tmp_path / "home", database_url, point=point, images=3)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert output == "ready\n"
    assert crops_after(tmp_path / "home", database_url, images=3) == found


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", [0, 25, 70])
def test_kill_9_at_any_instant_leaves_all_or_nothing(tmp_path: Path, database_url: str, delay_ms: int) -> None:
    child = start_child(tmp_path / "home", database_url, point="", images=400)
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay_ms / 1000)
        child.kill()
    assert crops_after(tmp_path / "home", database_url, images=400) in {0, 2000}
