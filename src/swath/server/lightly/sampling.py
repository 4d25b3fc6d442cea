"""Choosing samples, as a selection run that a worker does: `/v1/datasets/{dataset}/embeddings/{embedding}/sampling`."""

from __future__ import annotations

import secrets

from fastapi import APIRouter
from sqlalchemy.engine import Connection
from starlette.responses import Response

from swath.server.dependencies import Member, ServicesDep
from swath.server.lightly.answers import document_answer
from swath.server.lightly.embeddings import embedding_of
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.run_events import publish_run
from swath.store import runs
from swath.store.dataset_embeddings import DatasetEmbedding
from swath.store.datasets import Dataset
from swath.store.ids import is_id
from swath.store.sample_scores import read_scores
from swath.store.scores import list_scores
from swath.store.selection_runs import SelectionPlan, schedule_selection, unit_of, with_inputs
from swath.store.sharing import require_owner
from swath.store.tags import INITIAL_TAG, Tag, find_tag, name_is_free, tag_by_id, tag_members
from swath.wire.lightly.sampling import JobAnswer, SamplingMethod, SamplingRequest, StoppingCondition
from swath.wire.run_config import (
    DiversityStrategy,
    RandomStrategy,
    ScoresInput,
    SelectionConfig,
    Strategy,
    WeightsStrategy,
    check_selection,
)

MOST_SAMPLES = 2**31 - 1
"""More than any dataset has."""

router = APIRouter(prefix="/datasets/{dataset}")

USUAL_SCORE = "uncertainty_margin"
"""What scripts go by that do not say which of several scores they mean."""

_BY_SCORES = frozenset({SamplingMethod.ACTIVE_LEARNING, SamplingMethod.CORAL})


