"""Tags: named sets of samples. Whoever sees a dataset may tag its samples; every change can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from swath.core.access import Principal
from swath.core.errors import InvalidConfig
from swath.server.api.selections import members_response
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import tagging
from swath.store.catalog import tag_summary
from swath.store.datasets import Dataset
from swath.store.tagging import Editor
from swath.store.tags import find_tag, list_tags, tag_bitmap, tag_members
from swath.wire.datasets import TagSummary
from swath.wire.tags import (
    AppliedTags,
    ChangedTag,
    DeletedTag,
    NewTag,
    TagApplication,
    TagChange,
    TagCombination,
    TagList,
    TagMerge,
)

LARGEST_REVISION = 2**31 - 1

router = APIRouter(tags=["tags"])

IfMatch = Annotated[str | None, Header(description='the revision that was seen: `"3"`')]


class MembersFormat(StrEnum):
    """How the members of a tag are written."""

    ROARING = "roaring"
    INDICES = "indices"
    BITS = "bits"


@router.get("/datasets/{dataset}/tags", response_model=TagList)
def list_tags_of_dataset(services: ServicesDep, principal: Reader, dataset: str) -> TagList:
    """The tags of a dataset: `initial-tag`, which is everything, then oldest first."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        items = tuple(tag_summary(tag) for tag in list_tags(connection, found.id))
    return TagList(items=items, total=len(items))


@router.post("/datasets/{dataset}/tags", status_code=201, response_model=ChangedTag)
def create_tag(services: ServicesDep, principal: Member, dataset: str, request: NewTag) -> ChangedTag:
    """Make a tag of the samples of a selector."""
    found = visible_dataset(services, principal, dataset)
    members = resolve_selector(services, principal, found, request.selector)
    with _editing(services, principal, found) as editor:
        tag, operation = tagging.create_tag(editor, name=request.name, members=members)
    _tell(services, found, [tag.id])
    return ChangedTag(tag=tag_summary(tag), operation_id=operation.id)


@router.post("/datasets/{dataset}/tags:apply", response_model=AppliedTags)
def apply_tags(services: ServicesDep, principal: Member, dataset: str, request: TagApplication) -> AppliedTags:
    """Add the samples of a selector to some tags and remove them from others, all of it or nothing."""
    found = visible_dataset(services, principal, dataset)
    members = resolve_selector(services, principal, found, request.selector)
    with _editing(services, principal, found) as editor:
        done = tagging.apply_tags(
            editor,
            members,
            add=request.add,
            remove=request.remove,
            expected_revisions=request.expected_revisions,
        )
    if done.operation is not None:
        _tell(services, found, [tag.id for tag in done.tags])
    return AppliedTags(
        changed=done.changed,
        tags=tuple(tag_summary(tag) for tag in done.tags),
        operation_id=None if done.operation is None else done.operation.id,
    )


@router.post("/datasets/{dataset}/tags:combine", status_code=201, response_model=ChangedTag)
def combine_tags(services: ServicesDep, principal: Member, dataset: str, request: TagCombination) -> ChangedTag:
    """Make a tag of others by set algebra."""
    found = visible_dataset(services, principal, dataset)
    with _editing(services, principal, found) as editor:
        tag, operation = tagging.combine_tags(editor, name=request.name, expression=request.expression)
    _tell(services, found, [tag.id])
    return ChangedTag(tag=tag_summary(tag), operation_id=operation.id)


@router.post("/datasets/{dataset}/tags:merge", response_model=ChangedTag)
def merge_tags(services: ServicesDep, principal: Member, dataset: str, request: TagMerge) -> ChangedTag:
    """Put the samples of some tags into one, and delete those tags. The one may be new."""
    found = visible_dataset(services, principal, dataset)
    with _editing(services, principal, found) as editor:
        tag, operation = tagging.merge_tags(editor, into=request.into, sources=request.sources)
    if operation is not None:
        _tell(services, found, [tag.id])
    return ChangedTag(tag=tag_summary(tag), operation_id=None if operation is None else operation.id)


