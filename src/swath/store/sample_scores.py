"""The scores that samples have by their predictions: kept with what else is known of each, read as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.scoring.columns import ScoreColumns
from swath.store import schema
from swath.store.database import batches, upsert_columns

DECIMALS = 6
"""Scores from 0 to 1 are kept to these: more tells nobody anything, and would be twice as long."""

ROWS_AT_A_TIME = 10_000

_table = schema.sample_metadata

Scores = dict[str, dict[str, float]]
"""By task and name."""


def record_scores(
    connection: Connection,
    dataset_id: str,
    sample_indices: NDArray[np.int32],
    scores: ScoreColumns,
    *,
    known: Collection[int] = (),
    outdated: Collection[int] = (),
) -> None:
    """Keep the scores (N, S) of samples (N,), by index.

    Samples that were there before are `known`: they keep what they have by other tasks, unless they are `outdated`
    (their pixels are others now).
    """
    tasks = {task for task, _ in scores.names}
    before = _read(connection, dataset_id, sorted(known))
    texts: list[str | None] = []
    indices = []
    for index, found in zip(sample_indices.tolist(), _documents(scores), strict=True):
        if index in before and index not in outdated:
            found = {task: values for task, values in before[index].items() if task not in tasks} | found
        if found or index in before:
            indices.append(index)
            texts.append(orjson.dumps(found).decode() if found else None)
    upsert_columns(connection, _table, {"dataset_id": dataset_id, "sample_index": indices, "scores": texts}, len(texts))


def read_scores(connection: Connection, dataset_id: str, count: int) -> ScoreColumns:
    """The scores (N, S) of samples 0 to `count` - 1, by task and name; NaN where a sample has none."""
    columns: dict[tuple[str, str], NDArray[np.float64]] = {}
    query = sa.select(_table.c.sample_index, _table.c.scores).where(
        _table.c.dataset_id == dataset_id, _table.c.scores.is_not(None), _table.c.sample_index < count
    )
    with connection.execute(query) as result:
        for rows in result.partitions(ROWS_AT_A_TIME):
            for index, text in rows:
                for task, values in orjson.loads(text).items():
                    for name, value in values.items():
                        column = columns.get((task, name))
                        if column is None:
                            column = columns[task, name] = np.full(count, np.nan)
                        column[index] = value
    names = tuple(sorted(columns))
    values = np.stack([columns[name] for name in names], axis=1) if names else np.empty((count, 0))
    return ScoreColumns(names=names, values=values)


def scores_of_sample(connection: Connection, dataset_id: str, sample_index: int) -> Scores:
    """Those of one sample; none if nobody knows any."""
    return _read(connection, dataset_id, [sample_index]).get(sample_index, {})


def _read(connection: Connection, dataset_id: str, indices: Sequence[int]) -> dict[int, Scores]:
    found: dict[int, Scores] = {}
    query = sa.select(_table.c.sample_index, _table.c.scores).where(
        _table.c.dataset_id == dataset_id, _table.c.scores.is_not(None)
    )
    for batch in batches(indices):
        for index, text in connection.execute(query.where(_table.c.sample_index.in_(batch))):
            found[index] = orjson.loads(text)
    return found


def _documents(scores: ScoreColumns) -> Iterable[dict[str, Any]]:
    for row in np.round(scores.values, DECIMALS).tolist():
        found: Scores = {}
        for (task, name), value in zip(scores.names, row, strict=True):
            if value == value:
                found.setdefault(task, {})[name] = value
        yield found
