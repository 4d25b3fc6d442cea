"""Which workers are taken for dead. How long that takes of real ones is in tests/end_to_end."""

from __future__ import annotations

import threading
import time

import pytest

from swath.core.runs import RunState
from swath.server.leases import give_back_runs, watch_leases
from swath.server.services import ServerOptions, Services
from swath.store import queue, runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import create_dataset, dataset_by_id, plan_image_dataset
from swath.store.runs import Run
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.wire.runs import RunKind

TIMEOUT_S = 0.6


@pytest.fixture
def options() -> ServerOptions:
    return ServerOptions(worker_timeout_s=TIMEOUT_S)


@pytest.fixture
def held_run(store: Store) -> str:
    """The id of a run whose worker is silent from now on."""
    with store.writing() as connection:
        user = local_user(connection)
        planned = plan_image_dataset(connection, owner_id=user.id, name="photos", input_uri="/a", output_uri="/a")
        create_dataset(connection, planned, now=now_ms())
        dataset = dataset_by_id(connection, planned.id)
        assert dataset is not None
        run_id = queue.schedule_run(
            connection,
            owner_id=user.id,
            kind=RunKind.OBJECT_LEVEL,
            config_json="{}",
            dataset=dataset,
            task=None,
            now=now_ms(),
        )
        worker = register_worker(connection, owner_id=user.id, name="w", now=now_ms())
        queue.claim_run(connection, worker, serves_everybody=True, now=now_ms(), lease_ms=round(TIMEOUT_S * 1000))
    return run_id


def find(store: Store, run_id: str) -> Run:
    with store.reading() as connection:
        return runs.find_run(connection, run_id)


def test_the_run_of_a_silent_worker_waits_again_and_whoever_looks_is_told(
    services: Services, store: Store, held_run: str
) -> None:
    assert give_back_runs(services)
    assert find(store, held_run).state is RunState.STARTED
    parts = services.home.parts / held_run / "1"
    parts.mkdir(parents=True)
    time.sleep(TIMEOUT_S + 0.01)
    assert give_back_runs(services)
    run = find(store, held_run)
    assert (run.state, run.deaths) == (RunState.QUEUED, 1)
    assert not parts.exists()


def test_nobody_is_taken_for_dead_who_could_not_be_heard(services: Services, store: Store, held_run: str) -> None:
    time.sleep(TIMEOUT_S + 0.01)
    is_writing, is_done = threading.Event(), threading.Event()

    def keep_others_from_writing() -> None:
        with store.writing():
            is_writing.set()
            is_done.wait(20)

    writer = threading.Thread(target=keep_others_from_writing)
    writer.start()
    assert is_writing.wait(20)
    threading.Timer(TIMEOUT_S, is_done.set).start()
    assert not give_back_runs(services)
    writer.join()
    assert find(store, held_run).state is RunState.STARTED
    # When it is silent all the same, it is dead.
    assert give_back_runs(services)
    assert find(store, held_run).state is RunState.QUEUED


def test_a_server_that_starts_hears_its_workers_first(services: Services, store: Store, held_run: str) -> None:
    time.sleep(TIMEOUT_S + 0.01)
    with watch_leases(services):
        time.sleep(TIMEOUT_S / 2)
        assert find(store, held_run).state is RunState.STARTED
        deadline = time.monotonic() + 20
        while find(store, held_run).state is not RunState.QUEUED:
            assert time.monotonic() < deadline
            time.sleep(0.02)
