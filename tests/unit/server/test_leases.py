from __future__ import annotations

import time
from dataclasses import replace

from swath.core.runs import RunState
from swath.server.leases import give_back_runs, watch_leases
from swath.server.services import Services
from swath.store import queue, runs
from swath.store.clock import now_ms
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.parts import receive_part
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.wire.runs import RunKind


def hold_a_run(services: Services, *, expires_at: int) -> str:
    """A run whose lease runs out at that time, with a part of what it adds handed in."""
    with services.store.writing() as connection:
        owner_id = local_user(connection).id
        planned = plan_image_dataset(connection, owner_id=owner_id, name="vehicles", input_uri="/a", output_uri="/a")
        run_id = queue.schedule_run(
            connection,
            owner_id=owner_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json="{}",
            dataset=create_dataset(connection, planned, now=0),
            task=None,
            now=0,
        )
        worker = register_worker(connection, owner_id=owner_id, name="w", now=0)
        queue.claim_run(connection, worker, serves_everybody=True, now=expires_at, lease_ms=0)
    with receive_part(services.home, run_id, 1, "images-0") as part:
        part.complete(part.sha256)
        part.keep(may_replace=False)
    return run_id


def state_of(services: Services, run_id: str) -> RunState:
    with services.store.reading() as connection:
        return runs.find_run(connection, run_id).state


def test_the_run_of_a_worker_that_is_gone_is_given_back_and_everybody_told(services: Services) -> None:
    run_id = hold_a_run(services, expires_at=now_ms() - 1000)
    give_back_runs(services)
    assert state_of(services, run_id) is RunState.QUEUED
    assert not (services.home.parts / run_id).exists()
    assert [event.kind for event in services.events._recent] == ["run", "worker"]
    assert services.events._recent[0].id == run_id


def test_a_run_whose_worker_is_heard_of_stays(services: Services) -> None:
    run_id = hold_a_run(services, expires_at=now_ms() + 60_000)
    give_back_runs(services)
    assert state_of(services, run_id) is RunState.STARTED
    assert (services.home.parts / run_id / "1" / "images-0").exists()
    assert len(services.events._recent) == 0


def test_a_server_that_starts_gives_workers_the_time_of_a_lease_to_be_heard(services: Services) -> None:
    timeout_s = 0.3
    services = replace(services, options=replace(services.options, worker_timeout_s=timeout_s))
    run_id = hold_a_run(services, expires_at=now_ms() - 1000)
    started = time.monotonic()
    with watch_leases(services):
        while state_of(services, run_id) is RunState.STARTED:
            assert time.monotonic() < started + 30
            time.sleep(0.01)
    assert time.monotonic() - started >= timeout_s
    assert state_of(services, run_id) is RunState.QUEUED
