"""Runs, their artifacts and workers as documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.store.artifacts import Artifact
from swath.store.ids import is_id
from swath.store.runs import LogLine, Run, find_run
from swath.store.sharing import sees_dataset
from swath.store.workers import Worker, worker_names
from swath.wire.runs import (
    ArtifactDocument,
    DatasetName,
    LogLineDocument,
    Progress,
    RunDocument,
    WorkerDocument,
    WorkerName,
    WorkerState,
)


def find_visible_run(connection: Connection, run_id: str, user_id: str) -> Run:
    """A run of the user, or on an image dataset that they see. Raises NotFound for every other one."""
    run = find_run(connection, run_id) if is_id(run_id) else None
    if run is None or (run.owner_id != user_id and not sees_dataset(connection, run.image_dataset_id, user_id)):
        raise NotFound(f"there is no run `{run_id}`")
    return run


def run_documents(connection: Connection, runs: Sequence[Run]) -> tuple[RunDocument, ...]:
    """The documents of runs, in their order."""
    names = worker_names(connection, [run.worker_id for run in runs if run.worker_id is not None])
    return tuple(_run_document(run, names) for run in runs)


def run_document(connection: Connection, run: Run) -> RunDocument:
    return run_documents(connection, [run])[0]


def _run_document(run: Run, worker_names: Mapping[str, str]) -> RunDocument:
    crops = None
    if run.crop_dataset_id is not None and run.crop_dataset_name is not None:
        crops = DatasetName(id=run.crop_dataset_id, name=run.crop_dataset_name)
    worker = None
    if run.worker_id is not None:
        worker = WorkerName(id=run.worker_id, name=worker_names.get(run.worker_id))
    return RunDocument(
        id=run.id,
        kind=run.kind,
        state=run.state.value,
        message=run.message,
        image_dataset=DatasetName(id=run.image_dataset_id, name=run.image_dataset_name),
        crop_dataset=crops,
        task=run.task,
        config=json.loads(run.config),
        progress=None if run.progress is None else Progress.model_validate_json(run.progress),
        priority=run.priority,
        runs_on=tuple(sorted(run.labels)),
        worker=worker,
        process_id=run.process_id,
        host_name=run.host_name,
        deaths=run.deaths,
        cancel_requested=run.cancel_requested,
        has_result=run.result is not None,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def log_line_document(line: LogLine) -> LogLineDocument:
    return LogLineDocument(number=line.number, logged_at=line.logged_at, level=line.level, message=line.message)


def artifact_document(run_id: str, artifact: Artifact) -> ArtifactDocument:
    return ArtifactDocument(
        name=artifact.name,
        byte_length=artifact.byte_length,
        sha256=artifact.sha256.hex(),
        created_at=artifact.created_at,
        path=f"/api/runs/{run_id}/artifacts/{quote(artifact.name)}",
    )


def worker_document(worker: Worker, held: Sequence[str], *, now: int, timeout_ms: int) -> WorkerDocument:
    """A worker with the runs it holds; `now` and its last sign of life tell whether it is there."""
    is_there = worker.last_seen_at is not None and now - worker.last_seen_at <= timeout_ms
    if not is_there:
        state = WorkerState.OFFLINE
    elif worker.is_draining:
        state = WorkerState.DRAINING
    else:
        state = WorkerState.BUSY if held else WorkerState.IDLE
    return WorkerDocument(
        id=worker.id,
        name=worker.name,
        owner_id=worker.owner_id,
        state=state,
        labels=worker.labels,
        version=worker.version,
        host_name=worker.host_name,
        details=worker.details,
        is_draining=worker.is_draining,
        runs=tuple(held),
        created_at=worker.created_at,
        last_seen_at=worker.last_seen_at,
    )
