"""Scheduling, claiming, holding and losing runs; `at` is the time in ms, leases last 1000 ms."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from swath.core.errors import Conflict, NotFound, StaleLease
from swath.core.runs import RunState
from swath.store import queue, runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import create_dataset, dataset_by_name, plan_image_dataset
from swath.store.home import Home
from swath.store.session import StoreRunSession, resume_session
from swath.store.users import create_user, local_user
from swath.store.workers import Worker, find_worker, register_worker, set_draining
from swath.testing.session_contract import EMBEDDER, crops_by_key, expected_crops, make_additions
from swath.wire.run_result import RunResult
from swath.wire.runs import RunKind

Fixture = Any  # of conftest.py: StartRun

LEASE_MS = 1000


@dataclass
class Queue:
    """The queue of one store, with users and datasets made as they are named."""

    store: Store
    home: Home
    users: dict[str, str] = field(default_factory=dict)

    def user(self, name: str) -> str:
        if name not in self.users:
            with self.store.writing() as connection:
                made = local_user(connection) if name == "local" else create_user(connection, name)
            self.users[name] = made.id
        return self.users[name]

    def worker(self, name: str = "w1", *, owner: str = "local", labels: Sequence[str] = ()) -> Worker:
        owner_id = self.user(owner)
        with self.store.writing() as connection:
            return register_worker(connection, owner_id=owner_id, name=name, labels=labels, now=0)

    def schedule(
        self,
        dataset: str = "vehicles",
        *,
        owner: str = "local",
        kind: RunKind = RunKind.OBJECT_LEVEL,
        task: str | None = "wheels",
        crops: str | None = None,
        priority: int = 0,
        runs_on: Sequence[str] = (),
        at: int = 0,
    ) -> str:
        owner_id = self.user(owner)
        object_level = {"task_name": task, "crop_dataset_name": crops} if task else None
        with self.store.writing() as connection:
            planned = plan_image_dataset(
                connection, owner_id=owner_id, name=dataset, input_uri=f"/{dataset}", output_uri=f"/{dataset}"
            )
            return queue.schedule_run(
                connection,
                owner_id=owner_id,
                kind=kind,
                config_json=json.dumps({"object_level": object_level}),
                dataset=create_dataset(connection, planned, now=0),
                task=task,
                priority=priority,
                runs_on=runs_on,
                now=at,
            )

    def claim(
        self, worker: Worker, *, everybody: bool = True, at: int = 0, only: str | None = None
    ) -> queue.Claim | None:
        with self.store.writing() as connection:
            return queue.claim_run(
                connection, worker, serves_everybody=everybody, now=at, lease_ms=LEASE_MS, only_run_id=only
            ).claim

    def claimed_id(self, worker: Worker, **options: Any) -> str | None:
        claim = self.claim(worker, **options)
        return None if claim is None else claim.run.id

    def claimed(self, worker: Worker, **options: Any) -> queue.Claim:
        claim = self.claim(worker, **options)
        assert claim is not None
        return claim

    def requeue(self, at: int) -> list[str]:
        with self.store.writing() as connection:
            return [run.id for run in queue.requeue_dead(connection, now=at)]

    def find(self, run_id: str) -> runs.Run:
        with self.store.reading() as connection:
            return runs.find_run(connection, run_id)

    def session(self, claim: queue.Claim) -> StoreRunSession:
        return resume_session(self.store, self.home, claim.run.id, claim.run.lease)

    def finish(self, claim: queue.Claim, state: RunState = RunState.COMPLETED) -> None:
        self.session(claim).finish(state, "done", "{}")

    def log(self, run_id: str) -> list[str]:
        with self.store.reading() as connection:
            return [line.message for line in runs.read_log(connection, run_id)]


@pytest.fixture
def work(store: Store, home: Home) -> Queue:
    return Queue(store, home)


def test_a_run_waits_until_a_worker_claims_it(work: Queue) -> None:
    run_id = work.schedule()
    assert work.find(run_id).state is RunState.QUEUED
    claim = work.claimed(work.worker(), at=500)
    run = work.find(run_id)
    assert (run.state, run.lease, run.lease_expires_at) == (RunState.STARTED, 1, 500 + LEASE_MS)
    assert (run.image_dataset_name, run.crop_dataset_name) == ("vehicles", "vehicles-crops")
    assert claim.plan.crops is not None
    assert run.crop_dataset_id == claim.plan.crops.id
    assert work.claim(work.worker()) is None


def test_runs_are_claimed_by_priority_and_then_by_age(work: Queue) -> None:
    late = work.schedule("aaa", at=3)
    early = work.schedule("bbb", at=1)
    urgent = work.schedule("ccc", at=9, priority=1)
    patient = work.schedule("ddd", at=0, priority=-1)
    worker = work.worker()
    assert [work.claimed_id(worker) for _ in range(5)] == [urgent, early, late, patient, None]


def test_a_worker_gets_runs_whose_labels_it_has(work: Queue) -> None:
    both = work.schedule("aaa", runs_on=["gpu", "fast"])
    assert work.claim(work.worker("plain")) is None
    assert work.claim(work.worker("gpu", labels=["gpu"])) is None
    assert work.claimed_id(work.worker("all", labels=["fast", "gpu", "more"])) == both


def test_a_worker_serves_its_own_user_or_everybody(work: Queue) -> None:
    run_id = work.schedule(owner="ann")
    assert work.claim(work.worker("b", owner="ben"), everybody=False) is None
    with pytest.raises(NotFound):
        work.claim(work.worker("b", owner="ben"), everybody=False, only=run_id)
    assert work.claimed_id(work.worker("a", owner="ann"), everybody=False) == run_id


def test_a_draining_worker_gets_nothing(work: Queue) -> None:
    work.schedule()
    worker = work.worker()
    with work.store.writing() as connection:
        set_draining(connection, worker.id, True)
        draining = find_worker(connection, worker.id)
    assert work.claim(draining) is None


def test_one_run_at_a_time_is_under_way_on_a_dataset_of_a_user(work: Queue) -> None:
    first, second = work.schedule(at=0), work.schedule(task="doors", at=1)
    others = work.schedule(owner="ann", at=2)
    worker = work.worker()
    claim = work.claimed(worker)
    assert claim.run.id == first
    assert work.claimed_id(worker) == others
    assert work.claim(worker) is None
    work.finish(claim)
    assert work.claimed_id(worker) == second


def test_a_selection_disturbs_nobody(work: Queue) -> None:
    run_id = work.schedule(at=0)
    selection = work.schedule(kind=RunKind.SELECTION, task=None, at=1)
    worker = work.worker()
    assert [work.claimed_id(worker), work.claimed_id(worker)] == [run_id, selection]
    other = work.schedule(kind=RunKind.SELECTION, task=None, at=2)
    assert work.claimed_id(worker) == other


def test_a_run_of_this_process_blocks_and_is_blocked(work: Queue, start_run: Fixture) -> None:
    run_id = work.schedule()
    here = start_run(input_uri="/vehicles", output_uri="/vehicles")
    worker = work.worker("far away")
    assert work.claim(worker) is None
    here.finish(RunState.COMPLETED, "done", "{}")
    assert work.claimed_id(worker, at=now_ms()) == run_id
    with pytest.raises(Conflict, match=f"`{run_id}`.*`far away`"):
        start_run(input_uri="/vehicles", output_uri="/vehicles")
    assert start_run("bicycles").target.image_dataset_name == "bicycles"


def test_a_run_of_this_process_takes_the_place_of_one_whose_worker_died(work: Queue, start_run: Fixture) -> None:
    run_id = work.schedule()
    work.claimed(work.worker(), at=0)
    start_run(input_uri="/vehicles", output_uri="/vehicles")
    assert work.find(run_id).state is RunState.QUEUED


def test_a_run_that_cannot_begin_fails_and_the_next_is_taken(work: Queue) -> None:
    broken = work.schedule("aaa", crops="aaa", at=0)
    good = work.schedule("bbb", at=1)
    worker = work.worker()
    with work.store.writing() as connection:
        claimed = queue.claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=1)
    assert claimed.claim is not None
    assert claimed.claim.run.id == good
    assert [run.id for run in claimed.closed] == [broken]
    run = work.find(broken)
    assert run.state is RunState.FAILED
    assert "cannot go to dataset `aaa`" in run.message


def test_only_the_run_that_is_named_is_claimed(work: Queue) -> None:
    other, named = work.schedule("aaa", at=0), work.schedule("bbb", at=1)
    worker = work.worker()
    assert work.claimed_id(worker, only=named) == named
    with pytest.raises(Conflict, match="does not wait"):
        work.claim(worker, only=named)
    assert work.find(other).state is RunState.QUEUED


def test_two_workers_never_claim_the_same_run(work: Queue) -> None:
    expected = {work.schedule(f"set {number}") for number in range(8)}
    workers = [work.worker(f"w{number}") for number in range(4)]
    claimed: list[str] = []

    def claim_all(worker: Worker) -> None:
        while (run_id := work.claimed_id(worker)) is not None:
            claimed.append(run_id)

    threads = [threading.Thread(target=claim_all, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 8
    assert set(claimed) == expected


def test_heartbeats_keep_a_lease_and_say_what_was_lost_or_cancelled(work: Queue) -> None:
    kept, lost = work.schedule("aaa", at=0), work.schedule("bbb", at=1)
    worker = work.worker()
    work.claimed(worker)
    work.claimed(worker)

    def beat(at: int, *held: str) -> queue.HeartbeatResult:
        with work.store.writing() as connection:
            return queue.heartbeat(connection, worker, [(run_id, 1) for run_id in held], now=at, lease_ms=LEASE_MS)

    assert beat(900, kept) == queue.HeartbeatResult(lost=(), cancelled=())
    assert work.requeue(at=1500) == [lost]
    with work.store.writing() as connection:
        runs.request_cancel(connection, kept)
    assert beat(1600, kept, lost, "f" * 24) == queue.HeartbeatResult(lost=(lost, "f" * 24), cancelled=(kept,))
    assert work.requeue(at=2500) == []


def test_the_run_of_a_dead_worker_waits_again_under_a_new_lease(work: Queue) -> None:
    run_id = work.schedule()
    dead = work.claimed(work.worker("w1"))
    session = work.session(dead)
    session.enter(RunState.EMBEDDING)
    assert work.requeue(at=LEASE_MS) == []
    assert work.requeue(at=LEASE_MS + 1) == [run_id]
    run = work.find(run_id)
    assert (run.state, run.deaths, run.lease_expires_at) == (RunState.QUEUED, 1, None)
    assert work.log(run_id)[-1] == "worker `w1` died in state EMBEDDING; the run waits again"
    again = work.claimed(work.worker("w2"), at=5000)
    assert again.run.lease == 2
    assert again.run.crop_dataset_id == dead.run.crop_dataset_id


@pytest.mark.parametrize("is_claimed_again", [False, True])
def test_a_stale_lease_changes_nothing(work: Queue, is_claimed_again: bool) -> None:
    run_id = work.schedule()
    session = work.session(work.claimed(work.worker("w1")))
    work.requeue(at=2000)
    if is_claimed_again:
        work.claimed(work.worker("w2"), at=3000)
    before = work.find(run_id)
    for call in (
        lambda: session.enter(RunState.SAMPLING),
        lambda: session.commit(make_additions({"a.jpg": 1})),
        lambda: session.finish(RunState.COMPLETED, "late", "{}"),
        lambda: resume_session(work.store, work.home, run_id, 1),
    ):
        with pytest.raises(StaleLease):
            call()
    assert work.find(run_id) == before


def test_a_lease_lost_within_the_commit_adds_nothing(work: Queue) -> None:
    """The last instant: the files are written, the transaction has not begun."""
    run_id = work.schedule()
    claim = work.claimed(work.worker())

    def lose(point: str) -> None:
        if point == "before_transaction":
            assert work.requeue(at=2000) == [run_id]

    session = resume_session(work.store, work.home, run_id, claim.run.lease, lose)
    with pytest.raises(StaleLease):
        session.commit(make_additions({"a.jpg": 1}))
    assert work.find(run_id).receipt is None
    again = work.session(work.claimed(work.worker("w2"), at=3000))
    assert again.commit(make_additions({"a.jpg": 2})).crops_added == 2
    assert crops_by_key(again) == expected_crops(make_additions({"a.jpg": 2}))


def test_a_run_whose_worker_died_after_the_commit_is_completed(work: Queue) -> None:
    run_id = work.schedule()
    claim = work.claimed(work.worker())
    work.session(claim).commit(make_additions({"a.jpg": 3}))
    work.requeue(at=2000)
    run = work.find(run_id)
    message = "3 crops added to vehicles-crops, 1 image added to vehicles; the worker ended before its report"
    assert (run.state, run.message) == (RunState.COMPLETED, message)
    result = RunResult.model_validate_json(run.result or "")
    assert result.crop_dataset is not None
    assert result.crop_dataset.added == 3
    # It was only slow: it may still hand in its report, and the receipt is the same.
    session = work.session(claim)
    assert session.commit(make_additions({"a.jpg": 3})).crops_added == 3
    session.finish(RunState.COMPLETED, "3 objects in 1 image", '{"n": 3}')
    assert (work.find(run_id).message, work.find(run_id).result) == ("3 objects in 1 image", '{"n": 3}')


def test_a_run_fails_when_the_third_worker_dies_over_it(work: Queue) -> None:
    run_id = work.schedule()
    for number in range(3):
        assert work.find(run_id).state is RunState.QUEUED
        session = work.session(work.claimed(work.worker(f"w{number}")))
        session.enter(RunState.EMBEDDING)
        work.requeue(at=2000)
    run = work.find(run_id)
    assert (run.state, run.deaths) == (RunState.FAILED, 3)
    assert run.message == "its worker died 3 times, last in state EMBEDDING"
    assert RunResult.model_validate_json(run.result or "").state == "FAILED"


def test_a_cancelled_run_whose_worker_died_is_aborted(work: Queue) -> None:
    run_id = work.schedule()
    work.claimed(work.worker())
    with work.store.writing() as connection:
        runs.request_cancel(connection, run_id)
    work.requeue(at=2000)
    assert work.find(run_id).state is RunState.ABORTED


def test_a_waiting_run_that_is_cancelled_is_aborted_at_once(work: Queue) -> None:
    run_id = work.schedule()
    with work.store.writing() as connection:
        runs.request_cancel(connection, run_id)
    assert work.find(run_id).state is RunState.ABORTED
    assert work.claim(work.worker()) is None


def test_a_run_has_begun_once_a_worker_had_it_or_it_failed_for_want_of_one(work: Queue) -> None:
    worker = work.worker("w")
    waiting, cancelled, died, broken = (work.schedule(name) for name in ("waits", "cancelled", "died", "broken"))
    with work.store.writing() as connection:
        runs.request_cancel(connection, cancelled)
        runs.finish_run(connection, broken, RunState.FAILED, message="cannot begin", result=None)
    work.claimed(worker, only=died)
    assert work.requeue(at=LEASE_MS + 1) == [died]
    expected = {waiting: False, cancelled: False, died: True, broken: True}
    assert {run_id: work.find(run_id).has_begun for run_id in expected} == expected
    with work.store.reading() as connection:
        user_id = work.find(died).owner_id
        begun, total = runs.page_of_runs(connection, user_id=user_id, only_begun=True, limit=None)
    assert ({run.id for run in begun}, total) == ({died, broken}, 2)


def test_a_run_that_is_given_up_waits_again_without_a_death(work: Queue) -> None:
    run_id = work.schedule()
    claim = work.claimed(work.worker())
    with work.store.writing() as connection:
        assert queue.release_run(connection, run_id, claim.run.lease) is RunState.QUEUED
        with pytest.raises(StaleLease):
            queue.release_run(connection, run_id, claim.run.lease)
    assert work.find(run_id).deaths == 0
    assert work.log(run_id)[-1] == "worker `w1` gave the run up in state STARTED; the run waits again"


def test_states_and_the_end_may_be_reported_twice(work: Queue) -> None:
    run_id = work.schedule()
    session = work.session(work.claimed(work.worker()))
    session.enter(RunState.EMBEDDING)
    session.enter(RunState.EMBEDDING)
    session.finish(RunState.FAILED, "no images", "{}")
    session.finish(RunState.FAILED, "no images", "{}")
    with pytest.raises(Conflict, match="`FAILED`"):
        session.finish(RunState.COMPLETED, "done", "{}")
    assert work.find(run_id).message == "no images"


def test_a_run_that_did_not_complete_can_be_retried(work: Queue) -> None:
    run_id = work.schedule(priority=3, runs_on=["gpu"])
    worker = work.worker(labels=["gpu"])
    claim = work.claimed(worker)

    def retry() -> str:
        with work.store.writing() as connection:
            return queue.retry_run(connection, runs.find_run(connection, run_id), now=7)

    with pytest.raises(Conflict, match="is not over"):
        retry()
    work.finish(claim, RunState.FAILED)
    again, before = work.find(retry()), work.find(run_id)
    assert again.state is RunState.QUEUED
    for name in ("kind", "config", "image_dataset_id", "task", "priority", "runs_on", "owner_id"):
        assert getattr(again, name) == getattr(before, name)
    work.finish(work.claimed(worker))
    with work.store.writing() as connection, pytest.raises(Conflict, match="has completed"):
        queue.retry_run(connection, runs.find_run(connection, again.id), now=7)


def test_later_runs_of_workers_go_on_where_earlier_ones_ended(work: Queue) -> None:
    worker = work.worker()
    work.schedule()
    claim = work.claimed(worker)
    work.session(claim).commit(make_additions({"a.jpg": 2}))
    work.finish(claim)
    work.schedule()
    session = work.session(work.claimed(worker))
    assert (session.target.image_samples, session.target.crop_samples) == (1, 2)
    assert len(session.earlier_crops(EMBEDDER).object_keys) == 2
    with work.store.reading() as connection:
        assert dataset_by_name(connection, "vehicles-crops", owner_id=work.user("local")) is not None
