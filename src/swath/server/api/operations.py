"""The log of what somebody did to tags, and taking it back."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.services import Services
from swath.store import operations
from swath.store.operations import Operation
from swath.store.sharing import sees_dataset
from swath.wire.tags import OperationDocument, OperationList

router = APIRouter(tags=["operations"])


@router.get("/datasets/{dataset}/operations", response_model=OperationList)
def list_operations(services: ServicesDep, principal: Reader, dataset: str) -> OperationList:
    """What you did to the tags of a dataset, newest first."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        done = operations.list_operations(connection, dataset_id=found.id, user_id=principal.user_id)
    return OperationList(items=tuple(_document(operation) for operation in done), total=len(done))


@router.post("/operations/{operation}:undo", response_model=OperationDocument)
def undo_operation(services: ServicesDep, principal: Member, operation: str) -> OperationDocument:
    """Bring the tags back to what they were before; not if one of them was changed since."""
    return _turn(services, principal, operation, operations.undo)


@router.post("/operations/{operation}:redo", response_model=OperationDocument)
def redo_operation(services: ServicesDep, principal: Member, operation: str) -> OperationDocument:
    """Do once more what was undone; not if one of the tags was changed since."""
    return _turn(services, principal, operation, operations.redo)


def _turn(
    services: Services, principal: Principal, operation_id: str, turn: Callable[[Connection, Operation], Operation]
) -> OperationDocument:
    with services.store.writing() as connection:
        operation = operations.find_operation(connection, operation_id, user_id=principal.user_id)
        if not sees_dataset(connection, operation.dataset_id, principal.user_id):
            raise NotFound(f"there is no operation `{operation_id}`")
        operation = turn(connection, operation)
        tag_ids = operations.changed_tags(connection, operation)
    for tag_id in tag_ids:
        services.events.publish("tag", id=tag_id, dataset_id=operation.dataset_id)
    return _document(operation)


def _document(operation: Operation) -> OperationDocument:
    return OperationDocument(
        id=operation.id,
        dataset_id=operation.dataset_id,
        summary=operation.summary,
        is_undone=operation.is_undone,
        created_at=operation.created_at,
        modified_at=operation.modified_at,
    )
