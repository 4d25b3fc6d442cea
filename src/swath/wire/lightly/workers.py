"""Workers as the official clients know them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from swath.wire.lightly.base import Answer, DatasetName, Milliseconds, ObjectId, Request
from swath.wire.runs import Labels, WorkerState


class RegisteredWorkerState(StrEnum):
    """Whether a worker is there, and free."""

    OFFLINE = "OFFLINE"
    IDLE = "IDLE"
    BUSY = "BUSY"


STATES = {
    WorkerState.OFFLINE: RegisteredWorkerState.OFFLINE,
    WorkerState.IDLE: RegisteredWorkerState.IDLE,
    WorkerState.BUSY: RegisteredWorkerState.BUSY,
    WorkerState.DRAINING: RegisteredWorkerState.BUSY,  # it takes no run
}


class WorkerCreateRequest(Request):
    """What `register_compute_worker` sends."""

    name: DatasetName = Field(max_length=200)
    worker_type: Literal["FULL"] = "FULL"
    labels: Labels | None = None


class WorkerData(Answer):
    """A worker that is registered."""

    id: ObjectId
    user_id: str
    name: DatasetName
    worker_type: str = "FULL"
    state: RegisteredWorkerState
    created_at: Milliseconds
    last_modified_at: Milliseconds
    labels: tuple[str, ...]
    docker_version: str | None = None
