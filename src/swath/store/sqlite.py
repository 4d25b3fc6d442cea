"""What a connection to SQLite has to be told: how to wait, what to flush, where a transaction begins."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from swath.store.transactions import Purpose, purpose_of

BUSY_TIMEOUT_MS = 60_000
"""How long a writer waits for another one: a commit of a million crops takes less."""

READ_CACHE_KIB = 8 * 1024
WRITE_CACHE_KIB = 64 * 1024
"""Random inserts into the indexes of a large commit stay in memory. Readers are many and need less."""


def prepare(engine: Engine) -> None:
    """Set up the connections of an engine, and begin its transactions for their purpose."""

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins leaves DDL and reads outside of it; we say BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _keep_write_ahead_log(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        purpose = purpose_of(connection)
        if purpose is Purpose.READ:
            connection.exec_driver_sql("BEGIN")
            return
        # These take effect outside of transactions only, and every writing transaction sets its own: none has to put
        # them back. NORMAL survives kill -9 as well, but loses the last commits when the power goes.
        connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if purpose is Purpose.NOTE else 'FULL'}")
        connection.exec_driver_sql(f"PRAGMA cache_size = -{WRITE_CACHE_KIB}")
        # A migration changes a table by making a new one and dropping the old, to which others refer.
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if purpose is Purpose.MIGRATE else 'ON'}")
        # A transaction that reads first and writes later cannot wait for its turn (SQLITE_BUSY_SNAPSHOT).
        connection.exec_driver_sql("BEGIN IMMEDIATE")


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
