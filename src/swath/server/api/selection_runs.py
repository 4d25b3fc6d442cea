"""Selection runs: asking for one, and what the worker that holds it reads and hands in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from swath.core.access import Principal
from swath.core.errors import InvalidConfig
from swath.server.api.worker_protocol import COLUMNS, LeaseDep
from swath.server.dependencies import Member, ServicesDep
from swath.server.run_documents import run_document
from swath.server.run_events import publish_run
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import runs, selection_runs
from swath.store.selection_runs import SampleRows, SelectionPlan
from swath.store.sharing import find_own
from swath.store.tags import find_tag, list_tags, tag_members
from swath.wire.columns import MEDIA_TYPE, Column, write_columns
from swath.wire.runs import RunDocument
from swath.wire.selection_run import (
    MOST_ROWS,
    SelectionRunRequest,
    SelectionRunResult,
    read_choice,
    requested_selection,
)

router = APIRouter()

First = Annotated[int, Query(ge=0, lt=2**31, description="number of the first row")]
Count = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows, at most")]


@router.post("/runs:select", tags=["runs"], status_code=201, response_model=RunDocument)
def create_selection_run(services: ServicesDep, principal: Member, request: SelectionRunRequest) -> RunDocument:
    """Ask for a run that chooses again among the samples of a dataset, and tags what it chose."""
    return _schedule(services, principal, request, dry_run=False)


@router.post("/runs:dry_run", tags=["runs"], status_code=201, response_model=RunDocument)
def create_dry_run(services: ServicesDep, principal: Member, request: SelectionRunRequest) -> RunDocument:
    """The same without a tag: the run's result has the numbers, and the id of a stored selection."""
    return _schedule(services, principal, request, dry_run=True)


@router.get("/runs/{run}/session/candidates", response_class=Response, responses=COLUMNS, tags=["worker protocol"])
def get_candidates(services: ServicesDep, lease: LeaseDep, first: First, count: Count) -> Response:
    """Samples that a selection run chooses from: columns `sample_index`, `key`, `vector`; the head's `total` counts
    all. They are the same every time."""
    with services.store.reading() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        rows = selection_runs.read_candidate_rows(connection, services.home, found, first=first, count=count)
    return _rows_response(rows)


@router.get("/runs/{run}/session/preselected", response_class=Response, responses=COLUMNS, tags=["worker protocol"])
def get_preselected(services: ServicesDep, lease: LeaseDep, first: First, count: Count) -> Response:
    """Samples that count as chosen before, in the same columns."""
    with services.store.reading() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        rows = selection_runs.read_preselected_rows(connection, services.home, found, first=first, count=count)
    return _rows_response(rows)


@router.put("/runs/{run}/selection", response_model=SelectionRunResult, tags=["worker protocol"])
def put_selection(
    services: ServicesDep, lease: LeaseDep, document: Annotated[bytes, Body(media_type=MEDIA_TYPE)]
) -> SelectionRunResult:
    """What a selection run chose: keeps it and closes the run. The same again answers the same."""
    services.at_point("before_finish")
    result = selection_runs.keep_choice(services.store, lease.run_id, lease.number, read_choice(document))
    services.at_point("after_finish")
    with services.store.reading() as connection:
        found = runs.find_run(connection, lease.run_id)
        dataset_id = found.crop_dataset_id or found.image_dataset_id
        # When this was asked before, somebody may have renamed or deleted the tag since.
        tag_id = next((tag.id for tag in list_tags(connection, dataset_id) if tag.name == result.tag), None)
    publish_run(services, found)
    services.events.publish("worker", id=found.worker_id or "", owner_id=found.owner_id)
    if tag_id is not None:
        services.events.publish("tag", id=tag_id, dataset_id=dataset_id)
    return result


def _schedule(services: Services, principal: Principal, request: SelectionRunRequest, *, dry_run: bool) -> RunDocument:
    if request.input is not None and request.input_tag is not None:
        raise InvalidConfig("`input` and `input_tag` exclude each other", field="input_tag")
    with services.store.reading() as connection:
        dataset = find_own(connection, request.dataset, principal.user_id, to="start runs on it")
        members = input_tag = None
        if request.input_tag is not None:
            tag = find_tag(connection, dataset.id, request.input_tag)
            members, input_tag = tag_members(connection, tag), tag.name
    if request.input is not None:
        members = resolve_selector(services, principal, dataset, request.input)
    plan = SelectionPlan(
        dataset=dataset,
        selection=requested_selection(request.selection, selection_runs.unit_of(dataset)),
        members=members,
        input_tag=input_tag,
        preselected_tag=request.preselected_tag,
        new_tag=request.new_tag,
        dry_run=dry_run,
    )
    with services.store.writing() as connection:
        run_id = selection_runs.schedule_selection(
            connection, plan, owner_id=principal.user_id, priority=request.priority, runs_on=request.runs_on
        )
        run = runs.find_run(connection, run_id)
        answer = run_document(connection, run)
    publish_run(services, run)
    return answer


def _rows_response(rows: SampleRows) -> Response:
    columns: dict[str, Column] = {"sample_index": rows.sample_indices, "key": rows.keys, "vector": rows.vectors}
    return Response(write_columns(columns, {"total": rows.total}), media_type=MEDIA_TYPE)
