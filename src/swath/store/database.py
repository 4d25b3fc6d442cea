"""The line to the database: opening, migrating, transactions, and columns of rows on their way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.engine import Connection, Engine

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.store import postgresql, schema, sqlite
from swath.store.database_errors import check_text, naming_failures, shown
from swath.store.transactions import Purpose, with_purpose

MIGRATIONS = Path(__file__).parent / "migrations"

LOOKUP_BATCH = 5000
"""Values per `IN (…)`: both databases allow 32766 and more; longer lists save nothing."""

INSERT_BATCH = 20_000
"""Rows handed to the driver at once: few enough not to hold a second copy of a large commit."""

POOL = {"pool_size": 10, "max_overflow": 40, "pool_timeout": 60, "pool_use_lifo": True}
"""Connections enough for every thread of a server; those beyond the first ten are closed after use."""

QUIET = {"hide_parameters": True}
"""A statement that fails ends up in logs: without what was to be written, which may be anybody's."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Every function of this package works on a connection of one of its two transactions.

    Both raise SourceUnavailable if the database cannot be used; whoever tries again gets a new connection.
    """

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._transaction(Purpose.READ) as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that takes its turn at once and is kept whole or not at all: one writer at a time.

        One that is not `durable` does not wait for the disk. It survives the end of any process, but the last of them
        are lost when the power goes: for heartbeats, progress and lines of a log.
        """
        with self._transaction(Purpose.WRITE if durable else Purpose.NOTE) as connection:
            yield connection

    def bring_up_to_date(self) -> None:
        """Run the migrations that the database lacks; of several processes that try at once, one does."""
        with self._transaction(Purpose.READ) as connection:
            if _revision(connection) == schema.REVISION:
                return
            _check_encoding(connection)
        with self._transaction(Purpose.MIGRATE) as connection:
            migrate(connection)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _transaction(self, purpose: Purpose) -> Iterator[Connection]:
        with (
            naming_failures(self.engine.url, purpose),
            with_purpose(self.engine.connect(), purpose) as connection,
            connection.begin(),
        ):
            yield connection


def open_store(url: str) -> Store:
    """Open the database at an SQLAlchemy URL, bringing its tables up to date.

    Raises InvalidConfig for a URL that is not of a database Swath knows, SourceUnavailable if it cannot be used.
    """
    store = Store(_make_engine(_parse(url)))
    try:
        store.bring_up_to_date()
    except BaseException:
        store.close()
        raise
    return store


def _parse(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        # Not shown, as it may hold a password.
        raise InvalidConfig("the URL of the database cannot be read", field="database", hint=_URL_HINT) from None
    if "@" in (url.host or ""):
        # The rest of the password is taken for the host, and would be shown.
        raise InvalidConfig(
            "the URL of the database holds more than one `@`",
            field="database",
            hint="Write an `@` in the password as `%40`.",
        )
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise InvalidConfig(
            f"the URL of the database `{shown(url)}` is of no database that Swath can use",
            field="database",
            hint=_URL_HINT,
        )
    return url


_URL_HINT = "Write `postgresql+psycopg://user@host/database` or `sqlite:////folder/swath.sqlite`."


def _make_engine(url: sa.URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, poolclass=sa.QueuePool, **POOL, **QUIET)
        sqlite.prepare(engine)
        return engine
    given = {name: value for name, value in postgresql.CONNECT_ARGUMENTS.items() if name not in url.query}
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args=given, **POOL, **QUIET)
    except ImportError as exc:
        raise SourceUnavailable(
            f"the database `{shown(url)}` needs a package that is not installed: {exc}",
            hint="Install it: `pip install 'swath[postgresql]'`.",
        ) from exc
    postgresql.prepare(engine)
    return engine


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _check_encoding(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise SourceUnavailable(
            f"the database `{shown(connection.engine.url)}` keeps text as `{encoding}`, which lacks most characters",
            hint="Make another one with encoding `UTF8`.",
        )


def migrate(connection: Connection) -> None:
    """Run the migrations that the database lacks, inside the caller's transaction."""
    # Loaded only here: most openings find the tables as they should be.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise SourceUnavailable(
            f"the database `{shown(connection.engine.url)}` is at revision `{_revision(connection)}`, "
            f"which this version of Swath does not know (it knows `{schema.REVISION}`)",
            hint="It was made by a newer Swath: upgrade Swath, or use another home.",
        ) from exc


def batches(items: Sequence[Item], size: int = LOOKUP_BATCH) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, object], count: int) -> None:
    """Insert `count` rows given as columns; a `str`, number, bytes or None stands for that value in every row.

    NaN becomes NULL, on both databases. Raises InvalidConfig naming a text that they cannot hold, ValueError for
    columns of another length.
    """
    if count == 0:
        return
    names, rows = _rows(table, columns, count)
    if connection.dialect.name == "postgresql" and count >= postgresql.COPY_FROM_ROWS:
        postgresql.copy_rows(connection, table, names, rows, count)
    else:
        _execute_many(connection, sa.insert(table), names, rows)


def upsert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, object], count: int) -> None:
    """Insert rows as above; a row whose primary key is there, or comes again, is replaced in the columns given."""
    if count == 0:
        return
    names, rows = _rows(table, columns, count)
    if connection.dialect.name == "postgresql" and count >= postgresql.COPY_FROM_ROWS:
        postgresql.copy_over_rows(connection, table, names, rows, count)
        return
    insert = insert_on_postgresql if connection.dialect.name == "postgresql" else insert_on_sqlite
    keys = [column.name for column in table.primary_key]
    _execute_many(connection, postgresql.replacing(insert(table), keys, names), names, rows)


def _rows(table: sa.Table, columns: Mapping[str, object], count: int) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    """The names of the columns in the order of the table, and the rows with their values in that order."""
    names = [column.name for column in table.columns if column.name in columns]
    assert len(names) == len(columns), f"{columns.keys() - set(names)} are no columns of {table.name}"
    return names, zip(*(_plain_values(columns[name], count) for name in names), strict=True)


def _plain_values(values: Any, count: int) -> Iterable[object]:
    """Values that both drivers take and both databases give back as they were, but for NaN."""
    if values is None or isinstance(values, str | bytes | int | float | np.generic):
        return repeat(_plain_list([values])[0], count)
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return _plain_list(listed if isinstance(listed, Sequence) else list(listed))


def _plain_list(values: Sequence[Any]) -> Sequence[object]:
    kinds = set(map(type, values))
    if any(issubclass(kind, np.generic) for kind in kinds):
        return _plain_list([value.item() if isinstance(value, np.generic) else value for value in values])
    if float in kinds and any(value != value for value in values):
        # SQLite has no NaN and would do the same; PostgreSQL has one, and thinks it equal to itself.
        return [None if value != value else value for value in values]
    if any(issubclass(kind, str) for kind in kinds):
        check_text(value for value in values if value is not None)
    return values


def _execute_many(
    connection: Connection, statement: sa.Insert, names: list[str], rows: Iterator[tuple[object, ...]]
) -> None:
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    while batch := list(islice(rows, INSERT_BATCH)):
        if compiled.positional:
            # Values are what the driver takes as they are. Given to it as tuples, they skip the library's processing
            # of every single value, which takes twice as long as the insert itself.
            assert compiled.positiontup == names
            connection.exec_driver_sql(str(compiled), batch)
        else:
            connection.execute(statement, [dict(zip(names, row, strict=True)) for row in batch])
