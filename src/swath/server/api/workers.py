"""Workers: who they are, whether they are there, and what they may do next."""

from __future__ import annotations

import json

from fastapi import APIRouter

from swath.core.access import Principal, Scope
from swath.core.errors import NotFound
from swath.server.dependencies import Member, ServicesDep, WorkerCaller
from swath.server.run_documents import worker_document
from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store import queue, workers
from swath.store.clock import now_ms
from swath.store.ids import is_id
from swath.store.workers import Worker
from swath.wire.runs import (
    Assignment,
    ClaimAnswer,
    ClaimRequest,
    Heartbeat,
    HeartbeatAnswer,
    WorkerChange,
    WorkerDocument,
    WorkerList,
    WorkerRegistration,
)

router = APIRouter(tags=["workers"])


@router.get("/workers")
def list_workers(services: ServicesDep, principal: WorkerCaller) -> WorkerList:
    """The workers of the caller, by name; an owner sees everybody's."""
    owner_id = None if principal.scope is Scope.OWNER else principal.user_id
    with services.store.reading() as connection:
        found = workers.list_workers(connection, owner_id=owner_id)
        held = workers.held_runs(connection)
    items = tuple(_document(services, worker, held.get(worker.id, [])) for worker in found)
    return WorkerList(items=items, total=len(items))


@router.post("/workers")
def register_worker(services: ServicesDep, principal: WorkerCaller, registration: WorkerRegistration) -> WorkerDocument:
    """Become a worker. One of the same user and name that registers again is the same worker."""
    with services.store.writing() as connection:
        worker = workers.register_worker(
            connection,
            owner_id=principal.user_id,
            name=registration.name,
            labels=registration.labels,
            version=registration.version,
            host_name=registration.host_name,
            details=registration.details,
            now=now_ms(),
        )
        held = workers.held_runs(connection).get(worker.id, [])
    _publish(services, worker)
    return _document(services, worker, held)


@router.get("/workers/{worker}")
def get_worker(services: ServicesDep, principal: WorkerCaller, worker: str) -> WorkerDocument:
    """One worker."""
    found = _find(services, principal, worker)
    with services.store.reading() as connection:
        held = workers.held_runs(connection).get(found.id, [])
    return _document(services, found, held)


@router.patch("/workers/{worker}")
def update_worker(services: ServicesDep, principal: Member, worker: str, change: WorkerChange) -> WorkerDocument:
    """Let a worker take no new run, or take runs again. What it works on goes on."""
    found = _find(services, principal, worker)
    with services.store.writing() as connection:
        workers.set_draining(connection, found.id, change.is_draining)
    _publish(services, found)
    return get_worker(services, principal, worker)


@router.delete("/workers/{worker}", status_code=204)
def delete_worker(services: ServicesDep, principal: WorkerCaller, worker: str) -> None:
    """Forget a worker. 409 while it works on a run."""
    found = _find(services, principal, worker)
    with services.store.writing() as connection:
        workers.remove_worker(connection, found.id)
    _publish(services, found)


@router.post("/workers/{worker}/claim")
def claim_run(services: ServicesDep, principal: WorkerCaller, worker: str, request: ClaimRequest) -> ClaimAnswer:
    """Take the next run that this worker may do, or the one that is named."""
    found = _find_own(services, principal, worker)
    services.at_point("before_claim")
    if request.run_id is None and not _is_work_waiting(services):
        with services.store.writing(durable=False) as connection:
            workers.record_sign_of_life(connection, found.id, now=now_ms())
        return ClaimAnswer(assignment=None)
    with services.store.writing() as connection:
        claimed = queue.claim_run(
            connection,
            found,
            serves_everybody=serves_everybody(principal),
            now=now_ms(),
            lease_ms=lease_ms(services),
            only_run_id=request.run_id,
        )
    services.at_point("after_claim")
    claim = claimed.claim
    for run in (*claimed.closed, *(() if claim is None else (claim.run,))):
        publish_run(services, run)
    if claim is None:
        return ClaimAnswer(assignment=None)
    _publish(services, found)
    return ClaimAnswer(
        assignment=Assignment(
            run_id=claim.run.id,
            lease=claim.run.lease,
            lease_seconds=services.options.worker_timeout_s,
            kind=claim.run.kind,
            config=json.loads(claim.run.config),
        )
    )


@router.post("/workers/{worker}/heartbeat")
def beat(services: ServicesDep, principal: WorkerCaller, worker: str, heartbeat: Heartbeat) -> HeartbeatAnswer:
    """Say that the worker is there, and hold its runs for longer."""
    found = _find_own(services, principal, worker)
    held = [(lease.run_id, lease.lease) for lease in heartbeat.held]
    with services.store.writing(durable=False) as connection:
        result = queue.heartbeat(connection, found, held, now=now_ms(), lease_ms=lease_ms(services))
    return HeartbeatAnswer(is_draining=found.is_draining, lost=result.lost, cancelled=result.cancelled)


def lease_ms(services: Services) -> int:
    return round(services.options.worker_timeout_s * 1000)


def serves_everybody(principal: Principal) -> bool:
    """Whether a worker with this token serves the runs of all users, or of its own."""
    return principal.scope is Scope.OWNER or (principal.scope is Scope.WORKER and principal.is_local)


def _is_work_waiting(services: Services) -> bool:
    """Asked without taking a turn as a writer: idle workers ask every few seconds."""
    with services.store.reading() as connection:
        return queue.is_any_waiting(connection)


def _find(services: Services, principal: Principal, worker_id: str) -> Worker:
    """A worker of the caller; for an owner of anybody."""
    owner_id = None if principal.scope is Scope.OWNER else principal.user_id
    return _find_of(services, worker_id, owner_id)


def _find_own(services: Services, principal: Principal, worker_id: str) -> Worker:
    return _find_of(services, worker_id, principal.user_id)


def _find_of(services: Services, worker_id: str, owner_id: str | None) -> Worker:
    if not is_id(worker_id):
        raise NotFound(f"there is no worker `{worker_id}`")
    with services.store.reading() as connection:
        return workers.find_worker(connection, worker_id, owner_id=owner_id)


def _document(services: Services, worker: Worker, held: list[str]) -> WorkerDocument:
    return worker_document(worker, held, now=now_ms(), timeout_ms=lease_ms(services))


def _publish(services: Services, worker: Worker) -> None:
    services.events.publish("worker", id=worker.id, owner_id=worker.owner_id)
