"""Views: named rules by which people look at a dataset, for everybody who sees it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tags import check_dataset_is_there

MAX_VIEW_NAME_LENGTH = 128
MAX_VIEWS = 1000
"""Per dataset: more is a program that went wrong."""

MAX_RULE_BYTES = 16 * 1024 * 1024

_table = schema.views


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved rule (JSON) and who made it."""

    id: str
    dataset_id: str
    user_id: str
    user_name: str
    name: str
    rule: str
    created_at: int  # ms
    modified_at: int  # ms


def create_view(connection: Connection, *, dataset_id: str, user_id: str, name: str, rule: str) -> View:
    """Save a rule.

    Raises InvalidConfig for a name or rule that cannot be, Conflict for a name that is taken, NotFound for a dataset
    that was deleted meanwhile.
    """
    name = _check(name, rule)
    check_dataset_is_there(connection, dataset_id)
    _check_free(connection, dataset_id, name)
    count = sa.select(sa.func.count()).where(_table.c.dataset_id == dataset_id)
    if connection.execute(count).scalar_one() >= MAX_VIEWS:
        raise Conflict(f"this dataset has {MAX_VIEWS:,} views, which is the limit", hint="Delete some of them first.")
    now = now_ms()
    view_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=view_id,
            dataset_id=dataset_id,
            user_id=user_id,
            name=name,
            rule=rule,
            created_at=now,
            modified_at=now,
        )
    )
    return find_view(connection, view_id)


def list_views(connection: Connection, dataset_id: str) -> list[View]:
    """The views of a dataset by name."""
    found = [View(**row._mapping) for row in connection.execute(_select().where(_table.c.dataset_id == dataset_id))]
    # Databases differ in how they sort text.
    return sorted(found, key=lambda view: (view.name.casefold(), view.name))


def find_view(connection: Connection, view_id: str) -> View:
    """A view of any dataset: whether somebody may see it, its dataset says. Raises NotFound."""
    row = connection.execute(_select().where(_table.c.id == view_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no view `{view_id}`")
    return View(**row._mapping)


def replace_view(connection: Connection, view: View, *, name: str, rule: str) -> View:
    """Give a view another name and rule. Raises as `create_view`."""
    name = _check(name, rule)
    if name != view.name:
        _check_free(connection, view.dataset_id, name)
    statement = sa.update(_table).where(_table.c.id == view.id)
    connection.execute(statement.values(name=name, rule=rule, modified_at=now_ms()))
    return find_view(connection, view.id)


def delete_view(connection: Connection, view: View) -> None:
    connection.execute(sa.delete(_table).where(_table.c.id == view.id))


def forget_views(connection: Connection, dataset_id: str) -> None:
    """Drop the views of a dataset that is being deleted."""
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id))


def _check(name: str, rule: str) -> str:
    """The name without space around it."""
    stripped = name.strip()
    if not (1 <= len(stripped) <= MAX_VIEW_NAME_LENGTH and stripped.isprintable()):
        raise InvalidConfig(
            f"a view cannot be called `{name[:MAX_VIEW_NAME_LENGTH]}`: its name has 1 to {MAX_VIEW_NAME_LENGTH} "
            "characters that can be seen",
            field="name",
        )
    if len(rule.encode()) > MAX_RULE_BYTES:
        raise InvalidConfig(
            f"the rule of a view has at most {MAX_RULE_BYTES >> 20} MB",
            field="rule",
            hint="Put the samples into a tag and filter by it.",
        )
    return stripped


def _check_free(connection: Connection, dataset_id: str, name: str) -> None:
    query = sa.select(_table.c.id).where(_table.c.dataset_id == dataset_id, _table.c.name == name)
    if connection.execute(query).first() is not None:
        raise Conflict(f"there is a view `{name}` already", hint="Choose another name.")


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(*_table.c, schema.users.c.name.label("user_name")).join_from(_table, schema.users)
