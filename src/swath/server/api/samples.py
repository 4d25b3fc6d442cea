"""Samples: pages of them in any order and under any filter, counts beside a filter, and single ones."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from numpy.typing import NDArray

from swath.core.browsing import Facets, MetadataColumn, MetadataKind
from swath.core.browsing.metadata import TRUE
from swath.core.browsing.ordering import SortKey
from swath.core.errors import NotFound
from swath.server.api.selections import members_response
from swath.server.browsing import BrowsedDataset
from swath.server.dependencies import Reader, ServicesDep
from swath.server.filters import resolve_filter, tag_membership
from swath.server.looking import browse, visible_dataset, visible_sample
from swath.server.sample_documents import names_in, names_of, sample_documents
from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.ids import is_id
from swath.store.metadata_columns import SCORES_KEY
from swath.store.sample_lookup import indices_of, predictions_of_image
from swath.store.sample_metadata import attached_to_samples, merged
from swath.store.sample_scores import scores_of_sample
from swath.store.tags import Tag, list_tags
from swath.wire.browsing import (
    Bins,
    CategoryFacet,
    CropLink,
    FacetsDocument,
    FacetsQuery,
    FilterDocument,
    HistogramDocument,
    MembersQuery,
    MetadataFacet,
    MetadataValueCount,
    PredictionDocument,
    PredictionList,
    RunFacet,
    SampleDetails,
    SamplePage,
    SampleQuery,
    Sort,
    TagFacet,
)
from swath.wire.metadata import presentable

MOST_METADATA_VALUES = 50
"""Of one key, in the facets."""

router = APIRouter(tags=["samples"])


@router.post("/datasets/{dataset}/samples:query", response_model=SamplePage)
def query_samples(services: ServicesDep, principal: Reader, dataset: str, query: SampleQuery) -> SamplePage:
    """One page of the samples that pass a filter, in order."""
    if query.filter == FilterDocument() and query.sort.key is SortKey.INDEX:
        return _page_by_index(services, visible_dataset(services, principal, dataset), query)
    browsed = browse(services, principal, dataset)
    order = _order(services, browsed, query)
    indices = order[query.offset : query.offset + query.limit].tolist()
    names = names_in(browsed.columns)
    items = sample_documents(
        services.store, browsed.dataset, indices, names, with_tags=query.with_tags, with_boxes=query.with_boxes
    )
    return SamplePage(items=tuple(items), total=len(order))


def _page_by_index(services: Services, dataset: Dataset, query: SampleQuery) -> SamplePage:
    """A page of all samples by index: the first look at a dataset, and its cover, wait for no columns."""
    everything = range(dataset.sample_count)
    order = everything[::-1] if query.sort.descending else everything
    indices = list(order[query.offset : query.offset + query.limit])
    with services.store.reading() as connection:
        names = names_of(connection, dataset)
    items = sample_documents(
        services.store, dataset, indices, names, with_tags=query.with_tags, with_boxes=query.with_boxes
    )
    return SamplePage(items=tuple(items), total=len(order))


@router.post(
    "/datasets/{dataset}/samples:members",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "One bit per sample"}},
)
def query_members(services: ServicesDep, principal: Reader, dataset: str, query: MembersQuery) -> Response:
    """Which samples are at some places of an order, however many, as a bitmap: bit i, counted from the lowest of the
    first byte, is the sample of index i. It ends with the last of them."""
    browsed = browse(services, principal, dataset)
    found = _order(services, browsed, query)[query.offset : query.offset + query.limit]
    return members_response(np.sort(found).astype(np.int64))


def _order(services: Services, browsed: BrowsedDataset, query: SampleQuery | MembersQuery) -> NDArray[np.int32]:
    """The indices (K,) of all samples that pass a filter, in order."""
    return browsed.order(
        resolve_filter(services.store, browsed, query.filter),
        query.sort.key,
        descending=query.sort.descending,
        reference=_reference_index(services, browsed, query.sort),
        metadata_key=query.sort.metadata_key,
    )


def _reference_index(services: Services, browsed: BrowsedDataset, sort: Sort) -> int | None:
    if sort.reference_sample_id is None:
        return None
    with services.store.reading() as connection:
        found = indices_of(connection, browsed.dataset.id, [sort.reference_sample_id])
    index = found.get(sort.reference_sample_id)
    if index is None or index >= len(browsed):
        raise NotFound(f"dataset `{browsed.dataset.name}` has no sample `{sort.reference_sample_id}`")
    return index


@router.post("/datasets/{dataset}/samples:facets", response_model=FacetsDocument)
def count_facets(services: ServicesDep, principal: Reader, dataset: str, query: FacetsQuery) -> FacetsDocument:
    """How many samples each further choice would show, and how values are distributed."""
    browsed = browse(services, principal, dataset)
    asked = resolve_filter(services.store, browsed, query.filter)
    with services.store.reading() as connection:
        tags = {tag.id: tag for tag in list_tags(connection, browsed.dataset.id)}
    members = {tag.id: tag_membership(services.store, browsed, tag) for tag in tags.values()}
    revisions = tuple((tag.id, tag.revision) for tag in tags.values())
    facets = browsed.kept(
        ("facets", asked.key, revisions),
        lambda: browsed.facet_index().facets(asked.filter, members, browsed.metadata()),
        size_of=_size_of_facets,
    )
    return _facets_document(browsed, query.filter, facets, tags)


def _size_of_facets(facets: Facets) -> int:
    # At most so many bytes without metadata: categories, runs and tags are thousands.
    return 100_000 + sum(counts.nbytes for counts in facets.metadata.values())


def _facets_document(
    browsed: BrowsedDataset, asked: FilterDocument, facets: Facets, tags: dict[str, Tag]
) -> FacetsDocument:
    columns = browsed.columns
    return FacetsDocument(
        total=facets.total,
        categories=tuple(
            CategoryFacet(task=category.task, category_id=category.category_id, name=category.name, count=count)
            for category, count in zip(columns.categories, facets.categories.tolist(), strict=True)
        ),
        runs=tuple(
            RunFacet(run_id=run_id, count=count)
            for run_id, count in zip(columns.run_ids, facets.runs.tolist(), strict=True)
        ),
        tags=tuple(TagFacet(id=tag_id, name=tags[tag_id].name, count=count) for tag_id, count in facets.tags.items()),
        stale=facets.stale,
        not_stale=facets.not_stale,
        histograms=tuple(
            HistogramDocument(
                name=name,
                edges=tuple(histogram.edges.tolist()),
                counts=tuple(histogram.counts.tolist()),
                missing=histogram.missing,
            )
            for name, histogram in facets.histograms.items()
        ),
        metadata=tuple(
            _metadata_facet(browsed.metadata()[key], counts, _chosen(asked, key))
            for key, counts in facets.metadata.items()
        ),
    )


def _chosen(asked: FilterDocument, key: str) -> frozenset[str | bool]:
    """The values of one key that a filter names."""
    return frozenset(value for condition in asked.metadata if condition.key == key for value in condition.any_of or ())


def _metadata_facet(column: MetadataColumn, counts: NDArray[np.int64], chosen: frozenset[str | bool]) -> MetadataFacet:
    """What is shown of the counts (slots,) of a column."""
    found, missing = counts[:-1].tolist(), int(counts[-1])
    if column.kind is MetadataKind.NUMBER:
        bins = Bins(edges=tuple(column.edges.tolist()), counts=tuple(found), missing=missing)
        return MetadataFacet(key=column.key, kind=column.kind, values=(), others=0, missing=missing, histogram=bins)
    values: list[str | bool] = list(column.labels)
    if column.kind is MetadataKind.BOOLEAN:
        values = [label == TRUE for label in column.labels]
    frequent = sorted(range(len(values)), key=lambda code: -found[code])
    shown = [code for rank, code in enumerate(frequent) if rank < MOST_METADATA_VALUES or values[code] in chosen]
    return MetadataFacet(
        key=column.key,
        kind=column.kind,
        values=tuple(MetadataValueCount(value=values[code], count=found[code]) for code in shown),
        others=sum(found) - sum(found[code] for code in shown),
        missing=missing,
        histogram=None,
    )


@router.get("/datasets/{dataset}/samples/{sample}", response_model=SampleDetails)
def get_sample_of_dataset(services: ServicesDep, principal: Reader, dataset: str, sample: str) -> SampleDetails:
    """One sample of a dataset, by its index or its id."""
    found = visible_dataset(services, principal, dataset)
    return _details(services, found, _index_in(services, found, sample))


def _index_in(services: Services, dataset: Dataset, sample: str) -> int:
    """The index of a sample given by index or id. Raises NotFound."""
    index: int | None = None
    if is_id(sample):
        with services.store.reading() as connection:
            index = indices_of(connection, dataset.id, [sample]).get(sample)
    elif sample.isascii() and sample.isdigit() and len(sample) <= 10:
        index = int(sample)
    if index is None or index >= dataset.sample_count:
        raise NotFound(
            f"dataset `{dataset.name}` has no sample `{sample}`",
            hint=f"It has {dataset.sample_count:,} samples; name one by its id or its index, counted from 0.",
        )
    return index


@router.get("/samples/{sample}", response_model=SampleDetails)
def get_sample(services: ServicesDep, principal: Reader, sample: str) -> SampleDetails:
    """One sample of any dataset, by its id."""
    found = visible_sample(services, principal, sample)
    return _details(services, found.dataset, found.index)


def _details(services: Services, dataset: Dataset, index: int) -> SampleDetails:
    """Read from the database alone: a single sample must not wait for the columns of a large dataset."""
    with services.store.reading() as connection:
        names = names_of(connection, dataset)
    documents = sample_documents(services.store, dataset, [index], names, with_tags=True)
    if not documents:
        raise NotFound(f"dataset `{dataset.name}` has no sample {index}")
    document = documents[0]
    predictions = None if document.crop is not None else _predictions(services, dataset, document.id, index)
    with services.store.reading() as connection:
        image_id = document.id if document.crop is None else document.crop.parent_sample_id
        metadata = attached_to_samples(connection, [image_id]).get(image_id, {})
        # As in filters: what the sample itself is scored with, a crop not with what its image is.
        if scores := scores_of_sample(connection, dataset.id, index):
            metadata = merged(metadata, {SCORES_KEY: scores})
    return SampleDetails(
        **dict(document), dataset_name=dataset.name, metadata=presentable(metadata), predictions=predictions
    )


@router.get("/samples/{sample}/predictions", response_model=PredictionList)
def list_predictions_of_sample(services: ServicesDep, principal: Reader, sample: str) -> PredictionList:
    """What was predicted on an image, and the crops that were made of it; nothing for a crop."""
    found = visible_sample(services, principal, sample)
    items = _predictions(services, found.dataset, found.id, found.index)
    return PredictionList(items=items, total=len(items))


def _predictions(services: Services, dataset: Dataset, sample_id: str, index: int) -> tuple[PredictionDocument, ...]:
    with services.store.reading() as connection:
        names = names_of(connection, dataset)
        found = predictions_of_image(connection, dataset.id, sample_id=sample_id, index=index)
    return tuple(
        PredictionDocument(
            task=prediction.task,
            position=prediction.position,
            category_id=prediction.category_id,
            category=names.get((prediction.task, prediction.category_id)),
            score=prediction.score,
            box=prediction.box,
            outcome=prediction.outcome.name.lower(),
            crops=tuple(
                CropLink(dataset_id=crop.dataset_id, dataset_name=crop.dataset_name, sample_id=crop.sample_id)
                for crop in prediction.crops
            ),
        )
        for prediction in found
    )
