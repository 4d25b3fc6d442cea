"""What scripts configured as the datasource of a dataset, one document per purpose, whether it could be used or not.

The dataset itself has the places that are in use. A document is kept beside them so that it can be told again, and
used later: scripts name several storages one after the other, and what counts is what stands there when a run starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import SourceUnavailable
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.credentials import Vault
from swath.store.database import upsert_columns
from swath.store.ids import new_id
from swath.wire.lightly.datasources import AnyDatasourceConfig, DatasourcePurpose, read_datasource_config

_table = schema.datasource_documents

_EXCLUDED_BY = {
    DatasourcePurpose.INPUT_OUTPUT: (DatasourcePurpose.INPUT, DatasourcePurpose.LIGHTLY),
    DatasourcePurpose.INPUT: (DatasourcePurpose.INPUT_OUTPUT,),
    DatasourcePurpose.LIGHTLY: (DatasourcePurpose.INPUT_OUTPUT,),
}
"""One storage for both, or one for each: whichever sort was named last counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDatasource:
    """A configuration as it was given, and what was made of it then.

    `uri` is the place in its one spelling, "" for storage of the server's own. `is_confined` says that who gave it may
    not name any place on the server's machine.
    """

    id: str
    config: AnyDatasourceConfig
    uri: str
    is_confined: bool


def record_datasource(
    connection: Connection, vault: Vault, dataset_id: str, config: AnyDatasourceConfig, *, uri: str, is_confined: bool
) -> None:
    """Keep a configuration instead of the earlier one for its purpose and of those that it excludes."""
    purposes = [purpose.value for purpose in _EXCLUDED_BY[config.purpose]]
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id, _table.c.purpose.in_(purposes)))
    latest = sa.select(sa.func.max(_table.c.sequence)).where(_table.c.dataset_id == dataset_id)
    document = {"config": config.without_secrets(), "uri": uri, "is_confined": is_confined}
    # With whose they are, so that nobody uses them by copying the row to a dataset of their own.
    secret = {"dataset_id": dataset_id, "secrets": config.secrets()}
    columns = {
        "dataset_id": dataset_id,
        "purpose": config.purpose.value,
        "id": new_id(),
        "document": json.dumps(document),
        "secret": vault.encrypt(json.dumps(secret).encode()),
        "sequence": (connection.execute(latest).scalar() or 0) + 1,
        "modified_at": now_ms(),
    }
    upsert_columns(connection, _table, columns, 1)


def recorded_datasources(connection: Connection, vault: Vault, dataset_id: str) -> list[RecordedDatasource]:
    """The configurations that count, the latest last. Raises SourceUnavailable for secrets that cannot be read."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id).order_by(_table.c.sequence)
    return [_recorded(vault, row) for row in connection.execute(query)]


def forget_datasources(connection: Connection, dataset_id: str) -> None:
    """The datasource was set in another way, which is what counts now."""
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id))


def for_purpose(recorded: list[RecordedDatasource], purpose: DatasourcePurpose) -> RecordedDatasource | None:
    """What counts for one purpose. Asked for both at once, the one for both, else that of the images."""
    by_purpose = {one.config.purpose: one for one in recorded}
    both = by_purpose.get(DatasourcePurpose.INPUT_OUTPUT)
    if both is not None or purpose is not DatasourcePurpose.INPUT_OUTPUT:
        return both or by_purpose.get(purpose)
    return by_purpose.get(DatasourcePurpose.INPUT) or by_purpose.get(DatasourcePurpose.LIGHTLY)


def _recorded(vault: Vault, row: sa.Row[tuple[object, ...]]) -> RecordedDatasource:
    document = json.loads(row.document)
    secret = json.loads(vault.decrypt(row.secret))
    if secret["dataset_id"] != row.dataset_id:
        raise SourceUnavailable(
            "the credentials of the datasource are those of another dataset", hint="Set the datasource anew."
        )
    return RecordedDatasource(
        id=row.id,
        config=read_datasource_config({**document["config"], **secret["secrets"]}),
        uri=document["uri"],
        is_confined=document["is_confined"],
    )
