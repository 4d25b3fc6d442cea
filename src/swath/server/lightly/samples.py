"""Samples, and the order in which they are the bits of masks: `/v1/datasets/{dataset}/samples` and `/mappings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from swath.server.dependencies import Reader, ServicesDep
from swath.server.lightly.answers import (
    document_answer,
    json_list_answer,
    list_answer,
    string_answer,
    strings_answer,
)
from swath.server.lightly.linked_files import sample_url
from swath.server.lightly.lookups import dataset_of, find_dataset, sample_index_of
from swath.server.lightly.paging import Page, PageDep
from swath.server.lightly.sample_answers import iter_sample_answers
from swath.server.links import DEFAULT_EXPIRY_S
from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.sample_names import indices_by_id, iter_file_names, iter_ids, iter_ids_and_names
from swath.store.samples import find_samples, iter_samples
from swath.store.uploads import arrived_indices
from swath.wire.lightly.samples import SampleField, SamplePartialMode, SampleSortBy

router = APIRouter(prefix="/datasets/{dataset}")

FileNameFilter = Annotated[str | None, Query(alias="fileName")]
SortBy = Annotated[SampleSortBy, Query(alias="sortBy")]


@router.get("/mappings")
def get_mappings(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    page: PageDep,
    field: Annotated[SampleField, Query()],
) -> Response:
    """Ids or file names of all samples; the place in this list is the bit in every mask."""
    found = find_dataset(services, principal, dataset)
    read = iter_ids if field is SampleField.ID else iter_file_names
    return strings_answer(read(services.store, found.id, page.of(found.sample_count)))


@router.get("/samples")
def get_samples(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    page: PageDep,
    file_name: FileNameFilter = None,
    sort_by: SortBy = SampleSortBy.INDEX,
) -> Response:
    """All samples, or the one of a file name."""
    found = find_dataset(services, principal, dataset)
    indices = _asked(services, found, page, file_name, sort_by)
    return list_answer(iter_sample_answers(services, found, indices))


@router.get("/samples/partial")
def get_partial_samples(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    page: PageDep,
    mode: Annotated[SamplePartialMode, Query()] = SamplePartialMode.FULL,
    file_name: FileNameFilter = None,
    sort_by: SortBy = SampleSortBy.INDEX,
) -> Response:
    """All samples, or the one of a file name, with as much about each as the mode says."""
    found = find_dataset(services, principal, dataset)
    indices = _asked(services, found, page, file_name, sort_by)
    if mode is SamplePartialMode.FULL:
        return list_answer(iter_sample_answers(services, found, indices))
    with_names = mode is SamplePartialMode.FILE_NAMES
    return json_list_answer(_parts(services, found, indices, with_names=with_names))


@router.get("/samples/{sample}")
def get_sample(services: ServicesDep, principal: Reader, dataset: str, sample: str) -> Response:
    """One sample."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        index = sample_index_of(connection, found, sample)
    (answer,) = iter_sample_answers(services, found, np.array([index]))
    return document_answer(answer)


@router.get("/samples/{sample}/readurl")
def get_read_url(
    services: ServicesDep,
    principal: Reader,
    request: Request,
    dataset: str,
    sample: str,
    kind: Annotated[Literal["full", "thumb"], Query(alias="type")] = "full",
) -> Response:
    """Where the file of a sample, or a small picture of it, can be loaded without a token."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        index = sample_index_of(connection, found, sample)
    (one,) = iter_samples(services.store, found.id, np.array([index]))
    return string_answer(sample_url(services, request, found.id, one, kind=kind, expires_in_s=DEFAULT_EXPIRY_S))


def _asked(
    services: Services, dataset: Dataset, page: Page, file_name: str | None, sort_by: SampleSortBy
) -> NDArray[np.int64]:
    """The indices of the samples of a page, in the order that was asked for."""
    with services.store.reading() as connection:
        if file_name is not None:
            known = find_samples(connection, dataset.id, [file_name])
            indices = np.array([sample.index for sample in known.values()], dtype=np.int64)
        elif sort_by is SampleSortBy.ID:
            indices = indices_by_id(connection, dataset.id)
        else:
            # Uploads skip what they find here.
            indices = arrived_indices(connection, services.home, dataset)
    return page.rows(indices)


def _parts(services: Services, dataset: Dataset, indices: NDArray[np.int64], *, with_names: bool) -> Iterator[bytes]:
    """Ids, and file names where wanted, as pieces of a JSON list."""
    for rows in iter_ids_and_names(services.store, dataset.id, indices):
        documents = [
            {"id": sample_id, "fileName": name} if with_names else {"id": sample_id} for sample_id, name in rows
        ]
        yield orjson.dumps(documents)[1:-1]
