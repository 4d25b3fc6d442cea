"""A server in this process, on both databases, with a client for any user."""

from __future__ import annotations

from typing import Protocol

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.access import Scope
from swath.server.app import create_app
from swath.server.services import Services
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.tokens import issue_token
from swath.store.users import User, create_user, list_users, local_user

BASE_URL = "http://localhost"


class UserClient(Protocol):
    def __call__(self, scope: Scope = Scope.MEMBER, user: str = "anna") -> TestClient:
        """A client with a fresh token of that scope; the user is made if absent (`local` is the home's owner)."""
        ...


@pytest.fixture
def services(store: Store, home: Home) -> Services:
    return Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=50_000_000),
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
