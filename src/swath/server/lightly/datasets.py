"""Datasets: list, make, find by name, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import Conflict
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.lightly.paging import PageDep
from swath.server.services import Services
from swath.store.dataset_facts import DatasetFacts, facts_of
from swath.store.datasets import Dataset, DatasetKind, create_empty_dataset
from swath.store.sharing import visible_datasets
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.datasets import (
    DatasetCreateRequest,
    DatasetData,
    DatasetType,
    ImageType,
)

router = APIRouter()

Shared = Annotated[bool, Query()]
AssetsOfTeam = Annotated[bool, Query(alias="getAssetsOfTeam")]


@router.get("/datasets", response_model_exclude_none=True)
def get_datasets(
    services: ServicesDep,
    principal: Reader,
    page: PageDep,
    shared: Shared = False,
    assets_of_team: AssetsOfTeam = False,
) -> list[DatasetData]:
    """The caller's own datasets, newest first; with `shared` those that others share with them."""
    with services.store.reading() as connection:
        found = _listed(connection, principal, shared=shared, assets_of_team=assets_of_team)
        return _documents(connection, principal, page.rows(found))


@router.post("/datasets", status_code=201)
def post_dataset(services: ServicesDep, principal: Member, wanted: DatasetCreateRequest) -> CreateEntityAnswer:
    """Make an empty dataset."""
    _refuse_unsupported(wanted)
    with services.store.writing() as connection:
        try:
            made = create_empty_dataset(connection, owner_id=principal.user_id, name=wanted.name)
        except Conflict as error:
            raise FacadeError.of(error, 409, ErrorCode.DATASET_NAME_EXISTS) from error
    _tell(services, made)
    return CreateEntityAnswer(id=made.id)


@router.get("/datasets/{dataset_id}", response_model_exclude_none=True)
def get_dataset(services: ServicesDep, principal: Reader, dataset_id: str) -> DatasetData:
    """One dataset."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset_id)
        return _documents(connection, principal, [found])[0]


def _refuse_unsupported(wanted: DatasetCreateRequest) -> None:
    if wanted.type is DatasetType.VIDEOS:
        raise FacadeError(
            422, ErrorCode.DATASET_NOT_SUPPORTED, "datasets of videos cannot be made yet: extract the frames as images"
        )
    if wanted.type is DatasetType.CROPS:
        raise FacadeError(
            422, ErrorCode.DATASET_NOT_SUPPORTED, "a crops dataset is made by the run that cuts its crops"
        )


def _listed(connection: Connection, principal: Principal, *, shared: bool, assets_of_team: bool) -> list[Dataset]:
    """Newest first. There are no teams: what a team has besides what is shared is nothing."""
    if assets_of_team:
        return []
    visible = visible_datasets(connection, principal.user_id)
    return [dataset for dataset in reversed(visible) if (dataset.owner_id != principal.user_id) == shared]


def _documents(connection: Connection, principal: Principal, datasets: Sequence[Dataset]) -> list[DatasetData]:
    facts = facts_of(connection, [dataset.id for dataset in datasets])
    return [_document(principal, dataset, facts[dataset.id]) for dataset in datasets]


def _document(principal: Principal, dataset: Dataset, facts: DatasetFacts) -> DatasetData:
    return DatasetData(
        id=dataset.id,
        name=dataset.name,
        user_id=dataset.owner_id,
        access_type=None if dataset.owner_id == principal.user_id else "WRITE",
        type=DatasetType.CROPS if dataset.kind is DatasetKind.CROPS else DatasetType.IMAGES,
        img_type=_image_type(dataset),
        n_samples=dataset.sample_count,
        size_in_bytes=facts.byte_size,
        datasources=facts.datasource_ids,
        created_at=dataset.created_at,
        last_modified_at=dataset.modified_at,
        datasource_processed_until_timestamp=dataset.processed_until and dataset.processed_until // 1000,
        parent_dataset_id=dataset.parent_id,
    )


def _image_type(dataset: Dataset) -> ImageType | None:
    """What can be loaded: of a datasource's images all, of an upload what it left."""
    if dataset.stored_as is not None:
        return ImageType(dataset.stored_as)
    return ImageType.FULL if dataset.sample_count else None


def _tell(services: Services, dataset: Dataset) -> None:
    services.events.publish("dataset", id=dataset.id, dataset_id=dataset.id, owner_id=dataset.owner_id)
