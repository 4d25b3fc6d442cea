"""Which parts of the metadata of samples are worth showing: `/v1/datasets/{dataset}/configuration/metadata`."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.engine import Connection
from starlette.responses import Response

from swath.core.errors import NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.store.datasets import Dataset
from swath.store.metadata_configurations import (
    Entry,
    MetadataConfiguration,
    create_metadata_configuration,
    find_metadata_configuration,
    list_metadata_configurations,
    replace_metadata_configuration,
)
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.metadata import ConfigurationAnswer, ConfigurationRequest, json_size

router = APIRouter(prefix="/datasets/{dataset}/configuration/metadata")


@router.post("")
def create_configuration(
    services: ServicesDep, principal: Member, dataset: str, request: ConfigurationRequest
) -> Response:
    """Keep which values to show."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        made = create_metadata_configuration(connection, found.id, name=request.name, entries=_entries(request))
    return document_answer(CreateEntityAnswer(id=made.id), status=201)


@router.get("")
def get_configurations(services: ServicesDep, principal: Reader, dataset: str) -> Response:
    """All of them, oldest first."""
    with services.store.reading() as connection:
        found = list_metadata_configurations(connection, dataset_of(connection, principal, dataset).id)
    return list_answer(map(_answer, found))


@router.get("/{configuration}")
def get_configuration(services: ServicesDep, principal: Reader, dataset: str, configuration: str) -> Response:
    """One of them."""
    with services.store.reading() as connection:
        return document_answer(_answer(_find(connection, dataset_of(connection, principal, dataset), configuration)))


@router.put("/{configuration}", status_code=204)
def replace_configuration(
    services: ServicesDep, principal: Member, dataset: str, configuration: str, request: ConfigurationRequest
) -> None:
    """Show other values instead."""
    with services.store.writing() as connection:
        found = _find(connection, dataset_of(connection, principal, dataset), configuration)
        replace_metadata_configuration(connection, found, name=request.name, entries=_entries(request))


def _find(connection: Connection, dataset: Dataset, configuration_id: str) -> MetadataConfiguration:
    try:
        return find_metadata_configuration(connection, dataset.id, configuration_id)
    except NotFound as error:
        raise FacadeError.of(error, 404, ErrorCode.METADATA_CONFIGURATION_UNKNOWN) from error


def _entries(request: ConfigurationRequest) -> list[Entry]:
    for entry in request.configs:
        json_size(entry.default_value, field="defaultValue")
    return [entry.model_dump(mode="json", by_alias=True) for entry in request.configs]


def _answer(found: MetadataConfiguration) -> ConfigurationAnswer:
    return ConfigurationAnswer(
        id=found.id,
        name=found.name,
        configs=[dict(entry) for entry in found.entries],
        created_at=found.created_at,
        last_modified_at=found.modified_at,
    )
