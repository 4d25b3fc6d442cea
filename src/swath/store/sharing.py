"""Who sees which dataset: its owner, and the users it is shared with. What one cannot see does not exist.

Shared means to look at it and to work with its tags, views and exports. Runs, its name, its datasource, its shares
and its end stay with the owner. An image dataset is shared with all crops datasets of its images, those to come too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotAllowed, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id, select_datasets
from swath.store.hints import near_names
from swath.store.ids import is_id
from swath.store.users import User, local_user, user_by_id

_table = schema.dataset_shares
_datasets = schema.datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One user a dataset is shared with."""

    user_id: str
    user_name: str
    created_at: int  # ms


def visible_datasets(connection: Connection, user_id: str) -> list[Dataset]:
    """The datasets a user sees, oldest first, those of one commit by name."""
    found = select_datasets(connection, _is_visible_to(user_id))
    return sorted(found, key=lambda dataset: (dataset.created_at, dataset.name))


def find_visible(connection: Connection, name_or_id: str, user_id: str) -> Dataset:
    """The dataset of a name or an id among those a user sees: their own of that name, else the oldest shared one.

    Raises NotFound, naming visible ones that are spelt alike, for what is not there and what they do not see.
    """
    visible = _is_visible_to(user_id)
    named = select_datasets(connection, sa.and_(visible, _datasets.c.name == name_or_id))
    if named:
        return min(named, key=lambda dataset: (dataset.owner_id != user_id, dataset.created_at, dataset.id))
    if is_id(name_or_id):
        for dataset in select_datasets(connection, sa.and_(visible, _datasets.c.id == name_or_id)):
            return dataset
    names = [dataset.name for dataset in visible_datasets(connection, user_id)]
    raise NotFound(f"there is no dataset `{name_or_id}`", hint=near_names(name_or_id, names, "dataset"))


def find_dataset(connection: Connection, name_or_id: str, user_id: str | None = None) -> Dataset:
    """As `find_visible`. Without a user, for work on the home itself: ids reach everything, names are what the local
    user sees.
    """
    if user_id is not None:
        return find_visible(connection, name_or_id, user_id)
    found = dataset_by_id(connection, name_or_id) if is_id(name_or_id) else None
    return found or find_visible(connection, name_or_id, local_user(connection).id)


def find_own(connection: Connection, name_or_id: str, user_id: str, *, to: str) -> Dataset:
    """As `find_visible`, for what only the owner may do. Raises NotAllowed as `require_owner`."""
    dataset = find_visible(connection, name_or_id, user_id)
    require_owner(connection, dataset, user_id, to=to)
    return dataset


def require_owner(connection: Connection, dataset: Dataset, user_id: str, *, to: str) -> None:
    """Raise NotAllowed unless the dataset is the user's own; `to` completes "only … may" ("delete it")."""
    if dataset.owner_id == user_id:
        return
    owner = user_by_id(connection, dataset.owner_id)
    assert owner is not None, f"dataset {dataset.id} without an owner"
    raise NotAllowed(f"dataset `{dataset.name}` is shared with you; only its owner `{owner.name}` may {to}")


def sees_dataset(connection: Connection, dataset_id: str, user_id: str) -> bool:
    """Whether a user sees a dataset; False for one that is not there."""
    return bool(select_datasets(connection, sa.and_(_is_visible_to(user_id), _datasets.c.id == dataset_id)))


def share_dataset(connection: Connection, dataset: Dataset, user: User) -> None:
    """Let a user see an image dataset and its crops datasets; sharing it again changes nothing. Raises Conflict."""
    _refuse_crops(connection, dataset)
    if user.id == dataset.owner_id:
        raise Conflict(f"dataset `{dataset.name}` belongs to `{user.name}`; it is shared with others only")
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"dataset_id": dataset.id, "user_id": user.id, "created_at": now_ms()}
    connection.execute(dialect.insert(_table).values(row).on_conflict_do_nothing())


def share_only_with(connection: Connection, dataset: Dataset, users: Sequence[User]) -> None:
    """Let these users see an image dataset, and none besides its owner. Raises Conflict for a crops dataset."""
    _refuse_crops(connection, dataset)
    meant = {user.id: user for user in users if user.id != dataset.owner_id}
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset.id, _table.c.user_id.not_in(list(meant))))
    for user in meant.values():
        share_dataset(connection, dataset, user)


def unshare_dataset(connection: Connection, dataset: Dataset, user: User) -> None:
    """Take a share back; sharing that is not there is none to take back. Raises Conflict for a crops dataset."""
    _refuse_crops(connection, dataset)
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset.id, _table.c.user_id == user.id))


def list_shares(connection: Connection, dataset: Dataset) -> list[Share]:
    """The users a dataset is shared with, oldest share first; of a crops dataset those of its images."""
    users = schema.users
    query = (
        sa.select(_table.c.user_id, users.c.name.label("user_name"), _table.c.created_at)
        .join_from(_table, users)
        .where(_table.c.dataset_id == (dataset.parent_id or dataset.id))
    )
    found = [Share(**row._mapping) for row in connection.execute(query)]
    return sorted(found, key=lambda share: (share.created_at, share.user_name))


def _refuse_crops(connection: Connection, dataset: Dataset) -> None:
    if dataset.kind is DatasetKind.IMAGES:
        return
    parent = dataset_by_id(connection, dataset.parent_id or "")
    assert parent is not None, f"crops dataset {dataset.id} without a parent"
    raise Conflict(
        f"`{dataset.name}` is shared as its image dataset `{parent.name}` is", hint=f"Share or unshare `{parent.name}`."
    )


def _is_visible_to(user_id: str) -> sa.ColumnElement[bool]:
    shared = sa.select(_table.c.dataset_id).where(_table.c.user_id == user_id)
    return sa.or_(_datasets.c.owner_id == user_id, _datasets.c.id.in_(shared), _datasets.c.parent_id.in_(shared))
