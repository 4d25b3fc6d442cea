"""What lists of datasets say of each besides its row, for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.store import schema
from swath.store.datasets import Dataset


def byte_sizes_of(connection: Connection, dataset_ids: Sequence[str]) -> Mapping[str, int]:
    """The bytes of all files of each dataset together. Reads a row per sample."""
    table = schema.samples
    sums = _grouped(connection, table.c.dataset_id, sa.func.sum(table.c.byte_size), dataset_ids)
    return {dataset_id: int(sums.get(dataset_id, 0)) for dataset_id in dataset_ids}


def datasource_ids_of(connection: Connection, dataset_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The ids of the datasource documents that old scripts set for each dataset, the latest last."""
    table = schema.datasource_documents
    query = sa.select(table.c.dataset_id, table.c.id).where(table.c.dataset_id.in_(dataset_ids))
    found: dict[str, list[str]] = {dataset_id: [] for dataset_id in dataset_ids}
    for dataset_id, document_id in connection.execute(query.order_by(table.c.sequence)):
        found[dataset_id].append(document_id)
    return {dataset_id: tuple(ids) for dataset_id, ids in found.items()}


def tag_counts_of(connection: Connection, dataset_ids: Sequence[str]) -> Mapping[str, int]:
    """How many tags each dataset has, initial-tag included."""
    return _grouped(connection, schema.tags.c.dataset_id, sa.func.count(), dataset_ids)


def embedding_counts_of(connection: Connection, datasets: Sequence[Dataset]) -> Mapping[str, int]:
    """How many sets of vectors each dataset has: those of its own embedder, and those that were uploaded."""
    table = schema.uploaded_embeddings
    uploaded = _grouped(connection, table.c.dataset_id, sa.func.count(), [dataset.id for dataset in datasets])
    return {
        dataset.id: uploaded.get(dataset.id, 0) + (1 if dataset.embedder_id is not None else 0) for dataset in datasets
    }


def first_samples_of(
    connection: Connection, dataset_ids: Sequence[str], *, count: int
) -> Mapping[str, tuple[str, ...]]:
    """The ids of the first samples of each dataset."""
    table = schema.samples
    query = sa.select(table.c.dataset_id, table.c.id).where(
        table.c.dataset_id.in_(dataset_ids), table.c.sample_index < count
    )
    found: dict[str, list[str]] = {dataset_id: [] for dataset_id in dataset_ids}
    for dataset_id, sample_id in connection.execute(query.order_by(table.c.dataset_id, table.c.sample_index)):
        found[dataset_id].append(sample_id)
    return {dataset_id: tuple(ids) for dataset_id, ids in found.items()}


def _grouped(
    connection: Connection, by: sa.Column[str], value: sa.ColumnElement[int], dataset_ids: Sequence[str]
) -> dict[str, int]:
    query = sa.select(by, value).where(by.in_(dataset_ids)).group_by(by)
    return {row[0]: row[1] for row in connection.execute(query)}
