"""Tags: `/v1/datasets/{dataset}/tags`. Changes are those of the native interface, and can be undone there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, Response
from pyroaring import BitMap
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.bitmask import full_mask, read_mask, write_mask
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, json_list_answer, written
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of, tag_of
from swath.server.services import Services
from swath.store import tagging
from swath.store.bitmaps import bitmap_of, indices_of
from swath.store.datasets import Dataset
from swath.store.ids import is_id
from swath.store.tagging import Editor
from swath.store.tags import INITIAL_TAG, Tag, children_of, list_tags, name_is_free, tag_bitmap, tag_by_id
from swath.store.uploads import has_initial_tag
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.tags import (
    BitMaskAnswer,
    NewTagRequest,
    TagAnswer,
    TagArithmeticsRequest,
    TagOperation,
    TagUpdateRequest,
)

router = APIRouter(prefix="/datasets/{dataset}/tags")


@router.get("")
def get_tags(services: ServicesDep, principal: Reader, dataset: str) -> Response:
    """All tags, the one that is everything first; none before a first run or upload is complete."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        tags = list_tags(connection, found.id) if has_initial_tag(connection, found) else []
    return json_list_answer(_read_one_by_one(services, tags))


@router.get("/{tag}")
def get_tag(services: ServicesDep, principal: Reader, dataset: str, tag: str) -> Response:
    """One tag."""
    with services.store.reading() as connection:
        found = tag_of(connection, dataset_of(connection, principal, dataset), tag)
        return document_answer(tag_answer(connection, found))


@router.post("")
def create_tag(services: ServicesDep, principal: Member, dataset: str, request: NewTagRequest) -> Response:
    """Make a tag of the samples of a mask, as a child of another tag."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        _check_related(connection, found, request)
        tag = _make(
            connection,
            principal,
            found,
            name=request.name,
            members=bitmap_of(read_mask(request.bit_mask_data, size=found.sample_count)),
            parent=request.prev_tag_id,
            run_id=request.run_id,
        )
    _tell(services, tag)
    return document_answer(CreateEntityAnswer(id=tag.id), status=201)


@router.put("/{tag}", status_code=204)
def update_tag(services: ServicesDep, principal: Member, dataset: str, tag: str, request: TagUpdateRequest) -> None:
    """Give a tag another name, other members, or both."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        before = tag_of(connection, found, tag)
        name = None if request.name == before.name else request.name
        if name is not None:
            _check_name_free(connection, found, name)
        members = None
        if request.bit_mask_data is not None:
            members = read_mask(request.bit_mask_data, size=found.sample_count)
            if before.is_initial and len(members) == found.sample_count:
                members = None  # everything, as before
        if name is None and members is None:
            return
        changed, operation = tagging.change_tag(
            _editor(connection, principal, found), before.id, name=name, members=members
        )
    if operation is not None:
        _tell(services, changed)


@router.delete("/{tag}", status_code=204)
def delete_tag(services: ServicesDep, principal: Member, dataset: str, tag: str) -> None:
    """Remove a tag that no other was made from, never its samples."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        doomed = tag_of(connection, found, tag)
        if doomed.is_initial:
            raise FacadeError(
                409, ErrorCode.TAG_UNDELETABLE_IS_INITIAL, f"`{INITIAL_TAG}` cannot be deleted: it is always everything"
            )
        children = ", ".join(f"`{child.name}`" for child in children_of(connection, doomed))
        if children:
            raise FacadeError(
                409,
                ErrorCode.TAG_UNDELETABLE_NOT_A_LEAF,
                f"tag `{doomed.name}` cannot be deleted before those made from it: {children}",
            )
        tagging.delete_tag(_editor(connection, principal, found), doomed.id)
    _tell(services, doomed)


@router.post("/arithmetics")
def combine_tags(services: ServicesDep, principal: Member, dataset: str, request: TagArithmeticsRequest) -> Response:
    """Combine two tags into a new one if it gets a name, else only into a mask. Both answer with 200."""
    if not request.new_tag_name:
        return combine_tags_to_mask(services, principal, dataset, request)
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        tag = _make(
            connection,
            principal,
            found,
            name=request.new_tag_name,
            members=_combined(connection, found, request),
            # A union may be more than either tag.
            parent=None if request.operation is TagOperation.UNION else request.tag_id1,
            run_id=request.run_id,
        )
    _tell(services, tag)
    return document_answer(CreateEntityAnswer(id=tag.id))


@router.post("/arithmetics/bitmask")
def combine_tags_to_mask(
    services: ServicesDep, principal: Reader, dataset: str, request: TagArithmeticsRequest
) -> Response:
    """The samples that two tags combine to."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        members = _combined(connection, found, request)
    return document_answer(BitMaskAnswer(bit_mask_data=write_mask(indices_of(members))))


