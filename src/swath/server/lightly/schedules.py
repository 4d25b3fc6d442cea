"""Scheduled runs: ask for one with a worker configuration, look at those that wait, cancel one that does.

A scheduled run and the run that comes of it are one run of ours and have its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import list_answer
from swath.server.lightly.datasources import effective_datasource
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import UNKNOWN_KINDS, dataset_of
from swath.server.lightly.scheduled_files import check_files
from swath.server.lightly.worker_configs import find_config
from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store import queue, runs
from swath.store.clock import now_ms
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.runs import Run
from swath.store.selection_queries import find_query
from swath.store.sharing import require_owner, visible_datasets
from swath.store.worker_configs import WorkerConfig
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.config_keys import Generation
from swath.wire.lightly.normalise import Target, normalise
from swath.wire.lightly.runs import (
    NUMBERS,
    UNFINISHED,
    ScheduledRunCreateRequest,
    ScheduledRunData,
    ScheduledRunUpdateRequest,
    ScheduleState,
    priority_of,
    schedule_state,
)
from swath.wire.run_config import RunConfig, SimilarityStrategy
from swath.wire.runs import RunKind, requested_config

router = APIRouter()

States = Annotated[list[ScheduleState] | None, Query()]
State = Annotated[ScheduleState | None, Query()]


@router.post("/datasets/{dataset_id}/docker/worker/schedule", status_code=201)
def post_scheduled_run(
    services: ServicesDep,
    principal: Member,
    dataset_id: str,
    wanted: ScheduledRunCreateRequest,
    disable_config_validation: Annotated[bool, Query(alias="disableConfigValidation")] = False,
) -> CreateEntityAnswer:
    """Let a run wait for a worker, after a look at all that can be known now.

    Without validation files of the datasource are not looked at; the configuration itself always is.
    """
    with services.store.reading() as connection:
        dataset = dataset_of(connection, principal, dataset_id)
    configuration = find_config(services, principal, wanted.config_id)
    with services.store.reading() as connection:
        _refuse_crops(connection, dataset)
        require_owner(connection, dataset, principal.user_id, to="start runs on it")
    dataset = effective_datasource(services, dataset)
    _require_images(dataset)
    config = _normalised(configuration, dataset)
    _check_queries(services, principal, config)
    if not disable_config_validation:
        check_files(services, dataset, config)
    run = _schedule(services, principal, dataset, config, configuration, wanted)
    publish_run(services, run)
    return CreateEntityAnswer(id=run.id)


@router.get("/datasets/{dataset_id}/docker/worker/schedule")
def get_scheduled_runs_of_dataset(
    services: ServicesDep, principal: Reader, dataset_id: str, state: State = None, states: States = None
) -> Response:
    """The scheduled runs of an image dataset, newest first; those that are not over, unless states are named."""
    with services.store.reading() as connection:
        dataset = dataset_of(connection, principal, dataset_id)
        found = runs.list_runs(connection, dataset.id, without_kinds=UNKNOWN_KINDS)
    return _answer((run for run in found if run.image_dataset_id == dataset.id), state, states)


@router.get("/docker/worker/schedule")
def get_scheduled_runs(
    services: ServicesDep, principal: Reader, state: State = None, states: States = None
) -> Response:
    """The scheduled runs that the caller sees, of all datasets, newest first."""
    with services.store.reading() as connection:
        shared = [other.id for other in visible_datasets(connection, principal.user_id)]
        found, _ = runs.page_of_runs(
            connection,
            user_id=principal.user_id,
            shared_dataset_ids=shared,
            without_kinds=UNKNOWN_KINDS,
            offset=0,
            limit=None,
        )
    return _answer(found, state, states)


@router.put("/datasets/{dataset_id}/docker/worker/schedule/{scheduled_id}", status_code=204)
def put_scheduled_run(
    services: ServicesDep,
    principal: Member,
    dataset_id: str,
    scheduled_id: str,
    change: ScheduledRunUpdateRequest | None = None,
) -> None:
    """Cancel a run that waits for its first worker."""
    with services.store.writing() as connection:
        dataset = dataset_of(connection, principal, dataset_id)
        run = next((run for run in runs.list_runs(connection, dataset.id) if run.id == scheduled_id), None)
        if run is None:
            raise FacadeError(
                404,
                ErrorCode.DOCKER_WORKER_SCHEDULE_UNKNOWN,
                f"there is no scheduled run `{scheduled_id}` of dataset `{dataset.name}`",
            )
        _check_change(principal, run, change or ScheduledRunUpdateRequest())
        runs.request_cancel(connection, run.id)
    publish_run(services, run)


def _check_change(principal: Principal, run: Run, change: ScheduledRunUpdateRequest) -> None:
    """Raise FacadeError for anything but cancelling one's own run before it begins."""
    state = schedule_state(run.state, has_begun=run.has_begun)
    if run.owner_id != principal.user_id:
        raise FacadeError(403, ErrorCode.FORBIDDEN, f"run `{run.id}` is another user's")
    if change.state is not ScheduleState.CANCELED:
        raise FacadeError(
            422,
            ErrorCode.DOCKER_WORKER_SCHEDULE_UPDATE_FAILED,
            f"scheduled run `{run.id}` cannot be set to `{change.state}`, only to `CANCELED`",
        )
    if state is not ScheduleState.OPEN:
        raise FacadeError(
            422,
            ErrorCode.DOCKER_WORKER_SCHEDULE_UPDATE_FAILED,
            f"scheduled run `{run.id}` is `{state}`; only one that is `OPEN` can be cancelled",
        )


