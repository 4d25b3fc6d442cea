"""Users: who owns datasets and runs. One of them, the local user, is whoever works on the home without a token."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, NotFound
from swath.core.names import check_user_name
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.hints import near_names
from swath.store.ids import is_id, new_id

LOCAL_NAME = "local"

_table = schema.users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who owns datasets and runs. `is_local` marks the owner of this home, of whom there is one."""

    id: str
    name: str
    is_local: bool
    created_at: int  # ms


def local_user(connection: Connection) -> User:
    """The owner of this home, made if absent (in a database whose tables were not made by the migrations)."""
    found = _one(connection, _table.c.is_local.is_(True))
    return found if found is not None else _insert(connection, LOCAL_NAME, is_local=True)


def create_user(connection: Connection, name: str) -> User:
    """Make a user. Raises InvalidConfig for a name that breaks the rule, Conflict for one that is taken."""
    check_user_name(name, field="name")
    if _one(connection, _table.c.name == name) is not None:
        raise Conflict(f"there is a user `{name}` already", hint="Choose another name.")
    return _insert(connection, name, is_local=False)


def find_user(connection: Connection, name_or_id: str) -> User:
    """The user of a name or an id. Raises NotFound, naming those that are spelt alike."""
    found = _one(connection, _table.c.name == name_or_id)
    if found is None and is_id(name_or_id):
        found = _one(connection, _table.c.id == name_or_id)
    if found is None:
        names = [user.name for user in list_users(connection)]
        raise NotFound(f"there is no user `{name_or_id}`", hint=near_names(name_or_id, names, "user"))
    return found


def user_by_id(connection: Connection, user_id: str) -> User | None:
    return _one(connection, _table.c.id == user_id)


def list_users(connection: Connection) -> list[User]:
    """All users, the local one first, then oldest first."""
    users = [User(**row._mapping) for row in connection.execute(sa.select(_table))]
    return sorted(users, key=lambda user: (not user.is_local, user.created_at, user.name))


def _insert(connection: Connection, name: str, *, is_local: bool) -> User:
    user = User(id=new_id(), name=name, is_local=is_local, created_at=now_ms())
    connection.execute(sa.insert(_table).values(id=user.id, name=name, is_local=is_local, created_at=user.created_at))
    return user


def _one(connection: Connection, condition: sa.ColumnElement[bool]) -> User | None:
    row = connection.execute(sa.select(_table).where(condition)).one_or_none()
    return None if row is None else User(**row._mapping)
