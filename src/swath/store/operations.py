"""What people did to tags: a log in which every change can be taken back, as long as nobody has built on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tag_states import TagState, read_states, restore_states
from swath.store.tags import check_dataset_is_there

OPERATIONS_KEPT = 100
"""Per user and dataset; older ones cannot be undone any more."""

_table = schema.operations
_changes = schema.operation_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a person did to tags of a dataset, in the words of `summary`."""

    id: str
    dataset_id: str
    user_id: str
    summary: str
    is_undone: bool
    created_at: int  # ms; no two of a user and dataset are the same
    modified_at: int  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What an operation did to one tag; None where it was not there."""

    tag_id: str
    before: TagState | None
    after: TagState | None


class Recorder:
    """Notes how tags are before somebody changes them, and keeps the difference as one operation.

    Of one writing transaction: nobody else changes tags before it is over.
    """

    def __init__(self, connection: Connection, *, dataset_id: str, user_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._user_id = user_id
        self._before: dict[str, TagState | None] = {}
        check_dataset_is_there(connection, dataset_id)

    def will_change(self, tag_ids: Iterable[str]) -> None:
        """Call before existing tags are changed."""
        unseen = [tag_id for tag_id in tag_ids if tag_id not in self._before]
        self._before.update(read_states(self._connection, unseen))

    def was_made(self, tag_id: str) -> None:
        """Call after a tag was made."""
        self._before[tag_id] = None

    def record(self, summary: str) -> Operation | None:
        """Keep what changed; None if nothing did."""
        after = read_states(self._connection, list(self._before))
        changes = [
            _Change(tag_id=tag_id, before=before, after=after.get(tag_id)) for tag_id, before in self._before.items()
        ]
        changes = [change for change in changes if not _same(change.before, change.after)]
        if not changes:
            return None
        operation = _insert(self._connection, self._dataset_id, self._user_id, summary)
        for change in changes:
            _insert_change(self._connection, operation.id, change)
        _prune(self._connection, self._dataset_id, self._user_id)
        return operation


def list_operations(connection: Connection, *, dataset_id: str, user_id: str) -> list[Operation]:
    """What a user did to the tags of a dataset, newest first."""
    query = (
        sa.select(_table)
        .where(_table.c.dataset_id == dataset_id, _table.c.user_id == user_id)
        .order_by(_table.c.created_at.desc())
    )
    return [Operation(**row._mapping) for row in connection.execute(query)]


def find_operation(connection: Connection, operation_id: str, *, user_id: str) -> Operation:
    """An operation of this user. Raises NotFound for any other."""
    query = sa.select(_table).where(_table.c.id == operation_id, _table.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no operation `{operation_id}`", hint=f"The last {OPERATIONS_KEPT} of each dataset are kept."
        )
    return Operation(**row._mapping)


def undo(connection: Connection, operation: Operation) -> Operation:
    """Bring the tags of an operation back to what they were before it.

    Raises Conflict if it is undone already, or a tag is not as the operation left it.
    """
    return _turn(connection, operation, to_undone=True)


def redo(connection: Connection, operation: Operation) -> Operation:
    """Do an operation that was undone once more. Raises Conflict as `undo` does."""
    return _turn(connection, operation, to_undone=False)


def changed_tags(connection: Connection, operation: Operation) -> list[str]:
    """The ids of the tags that an operation changed, those included that are not there."""
    query = sa.select(_changes.c.tag_id).where(_changes.c.operation_id == operation.id).order_by(_changes.c.tag_id)
    return list(connection.execute(query).scalars())


def forget_operations(connection: Connection, dataset_id: str) -> None:
    """Drop the log of a dataset that is being deleted."""
    doomed = sa.select(_table.c.id).where(_table.c.dataset_id == dataset_id)
    _delete(connection, list(connection.execute(doomed).scalars()))


def _turn(connection: Connection, operation: Operation, *, to_undone: bool) -> Operation:
    # It may have been done since the operation was read.
    operation = find_operation(connection, operation.id, user_id=operation.user_id)
    if operation.is_undone == to_undone:
        raise Conflict(f"the operation “{operation.summary}” is {'undone already' if to_undone else 'not undone'}")
    changes = _read_changes(connection, operation.id)
    current = read_states(connection, [change.tag_id for change in changes])
    for change in changes:
        _check_as_left(change, current.get(change.tag_id), to_undone=to_undone)
    restore_states(
        connection,
        operation.dataset_id,
        {change.tag_id: change.before if to_undone else change.after for change in changes},
    )
    _keep_revisions(connection, operation.id, current, to_undone=to_undone)
    now = max(now_ms(), operation.modified_at)
    connection.execute(
        sa.update(_table).where(_table.c.id == operation.id).values(is_undone=to_undone, modified_at=now)
    )
    return find_operation(connection, operation.id, user_id=operation.user_id)


def _check_as_left(change: _Change, current: TagState | None, *, to_undone: bool) -> None:
    left = change.after if to_undone else change.before
    if _same(left, current):
        return
    state = current or left
    assert state is not None
    what = "was deleted" if current is None else "was made again" if left is None else "was changed"
    raise Conflict(
        f"tag `{state.name}` {what} since: this cannot be {'undone' if to_undone else 'done again'}",
        hint="Undo what was done to it later first.",
    )


def _same(one: TagState | None, other: TagState | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.looks_like(other)


def _keep_revisions(
    connection: Connection, operation_id: str, current: dict[str, TagState], *, to_undone: bool
) -> None:
    """Remember the states that were just left behind with their newest revisions: a tag that is made again goes on
    counting from there, so that nobody takes it for the one they saw."""
    column = "after" if to_undone else "before"
    for tag_id, state in current.items():
        connection.execute(
            sa.update(_changes)
            .where(_changes.c.operation_id == operation_id, _changes.c.tag_id == tag_id)
            .values({column: state.encode()})
        )


def _read_changes(connection: Connection, operation_id: str) -> list[_Change]:
    query = sa.select(_changes).where(_changes.c.operation_id == operation_id).order_by(_changes.c.tag_id)
    return [
        _Change(
            tag_id=row.tag_id,
            before=None if row.before is None else TagState.decode(row.before),
            after=None if row.after is None else TagState.decode(row.after),
        )
        for row in connection.execute(query)
    ]


def _insert(connection: Connection, dataset_id: str, user_id: str, summary: str) -> Operation:
    last = sa.select(sa.func.max(_table.c.created_at)).where(
        _table.c.dataset_id == dataset_id, _table.c.user_id == user_id
    )
    # The log has one order, however fast somebody is.
    now = max(now_ms(), (connection.execute(last).scalar() or 0) + 1)
    operation = Operation(
        id=new_id(),
        dataset_id=dataset_id,
        user_id=user_id,
        summary=summary,
        is_undone=False,
        created_at=now,
        modified_at=now,
    )
    connection.execute(sa.insert(_table).values(**{name: getattr(operation, name) for name in Operation.__slots__}))
    return operation


def _insert_change(connection: Connection, operation_id: str, change: _Change) -> None:
    connection.execute(
        sa.insert(_changes).values(
            operation_id=operation_id,
            tag_id=change.tag_id,
            before=None if change.before is None else change.before.encode(),
            after=None if change.after is None else change.after.encode(),
        )
    )


def _prune(connection: Connection, dataset_id: str, user_id: str) -> None:
    kept = list_operations(connection, dataset_id=dataset_id, user_id=user_id)
    _delete(connection, [operation.id for operation in kept[OPERATIONS_KEPT:]])


def _delete(connection: Connection, operation_ids: list[str]) -> None:
    connection.execute(sa.delete(_changes).where(_changes.c.operation_id.in_(operation_ids)))
    connection.execute(sa.delete(_table).where(_table.c.id.in_(operation_ids)))
