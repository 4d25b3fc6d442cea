"""Embeddings that clients hand in: a link for the file, and what they ask for once it is there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.engine import Connection
from starlette.responses import Response

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.server.dataset_changes import tell_changed
from swath.server.dependencies import Member, ServicesDep
from swath.server.lightly.answers import document_answer
from swath.server.lightly.embeddings import embedding_of
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.links import LINK_HANDLERS, Link, body_file, link_url
from swath.server.services import Services
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.files import naming_failures
from swath.store.sharing import require_owner
from swath.store.uploaded_embeddings import (
    RowsDisagree,
    UploadedEmbedding,
    announce_embedding,
    delete_uploaded_embedding,
    embeddings_file,
    find_uploaded_embedding,
    receive_embeddings,
)
from swath.wire.lightly.uploaded_embeddings import MapRequest, RowCountRequest, WriteCsvUrlAnswer

KIND = "upload-embeddings"

LINK_EXPIRES_IN_S = 24 * 3600

MOST_CSV_BYTES = 4 << 30

router = APIRouter(prefix="/datasets/{dataset}/embeddings")


@router.get("/writeCSVUrl")
def get_write_url(
    services: ServicesDep, principal: Member, http: Request, dataset: str, name: Annotated[str, Query()]
) -> Response:
    """Where to send the file of new embeddings."""
    with services.store.writing() as connection:
        found = dataset_of(connection, principal, dataset)
        require_owner(connection, found, principal.user_id, to="upload embeddings to it")
        try:
            embedding = announce_embedding(connection, found.id, name)
        except Conflict as error:
            raise FacadeError.of(error, 409, ErrorCode.EMBEDDING_NAME_EXISTS) from error
    link = Link(kind=KIND, dataset_id=found.id, name=embedding.id, method="PUT")
    url = link_url(services, http, link, file_name="embeddings.csv", expires_in_s=LINK_EXPIRES_IN_S)
    return document_answer(WriteCsvUrlAnswer(signed_write_url=url, embedding_id=embedding.id))


@router.put("/{embedding}/isProcessed", status_code=204)
def check_row_count(
    services: ServicesDep, principal: Member, dataset: str, embedding: str, request: RowCountRequest
) -> None:
    """Whoever sent the file says how many rows it had: it was read when it came, and must have had as many."""
    with services.store.reading() as connection:
        found = _find(connection, dataset_of(connection, principal, dataset), embedding)
    if found.row_count is None:
        raise FacadeError(
            422, ErrorCode.EMBEDDING_NOT_READY, f"the file of embeddings `{found.name}` has not come yet: send it first"
        )
    if found.row_count != request.row_count:
        message = f"the file of embeddings `{found.name}` has {found.row_count:,} rows, not {request.row_count:,g}"
        raise FacadeError(422, ErrorCode.EMBEDDING_ROW_COUNT_INVALID, message)


@router.post("/{embedding}/trigger2dEmbeddingsJob", status_code=204)
def make_map(services: ServicesDep, principal: Member, dataset: str, embedding: str, request: MapRequest) -> None:
    """There is nothing to do: the map was made when the embeddings came, whichever method is wanted."""
    with services.store.reading() as connection:
        embedding_of(connection, dataset_of(connection, principal, dataset), embedding)


@router.delete("/{embedding}", status_code=204)
def delete_embedding(services: ServicesDep, principal: Member, dataset: str, embedding: str) -> None:
    """Forget embeddings that were handed in; if the dataset had its vectors from them, it has none any more."""
    with services.store.writing() as connection:
        owned = dataset_of(connection, principal, dataset)
        require_owner(connection, owned, principal.user_id, to="delete embeddings of it")
        found = _find(connection, owned, embedding)
        delete_uploaded_embedding(connection, found)
    path = embeddings_file(services.home, found)
    with naming_failures("delete", path):
        path.unlink(missing_ok=True)


def _find(connection: Connection, dataset: Dataset, embedding_id: str) -> UploadedEmbedding:
    """Embeddings that were announced. Raises FacadeError for those of runs, which are not a client's to change."""
    try:
        return find_uploaded_embedding(connection, dataset.id, embedding_id)
    except NotFound as error:
        embedding_of(connection, dataset, embedding_id)
        raise FacadeError(
            422, ErrorCode.BAD_REQUEST, f"embeddings `{embedding_id}` were made by runs: they belong to the samples"
        ) from error


def _take_csv(services: Services, request: Request, link: Link) -> Response:
    """The file of embeddings has come."""
    with services.store.reading() as connection:
        dataset = dataset_by_id(connection, link.dataset_id)
        if dataset is None:
            raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, "the dataset of the link was deleted meanwhile")
        try:
            embedding = find_uploaded_embedding(connection, dataset.id, link.name)
        except NotFound as error:
            raise FacadeError.of(error, 404, ErrorCode.EMBEDDING_UNKNOWN) from error
    path = body_file(request)
    with naming_failures("read", path):
        size = path.stat().st_size
    if size > MOST_CSV_BYTES:
        raise FacadeError(
            413, ErrorCode.PAYLOAD_TOO_LARGE, f"the file has {size:,} bytes; at most {MOST_CSV_BYTES:,} are taken"
        )
    try:
        receive_embeddings(services.store, services.home, embedding, path)
    except RowsDisagree as error:
        raise FacadeError.of(error, 422, ErrorCode.EMBEDDING_ROW_COUNT_INVALID) from error
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.EMBEDDING_INVALID) from error
    tell_changed(services, [dataset])
    return Response(status_code=200)


LINK_HANDLERS[KIND] = _take_csv
