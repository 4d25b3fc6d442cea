"""Requests that may be sent twice: the answer to the first is kept under its key and given to those that follow."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig
from swath.store import schema

KEPT_MS = 24 * 3600 * 1000
UNDER_WAY_MS = 60 * 1000
"""A first request that has no answer by then died, and the next one with its key does the work."""

MAX_KEY_LENGTH = 200

_table = schema.idempotency_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What the first request of a key was answered."""

    status: int
    answer: bytes


def begin_request(
    connection: Connection, user_id: str, key: str, request_digest: bytes, now: int
) -> StoredAnswer | None:
    """The answer to give again; None if the caller is the first, does the work and calls `finish_request`.

    In a transaction of its own, before that of the work, so that a second request sees it. `request_digest` is of
    everything that makes the request what it is; `now` in ms. Raises InvalidConfig for a key that is none, Conflict
    for a key of another request and for one whose first request is still under way.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        raise InvalidConfig(
            f"an idempotency key has 1 to {MAX_KEY_LENGTH} printable characters", field="Idempotency-Key"
        )
    connection.execute(sa.delete(_table).where(_table.c.created_at <= now - KEPT_MS))
    if _insert(connection, user_id, key, request_digest, now):
        return None
    row = connection.execute(sa.select(_table).where(_is(user_id, key)).with_for_update()).one()
    if row.request_digest != request_digest:
        raise Conflict(
            f"the idempotency key `{key}` was used for another request", hint="Use a new key for every request."
        )
    if row.status is not None:
        return StoredAnswer(status=row.status, answer=row.answer)
    if row.created_at > now - UNDER_WAY_MS:
        raise Conflict(
            f"the first request with the idempotency key `{key}` is still under way", hint="Try again in a moment."
        )
    connection.execute(sa.update(_table).where(_is(user_id, key)).values(created_at=now))
    return None


def finish_request(connection: Connection, user_id: str, key: str, *, status: int, answer: bytes) -> None:
    """Keep what a request was answered, for 24 hours; best in the transaction that did the work."""
    connection.execute(
        sa.update(_table).where(_is(user_id, key), _table.c.status.is_(None)).values(status=status, answer=answer)
    )


def abandon_request(connection: Connection, user_id: str, key: str) -> None:
    """Forget a request that did nothing, so that it can be sent again at once."""
    connection.execute(sa.delete(_table).where(_is(user_id, key), _table.c.status.is_(None)))


def abandon_requests(connection: Connection) -> None:
    """Forget what a server that died had under way, so that it can be sent again at once."""
    connection.execute(sa.delete(_table).where(_table.c.status.is_(None)))


def _insert(connection: Connection, user_id: str, key: str, request_digest: bytes, now: int) -> bool:
    """Whether the key was free; of two requests at once the second waits here for the first."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_table).values(user_id=user_id, key=key, request_digest=request_digest, created_at=now)
    inserted = connection.execute(statement.on_conflict_do_nothing().returning(_table.c.key))
    return inserted.first() is not None


def _is(user_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(_table.c.user_id == user_id, _table.c.key == key)
