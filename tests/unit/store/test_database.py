from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from tests.support.postgresql import GUARDED_USER, Server, restart

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.store import database, schema
from swath.store.database import Store, insert_columns, open_store, upsert_columns
from swath.store.home import Home
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


def test_several_processes_may_make_the_tables_at_once(home: Home, database_url: str) -> None:
    command = [sys.executable, "-c", "import sys; from swath.store.database import open_store; open_store(sys.argv[1])"]
    openers = [subprocess.Popen([*command, database_url]) for _ in range(3)]
    assert [opener.wait() for opener in openers] == [0, 0, 0]


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


# Columns of every type that tables have; not in the schema, so that every value may be tried.
values = sa.Table(
    "values_of_each_type",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("short", sa.String(24)),
    sa.Column("name", sa.Text),
    sa.Column("data", sa.LargeBinary),
    sa.Column("size", sa.BigInteger),
    sa.Column("kind", sa.SmallInteger),
    sa.Column("score", sa.Double),
    sa.Column("flag", sa.Boolean),
)

FEW, MANY = 3, 600  # on both sides of what PostgreSQL is sent row by row

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=24)
rows_of_values = st.lists(
    st.tuples(
        st.none() | texts,
        st.none() | texts,
        st.none() | st.binary(max_size=20),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**15), 2**15 - 1),
        st.none() | st.floats(),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def new_table(connection: sa.Connection) -> None:
    values.drop(connection, checkfirst=True)
    values.create(connection)


@pytest.mark.parametrize("add", [insert_columns, upsert_columns])
@pytest.mark.parametrize("count", [FEW, MANY])
def test_values_come_back_as_they_were_put_in(store: Store, count: int, add: Callable[..., None]) -> None:
    @settings(max_examples=15, deadline=None)
    @given(rows_of_values)
    def check(drawn: list[tuple[Any, ...]]) -> None:
        rows = [(number, *drawn[number % len(drawn)]) for number in range(count)]
        names = [column.name for column in values.columns]
        # In another order than that of the table.
        columns = dict(reversed(list(zip(names, zip(*rows, strict=True), strict=True))))
        with store.writing() as connection:
            new_table(connection)
            add(connection, values, columns, count)
        with store.reading() as connection:
            found = connection.execute(sa.select(values).order_by(values.c.number)).all()
        # NaN becomes NULL.
        expected = [tuple(None if isinstance(v, float) and math.isnan(v) else v for v in row) for row in rows]
        assert [tuple(row) for row in found] == expected

    check()


@pytest.mark.parametrize("count", [FEW, MANY])
def test_columns_may_be_of_numpy(store: Store, count: int) -> None:
    columns = {
        "number": np.arange(count, dtype=np.int32),
        "size": [np.int64(2**40)] * count,
        "kind": np.int16(7),
        "score": np.full(count, np.nan, np.float32),
        "flag": np.ones(count, bool),
    }
    with store.writing() as connection:
        new_table(connection)
        insert_columns(connection, values, columns, count)
        found = connection.execute(sa.select(*(values.c[name] for name in columns)).order_by(values.c.number)).all()
    assert [tuple(row) for row in found] == [(number, 2**40, 7, None, True) for number in range(count)]


@pytest.mark.parametrize("count", [FEW, MANY])
def test_of_upserted_rows_with_one_key_the_last_stays(store: Store, count: int) -> None:
    with store.writing() as connection:
        new_table(connection)
        insert_columns(connection, values, {"number": 0, "name": "there before", "flag": True}, 1)
        names = [f"name {number}" for number in range(count)]
        upsert_columns(connection, values, {"number": [0] * (count - 1) + [1], "name": names}, count)
        found = connection.execute(sa.select(values.c["number", "name", "flag"]).order_by(values.c.number)).all()
    assert [tuple(row) for row in found] == [(0, names[-2], True), (1, names[-1], None)]


@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\0.jpg", r"`a\\x00\.jpg` cannot be kept in a database: it holds a NUL"),
        ("a\udcff.jpg", r"`a\\udcff\.jpg` cannot .* not UTF-8"),
    ],
)
def test_a_text_that_a_database_cannot_hold_is_named(store: Store, text: str, message: str, count: int) -> None:
    names = ["fine"] * (count - 1) + [text]
    with store.writing() as connection:
        new_table(connection)
    with pytest.raises(InvalidConfig, match=message), store.writing() as connection:
        insert_columns(connection, values, {"number": range(count), "name": names}, count)


def test_a_text_of_a_single_statement_is_named_too(store: Store) -> None:
    with store.writing() as connection:
        new_table(connection)
    for text in ("a\udcff", *(["a\0"] if store.engine.dialect.name == "postgresql" else [])):
        with pytest.raises(InvalidConfig, match="cannot be kept"), store.writing() as connection:
            connection.execute(sa.insert(values).values(number=1, name=text))


@pytest.mark.parametrize("count", [FEW, MANY])
def test_rows_that_break_a_rule_are_refused_however_many(store: Store, count: int) -> None:
    with store.writing() as connection:
        new_table(connection)
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        insert_columns(connection, values, {"number": 1, "name": "twice"}, count)
    with store.reading() as connection:
        assert connection.execute(sa.select(values)).all() == []


def test_a_reading_transaction_sees_one_state(store: Store) -> None:
    count = sa.select(sa.func.count()).select_from(schema.runs)
    with store.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with store.writing() as writer:
            new_run(writer)
        assert reader.execute(count).scalar() == 0