def _refuse_crops(connection: Connection, dataset: Dataset) -> None:
    if dataset.kind is DatasetKind.CROPS:
        parent = dataset_by_id(connection, dataset.parent_id or "")
        assert parent is not None, f"crops dataset {dataset.id} without a parent"
        raise FacadeError(
            422,
            ErrorCode.DATASET_NOT_SUPPORTED,
            f"dataset `{dataset.name}` holds crops, and a run cannot start from those. Schedule it on their image "
            f"dataset `{parent.name}` ({parent.id}).",
        )


def _require_images(dataset: Dataset) -> None:
    """Raise FacadeError for a dataset whose samples are uploaded, not read."""
    if not dataset.input_uri:
        raise FacadeError(
            422,
            ErrorCode.DATASET_DATASOURCE_UNKNOWN,
            f"dataset `{dataset.name}` has no datasource to read images from. Set it first, with `set_s3_config` or "
            "one like it.",
        )


def _normalised(configuration: WorkerConfig, dataset: Dataset) -> RunConfig:
    """What the configuration asks for on the dataset. Raises FacadeError 422, naming the key."""
    target = Target(id=dataset.id, name=dataset.name, sample_count=dataset.sample_count)
    try:
        request = normalise(Generation(configuration.generation), configuration.document, target)
        return requested_config(
            request, dataset_name=dataset.name, input_uri=dataset.input_uri, output_uri=dataset.output_uri
        )
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.DOCKER_WORKER_CONFIG_INVALID) from error


def _check_queries(services: Services, principal: Principal, config: RunConfig) -> None:
    """Raise FacadeError 422 for samples that others are to be similar to, and that are not there or not seen."""
    for number, strategy in enumerate(config.selection.strategies):
        if not isinstance(strategy, SimilarityStrategy):
            continue
        query = strategy.query
        try:
            with services.store.reading() as connection:
                find_query(connection, query.dataset, query.tag, principal.user_id)
        except (NotFound, Conflict) as error:
            place = f"selection_config.strategies[{number}].input"
            raise FacadeError(
                422, ErrorCode.DOCKER_WORKER_CONFIG_INVALID, f"`{place}`: {error.message}. {error.hint}".rstrip()
            ) from error


def _schedule(
    services: Services,
    principal: Principal,
    dataset: Dataset,
    config: RunConfig,
    configuration: WorkerConfig,
    wanted: ScheduledRunCreateRequest,
) -> Run:
    """Let the run wait. Raises FacadeError 422 if its crops cannot go where they should."""
    with services.store.writing() as connection:
        run_id = queue.schedule_run(
            connection,
            owner_id=principal.user_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json=config.model_dump_json(),
            dataset=dataset,
            task=None if config.object_level is None else config.object_level.task_name,
            priority=NUMBERS[wanted.priority],
            runs_on=wanted.runs_on or (),
            worker_config_id=configuration.id,
            now=now_ms(),
        )
        run = runs.find_run(connection, run_id)
        try:
            queue.plan_of(connection, run)
        except (Conflict, InvalidConfig) as error:
            raise FacadeError.of(error, 422, ErrorCode.DOCKER_WORKER_CONFIG_INVALID) from error
        return run


def _answer(found: Iterable[Run], state: ScheduleState | None, states: list[ScheduleState] | None) -> Response:
    wanted = (*(states or ()), *(() if state is None else (state,))) or UNFINISHED
    documents = map(_document, found)
    return list_answer(document for document in documents if document.state in wanted)


def _document(run: Run) -> ScheduledRunData:
    return ScheduledRunData(
        id=run.id,
        dataset_id=run.image_dataset_id,
        user_id=run.owner_id,
        config_id=run.worker_config_id or run.id,
        priority=priority_of(run.priority),
        runs_on=tuple(sorted(run.labels)),
        state=schedule_state(run.state, has_begun=run.has_begun),
        created_at=run.created_at,
        last_modified_at=run.finished_at or run.started_at or run.created_at,
    )
