"""Runs that have begun: look at them, their tags, their log and what they left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.engine import Connection

from swath import __version__
from swath.core.access import Principal
from swath.core.errors import NotFound
from swath.server.dependencies import Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer, string_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import UNKNOWN_KINDS, dataset_of
from swath.server.lightly.paging import Page, PageDep
from swath.server.lightly.run_artifacts import artifact_documents, artifact_link, kind_of_artifact
from swath.server.lightly.tags import tag_answer
from swath.server.links import link_url
from swath.server.run_documents import find_visible_run
from swath.server.services import Services
from swath.store import runs
from swath.store.artifacts import Artifact, artifacts_of_runs, list_artifacts
from swath.store.datasets import dataset_by_id
from swath.store.runs import Run
from swath.store.sharing import visible_datasets
from swath.store.tags import INITIAL_TAG, Tag, find_tag, tags_of_run
from swath.wire.lightly.runs import FILE_NAMES, LogLevel, RunData, RunLogData, RunLogEntryData, shown_state
from swath.wire.runs import MOST_LOG_LINES, Progress

router = APIRouter(prefix="/docker/runs")


@router.get("")
def get_runs(services: ServicesDep, principal: Reader, page: PageDep) -> Response:
    """The runs that the caller sees, newest first."""
    return _listed(services, principal, page)


@router.get("/count")
def count_runs(services: ServicesDep, principal: Reader) -> Response:
    """How many there are."""
    with services.store.reading() as connection:
        _, total = _page_of_runs(connection, principal, Page(size=1))
    return string_answer(str(total))


@router.get("/query/datasetId/{dataset_id}")
def get_runs_of_dataset(services: ServicesDep, principal: Reader, dataset_id: str, page: PageDep) -> Response:
    """The runs that add to a dataset, newest first."""
    with services.store.reading() as connection:
        dataset = dataset_of(connection, principal, dataset_id)
    return _listed(services, principal, page, dataset.id)


@router.get("/schedule/{scheduled_id}")
def get_run_of_schedule(services: ServicesDep, principal: Reader, scheduled_id: str) -> Response:
    """The run that came of a scheduled one. 404 until a worker has taken it up."""
    return get_run(services, principal, scheduled_id)


@router.get("/{run_id}")
def get_run(services: ServicesDep, principal: Reader, run_id: str) -> Response:
    """One run as it is now."""
    with services.store.reading() as connection:
        run = _find(connection, principal, run_id)
        document = _document(run, list_artifacts(connection, run.id))
    return document_answer(document)


@router.get("/{run_id}/tags")
def get_run_tags(services: ServicesDep, principal: Reader, run_id: str) -> Response:
    """The tags that a run made, of all its datasets, newest first."""
    with services.store.reading() as connection:
        run = _find(connection, principal, run_id)
        documents = [tag_answer(connection, tag) for tag in _tags_of(connection, run)]
    return list_answer(documents)


@router.get("/{run_id}/artifacts/{artifact_id}/readurl")
def get_artifact_url(
    services: ServicesDep, principal: Reader, request: Request, run_id: str, artifact_id: str
) -> Response:
    """Where an artifact can be loaded from, without a token."""
    with services.store.reading() as connection:
        run = _find(connection, principal, run_id)
        kind = kind_of_artifact(run, list_artifacts(connection, run.id), artifact_id)
    return string_answer(link_url(services, request, artifact_link(run.id, kind), file_name=FILE_NAMES[kind]))


@router.get("/{run_id}/logs")
def get_run_logs(
    services: ServicesDep, principal: Reader, run_id: str, cursor: Annotated[int, Query(ge=0, lt=2**31)] = 0
) -> Response:
    """Lines of a run's log; `cursor` is where those before end."""
    with services.store.reading() as connection:
        run = _find(connection, principal, run_id)
        lines = runs.read_log(connection, run.id, after=cursor - 1, limit=MOST_LOG_LINES)
    state = shown_state(run.state)
    entries = tuple(
        RunLogEntryData(ts=line.logged_at, level=_level(line.level), msg=line.message, state=state) for line in lines
    )
    return document_answer(RunLogData(cursor=lines[-1].number + 1 if lines else cursor, logs=entries))