def test_what_a_writer_has_checked_is_true_until_it_has_written(store: Store) -> None:
    with store.writing() as connection:
        new_table(connection)

    def add_the_next(_: int) -> None:
        with store.writing() as connection:
            highest = connection.execute(sa.select(sa.func.max(values.c.number))).scalar() or 0
            time.sleep(0.001)
            connection.execute(sa.insert(values).values(number=highest + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_the_next, range(40)))
    with store.reading() as connection:
        assert sorted(connection.execute(sa.select(values.c.number)).scalars()) == list(range(1, 41))


def test_a_note_does_not_wait_for_the_disk_and_a_commit_after_it_does(store: Store) -> None:
    sqlite = store.engine.dialect.name == "sqlite"
    ask, waits, does_not = ("PRAGMA synchronous", 2, 1) if sqlite else ("SHOW synchronous_commit", "on", "off")
    for durable, answer in ((True, waits), (False, does_not), (True, waits)):
        with store.writing(durable=durable) as connection:
            new_run(connection)
            assert connection.exec_driver_sql(ask).scalar() == answer
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar() == 3


def test_forty_threads_read_at_once(store: Store) -> None:
    all_are_reading = threading.Barrier(40, timeout=30)

    def read(_: int) -> None:
        with store.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
            all_are_reading.wait()

    with ThreadPoolExecutor(40) as threads:
        list(threads.map(read, range(40)))


def test_a_reading_transaction_on_postgresql_cannot_write(postgresql_server: Server) -> None:
    with postgresql_server.migrated_database() as url:
        store = open_store(url)
        with pytest.raises(sa.exc.InternalError, match="read-only transaction"), store.reading() as connection:
            new_run(connection)
        store.close()


def test_a_restarted_server_ends_what_was_under_way_and_nothing_else(postgresql_server: Server) -> None:
    if not postgresql_server.is_ours:
        pytest.skip("the server is not for these tests alone")
    with postgresql_server.migrated_database() as url:
        store = open_store(url)

        def write_while_it_restarts() -> None:
            with store.writing() as connection:
                new_run(connection)
                restart(postgresql_server)
                new_run(connection)

        with pytest.raises(SourceUnavailable) as caught:
            write_while_it_restarts()
        assert "try again" in caught.value.hint
        with store.reading() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar() == 0
        restart(postgresql_server)
        with store.writing() as connection:
            new_run(connection)
        store.close()


def test_a_wrong_password_and_a_missing_right_are_named_and_the_password_is_not(postgresql_server: Server) -> None:
    if not postgresql_server.is_ours:
        pytest.skip("the server is not for these tests alone")
    with postgresql_server.empty_database() as url:
        postgresql_server.administrate(f"CREATE USER {GUARDED_USER} PASSWORD 'right-word'")
        try:
            for password, message in (("wrong-word", "password authentication failed"), ("right-word", "permission")):
                guarded = sa.make_url(url).set(username=GUARDED_USER, password=password)
                with pytest.raises(SourceUnavailable, match=message) as caught:
                    open_store(guarded.render_as_string(hide_password=False))
                assert caught.value.hint
                assert password not in "".join(traceback.format_exception(caught.value))
        finally:
            postgresql_server.administrate(f"DROP USER {GUARDED_USER}")


@pytest.mark.parametrize(
    "address",
    [
        "swath:secret-word@127.0.0.1:1/swath",
        "swath@127.0.0.1:1/swath?password=secret-word",
        "swath:secret-word@no-such-host.invalid/swath",
    ],
)
def test_a_server_that_is_not_there_is_named_without_the_password(address: str) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be used: ") as caught:
        open_store(f"postgresql+psycopg://{address}")
    assert "host" in caught.value.hint
    assert "secret-word" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("secret-word", "cannot be read"),
        ("postgresql://swath:secret-word:5432:x", "cannot be read"),
        ("postgresql://swath:my@secret-word@host/swath", "more than one `@`"),
        ("mysql://swath:secret-word@host/swath", r"`mysql://swath:\*\*\*@host/swath` is of no database"),
        ("postgresql+asyncpg://swath:secret-word@host/swath", "is of no database"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_the_password(url: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message) as caught:
        open_store(url)
    assert "secret-word" not in "".join(traceback.format_exception(caught.value))


def test_a_database_may_be_named_as_hosting_services_name_it(postgresql_server: Server) -> None:
    with postgresql_server.migrated_database() as url:
        open_store(url.replace("postgresql+psycopg://", "postgres://")).close()


def test_a_database_that_cannot_hold_all_characters_is_refused(postgresql_server: Server) -> None:
    latin = "ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"
    with (
        postgresql_server.empty_database(latin) as url,
        pytest.raises(SourceUnavailable, match="keeps text as `LATIN1`"),
    ):
        open_store(url)


def test_a_missing_driver_is_named_with_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from swath.store.database import open_store\n"
        "open_store('postgresql+psycopg://swath:secret-word@host/swath')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "SourceUnavailable" in done.stderr
    assert "pip install 'swath[postgresql]'" in done.stderr
    assert "secret-word" not in done.stderr.replace("open_store('postgresql+psycopg://swath:secret-word", "")


def test_postgresql_plans_for_many_rows_as_soon_as_they_are_there(postgresql_server: Server) -> None:
    count = 20_000
    with postgresql_server.migrated_database() as url:
        store = open_store(url)
        with store.writing() as connection:
            new_table(connection)
            insert_columns(connection, values, {"number": range(count), "name": "row"}, count)
            known = f"SELECT reltuples FROM pg_class WHERE relname = '{values.name}'"
            assert connection.exec_driver_sql(known).scalar() == count
        store.close()
