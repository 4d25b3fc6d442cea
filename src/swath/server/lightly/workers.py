"""Workers: announce one, list them, forget one. What workers themselves say goes over `/api`."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy.engine import Connection

from swath.core.access import Principal, Scope
from swath.core.errors import Conflict, NotFound
from swath.core.names import clean_dataset_name
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.run_documents import worker_document
from swath.server.services import Services
from swath.store import workers
from swath.store.clock import now_ms
from swath.store.ids import is_id
from swath.store.workers import Worker
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.workers import STATES, WorkerCreateRequest, WorkerData

SHORTEST_NAME = 3

router = APIRouter(prefix="/docker/worker")


@router.post("", status_code=201)
def post_worker(services: ServicesDep, principal: Member, wanted: WorkerCreateRequest) -> CreateEntityAnswer:
    """Announce a worker; the same name is the same worker. It is offline until a process starts with its id."""
    with services.store.writing() as connection:
        worker = workers.announce_worker(
            connection, owner_id=principal.user_id, name=wanted.name, labels=wanted.labels, now=now_ms()
        )
    _tell(services, worker)
    return CreateEntityAnswer(id=worker.id)


@router.get("")
def get_workers(services: ServicesDep, principal: Reader) -> Response:
    """The caller's workers, by name; an owner sees everybody's."""
    with services.store.reading() as connection:
        found = workers.list_workers(connection, owner_id=_owner_seen_by(principal))
        held = workers.held_runs(connection)
    return list_answer(_document(services, worker, held.get(worker.id, [])) for worker in found)


@router.get("/{worker_id}")
def get_worker(services: ServicesDep, principal: Reader, worker_id: str) -> Response:
    """One worker."""
    with services.store.reading() as connection:
        found = _find(connection, principal, worker_id)
        held = workers.held_runs(connection).get(found.id, [])
    return document_answer(_document(services, found, held))


@router.delete("/{worker_id}", status_code=204)
def delete_worker(services: ServicesDep, principal: Member, worker_id: str) -> None:
    """Forget a worker that works on nothing."""
    with services.store.writing() as connection:
        found = _find(connection, principal, worker_id)
        try:
            workers.remove_worker(connection, found.id)
        except Conflict as error:
            raise FacadeError.of(error, 422, ErrorCode.ILLEGAL_ACTION_RESOURCE_IN_USE) from error
    _tell(services, found)


def _find(connection: Connection, principal: Principal, worker_id: str) -> Worker:
    try:
        if is_id(worker_id):
            return workers.find_worker(connection, worker_id, owner_id=_owner_seen_by(principal))
    except NotFound:
        pass
    raise FacadeError(404, ErrorCode.DOCKER_WORKER_UNKNOWN, f"there is no worker `{worker_id}`")


def _owner_seen_by(principal: Principal) -> str | None:
    return None if principal.scope is Scope.OWNER else principal.user_id


def _document(services: Services, worker: Worker, held: list[str]) -> WorkerData:
    timeout_ms = round(services.options.worker_timeout_s * 1000)
    state = worker_document(worker, held, now=now_ms(), timeout_ms=timeout_ms).state
    return WorkerData(
        id=worker.id,
        user_id=worker.owner_id,
        name=_legal_name(worker.name),
        state=STATES[state],
        created_at=worker.created_at,
        last_modified_at=worker.last_seen_at or worker.created_at,
        labels=worker.labels,
        docker_version=worker.version or None,
    )


def _legal_name(name: str) -> str:
    """A name that clients can read: workers that were not announced may have the name of their machine."""
    return clean_dataset_name(name if len(name) >= SHORTEST_NAME else f"worker-{name}")


def _tell(services: Services, worker: Worker) -> None:
    services.events.publish("worker", id=worker.id, owner_id=worker.owner_id)
