"""Tags: named sets of samples of one dataset, kept as bitmaps of sample indices."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.bitmaps import bitmap_of, indices_of
from swath.store.clock import now_ms
from swath.store.ids import is_id, new_id

INITIAL_TAG = "initial-tag"
"""The root of all tags of a dataset; it is everything, at any time, and so has no members of its own."""

TAG_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 .:;=@_-]{2,}")
MAX_TAG_NAME_LENGTH = 128

_table = schema.tags

Members: TypeAlias = NDArray[np.integer] | BitMap
"""Sample indices: an array (M,) in any order, or a bitmap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag without its members. `total_size` is the dataset's size when the members were last set."""

    id: str
    dataset_id: str
    name: str
    parent_id: str | None
    member_count: int
    total_size: int
    revision: int
    run_id: str | None
    created_at: int  # ms
    modified_at: int  # ms

    @property
    def is_initial(self) -> bool:
        return self.name == INITIAL_TAG


def check_tag_name(name: str, *, field: str = "name") -> str:
    """Return a name a tag may have, or raise InvalidConfig for `field`."""
    if TAG_NAME.fullmatch(name) and len(name) <= MAX_TAG_NAME_LENGTH:
        return name
    raise InvalidConfig(
        f"a tag cannot be called `{name}`: its name has 3 to {MAX_TAG_NAME_LENGTH} letters, digits, spaces or any of "
        "`.:;=@_-`, and starts with a letter or a digit",
        field=field,
    )


def name_is_free(connection: Connection, dataset_id: str, name: str) -> bool:
    """Whether no tag of a dataset has this name."""
    query = sa.select(_table.c.id).where(_table.c.dataset_id == dataset_id, _table.c.name == name)
    return connection.execute(query).first() is None


def check_name_free(connection: Connection, dataset_id: str, name: str) -> None:
    """Raise Conflict if a dataset has a tag of this name."""
    if not name_is_free(connection, dataset_id, name):
        raise Conflict(f"there is a tag `{name}` already", hint="Choose another name.")


