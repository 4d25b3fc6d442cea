"""What runs have dealt with, per target (crops dataset, or image dataset for runs without objects), task and image."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.additions import UsedFile
from swath.core.outcomes import FileOutcome
from swath.store import schema
from swath.store.database import upsert_columns

NO_TASK = ""

# The bytes of the first could not be decoded, those of the second are another file's already.
_NOT_AN_IMAGE_OF_ITS_OWN = (FileOutcome.UNREADABLE.value, FileOutcome.DUPLICATE.value)

_table = schema.used_files


def read_used_files(connection: Connection, *, target_id: str, task: str) -> dict[str, UsedFile]:
    """What was recorded for a target and task, by image key."""
    columns = (
        _table.c.file_key.label("key"),
        _table.c.image_digest,
        _table.c.prediction_digest,
        _table.c.outcome,
        _table.c.file_modified_at.label("modified_at"),
    )
    query = sa.select(*columns).where(_table.c.dataset_id == target_id, _table.c.task == task)
    return {row.key: UsedFile(**row._mapping) for row in connection.execute(query)}


def record_used_files(
    connection: Connection, files: Sequence[UsedFile], *, target_id: str, task: str, run_id: str
) -> None:
    """Record files, replacing what was recorded for the same target, task and key."""
    columns = {
        "dataset_id": target_id,
        "task": task,
        "file_key": [file.key for file in files],
        "image_digest": [file.image_digest for file in files],
        "prediction_digest": [file.prediction_digest for file in files],
        "file_modified_at": [file.modified_at for file in files],
        "outcome": [file.outcome for file in files],
        "run_id": run_id,
    }
    upsert_columns(connection, _table, columns, len(files))


def readable_digests(connection: Connection, target_ids: Sequence[str]) -> dict[bytes, str]:
    """Image digest -> first key (by name) of every readable image that was recorded for any of the targets."""
    query = sa.select(_table.c.image_digest, _table.c.file_key).where(
        _table.c.dataset_id.in_(target_ids), _table.c.outcome.not_in(_NOT_AN_IMAGE_OF_ITS_OWN)
    )
    digests: dict[bytes, str] = {}
    # Compared here, not in the database, whose idea of the order of names depends on its locale.
    for digest, key in connection.execute(query):
        if digest not in digests or key < digests[digest]:
            digests[digest] = key
    return digests


def newest_modification(connection: Connection, target_ids: Sequence[str]) -> int:
    """When the newest recorded file of any of the targets had been changed (unix ms); 0: nobody knows."""
    query = sa.select(sa.func.max(_table.c.file_modified_at)).where(_table.c.dataset_id.in_(target_ids))
    return connection.execute(query).scalar() or 0


def forget_files_modified_from(connection: Connection, target_ids: Sequence[str], first_ms: int) -> None:
    """Make files new again to runs that were changed at `first_ms` or later; from 0 on also those of unknown time.

    What runs have added stays: a file that is looked at again adds nothing twice.
    """
    connection.execute(
        sa.delete(_table).where(_table.c.dataset_id.in_(target_ids), _table.c.file_modified_at >= first_ms)
    )
