"""A PostgreSQL server of the tests' own: made in a temporary folder, and gone with the process that asked for it."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from swath.store.database import open_store

SERVER_VARIABLE = "SWATH_TEST_POSTGRESQL"
"""URL of a database on a server to use instead, whose user may create databases."""

UNPRIVILEGED_USERS = ("nobody", "postgres")
"""Whom the server runs as where the tests run as the administrator, which it refuses."""

GUARDED_USER = "guarded"
"""A name that may connect with a password only, should a test make such a user; all others need none."""

SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    # What a power cut would lose, these tests do not keep.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "shared_buffers": "128MB",
}

# The server ends when the pipe to this script does, so also when the tests are killed.
RUN_UNTIL_PIPE_ENDS = """
folder=$1 pg_ctl=$2 options=$3
if "$pg_ctl" start --silent --wait --pgdata="$folder/data" --log="$folder/log" --options="$options"; then
    echo started
    cat > /dev/null
    "$pg_ctl" stop --silent --mode=immediate --pgdata="$folder/data"
    rm -rf -- "$folder"
fi
"""


class NotInstalled(Exception):
    """PostgreSQL's server programs are nowhere to be found."""


class Server:
    """A server on which tests make databases; `url` is of one that is always there."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._numbers = itertools.count()
        self._template: str | None = None

    @contextmanager
    def empty_database(self, options: str = "") -> Iterator[str]:
        """The URL of a database without tables, made with further options of `CREATE DATABASE`."""
        with self._database(f"TEMPLATE template0 {options}") as url:
            yield url

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """The URL of a database with empty tables: a copy of one that was migrated once."""
        if self._template is None:
            name = self._new_name()
            self.administrate(f"CREATE DATABASE {name} TEMPLATE template0")
            open_store(self._url_of(name)).close()
            self._template = name
        with self._database(f"TEMPLATE {self._template}") as url:
            yield url

    def drop_template(self) -> None:
        if self._template is not None:
            self.administrate(f"DROP DATABASE {self._template} WITH (FORCE)")
            self._template = None

    @contextmanager
    def _database(self, options: str) -> Iterator[str]:
        name = self._new_name()
        self.administrate(f"CREATE DATABASE {name} {options}")
        try:
            yield self._url_of(name)
        finally:
            # By force: a test that failed, or a process that it killed, may have left a connection.
            self.administrate(f"DROP DATABASE {name} WITH (FORCE)")

    def _new_name(self) -> str:
        return f"swath_test_{os.getpid()}_{next(self._numbers)}"

    def _url_of(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def administrate(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)

    @property
    def is_ours(self) -> bool:
        """Whether it runs for these tests alone, which may stop it and count on its settings."""
        return SERVER_VARIABLE not in os.environ


@functools.cache
def shared_server() -> Server:
    """The server of this process, started when first asked for. Raises NotInstalled."""
    given = os.environ.get(SERVER_VARIABLE)
    server = Server(sa.make_url(given)) if given else Server(_start_cluster())
    if given:
        atexit.register(server.drop_template)
    return server


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """Kill a server of the tests' own without warning; it starts again when this is left."""
    folder = Path(str(server.url.query["host"]))
    where = (f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}")
    _run(_program("pg_ctl"), "stop", "--silent", "--wait", "--mode=immediate", where[0])
    try:
        yield
    finally:
        _run(_program("pg_ctl"), "start", "--silent", "--wait", *where, f"--options={_options(folder)}")


def restart(server: Server) -> None:
    """Kill a server of the tests' own without warning, as a crash would, and start it again."""
    folder = Path(str(server.url.query["host"]))
    # With a log, else the server keeps our end of the pipe that the output of the command is read from.
    where = (f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}")
    _run(_program("pg_ctl"), "restart", "--silent", "--wait", "--mode=immediate", *where)


def _start_cluster() -> sa.URL:
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    # Not in pytest's folders, into which only their owner may look; and the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="swath-postgresql-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    # The order of names is that of a language, as on most servers, and not that of SQLite.
    order = ("--locale=C", "--locale-provider=icu", "--icu-locale=en")
    _run(initdb, "--no-sync", "--auth=trust", "--username=swath", "--encoding=UTF8", *order, f"--pgdata={folder}/data")
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all {GUARDED_USER} scram-sha-256\n{rules.read_text()}")
    keeper = subprocess.Popen(
        ["sh", "-c", RUN_UNTIL_PIPE_ENDS, "sh", str(folder), pg_ctl, _options(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        user=user,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the server ends after them
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    atexit.register(keeper.communicate)
    if keeper.stdout.readline() != "started\n":
        log = folder / "log"
        raise RuntimeError(f"PostgreSQL did not start: {log.read_text() if log.exists() else 'it left no log'}")
    return sa.URL.create("postgresql+psycopg", username="swath", database="postgres", query={"host": str(folder)})


def _options(folder: Path) -> str:
    return " ".join([f"-k {folder}", *(f"-c {name}={value}" for name, value in SETTINGS.items())])


def _program(name: str) -> str:
    """Where a program of the server is: Debian keeps them out of the search path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        raise NotInstalled(f"`{name}` of PostgreSQL is not installed (Debian: `postgresql-15`)")
    return found


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in UNPRIVILEGED_USERS if user in known)


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd="/", user=_unprivileged_user(), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"`{Path(command[0]).name}` failed: {done.stderr}")
