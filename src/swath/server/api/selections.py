"""Selections: a selector turned into a stored set of samples, so that links and later requests can name it."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.browsing import pack_mask
from swath.core.errors import NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.selectors import resolve_selector
from swath.store.sample_lookup import ids_at
from swath.store.selections import Selection, create_selection, find_selection, selection_members
from swath.store.sharing import sees_dataset
from swath.wire.browsing import SelectionCount, SelectionDocument, SelectionRequest, Selector

EXAMPLES = 20

router = APIRouter(tags=["selections"])


@router.post("/datasets/{dataset}/selections", status_code=201, response_model=SelectionDocument)
def create_selection_of_samples(
    services: ServicesDep, principal: Member, dataset: str, request: SelectionRequest
) -> SelectionDocument:
    """Find the samples that a selector means now, and keep them under an id."""
    found = visible_dataset(services, principal, dataset)
    members = resolve_selector(services, principal, found, request.selector)
    with services.store.writing() as connection:
        selection = create_selection(
            connection,
            dataset_id=found.id,
            user_id=principal.user_id,
            selector=request.selector.model_dump_json(exclude_defaults=True),
            members=members,
        )
        return _document(connection, selection, members)


@router.post("/datasets/{dataset}/selections:count", response_model=SelectionCount)
def count_selection(
    services: ServicesDep, principal: Reader, dataset: str, request: SelectionRequest
) -> SelectionCount:
    """Count the samples that a selector means now, and the images they are of; nothing is kept."""
    found = visible_dataset(services, principal, dataset)
    members = resolve_selector(services, principal, found, request.selector)
    if found.parent_id is None:
        return SelectionCount(count=len(members), image_count=len(members))
    parent = services.browser.open(services.store, services.home, found.id).columns.parent
    return SelectionCount(count=len(members), image_count=len(np.unique(parent[members])))


@router.get("/selections/{selection}", response_model=SelectionDocument)
def get_selection(services: ServicesDep, principal: Reader, selection: str) -> SelectionDocument:
    """How a selection was asked for, and how many samples it has."""
    with services.store.reading() as connection:
        found = _visible_selection(connection, principal, selection)
        return _document(connection, found, selection_members(connection, found))


@router.get(
    "/selections/{selection}/members.bin",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "One bit per sample"}},
)
def get_selection_members(services: ServicesDep, principal: Reader, selection: str) -> Response:
    """The members of a selection as a bitmap: bit i, counted from the lowest of the first byte, is the sample of index
    i. It ends with the last member."""
    with services.store.reading() as connection:
        found = _visible_selection(connection, principal, selection)
        members = selection_members(connection, found)
    return members_response(members, f'"{found.id}"')


def members_response(members: NDArray[np.int64], etag: str | None = None) -> Response:
    """Ascending sample indices as a bitmap that ends with the last of them."""
    mask = np.zeros(int(members[-1]) + 1 if len(members) else 0, dtype=np.bool_)
    mask[members] = True
    return Response(
        pack_mask(mask),
        media_type="application/octet-stream",
        headers={
            **({} if etag is None else {"ETag": etag}),
            "Cache-Control": "private, no-cache",
            "Swath-Count": str(len(members)),
        },
    )


def _visible_selection(connection: Connection, principal: Principal, selection_id: str) -> Selection:
    """Raises NotFound, in the same words for one that is not there and one that is hidden."""
    selection = find_selection(connection, selection_id)
    if not sees_dataset(connection, selection.dataset_id, principal.user_id):
        raise NotFound(f"there is no selection `{selection_id}`")
    return selection


def _document(connection: Connection, selection: Selection, members: NDArray[np.int64]) -> SelectionDocument:
    return SelectionDocument(
        id=selection.id,
        dataset_id=selection.dataset_id,
        selector=Selector.model_validate_json(selection.selector),
        count=selection.member_count,
        example_ids=tuple(ids_at(connection, selection.dataset_id, members[:EXAMPLES].tolist())),
        created_at=selection.created_at,
    )