def tag_answer(connection: Connection, tag: Tag) -> TagAnswer:
    """A tag with its members."""
    members = None if tag.is_initial else indices_of(tag_bitmap(connection, tag))
    return TagAnswer(
        id=tag.id,
        dataset_id=tag.dataset_id,
        prev_tag_id=tag.parent_id,
        name=tag.name,
        bit_mask_data=full_mask(tag.member_count) if members is None else write_mask(members),
        tot_size=tag.total_size,
        created_at=tag.created_at,
        last_modified_at=tag.modified_at,
        run_id=tag.run_id,
    )


def _read_one_by_one(services: Services, tags: Iterable[Tag]) -> Iterator[bytes]:
    """The JSON of tags. A mask has a digit for every four samples: one is in memory at a time, of however many."""
    for tag in tags:
        with services.store.reading() as connection:
            current = tag_by_id(connection, tag.dataset_id, tag.id)
            document = None if current is None else tag_answer(connection, current)
        if document is not None:
            yield written(document)


def _check_related(connection: Connection, dataset: Dataset, request: NewTagRequest) -> None:
    """Raise FacadeError for a tag that the new one refers to and the dataset does not have."""
    related = (
        (request.prev_tag_id, "prevTagId", ErrorCode.TAG_PREVTAG_NOT_IN_DATASET),
        (request.query_tag_id, "queryTagId", ErrorCode.TAG_QUERYTAG_NOT_IN_DATASET),
        (request.preselected_tag_id, "preselectedTagId", ErrorCode.TAG_PRESELECTEDTAG_NOT_IN_DATASET),
    )
    for tag_id, field, code in related:
        if tag_id is not None and not (is_id(tag_id) and tag_by_id(connection, dataset.id, tag_id)):
            raise FacadeError(400, code, f"`{field}` is `{tag_id}`, which is no tag of dataset `{dataset.name}`")


def _make(
    connection: Connection,
    principal: Principal,
    dataset: Dataset,
    *,
    name: str,
    members: BitMap,
    parent: str | None,
    run_id: str | None,
) -> Tag:
    _check_name_free(connection, dataset, name)
    tag, _ = tagging.create_tag(
        _editor(connection, principal, dataset),
        name=name,
        members=members,
        parent=parent or INITIAL_TAG,
        run_id=run_id if run_id is not None and is_id(run_id) else None,
    )
    return tag


def _check_name_free(connection: Connection, dataset: Dataset, name: str) -> None:
    if not name_is_free(connection, dataset.id, name):
        raise FacadeError(
            409, ErrorCode.TAG_NAME_EXISTS, f"dataset `{dataset.name}` has a tag `{name}` already; choose another name"
        )


def _combined(connection: Connection, dataset: Dataset, request: TagArithmeticsRequest) -> BitMap:
    first, second = (
        tag_bitmap(connection, tag_of(connection, dataset, tag_id)) for tag_id in (request.tag_id1, request.tag_id2)
    )
    if request.operation is TagOperation.UNION:
        return first | second
    if request.operation is TagOperation.INTERSECTION:
        return first & second
    return first - second


def _editor(connection: Connection, principal: Principal, dataset: Dataset) -> Editor:
    return Editor(connection=connection, dataset_id=dataset.id, user_id=principal.user_id)


def _tell(services: Services, tag: Tag) -> None:
    services.events.publish("tag", id=tag.id, dataset_id=tag.dataset_id)
