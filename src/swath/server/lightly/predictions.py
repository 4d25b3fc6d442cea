"""Predictions: `/v1/datasets/{dataset}/predictions`. What runs have read, and what scripts give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.server.dataset_changes import tell_changed
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, json_list_answer, list_answer, written
from swath.server.lightly.clients import ClientVersion
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of, find_dataset, sample_index_of
from swath.server.lightly.paging import PageDep
from swath.server.lightly.sample_answers import SCORE_OF_UNSCORED
from swath.server.services import Services
from swath.store.datasets import Dataset, DatasetKind
from swath.store.given_predictions import GivenPrediction, give_predictions, give_task
from swath.store.predictions import task_schemas
from swath.store.sample_lookup import ImagePrediction, predictions_of_image
from swath.store.sample_names import iter_ids
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.predictions import (
    CategoryAnswer,
    PredictionDetails,
    PredictionType,
    SingletonAnswer,
    SingletonRequest,
    TaskSchemaAnswer,
    TaskSchemaRequest,
    TaskSchemasAnswer,
)

SCHEMAS_IN_DOCUMENT = (1, 4, 11)
"""The first client that wants schemas in a document instead of a bare list."""

router = APIRouter(prefix="/datasets/{dataset}/predictions")

TaskFilter = Annotated[str | None, Query(alias="taskName")]


@router.get("/tasks")
def get_tasks(services: ServicesDep, principal: Reader, dataset: str, version: ClientVersion) -> Response:
    """The schemas of all tasks."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        schemas = tuple(map(_schema_answer, _schemas_of(connection, found)))
    if version < SCHEMAS_IN_DOCUMENT:
        return list_answer(schemas)
    return document_answer(TaskSchemasAnswer(prediction_uuid_timestamp=found.modified_at, schemas=schemas))


@router.get("/tasks/{task:path}")
def get_task(services: ServicesDep, principal: Reader, dataset: str, task: str) -> Response:
    """The schema of one task."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        return document_answer(_schema_answer(_schema_of(connection, found, task)))


@router.post("/tasks")
def put_task(services: ServicesDep, principal: Member, dataset: str, request: TaskSchemaRequest) -> Response:
    """Make a task, or change its schema."""
    repeated = ", ".join(f"`{value}`" for value in request.repeated())
    if repeated:
        raise FacadeError(
            400,
            ErrorCode.PREDICTION_TASK_SCHEMA_CATEGORIES_NOT_UNIQUE,
            f"categories of a task have ids and names of their own; several have {repeated}",
        )
    with services.store.writing() as connection:
        found = _images_of(connection, principal, dataset)
        give_task(connection, found, _schema(request))
    tell_changed(services, [found])
    return document_answer(CreateEntityAnswer(id=_task_id(found, request.name)), status=201)


@router.get("/samples")
def get_predictions(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    page: PageDep,
    task_name: TaskFilter = None,
    lean: Annotated[bool, Query()] = False,
) -> Response:
    """The predictions of all samples, a list for each, in the order of the mapping; `lean`: without segmentations."""
    found = find_dataset(services, principal, dataset)
    return json_list_answer(_lists(services, found, page.of(found.sample_count), task_name, lean=lean))


@router.get("/samples/{sample}")
def get_predictions_of_sample(
    services: ServicesDep, principal: Reader, dataset: str, sample: str, task_name: TaskFilter = None
) -> Response:
    """The predictions of one sample, by task and position."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        index = sample_index_of(connection, found, sample)
        predictions = predictions_of_image(connection, found.id, sample_id=sample, index=index)
    return list_answer(_singletons(predictions, task_name))


@router.post("/samples/{sample}")
def put_predictions_of_sample(
    services: ServicesDep,
    principal: Member,
    dataset: str,
    sample: str,
    request: Annotated[Sequence[SingletonRequest], Body()],
) -> Response:
    """Replace the predictions of a sample, of every task that is among them."""
    by_task: dict[str, list[SingletonRequest]] = {}
    for singleton in request:
        by_task.setdefault(singleton.task_name, []).append(singleton)
    with services.store.writing() as connection:
        found = _images_of(connection, principal, dataset)
        index = sample_index_of(connection, found, sample)
        for task, singletons in by_task.items():
            _check_categories(_schema_of(connection, found, task), singletons)
            give_predictions(connection, found, index, task=task, predictions=list(map(_given, singletons)))
    if by_task:
        tell_changed(services, [found])
    return document_answer(CreateEntityAnswer(id=sample), status=201)


def _images_of(connection: Connection, principal: Principal, dataset_id: str) -> Dataset:
    found = dataset_of(connection, principal, dataset_id)
    if found.kind is DatasetKind.CROPS:
        raise FacadeError(
            400, ErrorCode.DATASET_NOT_SUPPORTED, f"`{found.name}` holds crops; predictions belong to their images"
        )
    return found


