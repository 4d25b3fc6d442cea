"""Documents of runs and workers: asking for a run, watching it, and the protocol between server and worker.

Times are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, JsonValue, StrictFloat, StrictInt, model_validator

from swath.core.errors import InvalidConfig
from swath.core.runs import RunState
from swath.wire.documents import Document, refuse_unknown_keys
from swath.wire.run_config import ObjectLevelConfig, RunConfig, parse_run_config
from swath.wire.selection import MaxPerImage, Quota, SelectionConfig, SelectionUnit, Strategies
from swath.wire.selection_rules import refuse_foreign_inputs

Id = Annotated[str, Field(pattern="^[0-9a-f]{24}$")]
Label = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._:=-]{0,62}$")]
Labels = Annotated[tuple[Label, ...], Field(max_length=20)]
Count = Annotated[int, Field(ge=0, le=2**53)]

LEASE_HEADER = "Swath-Lease"
"""Carries the number of a worker's lease in every call about its run."""

HIGHEST_PRIORITY = 1000
LONGEST_MESSAGE = 100_000
MOST_LOG_LINES = 1000
"""Lines of the log in one request or answer."""


def storable(text: str) -> str:
    """Text for people that JSON carries and every database keeps: lone surrogates (of odd file names) and NUL come
    as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


class RunKind(StrEnum):
    """What a run does: go through a datasource (also for whole images), choose again among samples, or make a map."""

    OBJECT_LEVEL = "object-level"
    SELECTION = "selection"
    PROJECTION = "projection"

    @property
    def adds_samples(self) -> bool:
        """The others work on what is there: any number of them beside each other, on datasets of either kind."""
        return self is RunKind.OBJECT_LEVEL


# --- asking for runs ------------------------------------------------------------------------------------------------


class RequestedSelection(Document):
    """How many to add and by which strategies; exactly one of `n_samples` and `proportion_samples`, or a minimum
    distance. Of languages that do not tell 1 from 1.0, `proportion_samples` is clear."""

    n_samples: StrictInt | StrictFloat | None = Field(
        default=None, description="a whole number is a count, a fraction above 0 and at most 1.0 a share"
    )
    proportion_samples: float | None = Field(default=None, gt=0, le=1)
    unit: SelectionUnit = SelectionUnit.OBJECTS
    strategies: Strategies = SelectionConfig().strategies
    max_per_image: MaxPerImage | None = Field(default=None, description="objects picked of one image, at most")
    quotas: dict[str, Quota] | None = Field(default=None, description="by name of category, of objects")


class RunRequest(Document):
    """A run on the datasource of an image dataset. Without `object_level` whole images are selected (unit `images`)."""

    dataset: str = Field(min_length=1, max_length=1000, description="name or id of an image dataset")
    object_level: ObjectLevelConfig | None = None
    selection: RequestedSelection = RequestedSelection()
    embedder: str = Field(default="efficientnet-lite0", min_length=1, max_length=1000)
    remove_exact_duplicates: bool = True
    process_all: bool = Field(default=False, description="also images that earlier runs have dealt with")
    relevant_filenames_file: str | None = Field(default=None, max_length=4096)
    priority: int = Field(default=0, ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY, description="higher ones go first")
    runs_on: Labels = Field(default=(), description="labels that a worker must have, all of them")

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, data: object) -> object:
        if isinstance(data, Mapping):
            refuse_foreign_inputs(data.get("selection"))
        refuse_unknown_keys(cls, data)
        return data


def requested_config(request: RunRequest, *, dataset_name: str, input_uri: str, output_uri: str) -> RunConfig:
    """The configuration that a request asks for, on the datasource of its dataset.

    Raises InvalidConfig, naming the field as the request has it.
    """
    selection = request.selection.model_dump(exclude={"proportion_samples"}, mode="json")
    proportion = request.selection.proportion_samples
    if proportion is not None:
        if request.selection.n_samples is not None:
            raise InvalidConfig(
                f"both `selection.n_samples` ({request.selection.n_samples}) and `selection.proportion_samples` "
                f"({proportion}) say how many to select",
                field="selection.proportion_samples",
                hint="Give one of them.",
            )
        selection["n_samples"] = proportion
    return parse_run_config(
        {
            "datasource": {
                "location": input_uri,
                "output": None if output_uri in ("", input_uri) else output_uri,
                "process_all": request.process_all,
                "relevant_filenames_file": request.relevant_filenames_file,
            },
            "dataset": dataset_name,
            "object_level": None if request.object_level is None else request.object_level.model_dump(mode="json"),
            "selection": selection,
            "embedder": request.embedder,
            "remove_exact_duplicates": request.remove_exact_duplicates,
        }
    )


# --- looking at runs ------------------------------------------------------------------------------------------------


class DatasetName(Document):
    """A dataset that a run adds to; it may not exist yet, or any more."""

    id: str
    name: str


class WorkerName(Document):
    """A worker; without a name when it is not registered any more."""

    id: str
    name: str | None


class Progress(Document):
    """How far a stage is: `done` of `total` (null: nobody knows) `unit`s, `rate` per second."""

    state: RunState
    done: Count
    total: Count | None = None
    unit: str = Field(default="", max_length=40)
    rate: float | None = Field(default=None, ge=0)


class RunDocument(Document):
    """One run. `host_name` and `process_id` are of runs that no worker executes, but the command that asked."""

    id: str
    kind: str
    state: str
    message: str
    image_dataset: DatasetName
    crop_dataset: DatasetName | None
    task: str | None
    config: dict[str, JsonValue]
    progress: Progress | None
    priority: int
    runs_on: tuple[str, ...]
    worker: WorkerName | None
    process_id: int | None
    host_name: str | None
    deaths: int = Field(description="workers that died over it")
    cancel_requested: bool
    has_result: bool
    created_at: int
    started_at: int | None
    finished_at: int | None


class RunList(Document):
    """Runs, newest first; `total` counts all that fit."""

    items: tuple[RunDocument, ...]
    total: int


class LogLineDocument(Document):
    number: int  # grows without gaps
    logged_at: int
    level: str
    message: str


class RunLog(Document):
    """A page of a run's log, oldest line first. More come with `after` the number of the last one."""

    items: tuple[LogLineDocument, ...]
    total: int


