"""Tags as they were: what has to be remembered of a tag to bring it back exactly, and bringing it back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict
from swath.store import schema
from swath.store.clock import now_ms

_table = schema.tags


@dataclass(frozen=True, slots=True, kw_only=True)
class TagState:
    """All of a tag but its id; `members` is the serialised bitmap."""

    name: str
    parent_id: str | None
    total_size: int
    revision: int
    run_id: str | None
    created_at: int  # ms
    members: bytes

    def looks_like(self, other: TagState) -> bool:
        """Whether a person would see no difference; the revision counts changes, also those that were undone."""
        return (self.name, self.parent_id) == (other.name, other.parent_id) and self.bitmap == other.bitmap

    @property
    def bitmap(self) -> BitMap:
        return BitMap.deserialize(self.members)

    def encode(self) -> bytes:
        """A line of JSON, then the bitmap."""
        head = {name: getattr(self, name) for name in _HEAD}
        return json.dumps(head).encode() + b"\n" + self.members

    @classmethod
    def decode(cls, data: bytes) -> TagState:
        head, _, members = data.partition(b"\n")
        return cls(**json.loads(head), members=members)


_HEAD = ("name", "parent_id", "total_size", "revision", "run_id", "created_at")


def read_states(connection: Connection, tag_ids: Collection[str]) -> dict[str, TagState]:
    """The states of those of the tags that are there, by id."""
    columns = [_table.c[name] for name in (*_HEAD, "members")]
    query = sa.select(_table.c.id, *columns).where(_table.c.id.in_(tag_ids))
    return {
        row.id: TagState(**{name: row._mapping[name] for name in TagState.__slots__})
        for row in connection.execute(query)
    }


def restore_states(connection: Connection, dataset_id: str, wanted: Mapping[str, TagState | None]) -> None:
    """Bring tags into the wanted states (None: not there), all of them or none.

    Raises Conflict if another tag stands in the way: it has the name, was made from a tag that would go, or the
    tag that one would be made from is not there.
    """
    current = read_states(connection, wanted)
    kept = {tag_id: state for tag_id, state in wanted.items() if state is not None}
    _check_names_free(connection, dataset_id, wanted, kept)
    _check_parents_there(connection, wanted, kept)
    gone = current.keys() - kept.keys()
    _check_childless(connection, wanted, {tag_id: current[tag_id] for tag_id in gone})
    # Parents last: a tag and the one it was made from may come or go together.
    connection.execute(sa.update(_table).where(_table.c.id.in_(list(wanted))).values(parent_id=None))
    connection.execute(sa.delete(_table).where(_table.c.id.in_(list(gone))))
    now = now_ms()
    for tag_id, state in kept.items():
        if tag_id in current:
            values = _values(state, revision=current[tag_id].revision + 1, now=now)
            connection.execute(sa.update(_table).where(_table.c.id == tag_id).values(**values))
        else:
            values = _values(state, revision=state.revision + 1, now=now)
            connection.execute(sa.insert(_table).values(id=tag_id, dataset_id=dataset_id, **values))
    for tag_id, state in kept.items():
        connection.execute(sa.update(_table).where(_table.c.id == tag_id).values(parent_id=state.parent_id))


def _values(state: TagState, *, revision: int, now: int) -> dict[str, object]:
    return {
        "name": state.name,
        "members": state.members,
        "member_count": len(state.bitmap),
        "total_size": state.total_size,
        "revision": revision,
        "run_id": state.run_id,
        "created_at": state.created_at,
        "modified_at": now,
    }


def _check_names_free(
    connection: Connection, dataset_id: str, wanted: Mapping[str, TagState | None], kept: Mapping[str, TagState]
) -> None:
    names = [state.name for state in kept.values()]
    query = sa.select(_table.c.name).where(
        _table.c.dataset_id == dataset_id, _table.c.name.in_(names), _table.c.id.not_in(list(wanted))
    )
    taken = connection.execute(query).scalar()
    if taken is not None:
        raise Conflict(f"there is another tag `{taken}` by now", hint="Rename or delete that one first.")


def _check_parents_there(
    connection: Connection, wanted: Mapping[str, TagState | None], kept: Mapping[str, TagState]
) -> None:
    outside = {state.parent_id: state.name for state in kept.values() if state.parent_id not in wanted}
    there = set(connection.execute(sa.select(_table.c.id).where(_table.c.id.in_(list(outside)))).scalars())
    for parent_id, name in outside.items():
        if parent_id not in there:
            raise Conflict(
                f"the tag that `{name}` was made from is not there any more", hint="Bring that one back first."
            )


def _check_childless(
    connection: Connection, wanted: Mapping[str, TagState | None], gone: Mapping[str, TagState]
) -> None:
    query = sa.select(_table.c.name, _table.c.parent_id).where(
        _table.c.parent_id.in_(list(gone)), _table.c.id.not_in(list(wanted))
    )
    child = connection.execute(query).first()
    if child is not None:
        raise Conflict(
            f"tag `{child.name}` was made from `{gone[child.parent_id].name}` by now", hint="Delete that one first."
        )