def _schemas_of(connection: Connection, dataset: Dataset) -> list[TaskSchema]:
    """Of a crops dataset the one its crops were cut by."""
    schemas = task_schemas(connection, dataset.parent_id or dataset.id)
    return [schema for schema in schemas if dataset.task in (None, schema.task_name)]


def _schema_of(connection: Connection, dataset: Dataset, task: str) -> TaskSchema:
    for schema in _schemas_of(connection, dataset):
        if schema.task_name == task:
            return schema
    raise FacadeError(
        404, ErrorCode.PREDICTION_TASK_SCHEMA_UNKNOWN, f"dataset `{dataset.name}` has no prediction task `{task}`"
    )


def _schema_answer(schema: TaskSchema) -> TaskSchemaAnswer:
    has_keypoints = schema.task_type is TaskType.KEYPOINT_DETECTION
    return TaskSchemaAnswer(
        name=schema.task_name,
        type=PredictionType[schema.task_type.name],
        categories=tuple(
            CategoryAnswer(
                id=category.id,
                name=category.name,
                keypoint_names=(category.keypoint_names or None) if has_keypoints else None,
                keypoint_skeleton=(category.keypoint_skeleton or None) if has_keypoints else None,
            )
            for category in schema.categories
        ),
    )


def _schema(request: TaskSchemaRequest) -> TaskSchema:
    return TaskSchema(
        task_name=request.name,
        task_type=request.task_type,
        categories=tuple(
            Category(
                id=category.id,
                name=category.name,
                keypoint_names=category.keypoint_names,
                keypoint_skeleton=category.keypoint_skeleton,
            )
            for category in request.categories
        ),
    )


def _task_id(dataset: Dataset, task: str) -> str:
    """Tasks have names only; clients want an id, always the same."""
    return hashlib.sha256(f"{dataset.id} {task}".encode()).hexdigest()[:24]


def _check_categories(schema: TaskSchema, singletons: Sequence[SingletonRequest]) -> None:
    known = schema.category_names
    for singleton in singletons:
        if singleton.category_id not in known:
            raise FacadeError(
                400,
                ErrorCode.BAD_REQUEST,
                f"task `{schema.task_name}` has no category `{singleton.category_id}`",
            )


def _given(singleton: SingletonRequest) -> GivenPrediction:
    x, y, width, height = singleton.bbox or (0.0, 0.0, 0.0, 0.0)
    return GivenPrediction(
        category_id=singleton.category_id,
        score=singleton.score,
        corners=(x, y, x + width, y + height),
        details=written(singleton.details).decode(),
    )


def _lists(
    services: Services, dataset: Dataset, indices: range, task_name: str | None, *, lean: bool
) -> Iterator[bytes]:
    """A JSON list per sample, as pieces of a list of them."""
    first = indices.start
    for ids in iter_ids(services.store, dataset.id, indices):
        with services.store.reading() as connection:
            lists = [
                _list(
                    predictions_of_image(connection, dataset.id, sample_id=sample_id, index=index), task_name, lean=lean
                )
                for index, sample_id in enumerate(ids, start=first)
            ]
        first += len(ids)
        yield b",".join(lists)


def _list(predictions: Sequence[ImagePrediction], task_name: str | None, *, lean: bool) -> bytes:
    singletons = _singletons(predictions, task_name)
    if lean:
        singletons = (singleton.model_copy(update={"segmentation": None}) for singleton in singletons)
    return b"[%s]" % b",".join(map(written, singletons))


def _singletons(predictions: Sequence[ImagePrediction], task_name: str | None) -> Iterator[SingletonAnswer]:
    return (_singleton(prediction) for prediction in predictions if task_name in (None, prediction.task))


def _singleton(prediction: ImagePrediction) -> SingletonAnswer:
    details = _details(prediction)
    # Of several crops datasets, the one that came first.
    crop = prediction.crops[0] if prediction.crops else None
    return SingletonAnswer(
        type=details.type,
        task_name=prediction.task,
        crop_dataset_id=None if crop is None else crop.dataset_id,
        crop_sample_id=None if crop is None else crop.sample_id,
        category_id=prediction.category_id,
        score=SCORE_OF_UNSCORED if prediction.score is None else prediction.score,
        bbox=_bbox(prediction.box) if details.has_box else None,
        probabilities=details.probabilities,
        segmentation=details.segmentation,
        keypoints=details.keypoints,
    )


def _details(prediction: ImagePrediction) -> PredictionDetails:
    if prediction.details is not None:
        return PredictionDetails.model_validate_json(prediction.details)
    # Runs keep the box alone, whatever else the file says of the object.
    return PredictionDetails(type=PredictionType.OBJECT_DETECTION)


def _bbox(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """x, y, width, height of the part of a box that has no coordinate below 0: clients refuse what has."""
    x0, y0, x1, y1 = (max(0.0, corner) for corner in box)
    return (x0, y0, max(0.0, x1 - x0), max(0.0, y1 - y0))
