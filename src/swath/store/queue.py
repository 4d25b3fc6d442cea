"""The queue: runs that wait for a worker, and the leases of those that have one.

A worker claims a run and holds it under a lease as long as it is heard of. The number of the lease grows with every
claim, so that whoever comes back from the dead is told apart from who has the run now. Every function is one step
inside the caller's transaction, and writers take turns: two workers never claim the same run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound, SwathError
from swath.core.runs import RunState
from swath.store import runs, schema
from swath.store.commit import RunPlan
from swath.store.datasets import Dataset, DatasetKind, PlannedDataset, dataset_by_id, plan_crop_dataset
from swath.store.ids import new_id
from swath.store.run_endings import Gone, return_to_queue
from swath.store.runs import Run
from swath.store.workers import Worker, record_sign_of_life, worker_names
from swath.wire.runs import RunKind

_table = schema.runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that a worker holds from now on, under a lease, with the datasets it adds to."""

    run: Run
    plan: RunPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a claim found: a run, or None; and the runs that were closed on the way because they cannot begin."""

    claim: Claim | None
    closed: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatResult:
    """Of the runs that a worker says it holds: those it has lost, and those that somebody wants stopped."""

    lost: tuple[str, ...]
    cancelled: tuple[str, ...]


def schedule_run(
    connection: Connection,
    *,
    owner_id: str,
    kind: RunKind,
    config_json: str,
    dataset: Dataset,
    task: str | None,
    priority: int = 0,
    runs_on: Sequence[str] = (),
    worker_config_id: str | None = None,
    now: int,
) -> str:
    """Let a run wait for a worker. Returns its id.

    `dataset` is an image dataset; for a run that adds no samples also a crops dataset, whose image dataset the run then
    names too.
    `worker_config_id` is what an old script asked for it with.
    """
    images, crops = dataset, None
    if dataset.kind is DatasetKind.CROPS:
        parent = dataset_by_id(connection, dataset.parent_id or "")
        assert parent is not None, f"crops dataset {dataset.id} without a parent"
        images, crops = parent, dataset
    run_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=run_id,
            owner_id=owner_id,
            kind=kind.value,
            state=RunState.QUEUED.value,
            message="",
            config=config_json,
            image_dataset_id=images.id,
            image_dataset_name=images.name,
            crop_dataset_id=None if crops is None else crops.id,
            crop_dataset_name=None if crops is None else crops.name,
            task=task,
            input_uri=images.input_uri,
            output_uri=images.output_uri,
            cancel_requested=False,
            worker_config_id=worker_config_id,
            priority=priority,
            runs_on=json.dumps(sorted(set(runs_on))),
            lease=0,
            deaths=0,
            created_at=now,
        )
    )
    return run_id


def retry_run(connection: Connection, run: Run, *, now: int) -> str:
    """A new run that is asked the same as one that is over and did not complete. Returns its id.

    Raises Conflict for a run that is not over or completed, or whose dataset is not there.
    """
    if not run.state.is_final:
        raise Conflict(f"run `{run.id}` is not over: its state is `{run.state}`", hint="Cancel it first.")
    if run.state is RunState.COMPLETED:
        raise Conflict(
            f"run `{run.id}` has completed", hint="Schedule a new run: it goes on with what is new since then."
        )
    adds_samples = RunKind(run.kind).adds_samples
    target_id = run.image_dataset_id if adds_samples else (run.crop_dataset_id or run.image_dataset_id)
    dataset = dataset_by_id(connection, target_id)
    if dataset is None:
        raise Conflict(f"dataset `{run.image_dataset_name}` of run `{run.id}` is not there (any more)")
    retry_id = schedule_run(
        connection,
        owner_id=run.owner_id,
        kind=RunKind(run.kind),
        config_json=run.config,
        dataset=dataset,
        task=run.task,
        priority=run.priority,
        runs_on=tuple(run.labels),
        worker_config_id=run.worker_config_id,
        now=now,
    )
    if run.kind == RunKind.PROJECTION:
        _hand_over_map(connection, run, retry_id)
    return retry_id


def _hand_over_map(connection: Connection, run: Run, retry_id: str) -> None:
    """The map of a run waits for its retry from now on."""
    table = schema.projections
    changed = connection.execute(sa.update(table).where(table.c.run_id == run.id).values(run_id=retry_id))
    if changed.rowcount == 0:
        raise Conflict(
            f"the map of run `{run.id}` is gone, or another run has taken it up", hint="Ask for the map again."
        )


def claim_run(
    connection: Connection,
    worker: Worker,
    *,
    serves_everybody: bool,
    now: int,
    lease_ms: int,
    only_run_id: str | None = None,
) -> Claimed:
    """Give a worker the next run it may do: of highest priority, and of these the oldest.

    A worker that does not serve everybody gets runs of its own user. Its labels include those that the run asks for.
    Of an image dataset one run at a time is under way; those that add no samples are apart from this. A run
    whose datasets cannot be what it asks for is closed as FAILED, with the reason. With `only_run_id` it is that run
    or none. Raises Conflict if that one does not wait (any more), NotFound if it is not there or not for this worker.
    """
    record_sign_of_life(connection, worker.id, now=now)
    waiting = _waiting_runs(connection)
    if only_run_id is not None:
        waiting = [_the_one(connection, only_run_id, worker, serves_everybody)]
    if worker.is_draining:
        return Claimed(claim=None, closed=())
    under_way = runs.runs_under_way(connection)
    closed: list[Run] = []
    for run in waiting:
        if not _may_take(worker, run, serves_everybody) or run_in_the_way(run, under_way) is not None:
            continue
        try:
            plan = plan_of(connection, run)
        except SwathError as exc:
            message = f"{exc.message} ({exc.hint})" if exc.hint else exc.message
            runs.finish_run(connection, run.id, RunState.FAILED, message=message, result=None)
            closed.append(run)
            continue
        return Claimed(claim=_take(connection, run, plan, worker, now=now, lease_ms=lease_ms), closed=tuple(closed))
    return Claimed(claim=None, closed=tuple(closed))


def is_any_waiting(connection: Connection) -> bool:
    """Whether any run at all waits for a worker."""
    return connection.execute(sa.select(_table.c.id).where(_waits()).limit(1)).first() is not None


def _waits() -> sa.ColumnElement[bool]:
    return sa.and_(_table.c.state == RunState.QUEUED.value, _table.c.cancel_requested.is_(False))


def _waiting_runs(connection: Connection) -> list[Run]:
    order = (_table.c.priority.desc(), _table.c.created_at, _table.c.id)
    query = sa.select(_table.c.id).where(_waits()).order_by(*order)
    return [runs.find_run(connection, run_id) for run_id in connection.execute(query).scalars().all()]


def _the_one(connection: Connection, run_id: str, worker: Worker, serves_everybody: bool) -> Run:
    run = runs.find_run(connection, run_id)
    if not serves_everybody and run.owner_id != worker.owner_id:
        raise NotFound(f"there is no run `{run_id}`")
    if run.state is not RunState.QUEUED:
        raise Conflict(f"run `{run_id}` does not wait for a worker: its state is `{run.state}`")
    return run


def _may_take(worker: Worker, run: Run, serves_everybody: bool) -> bool:
    return (serves_everybody or run.owner_id == worker.owner_id) and run.labels <= set(worker.labels)


def run_in_the_way(run: Run, under_way: Iterable[Run]) -> Run | None:
    """Another run that is under way on the same image dataset; those that add no samples disturb nobody."""
    if not RunKind(run.kind).adds_samples:
        return None
    same = (run.owner_id, run.image_dataset_name)
    for other in under_way:
        if other.id == run.id or not RunKind(other.kind).adds_samples:
            continue
        if other.image_dataset_id == run.image_dataset_id or (other.owner_id, other.image_dataset_name) == same:
            return other
    return None


def _take(connection: Connection, run: Run, plan: RunPlan, worker: Worker, *, now: int, lease_ms: int) -> Claim:
    lease = run.lease + 1
    connection.execute(
        sa.update(_table)
        .where(_table.c.id == run.id)
        .values(
            state=RunState.STARTED.value,
            worker_id=worker.id,
            lease=lease,
            lease_expires_at=now + lease_ms,
            started_at=sa.func.coalesce(_table.c.started_at, now),
            image_dataset_id=plan.images.id,
            image_dataset_name=plan.images.name,
            crop_dataset_id=None if plan.crops is None else plan.crops.id,
            crop_dataset_name=None if plan.crops is None else plan.crops.name,
            input_uri=plan.images.input_uri,
            output_uri=plan.images.output_uri,
            progress=None,
        )
    )
    runs.append_log(connection, run.id, "INFO", f"worker `{worker.name}` on `{worker.host_name}` began")
    taken = runs.check_lease(connection, run.id, lease)
    return Claim(run=taken, plan=replace(plan, lease=lease))


def plan_of(connection: Connection, run: Run) -> RunPlan:
    """The datasets of a run that was scheduled, as they are now; ids that were settled by a claim stay.

    Raises NotFound for a dataset that is gone, Conflict or InvalidConfig for crops that cannot go where they should.
    """
    images = _plan_of_existing(connection, run.image_dataset_id, run.image_dataset_name)
    if not RunKind(run.kind).adds_samples:
        crops = None
        if run.crop_dataset_id is not None:
            crops = _plan_of_existing(connection, run.crop_dataset_id, run.crop_dataset_name or "")
        return RunPlan(run_id=run.id, images=images, crops=crops, task=None if crops is None else crops.task)
    if run.task is None:
        return RunPlan(run_id=run.id, images=images, crops=None, task=None)
    if run.crop_dataset_id is not None and dataset_by_id(connection, run.crop_dataset_id) is not None:
        crops = _plan_of_existing(connection, run.crop_dataset_id, "")
    else:
        crops = plan_crop_dataset(connection, images, task=run.task, given_name=_given_crops_name(run))
        if run.crop_dataset_id is not None and dataset_by_id(connection, crops.id) is None:
            crops = replace(crops, id=run.crop_dataset_id)
    return RunPlan(run_id=run.id, images=images, crops=crops, task=run.task)


def _plan_of_existing(connection: Connection, dataset_id: str, name: str) -> PlannedDataset:
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        raise NotFound(f"dataset `{name}` is not there any more")
    return PlannedDataset(**{field.name: getattr(dataset, field.name) for field in fields(PlannedDataset)})


def _given_crops_name(run: Run) -> str | None:
    name = (json.loads(run.config).get("object_level") or {}).get("crop_dataset_name")
    return None if name is None else str(name)


def heartbeat(
    connection: Connection, worker: Worker, held: Sequence[tuple[str, int]], *, now: int, lease_ms: int
) -> HeartbeatResult:
    """A sign of life of a worker with the (run id, lease) pairs it believes to hold: each is held for longer."""
    record_sign_of_life(connection, worker.id, now=now)
    lost: list[str] = []
    cancelled: list[str] = []
    for run_id, lease in held:
        try:
            run = extend_lease(connection, run_id, lease, now=now, lease_ms=lease_ms)
        except (Conflict, NotFound):
            lost.append(run_id)
            continue
        if run.cancel_requested:
            cancelled.append(run_id)
    return HeartbeatResult(lost=tuple(lost), cancelled=tuple(cancelled))


def extend_lease(connection: Connection, run_id: str, lease: int, *, now: int, lease_ms: int) -> Run:
    """Hold a run for longer; also one whose lease has run out, if nobody noticed yet. Raises as `check_lease` does."""
    run = runs.check_lease(connection, run_id, lease)
    connection.execute(sa.update(_table).where(_table.c.id == run_id).values(lease_expires_at=now + lease_ms))
    return run


def record_progress(connection: Connection, run_id: str, lease: int, progress_json: str) -> Run:
    """Keep how far a run is. Raises as `check_lease` does."""
    run = runs.check_lease(connection, run_id, lease)
    connection.execute(sa.update(_table).where(_table.c.id == run_id).values(progress=progress_json))
    return run


def release_run(connection: Connection, run_id: str, lease: int) -> RunState:
    """Take a run back from a worker that stops. Returns the state it has now. Raises as `check_lease` does."""
    run = runs.check_lease(connection, run_id, lease)
    return return_to_queue(connection, run, _worker_of(connection, run), is_death=False)


def requeue_dead(connection: Connection, *, now: int) -> list[Run]:
    """Take the runs of workers that were not heard of for too long: back to the queue, unless they are over.

    Returns these runs as they are now.
    """
    requeued: list[Run] = []
    for run in runs.runs_under_way(connection):
        if run.lease_expires_at is not None and run.lease_expires_at < now:
            return_to_queue(connection, run, _worker_of(connection, run), is_death=True)
            requeued.append(runs.find_run(connection, run.id))
    return requeued


def is_any_dead(connection: Connection, *, now: int) -> bool:
    """Whether any worker that holds a run was not heard of for too long."""
    query = sa.select(_table.c.id).where(_table.c.lease_expires_at < now).limit(1)
    return connection.execute(query).first() is not None


def _worker_of(connection: Connection, run: Run) -> Gone:
    worker_id = run.worker_id or ""
    name = worker_names(connection, [worker_id]).get(worker_id, worker_id)
    return Gone(name=f"worker `{name}`", what="the worker")
