"""Runs: asking for one, watching it, stopping it, and what it left."""

from __future__ import annotations

import mimetypes
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from sqlalchemy.engine import Connection
from starlette.responses import FileResponse, Response

from swath.core.access import Principal
from swath.core.errors import InvalidConfig, NotAllowed, NotFound, RunFailed, SourceUnavailable
from swath.core.names import check_dataset_name
from swath.core.runs import RunState
from swath.formats.lightly.tasks import require_task
from swath.pipeline.predictions import find_task_names
from swath.server.datasources import open_files_of, uri_of
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.run_documents import (
    artifact_document,
    find_visible_run,
    log_line_document,
    run_document,
    run_documents,
)
from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store import queue, runs
from swath.store.artifacts import artifact_path, find_artifact
from swath.store.artifacts import list_artifacts as artifacts_of
from swath.store.clock import now_ms
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.runs import Run
from swath.store.sharing import find_visible, require_owner, visible_datasets
from swath.wire.maps import ProjectionRunResult
from swath.wire.run_config import RunConfig
from swath.wire.run_result import RunResult
from swath.wire.runs import (
    MOST_LOG_LINES,
    ArtifactList,
    RunDocument,
    RunKind,
    RunList,
    RunLog,
    RunRequest,
    requested_config,
)
from swath.wire.selection_run import SelectionRunResult

router = APIRouter(tags=["runs"])

Offset = Annotated[int, Query(ge=0, lt=2**31)]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.post("/runs", status_code=201)
def create_run(services: ServicesDep, principal: Member, request: RunRequest) -> RunDocument:
    """Ask for a run on the datasource of an image dataset. A worker takes it up when its turn has come."""
    with services.store.reading() as connection:
        dataset = find_visible(connection, request.dataset, principal.user_id)
        _refuse_crops(dataset, dataset_by_id(connection, dataset.parent_id or ""))
        require_owner(connection, dataset, principal.user_id, to="start runs on it")
    if not dataset.input_uri:
        raise InvalidConfig(
            f"dataset `{dataset.name}` has no datasource", field="dataset", hint="Set its datasource first."
        )
    config = requested_config(
        request, dataset_name=dataset.name, input_uri=dataset.input_uri, output_uri=dataset.output_uri
    )
    _check_object_level(services, dataset, config)
    with services.store.writing() as connection:
        run_id = queue.schedule_run(
            connection,
            owner_id=principal.user_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json=config.model_dump_json(),
            dataset=dataset,
            task=None if config.object_level is None else config.object_level.task_name,
            priority=request.priority,
            runs_on=request.runs_on,
            now=now_ms(),
        )
        run = runs.find_run(connection, run_id)
        document = run_document(connection, run)
    publish_run(services, run)
    return document


@router.get("/runs")
def list_runs(
    services: ServicesDep,
    principal: Reader,
    state: Annotated[list[RunState] | None, Query(description="runs in any of these states")] = None,
    dataset: Annotated[str | None, Query(description="name or id of a dataset that the runs add to")] = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> RunList:
    """The caller's runs and those on datasets shared with them, newest first."""
    dataset_id = None if dataset is None else visible_dataset(services, principal, dataset).id
    with services.store.reading() as connection:
        seen = visible_datasets(connection, principal.user_id)
        found, total = runs.page_of_runs(
            connection,
            user_id=principal.user_id,
            shared_dataset_ids=[other.id for other in seen if other.owner_id != principal.user_id],
            states=state or (),
            dataset_id=dataset_id,
            offset=offset,
            limit=limit,
        )
        return RunList(items=run_documents(connection, found), total=total)


@router.get("/runs/{run}")
def get_run(services: ServicesDep, principal: Reader, run: str) -> RunDocument:
    """One run as it is now."""
    with services.store.reading() as connection:
        return run_document(connection, find_visible_run(connection, run, principal.user_id))


@router.post("/runs/{run}:cancel")
def cancel_run(services: ServicesDep, principal: Member, run: str) -> RunDocument:
    """Ask a run to stop: one that waits is over at once, another at its next step. 409 for one that is over."""
    with services.store.writing() as connection:
        runs.request_cancel(connection, _own_run(connection, principal, run).id)
        found = runs.find_run(connection, run)
        document = run_document(connection, found)
    publish_run(services, found)
    return document


@router.post("/runs/{run}:retry", status_code=201)
def retry_run(services: ServicesDep, principal: Member, run: str) -> RunDocument:
    """Ask again for what a run that did not complete was asked. Answers the new run."""
    with services.store.writing() as connection:
        before = _own_run(connection, principal, run)
        found = runs.find_run(connection, queue.retry_run(connection, before, now=now_ms()))
        document = run_document(connection, found)
    publish_run(services, found)
    return document


@router.get("/runs/{run}/log")
def get_run_log(
    services: ServicesDep,
    principal: Reader,
    run: str,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="number of the last line that is known")] = -1,
    limit: Annotated[int, Query(ge=1, le=MOST_LOG_LINES)] = MOST_LOG_LINES,
) -> RunLog:
    """Lines of a run's log, oldest first."""
    with services.store.reading() as connection:
        found = find_visible_run(connection, run, principal.user_id)
        lines = runs.read_log(connection, found.id, after=after, limit=limit)
        total = runs.log_length(connection, found.id)
    return RunLog(items=tuple(log_line_document(line) for line in lines), total=total)


