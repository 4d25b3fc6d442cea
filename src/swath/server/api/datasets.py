"""Datasets as such: list, make, name, delete; where their files are; who sees them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import InvalidConfig
from swath.server.dataset_changes import delete_dataset as delete_whole_dataset
from swath.server.dataset_changes import tell_changed
from swath.server.dataset_details import describe_dataset
from swath.server.datasources import GivenPlace, apply_places, check_place, may_name_any_place, rights_of
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.services import Services
from swath.store import catalog
from swath.store.credentials import masked, read_credentials
from swath.store.datasets import (
    Dataset,
    DatasetKind,
    create_empty_dataset,
    rename_dataset,
    require_datasource,
)
from swath.store.datasource_documents import forget_datasources
from swath.store.sharing import Share, find_own, find_visible, list_shares, share_dataset, unshare_dataset
from swath.store.users import find_user
from swath.wire.access import (
    DatasetChange,
    DatasetCreate,
    DatasourceChange,
    DatasourceDocument,
    RightsDocument,
    ShareDocument,
    ShareList,
    VerifiedDatasource,
)
from swath.wire.datasets import DatasetDetails, DatasetList, DatasetSummary, DeletedDatasets

router = APIRouter(tags=["datasets"])


@router.get("/datasets")
def list_datasets(
    services: ServicesDep,
    principal: Reader,
    q: Annotated[str, Query(max_length=200, description="Part of the name, in any case.")] = "",
    kind: DatasetKind | None = None,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DatasetList:
    """The datasets the caller sees: their own and those shared with them; oldest first."""
    found = [
        dataset
        for dataset in catalog.list_datasets(services.store, user_id=principal.user_id)
        if q.casefold() in dataset.name.casefold() and kind in (None, dataset.kind)
    ]
    return DatasetList(items=tuple(found[offset : offset + limit]), total=len(found))


@router.post("/datasets", status_code=201)
def create_dataset(services: ServicesDep, principal: Member, wanted: DatasetCreate) -> DatasetDetails:
    """Make an image dataset without samples. Crops datasets are made by the runs that cut their crops."""
    anywhere = may_name_any_place(services, principal)
    places = None
    if wanted.datasource is not None:
        places = _given_places(services, wanted.datasource, wanted, anywhere=anywhere, field="datasource")
    elif wanted.output or wanted.credentials or wanted.output_credentials:
        raise InvalidConfig("an output or credentials say nothing without `datasource`", field="datasource")
    with services.store.writing() as connection:
        dataset = create_empty_dataset(
            connection, owner_id=principal.user_id, name=wanted.name, is_confined=not anywhere
        )
        if places is not None:
            dataset = apply_places(services, connection, dataset, *places, is_confined=not anywhere)
    tell_changed(services, [dataset])
    return _details(services, principal, dataset)


@router.get("/datasets/{dataset}")
def get_dataset(services: ServicesDep, principal: Reader, dataset: str) -> DatasetDetails:
    """Everything about one dataset, by name or id."""
    return describe_dataset(services, dataset, principal.user_id)


@router.get("/datasets/{dataset}/summary")
def get_dataset_summary(services: ServicesDep, principal: Reader, dataset: str) -> DatasetSummary:
    """The line of a dataset in a list: quick, whatever its size."""
    return catalog.summarize_dataset(services.store, dataset, user_id=principal.user_id)


@router.patch("/datasets/{dataset}")
def change_dataset(services: ServicesDep, principal: Member, dataset: str, change: DatasetChange) -> DatasetDetails:
    """Give a dataset another name."""
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="rename it")
        renamed = rename_dataset(connection, found, change.name)
    tell_changed(services, [renamed])
    return _details(services, principal, renamed)


@router.delete("/datasets/{dataset}")
def delete_dataset(
    services: ServicesDep,
    principal: Member,
    dataset: str,
    cascade: Annotated[bool, Query(description="Its crops datasets, too.")] = False,
) -> DeletedDatasets:
    """Delete a dataset with its vectors, tags, thumbnails and, of a crops dataset, crop files. Images stay."""
    with services.store.reading() as connection:
        found = find_own(connection, dataset, principal.user_id, to="delete it")
    return delete_whole_dataset(services, found, cascade=cascade, user_id=principal.user_id)


@router.get("/datasets/{dataset}/datasource")
def get_datasource(services: ServicesDep, principal: Reader, dataset: str) -> DatasourceDocument:
    """Where the files of a dataset are. Of credentials only the names are said."""
    with services.store.reading() as connection:
        found = find_visible(connection, dataset, principal.user_id)
        return _datasource(services, connection, found)


@router.put("/datasets/{dataset}/datasource")
def put_datasource(
    services: ServicesDep, principal: Member, dataset: str, change: DatasourceChange
) -> DatasourceDocument:
    """Say where the images of an image dataset are, and where its crops go."""
    anywhere = may_name_any_place(services, principal)
    places = _given_places(services, change.location, change, anywhere=anywhere, field="location")
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="change its datasource")
        changed = apply_places(services, connection, found, *places, is_confined=not anywhere)
        forget_datasources(connection, found.id)
        document = _datasource(services, connection, changed)
    tell_changed(services, [changed])
    return document


@router.post("/datasets/{dataset}/datasource:verify")
def verify_datasource(services: ServicesDep, principal: Member, dataset: str) -> VerifiedDatasource:
    """Try what may be done where a dataset's files are and where its crops go; leaves nothing behind."""
    with services.store.reading() as connection:
        found = find_own(connection, dataset, principal.user_id, to="try its datasource")
    require_datasource(found)
    images = rights_of(services, found, "input")
    crops = rights_of(services, found, "output")
    return VerifiedDatasource(
        is_usable=not any((images.list, images.read, crops.read, crops.write)),
        input=RightsDocument(**asdict(images)),
        output=RightsDocument(**asdict(crops)),
    )


