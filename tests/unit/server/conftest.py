"""A server in this process, on both databases, with a client for any user."""

from __future__ import annotations

from typing import Protocol

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.core.access import Scope
from swath.core.additions import CommitReceipt, RunAdditions
from swath.core.runs import RunState
from swath.server.app import create_app
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.session import open_run
from swath.store.tokens import issue_token
from swath.store.users import User, create_user, list_users, local_user

BASE_URL = "http://localhost"


class UserClient(Protocol):
    def __call__(self, scope: Scope = Scope.MEMBER, user: str = "anna") -> TestClient:
        """A client with a fresh token of that scope; the user is made if absent (`local` is the home's owner)."""
        ...


class CommitRun(Protocol):
    def __call__(
        self,
        additions: RunAdditions,
        name: str = "vehicles",
        *,
        user: str = "local",
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
    ) -> CommitReceipt:
        """Commit a whole run of a user, made if absent; the datasets are theirs."""
        ...


@pytest.fixture
def options() -> ServerOptions:
    """What the operator chose; tests that need something else have a fixture of that name."""
    return ServerOptions()


@pytest.fixture
def services(store: Store, home: Home, options: ServerOptions) -> Services:
    return Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=50_000_000),
        options=options,
        tables=ParquetTables(),
    )


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture
def user_client(app: FastAPI, store: Store) -> UserClient:
    def client_of(scope: Scope = Scope.MEMBER, user: str = "anna") -> TestClient:
        with store.writing() as connection:
            local_user(connection)
            known = {found.name: found for found in list_users(connection)}
            owner: User = known.get(user) or create_user(connection, user)
            _, secret = issue_token(connection, owner.id, name="test", scope=scope)
        return TestClient(app, base_url=BASE_URL, headers={"Authorization": f"Bearer {secret}"})

    return client_of


@pytest.fixture
def client(user_client: UserClient) -> TestClient:
    """A client with an owner token of the home's own user. What runs in the background does not run."""
    return user_client(Scope.OWNER, "local")


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """A client without a token."""
    return TestClient(app, base_url=BASE_URL)


@pytest.fixture
def commit_run(store: Store, home: Home) -> CommitRun:
    def commit(
        additions: RunAdditions,
        name: str = "vehicles",
        *,
        user: str = "local",
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        input_uri: str = "/data",
        output_uri: str = "/data",
    ) -> CommitReceipt:
        with store.writing() as connection:
            local_user(connection)
            known = {found.name: found for found in list_users(connection)}
            owner = known.get(user) or create_user(connection, user)
        run = open_run(
            store,
            home,
            run_config_json="{}",
            image_dataset_name=name,
            input_uri=input_uri,
            output_uri=output_uri,
            task=task,
            crop_dataset_name=crop_dataset_name,
            owner_id=owner.id,
        )
        receipt = run.commit(additions)
        run.finish(RunState.COMPLETED, "done", "{}")
        return receipt

    return commit
