"""Exports: files of a dataset that the server makes in the background and keeps for a week."""

from __future__ import annotations

import re

import numpy as np
from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import Conflict, InvalidConfig, NotAllowed, NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import export_jobs
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.export_jobs import ExportJob
from swath.store.sharing import sees_dataset
from swath.store.tags import INITIAL_TAG, find_tag, tag_members
from swath.wire.browsing import Selector, SelectorPart
from swath.wire.exports import ExportDocument, ExportFormat, ExportList, ExportState, NewExport

ODD_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

MEDIA_TYPES = sorted({export_format.media_type.partition(";")[0] for export_format in ExportFormat})

router = APIRouter(tags=["exports"])


@router.get("/datasets/{dataset}/exports", response_model=ExportList)
def list_exports(services: ServicesDep, principal: Reader, dataset: str) -> ExportList:
    """The exports of a dataset, newest first."""
    found = visible_dataset(services, principal, dataset)
    with services.store.reading() as connection:
        jobs = export_jobs.list_exports(connection, found.id)
    return ExportList(items=tuple(_document(job) for job in jobs), total=len(jobs))


@router.post("/datasets/{dataset}/exports", status_code=202, response_model=ExportDocument)
def create_export(services: ServicesDep, principal: Member, dataset: str, request: NewExport) -> ExportDocument:
    """Ask for a file of the samples as they are now. It is made in the background: look at the export again, or
    listen for events of kind `export`."""
    found = visible_dataset(services, principal, dataset)
    if request.format is ExportFormat.CROPS and found.kind is not DatasetKind.CROPS:
        raise InvalidConfig(f"`{found.name}` is an image dataset and has no crops", field="format")
    if request.selector is not None:
        members = resolve_selector(services, principal, found, request.selector)
        selector, tag_name = request.selector, None
    else:
        members, tag_name = _members_of_tag(services, found, request.tag or INITIAL_TAG)
        selector = Selector(all_of=(SelectorPart(tag=tag_name),))
    with services.store.writing() as connection:
        job = export_jobs.create_export(
            connection,
            dataset_id=found.id,
            user_id=principal.user_id,
            export_format=request.format,
            download_name=_file_name(found.name, tag_name if request.tag else None),
            members=members,
            sample_count=len(members),
            selector=selector.model_dump_json(exclude_defaults=True),
            tag=tag_name if request.tag else None,
        )
    services.export_requested.set()
    _tell(services, job)
    return _document(job)


@router.get("/exports/{export}", response_model=ExportDocument)
def get_export(services: ServicesDep, principal: Reader, export: str) -> ExportDocument:
    """One export."""
    with services.store.reading() as connection:
        return _document(_visible_export(connection, principal, export))


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
    path = job.file(services.home)
    if not path.is_file():
        raise NotFound(f"the file of export `{export}` is gone", hint="Make the export again.")
    return FileResponse(
        path,
        media_type=job.format.media_type,
        filename=_download_name(job),
        headers={"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"},
    )


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


def _document(job: ExportJob) -> ExportDocument:
    return ExportDocument(
        id=job.id,
        dataset_id=job.dataset_id,
        user_id=job.user_id,
        format=job.format,
        tag=job.tag,
        state=job.state,
        message=job.message,
        sample_count=job.sample_count,
        byte_length=job.byte_length,
        file_name=_download_name(job),
        file_url=f"/api/exports/{job.id}/file" if job.state is ExportState.READY else None,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
