"""A home, a database (SQLite; PostgreSQL too where one is given) and whole runs for the tests of the store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from swath.core.additions import CommitReceipt, RunAdditions
from swath.core.runs import RunState
from swath.store.database import Store, open_store
from swath.store.home import Home, open_home
from swath.store.session import StoreRunSession, open_run

POSTGRESQL = os.environ.get("SWATH_TEST_POSTGRESQL")
"""URL of an empty PostgreSQL database to run the suite on as well; its tables are dropped."""


class StartRun(Protocol):
    def __call__(
        self,
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
    ) -> StoreRunSession: ...


class CommitRun(Protocol):
    def __call__(
        self,
        additions: RunAdditions,
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
    ) -> CommitReceipt: ...


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"
    assert POSTGRESQL is not None
    engine = sa.create_engine(POSTGRESQL)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return POSTGRESQL


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


@pytest.fixture
def start_run(store: Store, home: Home) -> StartRun:
    def start(
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
    ) -> StoreRunSession:
        return open_run(
            store,
            home,
            run_config_json='{"n_samples": 0.1}',
            image_dataset_name=name,
            input_uri=input_uri,
            output_uri=output_uri,
            task=task,
            crop_dataset_name=crop_dataset_name,
        )

    return start


@pytest.fixture
def commit_run(start_run: StartRun) -> CommitRun:
    def commit(
        additions: RunAdditions,
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
    ) -> CommitReceipt:
        run = start_run(name, task=task, crop_dataset_name=crop_dataset_name)
        receipt = run.commit(additions)
        run.finish(RunState.COMPLETED, "done", "{}")
        return receipt

    return commit