@router.get("/datasets/{dataset}/shares")
def get_shares(services: ServicesDep, principal: Reader, dataset: str) -> ShareList:
    """The users a dataset is shared with; of a crops dataset those of its images."""
    with services.store.reading() as connection:
        shares = list_shares(connection, find_visible(connection, dataset, principal.user_id))
    return ShareList(items=tuple(_share(share) for share in shares), total=len(shares))


@router.put("/datasets/{dataset}/shares/{user}", status_code=204)
def put_share(services: ServicesDep, principal: Member, dataset: str, user: str) -> None:
    """Let a user (name or id) see an image dataset and its crops datasets."""
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="share it")
        share_dataset(connection, found, find_user(connection, user))
    tell_changed(services, [found])


@router.delete("/datasets/{dataset}/shares/{user}", status_code=204)
def delete_share(services: ServicesDep, principal: Member, dataset: str, user: str) -> None:
    """Let a user not see a dataset any more."""
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="share it")
        unshare_dataset(connection, found, find_user(connection, user))
    tell_changed(services, [found])


def _given_places(
    services: Services, location: str, given: DatasetCreate | DatasourceChange, *, anywhere: bool, field: str
) -> tuple[GivenPlace, GivenPlace]:
    """Where the images of a request are and where its crops go, checked. Raises InvalidConfig."""
    images = check_place(services, location, given.credentials, anywhere=anywhere, field=field)
    crops = check_place(
        services,
        given.output or images.uri,
        given.output_credentials,
        anywhere=anywhere,
        field="output",
        access_field="output_credentials",
    )
    return images, crops


def _details(services: Services, principal: Principal, dataset: Dataset) -> DatasetDetails:
    return describe_dataset(services, dataset.id, principal.user_id)


def _datasource(services: Services, connection: Connection, dataset: Dataset) -> DatasourceDocument:
    kept_with = dataset.parent_id or dataset.id
    return DatasourceDocument(
        location=dataset.input_uri,
        output_location=dataset.output_uri,
        credentials=masked(read_credentials(connection, services.vault, kept_with, "input") or {}),
        output_credentials=masked(read_credentials(connection, services.vault, kept_with, "output") or {}),
    )


def _share(share: Share) -> ShareDocument:
    return ShareDocument(user_id=share.user_id, user=share.user_name, created_at=share.created_at)
