"""The line to the database: opening, migrating, transactions, and the few things SQLite and PostgreSQL spell apart."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from swath.core.errors import SourceUnavailable
from swath.store import schema

MIGRATIONS = Path(__file__).parent / "migrations"

LOOKUP_BATCH = 5000
"""Values per `IN (…)`: both databases allow 32766 and more; longer lists save nothing."""

INSERT_BATCH = 20_000
"""Rows handed to the driver at once: few enough not to hold a second copy of a large commit."""

BUSY_TIMEOUT_MS = 60_000
"""How long a writer waits for another one: a commit of a million crops takes less."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Every function of this package works on a connection of one of its two transactions."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with _naming_failures(self.engine), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that takes its turn at once and is kept whole or not at all."""
        with (
            _naming_failures(self.engine),
            self.engine.connect().execution_options(swath_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at an SQLAlchemy URL, bringing its tables up to date. Raises SourceUnavailable."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    store = Store(engine)
    try:
        _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _prepare_sqlite(engine: Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins leaves DDL and reads outside of it; we say BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _keep_write_ahead_log(cursor)
        # NORMAL survives kill -9 as well, but loses the last commits when the power goes, and a run that has said
        # COMPLETED must stay. It costs one flush per transaction, and a run makes a few dozen.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # 64 MiB: random inserts into the indexes of a large commit stay in memory.
        cursor.execute("PRAGMA cache_size = -65536")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot wait for its turn (SQLITE_BUSY_SNAPSHOT).
        options = connection.get_execution_options()
        writes = options.get("swath_writes", False)
        if options.get("swath_migrates", False):
            # A table is changed by making a new one and dropping the old, to which others refer. Takes effect outside
            # of transactions only.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _keep_write_ahead_log(cursor: Any) -> None:
    """With a write-ahead log readers go on while a run commits. The file remembers, so this writes only once."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            # The one statement that does not wait for its turn by itself: somebody else is making the file.
            if "locked" not in str(exc) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _bring_up_to_date(store: Store) -> None:
    with store.reading() as connection:
        if _revision(connection) == schema.REVISION:
            return
    migrating = Store(store.engine.execution_options(swath_migrates=True))
    with migrating.writing() as connection:
        migrate(connection)
    # Connections of the migration check no foreign keys.
    store.engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


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
            f"the database `{connection.engine.url.render_as_string()}` is at revision `{_revision(connection)}`, "
            f"which this version of Swath does not know (it knows `{schema.REVISION}`)",
            hint="It was made by a newer Swath: upgrade Swath, or use another home.",
        ) from exc


@contextmanager
def _naming_failures(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError):
        raise  # a mistake of ours, not of the database's surroundings
    except sa.exc.DBAPIError as exc:
        reason = str(exc.orig).strip() or type(exc.orig).__name__
        raise SourceUnavailable(
            f"the database `{engine.url.render_as_string()}` cannot be used: {reason}", hint=_hint(reason)
        ) from exc


def _hint(reason: str) -> str:
    hints = {
        "disk is full": "Free some space on its disk; nothing of the last step was kept.",
        "locked": "Another process writes to it: try again when that one is done.",
        "readonly": "Change its permissions, or use a home elsewhere.",
        "not a database": "The file is damaged or something else: restore it from a backup, or use another home.",
        "malformed": "The file is damaged: restore it from a backup, or use another home.",
    }
    return next((hint for words, hint in hints.items() if words in reason), "")


def batches(items: Sequence[Item], size: int = LOOKUP_BATCH) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, object], count: int) -> None:
    """Insert `count` rows given as columns; a `str`, number, bytes or None stands for that value in every row."""
    _execute_many(connection, sa.insert(table), columns, count)


def upsert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, object], count: int) -> None:
    """Insert rows as above; a row whose primary key is there is replaced in the columns given."""
    if count == 0:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    updates = {name: statement.excluded[name] for name in columns if name not in keys}
    _execute_many(connection, statement.on_conflict_do_update(index_elements=keys, set_=updates), columns, count)


def _execute_many(connection: Connection, statement: sa.Insert, columns: Mapping[str, object], count: int) -> None:
    if count == 0:
        return
    filled = {
        name: repeat(values, count) if values is None or isinstance(values, str | bytes | int | float) else values
        for name, values in columns.items()
    }
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    # Values of these columns are what drivers take as they are. Given to the driver as tuples, they skip the
    # library's processing of every single value, which takes twice as long as the insert itself.
    names = compiled.positiontup if compiled.positional else None
    rows = zip(*(filled[name] for name in names or columns), strict=True)
    while batch := list(islice(rows, INSERT_BATCH)):
        if names is None:
            connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in batch])
        else:
            connection.exec_driver_sql(str(compiled), batch)
