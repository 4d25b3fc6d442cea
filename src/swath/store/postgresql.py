"""What PostgreSQL is told when a transaction begins, and how many rows get there fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from swath.store.transactions import Purpose, purpose_of

COPY_FROM_ROWS = 500
"""From this many rows on, copying is faster than inserting; and a table to copy to first is worth its making."""

ANALYZE_FROM_ROWS = 10_000
"""From this many rows on, the planner is told of them at once: with what it knew before, it reads a table whole for
every page of it, until the server looks for itself a minute later."""

LOCK_TIMEOUT_MS = 60_000
"""How long a writer waits for another one, as on SQLite."""

CONNECT_ARGUMENTS = {
    "connect_timeout": 10,
    # A machine that has vanished holds its transaction, and with it the turn to write, until the network notices.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

_TURN = int.from_bytes(b"swath", "big")
"""The name of the lock that says whose turn it is to write; such names are numbers, and of one database each."""

_SERVER_KEEPALIVES = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"


def prepare(engine: Engine) -> None:
    """Set up the connections of an engine, and begin its transactions for their purpose."""

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.execute(_SERVER_KEEPALIVES)
        connection.commit()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        purpose = purpose_of(connection)
        if purpose is Purpose.READ:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return
        flush = "SET LOCAL synchronous_commit = off;" if purpose is Purpose.NOTE else ""
        # One writer at a time, as SQLite has it: what is checked and then written cannot change in between, and logic
        # that was proven on one database holds on the other. Readers never wait.
        connection.exec_driver_sql(
            f"{flush} SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock({_TURN})"
        )


def copy_rows(
    connection: Connection, table: sa.Table, names: Sequence[str], rows: Iterable[tuple[object, ...]], count: int
) -> None:
    """Add `count` rows by COPY, which skips the parsing and planning of a statement per row."""
    preparer = connection.dialect.identifier_preparer
    columns = ", ".join(preparer.quote(name) for name in names)
    statement = f"COPY {preparer.format_table(table)} ({columns}) FROM STDIN (FORMAT BINARY)"
    driver = connection.connection.driver_connection
    assert driver is not None
    with _as_database_errors(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_type_name(table.c[name]) for name in names])
        write_row = copy.write_row
        for row in rows:
            write_row(row)
    if count >= ANALYZE_FROM_ROWS:
        connection.exec_driver_sql(f"ANALYZE {preparer.format_table(table)}")


def copy_over_rows(
    connection: Connection, table: sa.Table, names: Sequence[str], rows: Iterable[tuple[object, ...]], count: int
) -> None:
    """Add `count` rows by COPY, replacing those of the same primary key; of rows with one key, the last stays."""
    order = sa.Column("copied_as", sa.BigInteger, sa.Identity(always=True))
    staged = sa.Table(
        f"copied_{table.name}",
        sa.MetaData(),
        *(sa.Column(name, table.c[name].type) for name in names),
        order,
        prefixes=["TEMPORARY"],
    )
    staged.create(connection)
    copy_rows(connection, staged, names, rows, count)
    keys = [column.name for column in table.primary_key]
    newest = sa.select(sa.func.max(order)).group_by(*(staged.c[name] for name in keys))
    kept = sa.select(*(staged.c[name] for name in names)).where(order.in_(newest))
    connection.execute(replacing(insert(table).from_select(list(names), kept), keys, names))
    staged.drop(connection)


def replacing(statement: Any, keys: Sequence[str], names: Iterable[str]) -> sa.Insert:
    """An insert, of either database, that replaces a row of the same key in the columns given."""
    updates = {name: statement.excluded[name] for name in names if name not in keys}
    if not updates:
        replaced: sa.Insert = statement.on_conflict_do_nothing(index_elements=keys)
    else:
        replaced = statement.on_conflict_do_update(index_elements=keys, set_=updates)
    return replaced


_TYPE_NAMES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    # Kinds of integers before the kind that they are of.
    (sa.SmallInteger, "int2"),
    (sa.BigInteger, "int8"),
    (sa.Integer, "int4"),
    (sa.Boolean, "bool"),
    (sa.Float, "float8"),
    (sa.LargeBinary, "bytea"),
    (sa.String, "text"),
)


def _type_name(column: sa.Column[Any]) -> str:
    return next(name for kind, name in _TYPE_NAMES if isinstance(column.type, kind))


@contextmanager
def _as_database_errors(connection: Connection, statement: str) -> Iterator[None]:
    """Raise errors of the driver as the library would: what reaches past it must not fail in another way."""
    import psycopg

    try:
        yield
    except psycopg.Error as exc:
        raise sa.exc.DBAPIError.instance(statement, None, exc, psycopg.Error, dialect=connection.dialect) from exc
