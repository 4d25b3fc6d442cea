"""Which parts of the metadata that people attached to samples are worth showing, and as what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id

_table = schema.metadata_configurations

Entry = Mapping[str, Any]
"""`name`, `path`, `defaultValue`, `valueDataType`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataConfiguration:
    """One list of entries under a name, which need not be the only one of that name."""

    id: str
    dataset_id: str
    name: str
    entries: tuple[Entry, ...]
    created_at: int  # ms
    modified_at: int  # ms


def create_metadata_configuration(
    connection: Connection, dataset_id: str, *, name: str, entries: Sequence[Entry]
) -> MetadataConfiguration:
    now = now_ms()
    configuration_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=configuration_id,
            dataset_id=dataset_id,
            name=name,
            entries=json.dumps(list(entries)),
            created_at=now,
            modified_at=now,
        )
    )
    return find_metadata_configuration(connection, dataset_id, configuration_id)


def replace_metadata_configuration(
    connection: Connection, configuration: MetadataConfiguration, *, name: str, entries: Sequence[Entry]
) -> None:
    connection.execute(
        sa.update(_table)
        .where(_table.c.id == configuration.id)
        .values(name=name, entries=json.dumps(list(entries)), modified_at=now_ms())
    )


def list_metadata_configurations(connection: Connection, dataset_id: str) -> list[MetadataConfiguration]:
    """Those of a dataset, oldest first."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id).order_by(_table.c.created_at, _table.c.id)
    return [_configuration(row) for row in connection.execute(query)]


def find_metadata_configuration(
    connection: Connection, dataset_id: str, configuration_id: str
) -> MetadataConfiguration:
    """Raises NotFound for one that is not there or of another dataset."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id, _table.c.id == configuration_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no configuration of metadata `{configuration_id}` in this dataset")
    return _configuration(row)


def _configuration(row: sa.Row[tuple[object, ...]]) -> MetadataConfiguration:
    values = dict(row._mapping)
    return MetadataConfiguration(**{**values, "entries": tuple(json.loads(str(values["entries"])))})