def free_name(connection: Connection, dataset_id: str, wanted: str) -> str:
    """A name that no tag of a dataset has: the wanted one, else with a number after it."""
    taken = {tag.name for tag in list_tags(connection, dataset_id)}
    room = MAX_TAG_NAME_LENGTH - len(f" {len(taken) + 1}")
    names = (wanted if number == 1 else f"{wanted[:room]} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def list_tags(connection: Connection, dataset_id: str) -> list[Tag]:
    """The tags of a dataset, initial-tag first, then oldest first."""
    tags = [_tag(row) for row in connection.execute(_select().where(_table.c.dataset_id == dataset_id))]
    return sorted(tags, key=lambda tag: (not tag.is_initial, tag.created_at, tag.name))


def find_tag(connection: Connection, dataset_id: str, name_or_id: str) -> Tag:
    """The tag of a name, else of an id. Raises NotFound, listing the tags there are."""
    of_dataset = _select().where(_table.c.dataset_id == dataset_id)
    row = connection.execute(of_dataset.where(_table.c.name == name_or_id)).one_or_none()
    if row is None and is_id(name_or_id):
        row = connection.execute(of_dataset.where(_table.c.id == name_or_id)).one_or_none()
    if row is None:
        names = ", ".join(f"`{tag.name}`" for tag in list_tags(connection, dataset_id))
        raise NotFound(f"there is no tag `{name_or_id}` in this dataset", hint=f"There are {names}.")
    return _tag(row)


def tag_by_id(connection: Connection, dataset_id: str, tag_id: str) -> Tag | None:
    """The tag of an id, if the dataset has it."""
    row = connection.execute(_select().where(_table.c.dataset_id == dataset_id, _table.c.id == tag_id)).one_or_none()
    return None if row is None else _tag(row)


def tags_of_run(connection: Connection, run_id: str) -> list[Tag]:
    """The tags that a run made, of all its datasets, newest first."""
    tags = [_tag(row) for row in connection.execute(_select().where(_table.c.run_id == run_id))]
    return sorted(tags, key=lambda tag: (-tag.created_at, tag.name))


def check_dataset_is_there(connection: Connection, dataset_id: str) -> None:
    """Raise NotFound if the dataset was deleted since somebody looked it up."""
    datasets = schema.datasets
    if connection.execute(sa.select(datasets.c.id).where(datasets.c.id == dataset_id)).one_or_none() is None:
        raise NotFound("the dataset was deleted meanwhile")


def tag_members(connection: Connection, tag: Tag) -> NDArray[np.int64]:
    """The sample indices (M,) of a tag, ascending."""
    if tag.is_initial:
        return np.arange(_dataset_size(connection, tag.dataset_id), dtype=np.int64)
    return indices_of(tag_bitmap(connection, tag))


def tag_bitmap(connection: Connection, tag: Tag) -> BitMap:
    """The sample indices of a tag as a bitmap, which is the caller's to change."""
    if tag.is_initial:
        return everything(connection, tag.dataset_id)
    stored = connection.execute(sa.select(_table.c.members).where(_table.c.id == tag.id)).scalar_one()
    return BitMap.deserialize(stored)


def everything(connection: Connection, dataset_id: str) -> BitMap:
    """The indices of all samples of a dataset."""
    return BitMap(range(_dataset_size(connection, dataset_id)))


def create_initial_tag(connection: Connection, dataset_id: str, *, now: int) -> None:
    connection.execute(
        sa.insert(_table).values(
            id=new_id(),
            dataset_id=dataset_id,
            name=INITIAL_TAG,
            parent_id=None,
            members=None,
            member_count=0,
            total_size=0,
            revision=0,
            run_id=None,
            created_at=now,
            modified_at=now,
        )
    )


def create_tag(
    connection: Connection,
    dataset_id: str,
    *,
    name: str,
    members: Members,
    parent: str = INITIAL_TAG,
    run_id: str | None = None,
) -> Tag:
    """Make a tag of the samples with the given indices (any order, (M,)), as a child of the tag `parent`.

    Raises InvalidConfig for a name or an index that cannot be, Conflict for a name that is taken, NotFound for a
    parent that is not there.
    """
    check_tag_name(name)
    check_name_free(connection, dataset_id, name)
    total_size = _dataset_size(connection, dataset_id)
    bitmap = _checked(members, total_size)
    now = now_ms()
    connection.execute(
        sa.insert(_table).values(
            id=new_id(),
            dataset_id=dataset_id,
            name=name,
            parent_id=find_tag(connection, dataset_id, parent).id,
            members=bitmap.serialize(),
            member_count=len(bitmap),
            total_size=total_size,
            revision=0,
            run_id=run_id,
            created_at=now,
            modified_at=now,
        )
    )
    return find_tag(connection, dataset_id, name)


def set_tag_members(connection: Connection, tag: Tag, members: Members, *, expected_revision: int) -> Tag:
    """Replace the members of a tag, if nobody changed it since `expected_revision`. Raises Conflict otherwise."""
    _refuse_initial(tag, "its members cannot be set: it is always everything")
    total_size = _dataset_size(connection, tag.dataset_id)
    bitmap = _checked(members, total_size)
    if tag.revision == expected_revision and bitmap == tag_bitmap(connection, tag):
        # Nothing to undo, so nothing to write: the size of the dataset then is a part of what undoing restores.
        return tag
    _update(
        connection,
        tag,
        expected_revision,
        {"members": bitmap.serialize(), "member_count": len(bitmap), "total_size": total_size},
    )
    return find_tag(connection, tag.dataset_id, tag.id)


def rename_tag(connection: Connection, tag: Tag, name: str, *, expected_revision: int | None = None) -> Tag:
    """Give a tag another name, if nobody changed it since `expected_revision` (None: since it was read).

    Raises InvalidConfig or Conflict.
    """
    _refuse_initial(tag, "it cannot be renamed")
    if name == tag.name:
        return tag
    check_tag_name(name)
    check_name_free(connection, tag.dataset_id, name)
    revision = tag.revision if expected_revision is None else expected_revision
    _update(connection, tag, revision, {"name": name})
    return find_tag(connection, tag.dataset_id, tag.id)


def check_revision(tag: Tag, expected: int) -> None:
    """Raise Conflict if a tag has another revision than the one somebody saw."""
    if tag.revision != expected:
        raise _changed_since(tag)


def children_of(connection: Connection, tag: Tag) -> list[Tag]:
    return [_tag(row) for row in connection.execute(_select().where(_table.c.parent_id == tag.id))]


def delete_tag(connection: Connection, tag: Tag, *, expected_revision: int | None = None) -> None:
    """Remove a tag, never its samples. Its children become children of its parent.

    Raises Conflict for initial-tag, and for a tag that was changed since `expected_revision` where one is given.
    """
    _refuse_initial(tag, "it cannot be deleted")
    if expected_revision is not None:
        check_revision(tag, expected_revision)
    connection.execute(sa.update(_table).where(_table.c.parent_id == tag.id).values(parent_id=tag.parent_id))
    connection.execute(sa.delete(_table).where(_table.c.id == tag.id))


def tag_added_samples(
    connection: Connection, dataset_id: str, *, first_index: int, added: int, run_id: str, now: int
) -> str | None:
    """Tag what a run added to a dataset that was not empty; returns the name, None for a first run.

    After a first run initial-tag is exactly what it added.
    """
    if added == 0 or first_index == 0:
        return None
    started = time.strftime("%Y-%m-%d %Hh%Mm%S", time.localtime(now / 1000))
    name = free_name(connection, dataset_id, f"run {started} {added} added")
    create_tag(
        connection,
        dataset_id,
        name=name,
        members=np.arange(first_index, first_index + added),
        run_id=run_id,
    )
    return name


def _checked(members: Members, total_size: int) -> BitMap:
    """A bitmap of the members, all of them samples of the dataset. Raises InvalidConfig otherwise."""
    if isinstance(members, BitMap):
        lowest, highest = (members.min(), members.max()) if members else (0, -1)
    else:
        lowest, highest = (int(members.min()), int(members.max())) if len(members) else (0, -1)
    if lowest < 0 or highest >= total_size:
        raise InvalidConfig(
            f"a tag cannot hold sample {highest if lowest >= 0 else lowest}: "
            f"the dataset has {total_size} samples, counted from 0",
            field="members",
        )
    bitmap = members.copy() if isinstance(members, BitMap) else bitmap_of(members)
    bitmap.run_optimize()
    return bitmap


def _update(connection: Connection, tag: Tag, expected_revision: int, values: dict[str, object]) -> None:
    changed = connection.execute(
        sa.update(_table)
        .where(_table.c.id == tag.id, _table.c.revision == expected_revision)
        .values(**values, revision=expected_revision + 1, modified_at=now_ms())
    )
    if changed.rowcount == 0:
        raise _changed_since(tag)


def _changed_since(tag: Tag) -> Conflict:
    return Conflict(f"tag `{tag.name}` was changed by somebody else", hint="Load it again and repeat the change.")


def _refuse_initial(tag: Tag, why: str) -> None:
    if tag.is_initial:
        raise Conflict(f"`{INITIAL_TAG}` holds all samples of its dataset; {why}")


def _dataset_size(connection: Connection, dataset_id: str) -> int:
    datasets = schema.datasets
    return int(connection.execute(sa.select(datasets.c.sample_count).where(datasets.c.id == dataset_id)).scalar_one())


def _select() -> sa.Select[tuple[object, ...]]:
    """All columns but the members; the size of initial-tag is that of its dataset."""
    columns = [column for column in _table.c if column.name not in {"members", "member_count", "total_size"}]
    size = schema.datasets.c.sample_count
    is_initial = _table.c.members.is_(None)
    return sa.select(
        *columns,
        sa.case((is_initial, size), else_=_table.c.member_count).label("member_count"),
        sa.case((is_initial, size), else_=_table.c.total_size).label("total_size"),
    ).join_from(_table, schema.datasets)


def _tag(row: sa.Row[tuple[object, ...]]) -> Tag:
    return Tag(**row._mapping)
