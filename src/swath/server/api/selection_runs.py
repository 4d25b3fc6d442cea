"""Selection runs: asking for one, and what the worker that holds it reads and hands in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Response

from swath.core.access import Principal
from swath.core.errors import InvalidConfig
from swath.server.api.worker_protocol import COLUMNS, Lease, LeaseDep
from swath.server.dependencies import Member, ServicesDep
from swath.server.run_documents import run_document
from swath.server.run_events import publish_run
from swath.server.selectors import resolve_selector
from swath.server.services import Services
from swath.store import runs, selection_runs
from swath.store.selection_candidates import CandidateReader
from swath.store.selection_runs import SelectionPlan
from swath.store.sharing import find_own
from swath.store.tags import find_tag, list_tags, tag_members
from swath.wire.columns import MEDIA_TYPE
from swath.wire.runs import RunDocument
from swath.wire.selection_pages import MOST_ROWS, write_group_page, write_placed_page, write_sample_page
from swath.wire.selection_run import (
    SelectionRunRequest,
    SelectionRunResult,
    read_choice,
    requested_selection,
)

router = APIRouter()

Which = Annotated[
    Literal["candidates", "preselected"], Query(description="samples to choose from, or that count as chosen before")
]
WhichInput = Annotated[
    Literal["candidates", "preselected", "query"], Query(description="of which samples something is to be known")
]
StrategyNumber = Annotated[int, Path(ge=0, lt=1000, description="number of the strategy, from 0 on")]
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
def get_candidates(services: ServicesDep, lease: LeaseDep, which: Which, first: First, count: Count) -> Response:
    """Samples that a selection run chooses from, or that count as chosen before: columns `sample_index`, `key`,
    `vector`; the head counts all, `total`, and the `strategies`. They are the same every time."""
    with _reading(services, lease) as reader:
        page = reader.samples(preselected=which == "preselected", first=first, count=count)
    return Response(write_sample_page(page), media_type=MEDIA_TYPE)


@router.get("/runs/{run}/session/groups", response_class=Response, responses=COLUMNS, tags=["worker protocol"])
def get_groups(services: ServicesDep, lease: LeaseDep, which: Which, first: First, count: Count) -> Response:
    """What limits and figures group these samples by: a number for the image of each crop, `image_of`, and categories,
    of which sample i has `category` and `amount` from `start` i to i + 1; a category is a place among `name`."""
    with _reading(services, lease) as reader:
        page = reader.groups(preselected=which == "preselected", first=first, count=count)
    return Response(write_group_page(page), media_type=MEDIA_TYPE)


@router.get(
    "/runs/{run}/session/inputs/{strategy}", response_class=Response, responses=COLUMNS, tags=["worker protocol"]
)
def get_input(
    services: ServicesDep, lease: LeaseDep, strategy: StrategyNumber, which: WhichInput, first: First, count: Count
) -> Response:
    """What a strategy has to know of these samples, or with `query` what a similarity looks for. The head's `kind` is
    `numbers` (column `value`), `categories`, `vectors` (columns `vector`, and `unit_of_row`, the sample of the page) or
    `nothing`; the next page starts at `next`, until that is `total`."""
    with _reading(services, lease) as reader:
        if which == "query":
            page = reader.query(strategy, first=first, count=count)
        else:
            page = reader.input(strategy, preselected=which == "preselected", first=first, count=count)
    return Response(write_placed_page(page), media_type=MEDIA_TYPE)


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
    with services.store.reading() as connection:
        plan = selection_runs.with_inputs(connection, plan, owner_id=principal.user_id)
    with services.store.writing() as connection:
        run_id = selection_runs.schedule_selection(
            connection, plan, owner_id=principal.user_id, priority=request.priority, runs_on=request.runs_on
        )
        run = runs.find_run(connection, run_id)
        answer = run_document(connection, run)
    publish_run(services, run)
    return answer


@contextmanager
def _reading(services: Services, lease: Lease) -> Iterator[CandidateReader]:
    """What the run of a lease is about. Raises StaleLease, and Conflict for a run of another kind."""
    with services.store.reading() as connection:
        yield CandidateReader(connection, services.home, runs.check_lease(connection, lease.run_id, lease.number))