class ArtifactDocument(Document):
    """A file that a run left; `path` is where it can be loaded from, below the server's address."""

    name: str
    byte_length: int
    sha256: str  # 64 hex digits
    created_at: int
    path: str


class ArtifactList(Document):
    items: tuple[ArtifactDocument, ...]
    total: int


# --- workers --------------------------------------------------------------------------------------------------------


class WorkerRegistration(Document):
    """A worker says who it is. One of the same user and name that registers again is the same worker."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")
    labels: Labels = ()
    version: str = Field(default="", max_length=100)
    host_name: str = Field(default="", max_length=255)
    details: dict[str, JsonValue] = Field(
        default_factory=dict, description="cores, memory and what else a person may want to know"
    )


class WorkerState(StrEnum):
    """`draining`: works or waits, but takes no new run. `offline`: has not been heard of for too long."""

    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    OFFLINE = "offline"


class WorkerDocument(Document):
    id: str
    name: str
    owner_id: str
    state: WorkerState
    labels: tuple[str, ...]
    version: str
    host_name: str
    details: dict[str, JsonValue]
    is_draining: bool
    runs: tuple[str, ...] = Field(description="ids of the runs it holds")
    created_at: int
    last_seen_at: int | None


class WorkerList(Document):
    items: tuple[WorkerDocument, ...]
    total: int


class WorkerChange(Document):
    is_draining: bool


# --- the protocol ---------------------------------------------------------------------------------------------------


class ClaimRequest(Document):
    """Ask for work; with `run_id` for that run and no other."""

    run_id: Id | None = None


class Assignment(Document):
    """A run that is the worker's from now on. All calls about it carry `lease`, in the header `Swath-Lease`.

    The worker has to be heard of at least every `lease_seconds`, by heartbeats or calls that report something.
    """

    run_id: str
    lease: int
    lease_seconds: float
    kind: str
    config: dict[str, JsonValue]


class ClaimAnswer(Document):
    """`assignment` is null while there is no work for this worker."""

    assignment: Assignment | None


class HeldLease(Document):
    run_id: Id
    lease: int = Field(ge=1, lt=2**31)


class Heartbeat(Document):
    """A sign of life, with the runs that the worker is working on."""

    held: tuple[HeldLease, ...] = Field(default=(), max_length=100)


class HeartbeatAnswer(Document):
    """`lost` runs must be dropped at once, `cancelled` ones finished as ABORTED; `is_draining`: take no new one."""

    is_draining: bool
    lost: tuple[str, ...]
    cancelled: tuple[str, ...]


class StateChange(Document):
    state: RunState


class LeaseAnswer(Document):
    """What a worker that reports is told."""

    cancel_requested: bool


class NewLogLine(Document):
    number: int = Field(ge=0, lt=2**31, description="counts the lines of this lease; one sent twice is kept once")
    level: str = Field(max_length=16)
    message: str = Field(max_length=LONGEST_MESSAGE)


class NewLogLines(Document):
    lines: tuple[NewLogLine, ...] = Field(max_length=MOST_LOG_LINES)


class SessionDocument(Document):
    """The datasets of a run, settled when it was claimed."""

    run_id: str
    kind: str
    state: str
    config: dict[str, JsonValue]
    task: str | None
    image_dataset_id: str
    image_dataset_name: str
    image_samples: int
    crop_dataset_id: str | None
    crop_dataset_name: str | None
    crop_samples: int
    is_committed: bool


class DatasourceAccess(Document):
    """Where files lie and how to get at them.

    `credentials` are the names and values of `swath.wire.datasource_access`, {} where none are needed, and null where
    the machine of the worker has what it takes (folders; buckets of a run that is not confined). `endpoint` is where
    the operator of the server says the bucket is; what the worker's own operator says comes before it.
    """

    location: str
    credentials: dict[str, str] | None = Field(default=None, repr=False)
    endpoint: str | None = None


class RunCredentials(Document):
    """What the worker that holds a run needs to read and write its files.

    A run that `is_confined` may only use local folders below the roots that the worker's operator lists, and never the
    credentials of the worker's machine, but for roles that its operator lists.
    """

    input: DatasourceAccess
    output: DatasourceAccess
    is_confined: bool


class FinishRequest(Document):
    """The end of a run: a final state, a message for a person, and the result document."""

    state: RunState
    message: str = Field(max_length=LONGEST_MESSAGE)
    result: dict[str, Any]


class StoredFile(Document):
    """A file that was taken."""

    name: str
    byte_length: int
    sha256: str
