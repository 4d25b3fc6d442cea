"""Scores of the members of a tag, as models give them: how much is to be learned from each sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tags import Tag, tag_by_id, tag_members

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


def covering_scores(
    connection: Connection, dataset_id: str, name: str, indices: NDArray[np.int64]
) -> tuple[ScoreSet, NDArray[np.int64]] | None:
    """The newest scores of a name that all of some samples (n,) have, with the samples (M,) that they are of.

    Scores of a tag that was changed since they came are of nobody knows whom, but for `initial-tag`, which only grows.
    """
    newest_first = (_table.c.created_at.desc(), _table.c.id.desc())
    of_name = _select().where(_table.c.dataset_id == dataset_id, _table.c.name == name).order_by(*newest_first)
    for row in connection.execute(of_name).all():
        found = ScoreSet(**row._mapping)
        tag = tag_by_id(connection, dataset_id, found.tag_id)
        if tag is None or (not tag.is_initial and tag.modified_at > found.created_at):
            continue
        members = tag_members(connection, tag)[: len(read_scores(connection, found))]
        if not len(np.setdiff1d(indices, members, assume_unique=True)):
            return found, members
    return None


def score_names(connection: Connection, dataset_id: str) -> list[str]:
    """The names of all scores that were uploaded for tags of a dataset."""
    names = sa.select(_table.c.name).where(_table.c.dataset_id == dataset_id).distinct()
    return sorted(connection.execute(names).scalars())


def scores_of_samples(
    connection: Connection, score_id: str, members: NDArray[np.int64], indices: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The scores (n,) of some samples (n,) from those of `members` (M,), ascending; NaN for others.

    Raises Conflict where the scores are gone, or not of as many samples any more.
    """
    data = connection.execute(sa.select(_table.c.scores).where(_table.c.id == score_id)).scalar()
    scores = np.frombuffer(data or b"", dtype="<f8")
    if len(scores) < len(members) or not len(scores):
        raise Conflict(
            "the scores that the selection goes by were replaced or deleted since it was asked for",
            hint="Ask for it again.",
        )
    places = np.searchsorted(members, indices)
    is_there = members[np.minimum(places, len(members) - 1)] == indices
    return np.where(is_there, scores[np.minimum(places, len(members) - 1)], np.nan)


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(column for column in _table.c if column.name != "scores"))
