"""The metadata and the scores of a dataset as columns: what the database says of every sample, read in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.browsing.metadata import MetadataColumn, MetadataReader, number_column
from swath.store import schema
from swath.store.sample_scores import read_scores

ROWS_AT_A_TIME = 2_000

SCORES_KEY = "scores"
"""Where scores stand among the metadata of a sample; nothing that people attach hides them."""

_table = schema.sample_metadata


def load_metadata(connection: Connection, dataset_id: str, count: int) -> dict[str, MetadataColumn]:
    """The columns of samples 0 to `count` - 1 of an image dataset, by key; none where nobody attached anything."""
    reader = MetadataReader()
    query = sa.select(_table.c.sample_index, _table.c.custom).where(
        _table.c.dataset_id == dataset_id, _table.c.custom.is_not(None)
    )
    with connection.execute(query) as result:
        for rows in result.partitions(ROWS_AT_A_TIME):
            for index, text in rows:
                reader.add(index, read_document(text))
    return reader.columns(count)


def load_score_columns(connection: Connection, dataset_id: str, count: int) -> dict[str, MetadataColumn]:
    """The scores of samples 0 to `count` - 1 of any dataset as columns under `scores.<task>.<score>`."""
    scores = read_scores(connection, dataset_id, count)
    columns = {score_key(task, name): scores.column(task, name) for task, name in scores.names}
    return {key: number_column(key, values) for key, values in columns.items()}


def score_key(task: str, name: str) -> str:
    """The key of metadata under which the scores of a task are looked for."""
    return f"{SCORES_KEY}.{task}.{name}"


def read_document(text: str) -> Mapping[str, Any]:
    """What people attached to a sample, of its JSON; nothing where an old script attached no object."""
    try:
        found = orjson.loads(text)  # five times as fast, and floats are all that is made of numbers here
    except orjson.JSONDecodeError:
        found = json.loads(text)  # knows NaN, and nests deeper
    return found if isinstance(found, dict) else {}
