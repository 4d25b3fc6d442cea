"""Embeddings to read: `/v1/datasets/{dataset}/embeddings`, their files and their maps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection
from starlette.responses import FileResponse, StreamingResponse

from swath.formats.embeddings_csv import write_embeddings_csv
from swath.server.dependencies import Reader, ServicesDep
from swath.server.lightly.answers import JSON, UNCHANGED, list_answer, string_answer, written
from swath.server.lightly.clients import ClientVersion
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.links import LINK_HANDLERS, Link, for_anybody, link_url
from swath.server.services import Services
from swath.store.dataset_embeddings import DatasetEmbedding, find_embedding, list_embeddings
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.embeddings import read_vectors
from swath.store.projections import Projection, read_points
from swath.store.sample_names import FileNames
from swath.store.uploaded_embeddings import embeddings_file
from swath.wire.lightly.embeddings import DimensionalityReduction, Embedding2dAnswer, EmbeddingAnswer

NEWEST_FIRST = (1, 2, 34)
"""From this client on the first of a list is the latest; for older ones it is the last."""

CSV_LINK = "embeddings-csv"

CSV = "text/csv; charset=utf-8"

router = APIRouter(prefix="/datasets/{dataset}/embeddings")


@router.get("")
def get_embeddings(services: ServicesDep, principal: Reader, dataset: str, version: ClientVersion) -> Response:
    """All embeddings, newest first; oldest first for clients that take the last one for the latest."""
    with services.store.reading() as connection:
        found = list_embeddings(connection, dataset_of(connection, principal, dataset))
    if version >= NEWEST_FIRST:
        found.reverse()
    return list_answer(map(_answer, found))


@router.get("/{embedding}/readCSVUrl")
def get_csv_url(services: ServicesDep, principal: Reader, request: Request, dataset: str, embedding: str) -> Response:
    """Where the file of an embedding can be loaded without a token."""
    with services.store.reading() as connection:
        found = embedding_of(connection, dataset_of(connection, principal, dataset), embedding)
    link = Link(kind=CSV_LINK, dataset_id=dataset, name=embedding)
    return string_answer(link_url(services, request, link, file_name=f"{found.name}.csv"))


@router.get("/{embedding}/2d")
def get_maps(services: ServicesDep, principal: Reader, dataset: str, embedding: str) -> Response:
    """The maps of an embedding, without coordinates."""
    with services.store.reading() as connection:
        found = embedding_of(connection, dataset_of(connection, principal, dataset), embedding)
    return list_answer([] if found.projection is None else [_map_answer(found, found.projection)])


@router.get("/{embedding}/2d/{map_id}")
def get_map(services: ServicesDep, principal: Reader, dataset: str, embedding: str, map_id: str) -> Response:
    """One map with the coordinates of all samples, in the order of the mapping."""
    with services.store.reading() as connection:
        found = embedding_of(connection, dataset_of(connection, principal, dataset), embedding)
        projection = found.projection
        if projection is None or projection.id != map_id:
            raise FacadeError(404, ErrorCode.NOT_FOUND, f"embeddings `{found.name}` have no map `{map_id}`")
        # Clients know no sample without a point; one that has none lies in the middle.
        points = np.nan_to_num(read_points(connection, services.home, projection))
    numbers = [
        f'"coordinatesDimension{axis + 1}":'.encode()
        + orjson.dumps(np.ascontiguousarray(points[:, axis]), option=orjson.OPT_SERIALIZE_NUMPY)
        for axis in range(2)
    ]
    head = written(_map_answer(found, projection)).removesuffix(b"}")
    return Response(b",".join([head, *numbers]) + b"}", 200, UNCHANGED, JSON)


def embedding_of(connection: Connection, dataset: Dataset, embedding_id: str) -> DatasetEmbedding:
    """The embedding of an id, if it can be used. Raises FacadeError 404."""
    found = find_embedding(connection, dataset, embedding_id)
    if found is None:
        raise FacadeError(
            404, ErrorCode.EMBEDDING_UNKNOWN, f"dataset `{dataset.name}` has no embeddings `{embedding_id}`"
        )
    return found


def _answer(embedding: DatasetEmbedding) -> EmbeddingAnswer:
    return EmbeddingAnswer(
        id=embedding.id,
        name=embedding.name,
        is_processed=True,
        created_at=embedding.created_at,
        is2d=embedding.projection is not None,
    )


def _map_answer(embedding: DatasetEmbedding, projection: Projection) -> Embedding2dAnswer:
    return Embedding2dAnswer(
        id=projection.id,
        dataset_id=projection.dataset_id,
        embedding_id=embedding.id,
        name=f"{embedding.name}__2d",
        created_at=projection.created_at,
        dimensionality_reduction_method=DimensionalityReduction.PCA,
    )


def _answer_csv(services: Services, request: Request, link: Link) -> Response:
    """The file of an embedding: as it was handed in, or made of the vectors of runs."""
    with services.store.reading() as connection:
        dataset = dataset_by_id(connection, link.dataset_id)
        if dataset is None:
            raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, f"there is no dataset `{link.dataset_id}`")
        embedding = embedding_of(connection, dataset, link.name)
    if embedding.uploaded is not None:
        path = embeddings_file(services.home, embedding.uploaded)
        return for_anybody(FileResponse(path, media_type=CSV, headers=UNCHANGED))
    if request.method == "HEAD":
        return for_anybody(Response(None, 200, UNCHANGED, CSV))
    return for_anybody(StreamingResponse(_csv_of_runs(services, dataset), 200, UNCHANGED, CSV))


def _csv_of_runs(services: Services, dataset: Dataset) -> Iterator[bytes]:
    with services.store.reading() as connection:
        vectors = read_vectors(connection, services.home, dataset.id)
    names = FileNames(services.store, dataset.id, len(vectors))
    return (chunk.encode() for chunk in write_embeddings_csv(names, vectors))


LINK_HANDLERS[CSV_LINK] = _answer_csv
