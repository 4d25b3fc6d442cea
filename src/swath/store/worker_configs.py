"""Worker configurations that old scripts give, as they came; a run that was scheduled with one names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.store import schema
from swath.store.ids import is_id, new_id

_table = schema.worker_configs


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """`generation` is V0, V2, V3 or V4; `document` is what it says, without secrets."""

    id: str
    owner_id: str
    generation: str
    document: dict[str, Any]
    created_at: int  # ms


def create_worker_config(
    connection: Connection, *, owner_id: str, generation: str, document: Mapping[str, Any], now: int
) -> str:
    """Keep a configuration. Returns its id. Raises ValueError for numbers and text that JSON cannot carry."""
    config_id = new_id()
    text = json.dumps(document, allow_nan=False, ensure_ascii=False)
    text.encode()  # fails for halves of characters
    connection.execute(
        sa.insert(_table).values(
            id=config_id,
            owner_id=owner_id,
            generation=generation,
            document=text,
            created_at=now,
        )
    )
    return config_id


def find_worker_config(connection: Connection, config_id: str, *, owner_id: str) -> WorkerConfig:
    """A configuration of a user. Raises NotFound."""
    query = sa.select(_table).where(_table.c.id == config_id, _table.c.owner_id == owner_id)
    row = connection.execute(query).one_or_none() if is_id(config_id) else None
    if row is None:
        raise NotFound(f"there is no worker configuration `{config_id}`")
    return _config(row)


def list_worker_configs(connection: Connection, *, owner_id: str) -> list[WorkerConfig]:
    """The configurations of a user, newest first."""
    query = sa.select(_table).where(_table.c.owner_id == owner_id).order_by(_table.c.created_at.desc(), _table.c.id)
    return [_config(row) for row in connection.execute(query)]


def _config(row: sa.Row[Any]) -> WorkerConfig:
    values = dict(row._mapping)
    return WorkerConfig(**{**values, "document": json.loads(values["document"])})
