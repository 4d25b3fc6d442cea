from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from swath.core.errors import SourceUnavailable
from swath.store import database, schema
from swath.store.database import Store, insert_columns, open_store, upsert_columns
from swath.store.runs import create_run


def new_run(connection: sa.Connection) -> str:
    return create_run(
        connection,
        config="{}",
        image_dataset=("a" * 24, "vehicles"),
        crop_dataset=None,
        task=None,
        input_uri="/data",
        output_uri="/data",
    )


def log_lines(run_id: str, count: int, message: object) -> dict[str, object]:
    return {
        "run_id": run_id,
        "line_number": range(count),
        "lease": 0,
        "lease_line": range(count),
        "logged_at": 0,
        "level": "INFO",
        "message": message,
    }


def described(connection: sa.Connection) -> dict[str, Any]:
    """Everything about the tables of a database that can be asked of it."""
    inspector = sa.inspect(connection)
    found: dict[str, Any] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        found[table] = {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
            ),
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": sorted(map(str, inspector.get_foreign_keys(table))),
            "unique": sorted(map(str, inspector.get_unique_constraints(table))),
            "indexes": sorted(
                str({**index, "dialect_options": {k: str(v) for k, v in index["dialect_options"].items()}})
                for index in inspector.get_indexes(table)
            ),
        }
    return found


def test_migrations_and_schema_are_equal(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        migrated = described(connection)
    with store.writing() as connection:
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        assert described(connection) == migrated
    assert len(migrated) == len(schema.metadata.tables)


def test_migrated_sqlite_tables_are_laid_out_as_the_schema_says(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT name, wr FROM pragma_table_list").all()
    store.close()
    without_row_number = {name for name, flag in rows if flag}
    wanted = {
        table.name
        for table in schema.metadata.sorted_tables
        if not table.dialect_options["sqlite"].get("with_rowid", True)
    }
    assert without_row_number == wanted
    assert "predictions" in wanted


def test_the_revision_that_skips_migrations_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_the_schema_can_be_made_on_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in schema.metadata.sorted_tables]
    statements += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in schema.metadata.sorted_tables
        for index in table.indexes
    ]
    text = "\n".join(statements)
    assert "BYTEA" in text
    assert "WITHOUT ROWID" not in text
    assert "WHERE is_default" in text


def test_a_database_can_be_opened_again(database_url: str, store: Store) -> None:
    with store.writing() as connection:
        run_id = new_run(connection)
    again = open_store(database_url)
    with again.reading() as connection:
        assert connection.execute(sa.select(schema.runs.c.id)).scalars().all() == [run_id]
    again.close()


def test_two_processes_may_make_the_tables_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    failures: list[BaseException] = []

    def open_and_close() -> None:
        try:
            open_store(url).close()
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=open_and_close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_version_is_refused(database_url: str, store: Store) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SourceUnavailable, match="revision `9999`") as caught:
        open_store(database_url)
    assert "newer Swath" in caught.value.hint


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "swath.sqlite"
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(SourceUnavailable, match=r"swath\.sqlite` cannot be used: file is not a database"):
        open_store(f"sqlite:///{path}")


def test_a_full_disk_is_named_and_nothing_is_kept(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")

    def write_much() -> None:
        with store.writing() as connection:
            # As many pages as there are: what a full disk looks like to the database.
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            run_id = new_run(connection)
            insert_columns(connection, schema.run_log, log_lines(run_id, 5000, "x" * 500), 5000)

    with pytest.raises(SourceUnavailable, match="disk is full") as caught:
        write_much()
    assert "nothing of the last step was kept" in caught.value.hint
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar() == 0
    store.close()


def test_a_committed_transaction_is_flushed_and_keys_are_checked(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with store.writing() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        answers = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    store.close()
    assert answers == ["wal", 2, 1]  # 2: FULL


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.writing() as connection:
            new_run(connection)
            raise KeyError("boom")

    with pytest.raises(KeyError):
        write_and_fail()
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar() == 0


def test_readers_see_the_state_before_while_a_run_writes(store: Store) -> None:
    count = sa.select(sa.func.count()).select_from(schema.runs)
    with store.writing() as writer:
        new_run(writer)
        with store.reading() as reader:
            assert reader.execute(count).scalar() == 0
    with store.reading() as reader:
        assert reader.execute(count).scalar() == 1


def test_columns_of_unequal_length_are_refused(store: Store) -> None:
    with store.writing() as connection:
        run_id = new_run(connection)
        with pytest.raises(ValueError, match="shorter"):
            insert_columns(connection, schema.run_log, log_lines(run_id, 3, ["one"]), 3)


def test_upserted_rows_replace_those_of_the_same_key(store: Store) -> None:
    with store.writing() as connection:
        run_id = new_run(connection)
        for message in ("one", "two"):
            upsert_columns(connection, schema.run_log, log_lines(run_id, 2, message), 2)
        upsert_columns(connection, schema.run_log, {}, 0)
    with store.reading() as connection:
        assert connection.execute(sa.select(schema.run_log.c.message)).scalars().all() == ["two", "two"]


def test_a_row_without_its_parent_is_refused(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"), store.writing() as connection:
        insert_columns(connection, schema.run_log, log_lines("f" * 24, 1, "lost"), 1)


def test_another_program_can_read_the_file_during_a_run(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    store = open_store(f"sqlite:///{path}")
    with store.writing() as connection:
        new_run(connection)
        other = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        assert other.execute("SELECT count(*) FROM runs").fetchone() == (0,)
        other.close()
    store.close()
