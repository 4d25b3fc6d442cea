"""Exports: files of a dataset that the server makes in the background and keeps for a week."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import Conflict, NotAllowed, NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.export_preview import first_records
from swath.server.export_sources import export_source
from swath.server.exporting import KEPT_MS
from swath.server.links import LINK_HANDLERS, Link, LinkMaker, base_url, for_anybody
from swath.server.looking import visible_dataset
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import export_jobs
from swath.store.clock import now_ms
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.export_jobs import ExportJob
from swath.store.exports import require_crops
from swath.store.sharing import sees_dataset
from swath.store.tags import INITIAL_TAG, find_tag, tag_members
from swath.wire.browsing import Selector, SelectorPart
from swath.wire.exports import (
    ExportDocument,
    ExportFormat,
    ExportList,
    ExportPreview,
    ExportState,
    ExportUnit,
    NewExport,
)

ODD_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

MEDIA_TYPES = sorted({export_format.media_type.partition(";")[0] for export_format in ExportFormat})

EXPORT = "export"
"""The kind of links to files of exports."""

router = APIRouter(tags=["exports"])


@router.get("/datasets/{dataset}/exports", response_model=ExportList)
def list_exports(services: ServicesDep, principal: Reader, dataset: str) -> ExportList:
    """The exports of a dataset, newest first."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        jobs = export_jobs.list_exports(connection, found.id)
    return ExportList(items=tuple(_document(services, job) for job in jobs), total=len(jobs))


@router.post("/datasets/{dataset}/exports", status_code=202, response_model=ExportDocument)
def create_export(
    services: ServicesDep, principal: Member, http: Request, dataset: str, request: NewExport
) -> ExportDocument:
    """Ask for a file of the samples as they are now. It is made in the background: look at the export again, or
    listen for events of kind `export`."""
    found = visible_dataset(services, principal, dataset)
    asked = _asked(services, principal, found, request)
    with services.store.writing() as connection:
        job = export_jobs.create_export(
            connection,
            dataset_id=found.id,
            user_id=principal.user_id,
            export_format=request.format,
            download_name=_file_name(found.name, asked.tag),
            members=asked.members,
            sample_count=len(asked.members),
            selector=asked.selector.model_dump_json(exclude_defaults=True),
            tag=asked.tag,
            options=request.options,
            link_base=base_url(services, http),
        )
    services.export_requested.set()
    _tell(services, job)
    return _document(services, job)


