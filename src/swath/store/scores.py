"""Scores of the members of a tag, as models give them: how much is to be learned from each sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tags import Tag

_table = schema.active_learning_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSet:
    """The scores of one type of a tag, without their values."""

    id: str
    dataset_id: str
    tag_id: str
    name: str
    created_at: int  # ms


def keep_scores(connection: Connection, tag: Tag, name: str, scores: NDArray[np.float64]) -> str:
    """Keep scores (M,) of the members of a tag by index, in place of those of the same name. Returns their id.

    Raises InvalidConfig for another number of scores than the tag has members, and for NaN or infinity.
    """
    if len(scores) != tag.member_count:
        raise InvalidConfig(
            f"there are {len(scores):,} scores `{name}` for tag `{tag.name}`, which has {tag.member_count:,} samples",
            field="scores",
            hint="Give one per sample of the tag, in the order of their indices.",
        )
    if not np.isfinite(scores).all():
        raise InvalidConfig(f"scores `{name}` hold NaN or infinity", field="scores")
    values = {"scores": scores.astype("<f8").tobytes(), "created_at": now_ms()}
    there = sa.select(_table.c.id).where(_table.c.tag_id == tag.id, _table.c.name == name)
    found = connection.execute(there).scalar()
    if found is not None:
        connection.execute(sa.update(_table).where(_table.c.id == found).values(**values))
        return str(found)
    score_id = new_id()
    connection.execute(
        sa.insert(_table).values(id=score_id, dataset_id=tag.dataset_id, tag_id=tag.id, name=name, **values)
    )
    return score_id


def list_scores(connection: Connection, tag: Tag) -> list[ScoreSet]:
    """Those of a tag, by name. A tag that was deleted and brought back has those it had."""
    query = _select().where(_table.c.tag_id == tag.id).order_by(_table.c.name)
    return [ScoreSet(**row._mapping) for row in connection.execute(query)]


def find_scores(connection: Connection, tag: Tag, score_id: str) -> ScoreSet:
    """Raises NotFound for scores that are not there or of another tag."""
    row = connection.execute(_select().where(_table.c.tag_id == tag.id, _table.c.id == score_id)).one_or_none()
    if row is None:
        raise NotFound(f"tag `{tag.name}` has no scores `{score_id}`")
    return ScoreSet(**row._mapping)


def read_scores(connection: Connection, found: ScoreSet) -> NDArray[np.float64]:
    """The scores (M,) of the members that the tag had then, by index."""
    data = connection.execute(sa.select(_table.c.scores).where(_table.c.id == found.id)).scalar_one()
    return np.frombuffer(data, dtype="<f8")


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(column for column in _table.c if column.name != "scores"))
