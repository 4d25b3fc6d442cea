"""Embeddings: the vectors themselves, and which samples are near each other."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from numpy.typing import NDArray

from swath.core.browsing import NO_CODE
from swath.core.errors import Conflict, InvalidConfig
from swath.server.browsing import BrowsedDataset
from swath.server.dependencies import Reader, ServicesDep
from swath.server.filters import resolve_filter
from swath.server.looking import VisibleSample, browse, visible_dataset, visible_sample
from swath.server.sample_documents import names_in, sample_documents
from swath.server.services import Services
from swath.wire.browsing import (
    MOST_NEIGHBORS,
    Dtype,
    FilterDocument,
    Neighbor,
    NeighborList,
    NeighborQuery,
)

MOST_EMBEDDING_BYTES = 64 << 20
"""In one answer, which is made in memory."""

NO_FILTER = FilterDocument()

router = APIRouter(tags=["embeddings"])


@router.get(
    "/datasets/{dataset}/embeddings",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "Rows of little-endian numbers"}},
)
def get_embeddings(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    first: Annotated[int, Query(ge=0, le=2**31 - 1, description="index of the first sample")] = 0,
    count: Annotated[int, Query(ge=0, le=2**31 - 1, description="samples; fewer where they exceed 64 MiB")] = 10_000,
    dtype: Dtype = "float16",
) -> Response:
    """The vectors of samples, one row each by index, as raw numbers.

    Headers say what came: `Swath-First`, `Swath-Rows` (the next request starts at their sum), `Swath-Dimension`,
    `Swath-Dtype` and `Swath-Total`, all rows there are.
    """
    vectors = browse(services, principal, dataset).vectors()
    kind = np.dtype(dtype).newbyteorder("<")
    most = MOST_EMBEDDING_BYTES // max(1, vectors.shape[1] * kind.itemsize)
    rows = np.ascontiguousarray(vectors[first : first + min(count, most)], dtype=kind)
    return Response(
        rows.tobytes(),
        media_type="application/octet-stream",
        headers={
            "Swath-First": str(first),
            "Swath-Rows": str(rows.shape[0]),
            "Swath-Dimension": str(vectors.shape[1]),
            "Swath-Dtype": dtype,
            "Swath-Total": str(vectors.shape[0]),
            "Cache-Control": "private, no-cache",
        },
    )


@router.get("/samples/{sample}/neighbors", response_model=NeighborList)
def list_neighbors_of_sample(
    services: ServicesDep,
    principal: Reader,
    sample: str,
    k: Annotated[int, Query(ge=1, le=MOST_NEIGHBORS)] = 12,
) -> NeighborList:
    """The other samples of its dataset nearest to a sample, by their embeddings."""
    reference = visible_sample(services, principal, sample)
    browsed = services.browser.open(services.store, services.home, reference.dataset.id)
    return _neighbors(services, browsed, _vector_of(services, reference), k, except_index=reference.index)


@router.post("/datasets/{dataset}/neighbors", response_model=NeighborList)
def query_neighbors(services: ServicesDep, principal: Reader, dataset: str, query: NeighborQuery) -> NeighborList:
    """The samples of a dataset that pass a filter and are nearest to a vector, or to a sample of any dataset whose
    embeddings are of the same embedder."""
    found = visible_dataset(services, principal, dataset)
    except_index = NO_CODE
    if query.sample_id is None:
        vector = np.array(query.vector, dtype=np.float64)
    else:
        reference = visible_sample(services, principal, query.sample_id)
        if reference.dataset.embedder_id != found.embedder_id:
            raise Conflict(
                f"the embeddings of datasets `{reference.dataset.name}` and `{found.name}` are of different embedders",
                hint="Distances between them would mean nothing.",
            )
        vector = _vector_of(services, reference)
        if reference.dataset.id == found.id:
            except_index = reference.index
    browsed = services.browser.open(services.store, services.home, found.id)
    return _neighbors(services, browsed, vector, query.k, except_index=except_index, asked=query.filter)


def _vector_of(services: Services, sample: VisibleSample) -> NDArray[np.float64]:
    browsed = services.browser.open(services.store, services.home, sample.dataset.id)
    vectors = browsed.vectors()
    if sample.index >= len(vectors):
        raise Conflict(f"sample `{sample.id}` has no embedding", hint="It comes with the run that adds a sample.")
    vector: NDArray[np.float64] = vectors[sample.index].astype(np.float64)
    if not np.isfinite(vector).all():
        raise Conflict(f"the embedding of sample `{sample.id}` holds numbers that are not finite")
    return vector


def _neighbors(
    services: Services,
    browsed: BrowsedDataset,
    vector: NDArray[np.float64],
    k: int,
    *,
    except_index: int,
    asked: FilterDocument = NO_FILTER,
) -> NeighborList:
    index = browsed.neighbor_index()
    dimension = index.vectors.shape[1]
    if vector.shape != (dimension,):
        raise InvalidConfig(
            f"a vector of dataset `{browsed.dataset.name}` has {dimension} numbers, got {len(vector)}", field="vector"
        )
    resolved = resolve_filter(services.store, browsed, asked)
    passing = browsed.mask(resolved)[: len(index.vectors)] if resolved.key else None
    # One more than asked: the sample itself is its own nearest neighbour, unless others are equal to it.
    rows, distances = index.query(vector, k + 1, mask=passing)
    is_other = rows != except_index
    rows, distances = rows[is_other][:k], distances[is_other][:k]
    documents = sample_documents(services.store, browsed.dataset, rows.tolist(), names_in(browsed.columns))
    items = tuple(
        Neighbor(sample=document, distance=distance)
        for document, distance in zip(documents, distances.tolist(), strict=True)
    )
    return NeighborList(items=items, total=len(items))