@router.get("/datasets/{dataset}/tags/{tag}", response_model=TagSummary)
def get_tag(services: ServicesDep, principal: Reader, dataset: str, tag: str, response: Response) -> TagSummary:
    """One tag. Its `ETag` is its revision, for `If-Match`."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        document = tag_summary(find_tag(connection, found.id, tag))
    response.headers["ETag"] = f'"{document.revision}"'
    return document


@router.patch("/datasets/{dataset}/tags/{tag}", response_model=ChangedTag)
def change_tag(
    services: ServicesDep,
    principal: Member,
    dataset: str,
    tag: str,
    request: TagChange,
    if_match: IfMatch = None,
) -> ChangedTag:
    """Give a tag another name, other members, or both; not if it was changed since the revision that was seen."""
    expected = _expected_revision(if_match, request.expected_revision)
    found = visible_dataset(services, principal, dataset)
    members = None
    if request.selector is not None:
        members = resolve_selector(services, principal, found, request.selector)
    with _editing(services, principal, found) as editor:
        changed, operation = tagging.change_tag(
            editor, tag, name=request.name, members=members, expected_revision=expected
        )
    if operation is not None:
        _tell(services, found, [changed.id])
    return ChangedTag(tag=tag_summary(changed), operation_id=None if operation is None else operation.id)


@router.delete("/datasets/{dataset}/tags/{tag}", response_model=DeletedTag)
def delete_tag(
    services: ServicesDep,
    principal: Member,
    dataset: str,
    tag: str,
    if_match: IfMatch = None,
    expected_revision: Annotated[int | None, Query(ge=0, le=LARGEST_REVISION)] = None,
) -> DeletedTag:
    """Remove a tag, never its samples; not if it was changed since the revision that was seen."""
    expected = _expected_revision(if_match, expected_revision)
    found = visible_dataset(services, principal, dataset)
    with _editing(services, principal, found) as editor:
        tag_id = editor.find(tag).id
        operation = tagging.delete_tag(editor, tag_id, expected_revision=expected)
    _tell(services, found, [tag_id])
    return DeletedTag(operation_id=operation.id)


@router.get(
    "/datasets/{dataset}/tags/{tag}/members.bin",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The members"}},
)
def get_tag_members(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    tag: str,
    format: Annotated[MembersFormat, Query()] = MembersFormat.ROARING,
) -> Response:
    """The sample indices of a tag.

    `roaring`: a serialised roaring bitmap (the portable format). `indices`: ascending uint32, little endian. `bits`:
    bit i, counted from the lowest of the first byte, is the sample of index i; it ends with the last member.
    """
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        asked = find_tag(connection, found.id, tag)
        if format is MembersFormat.ROARING:
            data = tag_bitmap(connection, asked).serialize()
        else:
            members = tag_members(connection, asked)
    # The size is that of the dataset for `initial-tag`, which never has another revision.
    etag = f'"{asked.id}-{asked.revision}-{asked.member_count}-{format.value}"'
    if format is MembersFormat.BITS:
        return members_response(members, etag)
    if format is MembersFormat.INDICES:
        data = members.astype(np.dtype("<u4")).tobytes()
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"ETag": etag, "Cache-Control": "private, no-cache", "Swath-Count": str(asked.member_count)},
    )


@contextmanager
def _editing(services: Services, principal: Principal, dataset: Dataset) -> Iterator[Editor]:
    with services.store.writing() as connection:
        yield Editor(connection=connection, dataset_id=dataset.id, user_id=principal.user_id)


def _tell(services: Services, dataset: Dataset, tag_ids: list[str]) -> None:
    for tag_id in tag_ids:
        services.events.publish("tag", id=tag_id, dataset_id=dataset.id)


def _expected_revision(if_match: str | None, given: int | None) -> int | None:
    """The revision that was seen: of the header, else of the request; None if any will do."""
    if if_match is None or if_match.strip() == "*":
        return given
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and int(digits[:11]) <= LARGEST_REVISION and len(digits) <= 10):
        raise InvalidConfig(f'`If-Match` is a revision in quotes, like `"3"`, got `{if_match[:40]}`', field="If-Match")
    return int(digits)
