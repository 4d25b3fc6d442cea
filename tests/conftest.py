"""For all tests: a home, a database in it, and the rule that CI skips no test for what somebody forgot to install."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.support.azure_server import AzureServer, shared_azure_server
from tests.support.bucket_servers import processes
from tests.support.gcs_server import GcsServer, shared_gcs_server
from tests.support.postgresql import NotInstalled, Server, shared_server
from tests.support.s3_server import S3Server, shared_s3_server

from swath.store.database import Store, open_store
from swath.store.home import Home, open_home

# How long an example takes says what else the machine does: it is no reason to fail.
settings.register_profile("swath", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("swath")

EXPECTED_SKIPS = ("root",)
"""Words in the reasons of skips that are right in CI too: permissions do not bind root, so some tests mean nothing."""


@pytest.fixture
def postgresql_server() -> Server:
    try:
        return shared_server()
    except NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    try:
        return shared_s3_server()
    except processes.NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def azure_server() -> AzureServer:
    try:
        return shared_azure_server()
    except processes.NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def gcs_server() -> GcsServer:
    try:
        return shared_gcs_server()
    except processes.NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "swath.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables; for a test that asks for `store` too, one that has them, which is faster to copy."""
    if request.param == "sqlite":
        path = tmp_path / "home" / "swath.sqlite"
        if "store" in request.fixturenames:
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    with server.migrated_database() if "store" in request.fixturenames else server.empty_database() as url:
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home that this test holds the lock of."""
    home = open_home(tmp_path / "home")
    with home.lock(pytest.fail):
        yield home


@pytest.fixture
def store(home: Home, database_url: str) -> Iterator[Store]:
    store = open_store(database_url)
    yield store
    store.close()


class UnexpectedSkips:
    """Collects skips, also from the processes of pytest-xdist, and fails the run for those nobody expects."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2])
            if not any(word in reason for word in EXPECTED_SKIPS):
                self.found.append(f"{report.nodeid}: {reason}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.found:
            terminalreporter.write_line(f"unexpected skip: {line}", red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


ON_BOTH_DATABASES = {"test_database.py", "test_migrations.py", "test_commit.py", "test_queue.py", "test_tagging.py"}
"""Tests that always run on PostgreSQL too: of what databases do in different ways, locks, types and bulk writing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The rest runs on PostgreSQL with `slow`."""
    for item in items:
        is_postgresql = "postgresql" in getattr(getattr(item, "callspec", None), "id", "")
        if is_postgresql and item.path.name not in ON_BOTH_DATABASES:
            item.add_marker(pytest.mark.slow)


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") == "true" and not is_worker:
        config.pluginmanager.register(UnexpectedSkips(), "unexpected-skips")
