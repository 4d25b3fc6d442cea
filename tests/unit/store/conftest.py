"""A home, a database (SQLite; PostgreSQL too where one is given) and whole runs for the tests of the store."""

from __future__ import annotations

from typing import Protocol

import pytest

from swath.core.additions import CommitReceipt, RunAdditions
from swath.core.runs import RunState
from swath.store.database import Store
from swath.store.home import Home
from swath.store.session import StoreRunSession, open_run


class StartRun(Protocol):
    def __call__(
        self,
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
        owner_id: str | None = None,
    ) -> StoreRunSession: ...


class CommitRun(Protocol):
    def __call__(
        self,
        additions: RunAdditions,
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        owner_id: str | None = None,
    ) -> CommitReceipt: ...


@pytest.fixture
def start_run(store: Store, home: Home) -> StartRun:
    def start(
        name: str = "vehicles",
        *,
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
        owner_id: str | None = None,
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
            owner_id=owner_id,
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
        owner_id: str | None = None,
    ) -> CommitReceipt:
        run = start_run(name, task=task, crop_dataset_name=crop_dataset_name, owner_id=owner_id)
        receipt = run.commit(additions)
        run.finish(RunState.COMPLETED, "done", "{}")
        return receipt

    return commit
