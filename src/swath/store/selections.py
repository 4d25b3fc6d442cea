"""Selections: sets of samples kept under an id, so that a large one crosses the wire once."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.store import schema
from swath.store.bitmaps import bitmap_of, indices_of
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tags import check_dataset_is_there

_table = schema.selections


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A set of samples of a dataset without its members; `selector` (JSON) says how it was asked for."""

    id: str
    dataset_id: str
    user_id: str
    selector: str
    member_count: int
    created_at: int  # ms


def create_selection(
    connection: Connection, *, dataset_id: str, user_id: str, selector: str | None, members: NDArray[np.integer]
) -> Selection:
    """Keep the samples with these indices (M,), in any order. Without a selector its own id says what it is.

    Raises NotFound for a dataset that was deleted meanwhile.
    """
    check_dataset_is_there(connection, dataset_id)
    bitmap = bitmap_of(members)
    bitmap.run_optimize()
    selection_id = new_id()
    selection = Selection(
        id=selection_id,
        dataset_id=dataset_id,
        user_id=user_id,
        selector=selector or json.dumps({"all_of": [{"selection_id": selection_id}]}),
        member_count=len(bitmap),
        created_at=now_ms(),
    )
    values = {name: getattr(selection, name) for name in Selection.__slots__}
    connection.execute(sa.insert(_table).values(**values, members=bitmap.serialize()))
    return selection


def find_selection(connection: Connection, selection_id: str) -> Selection:
    """A selection of any dataset: whether somebody may see it, its dataset says. Raises NotFound."""
    columns = [_table.c[name] for name in Selection.__slots__]
    row = connection.execute(sa.select(*columns).where(_table.c.id == selection_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no selection `{selection_id}`")
    return Selection(**row._mapping)


def selection_members(connection: Connection, selection: Selection) -> NDArray[np.int64]:
    """The sample indices (M,), ascending."""
    return indices_of(BitMap.deserialize(serialized_members(connection, selection)))


def selected_members(connection: Connection, selection_id: str | None) -> NDArray[np.int64]:
    """The sample indices (M,), ascending, of the selection of an id; none without an id. Raises NotFound."""
    if selection_id is None:
        return np.empty(0, dtype=np.int64)
    return selection_members(connection, find_selection(connection, selection_id))


def serialized_members(connection: Connection, selection: Selection) -> bytes:
    """The sample indices as a serialised roaring bitmap."""
    stored = connection.execute(sa.select(_table.c.members).where(_table.c.id == selection.id)).scalar()
    if stored is None:
        raise NotFound(f"there is no selection `{selection.id}`")
    return bytes(stored)


def forget_selections(connection: Connection, dataset_id: str) -> None:
    """Drop the selections of a dataset that is being deleted."""
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id))
