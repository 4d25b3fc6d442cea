"""Jobs: `/v1/jobs`. Each is a selection run; its id is that of the run."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.engine import Connection
from starlette.responses import Response

from swath.core.errors import NotFound
from swath.core.runs import RunState
from swath.server.dependencies import Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.run_documents import find_visible_run
from swath.store.clock import now_ms
from swath.store.runs import Run, page_of_runs
from swath.store.tags import tags_of_run
from swath.store.workers import list_workers
from swath.wire.lightly.sampling import JobResult, JobState, JobStatusAnswer, JobType, ListedJob
from swath.wire.runs import RunKind

SECONDS_BETWEEN_POLLS = 1

router = APIRouter(prefix="/jobs")


@router.get("/{job}")
def get_job(services: ServicesDep, principal: Reader, job: str) -> Response:
    """One job, as it is now."""
    with services.store.reading() as connection:
        try:
            run = find_visible_run(connection, job, principal.user_id)
        except NotFound as error:
            raise _unknown(job) from error
        if run.kind != RunKind.SELECTION:
            raise _unknown(job)
        return document_answer(_status(connection, run, timeout_s=services.options.worker_timeout_s))


@router.get("")
def get_jobs(services: ServicesDep, principal: Reader) -> Response:
    """The jobs that the caller has started, newest first."""
    with services.store.reading() as connection:
        found, _ = page_of_runs(connection, user_id=principal.user_id, limit=None)
    return list_answer(_listed(run) for run in found if run.kind == RunKind.SELECTION)


def _unknown(job: str) -> FacadeError:
    return FacadeError(404, ErrorCode.JOB_UNKNOWN, f"there is no job `{job}`")


def _status(connection: Connection, run: Run, *, timeout_s: float) -> JobStatusAnswer:
    state = _state(run)
    error = result = None
    if state is JobState.FAILED:
        error = run.message or f"the run ended as {run.state}"
    elif state is JobState.WAITING:
        alive_since = now_ms() - round(timeout_s * 1000)
        is_any_online = any((worker.last_seen_at or 0) >= alive_since for worker in list_workers(connection))
        error = "waits for its turn" if is_any_online else "waits for a worker: none is online"
    elif state is JobState.FINISHED:
        tags = tags_of_run(connection, run.id)
        if tags:
            result = JobResult(type=JobType.SAMPLING, data=tags[0].id)
        else:
            state, error = JobState.FAILED, "the tag of this job was deleted since"
    return JobStatusAnswer(
        id=run.id,
        dataset_id=_dataset_id(run),
        status=state,
        wait_time_till_next_poll=SECONDS_BETWEEN_POLLS,
        created_at=run.created_at,
        last_modified_at=run.finished_at or run.started_at or run.created_at,
        finished_at=run.finished_at,
        error=error,
        result=result,
    )


def _listed(run: Run) -> ListedJob:
    return ListedJob(
        id=run.id,
        job_id=run.id,
        job_type=JobType.SAMPLING,
        dataset_id=_dataset_id(run),
        status=_state(run),
        finished_at=run.finished_at,
        created_at=run.created_at,
    )


def _dataset_id(run: Run) -> str:
    return run.crop_dataset_id or run.image_dataset_id


def _state(run: Run) -> JobState:
    if run.state is RunState.QUEUED:
        return JobState.WAITING
    if run.state is RunState.COMPLETED:
        return JobState.FINISHED
    return JobState.FAILED if run.state.is_final else JobState.RUNNING