@router.get("/runs/{run}/result", response_model=RunResult | SelectionRunResult | ProjectionRunResult)
def get_run_result(services: ServicesDep, principal: Reader, run: str) -> Response:
    """What a run that is over did. 404 for one that is not, or left no result."""
    with services.store.reading() as connection:
        found = find_visible_run(connection, run, principal.user_id)
    if found.result is None:
        raise NotFound(f"run `{run}` has no result: its state is `{found.state}`")
    # As it was written, maybe by another version.
    return Response(found.result, media_type="application/json")


@router.get("/runs/{run}/artifacts")
def list_run_artifacts(services: ServicesDep, principal: Reader, run: str) -> ArtifactList:
    """The files that a run left."""
    with services.store.reading() as connection:
        found = find_visible_run(connection, run, principal.user_id)
        items = tuple(artifact_document(found.id, artifact) for artifact in artifacts_of(connection, found.id))
    return ArtifactList(items=items, total=len(items))


@router.get(
    "/runs/{run}/artifacts/{name:path}",
    response_class=FileResponse,
    responses={200: {"content": {"*/*": {}}, "description": "The file."}},
)
def get_run_artifact(services: ServicesDep, principal: Reader, run: str, name: str) -> FileResponse:
    """A file that a run left, to be saved: a page of a run never runs as a page of this server."""
    with services.store.reading() as connection:
        found = find_visible_run(connection, run, principal.user_id)
        artifact = find_artifact(connection, found.id, name)
    path = artifact_path(services.home, found.id, artifact.name)
    if not path.is_file():
        raise SourceUnavailable(f"artifact `{name}` of run `{run}` is gone from the server's disk")
    file_name = quote(path.name)
    return FileResponse(
        path,
        media_type=_media_type(path.name),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{file_name}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Cache-Control": "private, no-cache",
            "ETag": f'"{artifact.sha256.hex()}"',
        },
    )


def _own_run(connection: Connection, principal: Principal, run_id: str) -> Run:
    """A run that the caller may change. Raises NotFound, and NotAllowed for one that they only see."""
    found = find_visible_run(connection, run_id, principal.user_id)
    if found.owner_id != principal.user_id:
        raise NotAllowed(f"run `{run_id}` is another user's, on a dataset that is shared with you")
    return found


def _refuse_crops(dataset: Dataset, parent: Dataset | None) -> None:
    if dataset.kind is DatasetKind.CROPS and parent is not None:
        raise InvalidConfig(
            f"dataset `{dataset.name}` holds crops of `{parent.name}`; a run cannot start from a crops dataset",
            field="dataset",
            hint=f"Run on image dataset `{parent.name}`.",
        )


def _check_object_level(services: Services, dataset: Dataset, config: RunConfig) -> None:
    """What can be known now of what the run will read. Raises InvalidConfig, naming what is wrong.

    A datasource that the server cannot read is the worker's to judge.
    """
    object_level = config.object_level
    if object_level is None:
        return
    if object_level.crop_dataset_name is not None:
        check_dataset_name(object_level.crop_dataset_name, field="object_level.crop_dataset_name")
    purposes: list[Purpose] = ["output", "input"] if uri_of(dataset, "output") != dataset.input_uri else ["input"]
    try:
        _, tasks = find_task_names([open_files_of(services, dataset, purpose) for purpose in purposes])
    except (SourceUnavailable, NotFound):
        return
    except RunFailed as exc:
        raise InvalidConfig(exc.message, field="object_level.task_name", hint=exc.hint) from exc
    require_task(tasks, object_level.task_name)


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
