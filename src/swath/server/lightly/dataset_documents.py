"""Datasets in the shape of the official clients."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.store.dataset_facts import (
    byte_sizes_of,
    datasource_ids_of,
    embedding_counts_of,
    first_samples_of,
    tag_counts_of,
)
from swath.store.datasets import Dataset, DatasetKind
from swath.wire.lightly.datasets import AccessType, DatasetData, DatasetDataEnriched, DatasetType, ImageType

SHOWN_SAMPLES = 4
"""Of an enriched dataset."""

REMEMBERED_SIZES = 10_000


class DatasetSizes:
    """Bytes of the files of datasets, kept until a dataset changes: scripts list all of them before they make one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, int], int] = OrderedDict()

    def of(self, connection: Connection, datasets: Sequence[Dataset]) -> Mapping[str, int]:
        """Bytes by dataset id."""
        with self._lock:
            known = {
                dataset.id: self._known[_version(dataset)] for dataset in datasets if _version(dataset) in self._known
            }
        missing = [dataset for dataset in datasets if dataset.id not in known]
        if not missing:
            return known
        read = byte_sizes_of(connection, [dataset.id for dataset in missing])
        with self._lock:
            for dataset in missing:
                self._known[_version(dataset)] = read[dataset.id]
            while len(self._known) > REMEMBERED_SIZES:
                self._known.popitem(last=False)
        return {**known, **read}


def _version(dataset: Dataset) -> tuple[str, int, int]:
    return dataset.id, dataset.sample_count, dataset.modified_at


async def _sizes_of(request: Request) -> DatasetSizes:
    sizes = request.app.state.dataset_sizes
    assert isinstance(sizes, DatasetSizes)
    return sizes


SizesDep = Annotated[DatasetSizes, Depends(_sizes_of)]


def dataset_documents(
    connection: Connection, principal: Principal, datasets: Sequence[Dataset], sizes: DatasetSizes
) -> list[DatasetData]:
    """Datasets as the caller may see them."""
    byte_sizes = sizes.of(connection, datasets)
    datasources = datasource_ids_of(connection, [dataset.id for dataset in datasets])
    return [
        DatasetData(
            id=dataset.id,
            name=dataset.name,
            user_id=dataset.owner_id,
            access_type=None if dataset.owner_id == principal.user_id else AccessType.WRITE,
            type=DatasetType.CROPS if dataset.kind is DatasetKind.CROPS else DatasetType.IMAGES,
            img_type=_image_type(dataset),
            n_samples=dataset.sample_count,
            size_in_bytes=byte_sizes[dataset.id],
            datasources=datasources[dataset.id],
            created_at=dataset.created_at,
            last_modified_at=dataset.modified_at,
            datasource_processed_until_timestamp=_seconds(dataset.processed_until),
            parent_dataset_id=dataset.parent_id,
        )
        for dataset in datasets
    ]


def enriched_documents(
    connection: Connection, principal: Principal, datasets: Sequence[Dataset], sizes: DatasetSizes
) -> list[DatasetDataEnriched]:
    """Datasets with the first of their samples, and how much hangs on them."""
    ids = [dataset.id for dataset in datasets]
    samples = first_samples_of(connection, ids, count=SHOWN_SAMPLES)
    tags = tag_counts_of(connection, ids)
    embeddings = embedding_counts_of(connection, datasets)
    return [
        DatasetDataEnriched(
            **document.model_dump(exclude={"datasource_processed_until_timestamp"}),
            samples=samples[document.id],
            # Clients know no tag of a dataset that has no samples.
            n_tags=tags[document.id] if document.n_samples else 0,
            n_embeddings=embeddings[document.id],
        )
        for document in dataset_documents(connection, principal, datasets, sizes)
    ]


def _image_type(dataset: Dataset) -> ImageType | None:
    """What can be loaded of the images: those of a datasource are there whole, of an upload what it left."""
    if dataset.stored_as is not None:
        return ImageType(dataset.stored_as)
    return ImageType.FULL if dataset.sample_count else None


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000
