"""Which embedder made the vectors of a dataset; vectors of two never mix in one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import Conflict
from swath.store import schema
from swath.store.ids import new_id

_table = schema.embedders


def embedder_by_id(connection: Connection, embedder_id: str) -> EmbedderIdentity:
    row = connection.execute(sa.select(_table).where(_table.c.id == embedder_id)).one()
    return EmbedderIdentity(
        name=row.name,
        digest=row.digest,
        dimension=row.dimension,
        input_size=row.input_size,
        resize_mode=row.resize_mode,
    )


def ensure_embedder(connection: Connection, identity: EmbedderIdentity) -> str:
    """The id of an embedder, recorded now if it is new. Its digest alone says which one it is."""
    found = connection.execute(sa.select(_table.c.id).where(_table.c.digest == identity.digest)).scalar()
    if found is not None:
        return str(found)
    embedder_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=embedder_id,
            digest=identity.digest,
            name=identity.name,
            dimension=identity.dimension,
            input_size=identity.input_size,
            resize_mode=identity.resize_mode,
        )
    )
    return embedder_id


def check_same_embedder(
    connection: Connection, *, dataset_name: str, embedder_id: str | None, identity: EmbedderIdentity
) -> None:
    """Raise Conflict if a dataset holds vectors of another embedder."""
    if embedder_id is None:
        return
    there = embedder_by_id(connection, embedder_id)
    if there.digest != identity.digest:
        raise Conflict(
            f"dataset `{dataset_name}` holds vectors of embedder `{there.name}` (digest {there.digest[:12]}), "
            f"this run makes vectors of `{identity.name}` (digest {identity.digest[:12]}); they cannot be compared",
            hint=f"Use embedder `{there.name}` again, or give the run another dataset name (`--dataset`).",
        )
