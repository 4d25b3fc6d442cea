"""What clients say when they let the server choose samples, and how they follow it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request
from swath.wire.lightly.metadata import ScoreType

Amount = Annotated[float, Field(allow_inf_nan=False)]


class SamplingMethod(StrEnum):
    """How to choose."""

    ACTIVE_LEARNING = "ACTIVE_LEARNING"
    CORAL = "CORAL"
    CORESET = "CORESET"
    RANDOM = "RANDOM"


class StoppingCondition(Request):
    """When enough is chosen. Numbers that are not positive say nothing.

    `n_samples` counts those that were chosen before; below 1 it is a share of what there is to choose from.
    """

    n_samples: Amount | None = None
    min_distance: Amount | None = None


class SamplingConfig(Request):
    """How much to choose."""

    stopping_condition: StoppingCondition = StoppingCondition()


class SamplingRequest(Request):
    """Choose among the samples of a tag (default: all), beside those of another that were chosen before.

    `score_type` names the scores to go by, of those that were given for the first tag; clients never send it.
    """

    new_tag_name: str
    method: SamplingMethod
    config: SamplingConfig
    preselected_tag_id: str | None = None
    query_tag_id: str | None = None
    score_type: ScoreType | None = None


class JobAnswer(Answer):
    """What to ask for."""

    job_id: str


class JobState(StrEnum):
    """How far a job is."""

    UNKNOWN = "UNKNOWN"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    FINISHED = "FINISHED"


class JobType(StrEnum):
    """What a job does; others of the format are done before the request for them is answered."""

    SAMPLING = "SAMPLING"


class JobResult(Answer):
    """What came of it: the id of the new tag."""

    type: JobType
    data: ObjectId


class JobStatusAnswer(Answer):
    """A job now. `error` says why it failed, or for what it waits."""

    id: ObjectId
    dataset_id: ObjectId
    status: JobState
    wait_time_till_next_poll: int  # s
    created_at: Milliseconds
    last_modified_at: Milliseconds | None = None
    finished_at: Milliseconds | None = None
    error: str | None = None
    result: JobResult | None = None


class ListedJob(Answer):
    """A job in a list."""

    id: ObjectId
    job_id: str
    job_type: JobType
    dataset_id: ObjectId
    status: JobState
    finished_at: Milliseconds | None
    created_at: Milliseconds
