"""Scores that runs have computed of predictions: `/v1/datasets/{dataset}/predictions/scores`."""

from __future__ import annotations

import hashlib

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from swath.server.dependencies import Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.store.datasets import Dataset
from swath.store.sample_scores import read_scores
from swath.wire.lightly.metadata import PredictionScoresAnswer, PredictionScoreTypeAnswer

router = APIRouter(prefix="/datasets/{dataset}/predictions/scores")

OF_NOTHING_PREDICTED = 0.0
"""Clients want a number for every sample."""


@router.get("")
def get_prediction_score_types(services: ServicesDep, principal: Reader, dataset: str) -> Response:
    """Which scores there are of which tasks."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        names = read_scores(connection, found.id, found.sample_count).names
    return list_answer(_answer(found, task, score) for task, score in names)


@router.get("/{score}")
def get_prediction_scores(services: ServicesDep, principal: Reader, dataset: str, score: str) -> Response:
    """One score of one task for all samples, in the order of the mapping; 0 for those without."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        columns = read_scores(connection, found.id, found.sample_count)
    for task, name in columns.names:
        if score == _score_id(found, task, name):
            values = np.nan_to_num(columns.column(task, name), nan=OF_NOTHING_PREDICTED).tolist()
            known = _answer(found, task, name)
            return document_answer(PredictionScoresAnswer(**dict(known), scores=values))
    raise FacadeError(404, ErrorCode.SCORE_UNKNOWN, f"dataset `{found.name}` has no scores `{score}`")


def _answer(dataset: Dataset, task: str, score: str) -> PredictionScoreTypeAnswer:
    return PredictionScoreTypeAnswer(
        id=_score_id(dataset, task, score),
        dataset_id=dataset.id,
        prediction_uuid_timestamp=dataset.modified_at,
        task_name=task,
        score_type=score,
        created_at=dataset.modified_at,
    )


def _score_id(dataset: Dataset, task: str, score: str) -> str:
    """Scores have names only; clients want an id, always the same."""
    return hashlib.sha256(f"{dataset.id} {task} {score}".encode()).hexdigest()[:24]