@router.post("/embeddings/{embedding}/sampling")
def start_sampling(
    services: ServicesDep, principal: Member, dataset: str, embedding: str, request: SamplingRequest
) -> Response:
    """Choose samples into a new tag, which holds those chosen before, too. Answers 200 with a job to follow."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        require_owner(connection, found, principal.user_id, to="start runs on it")
        _check_usable(found, embedding_of(connection, found, embedding))
        plan = with_inputs(connection, _plan(connection, found, request), owner_id=principal.user_id)
    with services.store.writing() as connection:
        run = runs.find_run(connection, schedule_selection(connection, plan, owner_id=principal.user_id))
    publish_run(services, run)
    return document_answer(JobAnswer(job_id=run.id))


def _check_usable(dataset: Dataset, embedding: DatasetEmbedding) -> None:
    """Raise FacadeError for embeddings that were uploaded and are not those of the dataset (any more)."""
    uploaded = embedding.uploaded
    if uploaded is None or uploaded.embedder_id is not None:
        return
    if uploaded.row_count != dataset.sample_count:
        raise FacadeError(
            422,
            ErrorCode.EMBEDDING_ROW_COUNT_INVALID,
            f"embeddings `{uploaded.name}` have {uploaded.row_count:,} rows, dataset `{dataset.name}` has "
            f"{dataset.sample_count:,} samples: upload embeddings of all of them",
        )
    raise FacadeError(
        422,
        ErrorCode.EMBEDDING_INVALID,
        f"the vectors of dataset `{dataset.name}` are not those of `{uploaded.name}`: others came after them, or a run "
        "made some",
    )


def _plan(connection: Connection, dataset: Dataset, request: SamplingRequest) -> SelectionPlan:
    if not name_is_free(connection, dataset.id, request.new_tag_name):
        message = f"dataset `{dataset.name}` has a tag `{request.new_tag_name}` already; choose another name"
        raise FacadeError(409, ErrorCode.TAG_NAME_EXISTS, message)
    query = _tag(connection, dataset, request.query_tag_id, ErrorCode.TAG_QUERYTAG_NOT_IN_DATASET)
    preselected = _tag(connection, dataset, request.preselected_tag_id, ErrorCode.TAG_PRESELECTEDTAG_NOT_IN_DATASET)
    stop = request.config.stopping_condition
    available = dataset.sample_count if query is None else query.member_count
    amount = _amount(stop, available=available, chosen_before=0 if preselected is None else preselected.member_count)
    score = _score(connection, dataset, query, request.score_type) if request.method in _BY_SCORES else ""
    selection = SelectionConfig(
        n_samples=amount, unit=unit_of(dataset), strategies=_strategies(request.method, stop, score)
    )
    check_selection(selection)
    return SelectionPlan(
        dataset=dataset,
        selection=selection,
        members=None if query is None else tag_members(connection, query),
        input_tag=None if query is None else query.name,
        preselected_tag=None if preselected is None else preselected.id,
        new_tag=request.new_tag_name,
        dry_run=False,
        tags_preselected=True,
    )


def _tag(connection: Connection, dataset: Dataset, tag_id: str | None, code: ErrorCode) -> Tag | None:
    if tag_id is None:
        return None
    found = tag_by_id(connection, dataset.id, tag_id) if is_id(tag_id) else None
    if found is None:
        raise FacadeError(400, code, f"dataset `{dataset.name}` has no tag `{tag_id}`")
    return found


def _amount(stop: StoppingCondition, *, available: int, chosen_before: int) -> int | None:
    """How many are to be chosen besides those that were chosen before, which clients count in."""
    if stop.n_samples is None or stop.n_samples <= 0:
        return None
    total = max(1, round(stop.n_samples * available)) if stop.n_samples < 1 else int(min(stop.n_samples, MOST_SAMPLES))
    if total <= chosen_before:
        raise FacadeError(
            422,
            ErrorCode.BAD_REQUEST,
            f"`nSamples` is {total:,}, and {chosen_before:,} were chosen before, which it counts in: ask for more",
        )
    return total - chosen_before


def _score(connection: Connection, dataset: Dataset, query: Tag | None, wanted: str | None) -> str:
    """Which scores to go by: of those that were given for a tag (None: for all samples), else of those that runs have
    computed. Raises FacadeError 422 if there are none, or not the wanted ones."""
    tag = query or find_tag(connection, dataset.id, INITIAL_TAG)
    given = [one.name for one in list_scores(connection, tag)]
    names = given or _computed_scores(connection, dataset)
    if not names:
        message = f"tag `{tag.name}` of dataset `{dataset.name}` has no scores: give some with `upload_scores`"
        raise FacadeError(422, ErrorCode.SCORE_UNKNOWN, message)
    if wanted is not None and wanted not in names:
        listed = ", ".join(f"`{name}`" for name in names)
        message = f"tag `{tag.name}` of dataset `{dataset.name}` has no scores `{wanted}`; it has {listed}"
        raise FacadeError(422, ErrorCode.SCORE_UNKNOWN, message)
    return wanted or (USUAL_SCORE if USUAL_SCORE in names else names[0])


def _computed_scores(connection: Connection, dataset: Dataset) -> list[str]:
    columns = read_scores(connection, dataset.id, dataset.sample_count)
    return sorted({score for _, score in columns.names})


def _strategies(method: SamplingMethod, stop: StoppingCondition, score: str) -> tuple[Strategy, ...]:
    """What a method is here. Only one that compares has a minimum distance."""
    distance = stop.min_distance
    diversity = DiversityStrategy(minimum_distance=distance if distance is not None and distance > 0 else None)
    match method:
        case SamplingMethod.CORESET:
            return (diversity,)
        case SamplingMethod.CORAL:
            return (diversity, WeightsStrategy(input=ScoresInput(score=score)))
        case SamplingMethod.ACTIVE_LEARNING:
            return (WeightsStrategy(input=ScoresInput(score=score)),)
        case SamplingMethod.RANDOM:
            # Nobody says which: another time it is to be others.
            return (RandomStrategy(seed=secrets.randbelow(2**31)),)