@router.post("/datasets/{dataset}/exports:preview", response_model=ExportPreview)
def preview_export(
    services: ServicesDep, principal: Reader, http: Request, dataset: str, request: NewExport
) -> ExportPreview:
    """What the file of an export would begin with, without making it."""
    found = visible_dataset(services, principal, dataset)
    asked = _asked(services, principal, found, request)
    browsed = services.browser.open(services.store, services.home, found.id)
    source = export_source(services, found, asked.members, request.options, link_base=base_url(services, http))
    begin = first_records(source, request.format, browsed)
    return ExportPreview(
        format=request.format,
        media_type=request.format.media_type,
        sample_count=len(asked.members),
        head=begin.head,
        records=begin.records,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """The samples that are meant: members (M,), a selector that says the same, and the tag where one is named."""

    members: NDArray[np.int64]
    selector: Selector
    tag: str | None


def _asked(services: Services, principal: Principal, dataset: Dataset, request: NewExport) -> _Asked:
    """Raises InvalidConfig for what the dataset has not."""
    if dataset.kind is not DatasetKind.CROPS:
        field = "format" if request.format is ExportFormat.CROPS else "options.unit"
        if request.format is ExportFormat.CROPS or request.options.unit is ExportUnit.CROPS:
            require_crops(services.store, dataset.id, field=field)
    if request.selector is not None:
        members = resolve_selector(services, principal, dataset, request.selector)
        return _Asked(members=members, selector=request.selector, tag=None)
    members, tag_name = _members_of_tag(services, dataset, request.tag or INITIAL_TAG)
    selector = Selector(all_of=(SelectorPart(tag=tag_name),))
    return _Asked(members=members, selector=selector, tag=tag_name if request.tag else None)


@router.get("/exports/{export}", response_model=ExportDocument)
def get_export(services: ServicesDep, principal: Reader, export: str) -> ExportDocument:
    """One export."""
    with services.store.reading() as connection:
        return _document(services, _visible_export(connection, principal, export))


@router.get(
    "/exports/{export}/file",
    response_class=FileResponse,
    responses={200: {"content": {media_type: {} for media_type in MEDIA_TYPES}, "description": "The file"}},
)
def get_export_file(services: ServicesDep, principal: Reader, export: str) -> FileResponse:
    """The file of an export that is READY."""
    with services.store.reading() as connection:
        job = _visible_export(connection, principal, export)
    if job.state is not ExportState.READY:
        raise Conflict(f"export `{export}` is {job.state.value}", hint=job.message or "Ask again when it is READY.")
    return _file_answer(services, job)


@router.delete("/exports/{export}", status_code=204)
def delete_export(services: ServicesDep, principal: Member, export: str) -> Response:
    """Remove an export and its file: one of your own, or of your dataset."""
    with services.store.reading() as connection:
        job = _visible_export(connection, principal, export)
        dataset = dataset_by_id(connection, job.dataset_id)
    if job.user_id != principal.user_id and (dataset is None or dataset.owner_id != principal.user_id):
        raise NotAllowed("only who asked for an export and the owner of its dataset may delete it")
    export_jobs.delete_export(services.store, services.home, job)
    _tell(services, job)
    return Response(status_code=204)


def _file_answer(services: Services, job: ExportJob) -> FileResponse:
    path = job.file(services.home)
    if not path.is_file():
        raise NotFound(f"the file of export `{job.id}` is gone", hint="Make the export again.")
    return FileResponse(
        path,
        media_type=job.format.media_type,
        filename=_download_name(job),
        headers={"Cache-Control": "private, no-cache, no-transform", "X-Content-Type-Options": "nosniff"},
    )


def _link_expires_at(job: ExportJob) -> int | None:
    """Until when (ms) the link to a file holds; None where there is no file (yet), or where it holds no more."""
    if job.state is not ExportState.READY or job.finished_at is None:
        return None
    expires_at = job.finished_at + min(job.options.expires_in_s * 1000, KEPT_MS)
    return expires_at if expires_at > now_ms() else None


def _link_url(services: Services, job: ExportJob, expires_at: int) -> str:
    link = Link(kind=EXPORT, dataset_id=job.dataset_id, name=job.id)
    maker = LinkMaker(services.vault, services.options.public_url or job.link_base)
    return maker.until(expires_at // 1000, link, file_name=_download_name(job))


def _answer_link(services: Services, request: Request, link: Link) -> Response:
    """The file that a link to an export opens. Deleted ones have no link any more."""
    with services.store.reading() as connection:
        job = export_jobs.find_export(connection, link.name)
    return for_anybody(_file_answer(services, job))


LINK_HANDLERS[EXPORT] = _answer_link


def _members_of_tag(services: Services, dataset: Dataset, name_or_id: str) -> tuple[NDArray[np.int64], str]:
    """The members (M,) of a tag and its name."""
    with services.store.reading() as connection:
        tag = find_tag(connection, dataset.id, name_or_id)
        return tag_members(connection, tag), tag.name


def _file_name(dataset_name: str, tag_name: str | None) -> str:
    name = dataset_name if tag_name is None else f"{dataset_name}-{tag_name}"
    return ODD_IN_FILE_NAMES.sub("-", name).strip("-.") or "export"


def _download_name(job: ExportJob) -> str:
    return f"{job.download_name}{job.format.suffix}"


def _visible_export(connection: Connection, principal: Principal, export_id: str) -> ExportJob:
    """Raises NotFound, in the same words for one that is not there and one that is hidden."""
    job = export_jobs.find_export(connection, export_id)
    if not sees_dataset(connection, job.dataset_id, principal.user_id):
        raise export_jobs.unknown_export(export_id)
    return job


def _tell(services: Services, job: ExportJob) -> None:
    services.events.publish("export", id=job.id, dataset_id=job.dataset_id)


def _document(services: Services, job: ExportJob) -> ExportDocument:
    link_expires_at = _link_expires_at(job)
    return ExportDocument(
        id=job.id,
        dataset_id=job.dataset_id,
        user_id=job.user_id,
        format=job.format,
        tag=job.tag,
        options=job.options,
        state=job.state,
        message=job.message,
        sample_count=job.sample_count,
        byte_length=job.byte_length,
        file_name=_download_name(job),
        file_url=f"/api/exports/{job.id}/file" if job.state is ExportState.READY else None,
        link_url=None if link_expires_at is None else _link_url(services, job, link_expires_at),
        link_expires_at=link_expires_at,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
