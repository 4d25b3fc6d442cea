"""Datasets: list, make, find by name, rename, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import Conflict
from swath.server.dataset_changes import delete_dataset as delete_whole_dataset
from swath.server.dataset_changes import tell_changed
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.dataset_documents import SizesDep, dataset_documents, enriched_documents
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.lightly.paging import PageDep
from swath.store.datasets import (
    Dataset,
    create_empty_dataset,
    crops_datasets_of,
    dataset_by_name,
    rename_dataset,
)
from swath.store.sharing import require_owner, visible_datasets
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.datasets import (
    DatasetCreateRequest,
    DatasetData,
    DatasetDataEnriched,
    DatasetType,
    DatasetUpdateRequest,
)

router = APIRouter(prefix="/datasets")

NOT_SUPPORTED = {
    DatasetType.VIDEOS: "datasets of videos cannot be made: extract their frames, and make a dataset of images",
    DatasetType.CROPS: "a crops dataset is made by the run that cuts its crops: make the dataset of its images",
}


async def _asked_owners(
    shared: bool = False,
    of_team: Annotated[bool, Query(alias="getAssetsOfTeam")] = False,
    of_team_and_self: Annotated[bool, Query(alias="getAssetsOfTeamInclusiveSelf")] = False,
) -> bool | None:
    """Whether shared datasets are meant (True), own ones (False) or those of a team (None): there are no teams."""
    if of_team and not of_team_and_self:
        return None
    return shared


AreShared = Annotated[bool | None, Depends(_asked_owners)]
IsExact = Annotated[bool, Query(alias="exact")]


@router.get("", response_model_exclude_none=True)
def get_datasets(
    services: ServicesDep, principal: Reader, sizes: SizesDep, page: PageDep, are_shared: AreShared
) -> list[DatasetData]:
    """The caller's own datasets, newest first, or those that others share with them."""
    with services.store.reading() as connection:
        found = page.rows(_listed(connection, principal, are_shared))
        return dataset_documents(connection, principal, found, sizes)


@router.post("", status_code=201)
def post_dataset(services: ServicesDep, principal: Member, wanted: DatasetCreateRequest) -> CreateEntityAnswer:
    """Make a dataset without samples."""
    if wanted.type in NOT_SUPPORTED:
        raise FacadeError(422, ErrorCode.DATASET_NOT_SUPPORTED, NOT_SUPPORTED[wanted.type])
    with services.store.writing() as connection:
        _refuse_taken_name(connection, principal, wanted.name)
        made = create_empty_dataset(connection, owner_id=principal.user_id, name=wanted.name)
    tell_changed(services, [made])
    return CreateEntityAnswer(id=made.id)


@router.get("/query/name/{name:path}", response_model_exclude_none=True)
def get_datasets_by_name(
    services: ServicesDep,
    principal: Reader,
    sizes: SizesDep,
    page: PageDep,
    are_shared: AreShared,
    name: str,
    is_exact: IsExact = False,
) -> list[DatasetData]:
    """The datasets of that name, or whose names begin with it."""
    with services.store.reading() as connection:
        found = page.rows(_named(_listed(connection, principal, are_shared), name, is_exact=is_exact))
        return dataset_documents(connection, principal, found, sizes)


@router.get("/enriched", response_model_exclude_none=True)
def get_enriched_datasets(
    services: ServicesDep, principal: Reader, sizes: SizesDep, page: PageDep, are_shared: AreShared
) -> list[DatasetDataEnriched]:
    """As the list of datasets, with what hangs on them."""
    with services.store.reading() as connection:
        found = page.rows(_listed(connection, principal, are_shared))
        return enriched_documents(connection, principal, found, sizes)


@router.get("/enriched/query/ids", response_model_exclude_none=True)
def get_enriched_datasets_by_id(
    services: ServicesDep,
    principal: Reader,
    sizes: SizesDep,
    ids: Annotated[list[str], Query(alias="datasetIds")],
) -> list[DatasetDataEnriched]:
    """Those of some datasets that the caller sees."""
    with services.store.reading() as connection:
        found = [dataset for dataset in visible_datasets(connection, principal.user_id) if dataset.id in ids]
        return enriched_documents(connection, principal, found, sizes)


@router.get("/enriched/query/name/{name:path}", response_model_exclude_none=True)
def get_enriched_datasets_by_name(
    services: ServicesDep,
    principal: Reader,
    sizes: SizesDep,
    page: PageDep,
    are_shared: AreShared,
    name: str,
    is_exact: IsExact = False,
) -> list[DatasetDataEnriched]:
    """As by name, with what hangs on them."""
    with services.store.reading() as connection:
        found = page.rows(_named(_listed(connection, principal, are_shared), name, is_exact=is_exact))
        return enriched_documents(connection, principal, found, sizes)


@router.get("/{dataset}", response_model_exclude_none=True)
def get_dataset(services: ServicesDep, principal: Reader, sizes: SizesDep, dataset: str) -> DatasetData:
    """One dataset."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        return dataset_documents(connection, principal, [found], sizes)[0]


@router.put("/{dataset}", status_code=204)
def put_dataset(services: ServicesDep, principal: Member, dataset: str, change: DatasetUpdateRequest) -> None:
    """Give a dataset another name."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        require_owner(connection, found, principal.user_id, to="rename it")
        if change.name != found.name:
            _refuse_taken_name(connection, principal, change.name)
        renamed = rename_dataset(connection, found, change.name)
    tell_changed(services, [renamed])


@router.delete("/{dataset}", status_code=204)
def delete_dataset(services: ServicesDep, principal: Member, dataset: str, force: bool = False) -> None:
    """Delete a dataset; with `force` also the crops datasets of its images. Images stay where they are."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
    try:
        delete_whole_dataset(services, found, cascade=force, user_id=principal.user_id)
    except Conflict as error:
        raise FacadeError.of(error, 409, ErrorCode.ILLEGAL_ACTION_RESOURCE_IN_USE) from error


@router.get("/{dataset}/children", response_model_exclude_none=True)
def get_children(services: ServicesDep, principal: Reader, sizes: SizesDep, dataset: str) -> list[DatasetData]:
    """The crops datasets of an image dataset, oldest first."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        return dataset_documents(connection, principal, crops_datasets_of(connection, found.id), sizes)


def _listed(connection: Connection, principal: Principal, are_shared: bool | None) -> list[Dataset]:
    """Newest first."""
    if are_shared is None:
        return []
    visible = visible_datasets(connection, principal.user_id)
    return [dataset for dataset in reversed(visible) if (dataset.owner_id != principal.user_id) == are_shared]


def _named(datasets: list[Dataset], name: str, *, is_exact: bool) -> list[Dataset]:
    if is_exact:
        return [dataset for dataset in datasets if dataset.name == name]
    return [dataset for dataset in datasets if dataset.name.startswith(name)]


def _refuse_taken_name(connection: Connection, principal: Principal, name: str) -> None:
    if dataset_by_name(connection, name, owner_id=principal.user_id) is not None:
        raise FacadeError(409, ErrorCode.DATASET_NAME_EXISTS, f"there is a dataset `{name}` already")
