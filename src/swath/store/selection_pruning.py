"""Which stored selections are needed by nobody any more: every dry run leaves one, and every run what it chose from."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.runs import RunState
from swath.store import schema
from swath.store.database import batches

KEPT_DAYS = 30
"""So long people find what they picked, and what a dry run would choose, under its address."""

_MS_PER_DAY = 24 * 60 * 60 * 1000

_table = schema.selections
_ID = re.compile(r"[0-9a-f]{24}")


def prune_selections(connection: Connection, *, now: int) -> int:
    """Drop the selections that are older than KEPT_DAYS and that no view, no export and no run that may still be done
    names, at `now` (ms since 1970). Returns how many."""
    query = sa.select(_table.c.id).where(_table.c.created_at < now - KEPT_DAYS * _MS_PER_DAY)
    old = set(connection.execute(query).scalars())
    if not old:
        return 0
    doomed = sorted(old - _named(connection))
    for batch in batches(doomed):
        connection.execute(sa.delete(_table).where(_table.c.id.in_(batch)))
    return len(doomed)


def _named(connection: Connection) -> set[str]:
    """All ids that something names which needs selections. Ids of other things are among them, and of no selection."""
    runs = schema.runs
    texts = (
        sa.select(schema.views.c.rule),
        sa.select(schema.exports.c.request),
        # Of a run that completed the tag is there; any other may be asked for again.
        sa.select(runs.c.config).where(runs.c.state != RunState.COMPLETED.value),
    )
    return {found for query in texts for text in connection.execute(query).scalars() for found in _ID.findall(text)}
