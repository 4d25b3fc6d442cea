"""Scheduled runs and runs as the official clients know them: two documents about one run of ours, of the same id.

A run that waits for its first worker is scheduled only. From when one takes it up it is both.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from swath.core.runs import RunState
from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request
from swath.wire.runs import Labels


class Priority(StrEnum):
    """How urgent a scheduled run is."""

    LOW = "LOW"
    MID = "MID"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


NUMBERS = {Priority.LOW: -10, Priority.MID: 0, Priority.HIGH: 10, Priority.CRITICAL: 100}
"""The priorities in our numbers."""


def priority_of(number: int) -> Priority:
    """The name that is nearest to what a number means: whatever goes before MID and after CRITICAL is HIGH."""
    if number < 0:
        return Priority.LOW
    if number >= NUMBERS[Priority.CRITICAL]:
        return Priority.CRITICAL
    return Priority.HIGH if number else Priority.MID


class ScheduleState(StrEnum):
    """What became of a scheduled run: waits, is under way, is over, was cancelled before it began."""

    OPEN = "OPEN"
    LOCKED = "LOCKED"
    DONE = "DONE"
    CANCELED = "CANCELED"


UNFINISHED = (ScheduleState.OPEN, ScheduleState.LOCKED)


def schedule_state(state: RunState, *, has_begun: bool) -> ScheduleState:
    """What a run of ours is as a scheduled one."""
    if state.is_final:
        return ScheduleState.DONE if has_begun else ScheduleState.CANCELED
    return ScheduleState.LOCKED if has_begun else ScheduleState.OPEN


def shown_state(state: RunState) -> RunState:
    """The state as clients know states: a run whose worker died waits again, which they have no word for."""
    return RunState.STARTED if state is RunState.QUEUED else state


class ScheduledRunCreateRequest(Request):
    """A run with a configuration that was created before."""

    config_id: str
    priority: Priority = Priority.MID
    runs_on: Labels | None = None


class ScheduledRunUpdateRequest(Request):
    """Another state of a scheduled run. Clients that cancel one send nothing."""

    state: ScheduleState = ScheduleState.CANCELED


class ScheduledRunData(Answer):
    """A scheduled run. One that was not asked for by an old script has its own id for `config_id`."""

    id: ObjectId
    dataset_id: ObjectId
    user_id: str
    config_id: ObjectId
    priority: Priority
    runs_on: tuple[str, ...]
    state: ScheduleState
    created_at: Milliseconds
    last_modified_at: Milliseconds


class ArtifactType(StrEnum):
    """What artifacts of runs there are; clients know more types, and say that a run has none of those."""

    LOG = "LOG"
    CORRUPTNESS_CHECK_INFORMATION = "CORRUPTNESS_CHECK_INFORMATION"


FILE_NAMES = {
    ArtifactType.LOG: "log.txt",
    ArtifactType.CORRUPTNESS_CHECK_INFORMATION: "corruptness_check_information.json",
}


def artifact_id(run_id: str, kind: ArtifactType) -> str:
    """The id of a run's artifact; a run has one of each type, so that nothing needs to be kept."""
    return hashlib.sha256(f"{run_id} {kind}".encode()).hexdigest()[:24]


class RunArtifactData(Answer):
    """A file that a run left."""

    id: ObjectId
    type: ArtifactType
    file_name: str
    created_at: Milliseconds


class RunData(Answer):
    """A run that has begun."""

    id: ObjectId
    user_id: str
    docker_version: str
    state: RunState
    dataset_id: ObjectId
    config_id: ObjectId | None
    scheduled_id: ObjectId
    created_at: Milliseconds
    last_modified_at: Milliseconds
    message: str | None
    artifacts: tuple[RunArtifactData, ...]


class LogLevel(StrEnum):
    """How urgent a line of a log is."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class RunLogEntryData(Answer):
    """A line of a run's log, with the state that the run is in."""

    ts: Milliseconds
    level: LogLevel
    msg: str
    state: RunState


class RunLogData(Answer):
    """Lines of a run's log, oldest first; `cursor` asks for those after them."""

    cursor: int
    logs: tuple[RunLogEntryData, ...]