@router.get("/{run_id}/readReportUrl")
def get_report_url(services: ServicesDep, principal: Reader, run_id: str) -> Response:
    """Where the report of a run can be loaded from: no run makes one yet."""
    with services.store.reading() as connection:
        run = _find(connection, principal, run_id)
    raise FacadeError(404, ErrorCode.DOCKER_RUN_REPORT_UNAVAILABLE, f"run `{run.id}` has no report")


def _find(connection: Connection, principal: Principal, run_id: str) -> Run:
    """A run that has begun. Raises FacadeError 404."""
    try:
        run = find_visible_run(connection, run_id, principal.user_id)
    except NotFound as error:
        raise FacadeError.of(error, 404, ErrorCode.DOCKER_RUN_UNKNOWN) from error
    if not run.has_begun:
        raise FacadeError(404, ErrorCode.DOCKER_RUN_UNKNOWN, f"run `{run_id}` has not begun")
    return run


def _tags_of(connection: Connection, run: Run) -> list[Tag]:
    """The tags that a run made; where it was the first one, what it added is `initial-tag`."""
    receipt = runs.receipt_of(run)
    filled: list[str | None] = []
    if receipt is not None and receipt.images_added == receipt.image_samples > 0:
        filled.append(run.image_dataset_id)
    if receipt is not None and receipt.crops_added == receipt.crop_samples > 0:
        filled.append(run.crop_dataset_id)
    there = [dataset_id for dataset_id in filled if dataset_id and dataset_by_id(connection, dataset_id)]
    found = [*tags_of_run(connection, run.id), *(find_tag(connection, each, INITIAL_TAG) for each in there)]
    return sorted(found, key=lambda tag: (-tag.created_at, tag.name))


def _listed(services: Services, principal: Principal, page: Page, dataset_id: str | None = None) -> Response:
    with services.store.reading() as connection:
        found, _ = _page_of_runs(connection, principal, page, dataset_id)
        left = artifacts_of_runs(connection, [run.id for run in found])
    return list_answer(_document(run, left.get(run.id, [])) for run in found)


def _page_of_runs(
    connection: Connection, principal: Principal, page: Page, dataset_id: str | None = None
) -> tuple[list[Run], int]:
    seen = visible_datasets(connection, principal.user_id)
    return runs.page_of_runs(
        connection,
        user_id=principal.user_id,
        shared_dataset_ids=[other.id for other in seen if other.owner_id != principal.user_id],
        dataset_id=dataset_id,
        only_begun=True,
        without_kinds=UNKNOWN_KINDS,
        offset=page.offset,
        limit=page.size,
    )


def _document(run: Run, left: Sequence[Artifact]) -> RunData:
    return RunData(
        id=run.id,
        user_id=run.owner_id,
        docker_version=__version__,
        state=shown_state(run.state),
        dataset_id=run.image_dataset_id,
        config_id=run.worker_config_id,
        scheduled_id=run.id,
        created_at=run.created_at,
        last_modified_at=run.finished_at or run.started_at or run.created_at,
        message=run.message or _progress_of(run),
        artifacts=artifact_documents(run, left),
    )


def _progress_of(run: Run) -> str | None:
    """How far a run is, in words: "120 of 500 images"."""
    if run.progress is None:
        return None
    progress = Progress.model_validate_json(run.progress)
    whole = "" if progress.total is None else f" of {progress.total:,}"
    return f"{progress.done:,}{whole} {progress.unit}".rstrip()


def _level(level: str) -> LogLevel:
    return LogLevel(level) if level in list(LogLevel) else LogLevel.INFO
