"""Scores of the members of tags: `/v1/datasets/{dataset}/tags/{tag}/scores`."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from swath.core.errors import InvalidConfig, NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of, tag_of
from swath.store import scores
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.metadata import ScoresAnswer, ScoresRequest, ScoreTypeAnswer

router = APIRouter(prefix="/datasets/{dataset}/tags/{tag}/scores")


@router.post("")
def keep_scores(services: ServicesDep, principal: Member, dataset: str, tag: str, request: ScoresRequest) -> Response:
    """Keep one score per member of the tag, in place of those of the same type."""
    values = np.array(request.scores, dtype=np.float64)
    with services.store.writing() as connection:
        found = tag_of(connection, dataset_of(connection, principal, dataset), tag)
        try:
            score_id = scores.keep_scores(connection, found, request.score_type, values)
        except InvalidConfig as error:
            raise FacadeError.of(error, 422, ErrorCode.SCORES_CANNOT_BE_SET) from error
    return document_answer(CreateEntityAnswer(id=score_id), status=201)


@router.get("")
def get_score_types(services: ServicesDep, principal: Reader, dataset: str, tag: str) -> Response:
    """Of which types there are scores."""
    with services.store.reading() as connection:
        found = scores.list_scores(connection, tag_of(connection, dataset_of(connection, principal, dataset), tag))
    return list_answer(
        ScoreTypeAnswer(id=one.id, tag_id=one.tag_id, score_type=one.name, created_at=one.created_at) for one in found
    )


@router.get("/{score}")
def get_scores(services: ServicesDep, principal: Reader, dataset: str, tag: str, score: str) -> Response:
    """The scores of one type."""
    with services.store.reading() as connection:
        of_tag = tag_of(connection, dataset_of(connection, principal, dataset), tag)
        try:
            found = scores.find_scores(connection, of_tag, score)
        except NotFound as error:
            raise FacadeError.of(error, 404, ErrorCode.SCORE_UNKNOWN) from error
        values = scores.read_scores(connection, found).tolist()
    return document_answer(
        ScoresAnswer(
            id=found.id, tag_id=found.tag_id, score_type=found.name, created_at=found.created_at, scores=values
        )
    )
