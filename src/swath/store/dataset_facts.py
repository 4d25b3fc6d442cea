"""What a list of datasets says of each, for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.store import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """`byte_size` is that of all files together; `datasource_ids` those of the documents that old scripts set."""

    byte_size: int
    datasource_ids: tuple[str, ...]
    tag_count: int


def facts_of(connection: Connection, dataset_ids: Sequence[str]) -> Mapping[str, DatasetFacts]:
    """By dataset id."""
    samples, documents, tags = schema.samples, schema.datasource_documents, schema.tags
    byte_sizes = dict(_grouped(connection, samples.c.dataset_id, sa.func.sum(samples.c.byte_size), dataset_ids))
    tag_counts = dict(_grouped(connection, tags.c.dataset_id, sa.func.count(), dataset_ids))
    listed = sa.select(documents.c.dataset_id, documents.c.id).where(documents.c.dataset_id.in_(dataset_ids))
    datasources: dict[str, list[str]] = {}
    for dataset_id, document_id in connection.execute(listed.order_by(documents.c.sequence)):
        datasources.setdefault(dataset_id, []).append(document_id)
    return {
        dataset_id: DatasetFacts(
            byte_size=int(byte_sizes.get(dataset_id) or 0),
            datasource_ids=tuple(datasources.get(dataset_id, ())),
            tag_count=tag_counts.get(dataset_id, 0),
        )
        for dataset_id in dataset_ids
    }


def _grouped(
    connection: Connection, by: sa.Column[str], value: sa.ColumnElement[int], dataset_ids: Sequence[str]
) -> list[tuple[str, int]]:
    query = sa.select(by, value).where(by.in_(dataset_ids)).group_by(by)
    return [(dataset_id, number) for dataset_id, number in connection.execute(query)]
