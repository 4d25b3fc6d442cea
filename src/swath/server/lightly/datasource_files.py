"""URLs of single files of a datasource, by name: they are given out whether the file is there or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from swath.core.access import Principal
from swath.pipeline.listing import HIDDEN_ROOT
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.file_links import FileLinks, datasource_link
from swath.server.lightly.answers import string_answer
from swath.server.lightly.datasources import open_datasource_of, used_datasource
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.linked_files import upload_link
from swath.server.lightly.listings import METADATA, PREDICTIONS
from swath.server.links import DEFAULT_EXPIRY_S, link_maker, link_url
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.sharing import require_owner

EMBEDDINGS = f"{HIDDEN_ROOT}embeddings/"

router = APIRouter(prefix="/datasets/{dataset}/datasource")

FileName = Annotated[str, Query(alias="fileName", min_length=1, max_length=1024)]


@router.get("/predictions/file")
def get_prediction_url(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, name: FileName
) -> Response:
    """Where to load a file below `.lightly/predictions/`."""
    return _url_in_output(services, request, principal, dataset, PREDICTIONS + name)


@router.get("/metadata/file")
def get_metadata_url(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, name: FileName
) -> Response:
    """Where to load a file below `.lightly/metadata/`."""
    return _url_in_output(services, request, principal, dataset, METADATA + name)


@router.get("/embeddings/file")
def get_embeddings_url(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, name: FileName
) -> Response:
    """Where to load a file below `.lightly/embeddings/`."""
    return _url_in_output(services, request, principal, dataset, EMBEDDINGS + name)


@router.get("/predictions/writeUrl")
def get_prediction_write_url(
    services: ServicesDep, request: Request, principal: Member, dataset: str, name: FileName
) -> Response:
    """Where to put a file below `.lightly/predictions/`."""
    key = _checked(PREDICTIONS + name)
    found = used_datasource(services, principal, dataset)
    with services.store.reading() as connection:
        require_owner(connection, found, principal.user_id, to="write to its datasource")
    return string_answer(link_url(services, request, upload_link(found, key)))


@router.get("/fileHEAD")
def get_head_url(services: ServicesDep, request: Request, principal: Reader, dataset: str, name: FileName) -> Response:
    """Where to ask for the head of a file. Always here: what storages sign is good for one method."""
    key = _checked(name)
    found = used_datasource(services, principal, dataset)
    purpose: Purpose = "output" if key.startswith(HIDDEN_ROOT) else "input"
    return string_answer(link_url(services, request, datasource_link(found, purpose, key)))


def _url_in_output(services: Services, request: Request, principal: Principal, dataset_id: str, key: str) -> Response:
    key = _checked(key)
    dataset = used_datasource(services, principal, dataset_id)
    datasource = open_datasource_of(services, dataset, "output")
    links = FileLinks(link_maker(services, request), dataset, "output", datasource)
    return string_answer(links.url(key, expires_in_s=DEFAULT_EXPIRY_S))


def _checked(key: str) -> str:
    """The key, if it leads nowhere else. Raises FacadeError (422)."""
    if any(part in ("", ".", "..") for part in key.split("/")) or "\\" in key:
        raise FacadeError(422, ErrorCode.BAD_REQUEST, f"`{key}` cannot name a file of a datasource")
    return key
