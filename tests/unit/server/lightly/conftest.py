"""The facade in this process, asked as the official clients ask it."""

from __future__ import annotations

from typing import Protocol

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL, UserClient

from swath.core.access import Scope

FACADE_URL = f"{BASE_URL}/v1"


class FacadeClient(Protocol):
    def __call__(self, scope: Scope = Scope.MEMBER, user: str = "anna") -> TestClient:
        """A client whose token, a fresh one of that scope, travels in the address; the user is made if absent."""
        ...


@pytest.fixture
def facade_client(app: FastAPI, user_client: UserClient) -> FacadeClient:
    def client_of(scope: Scope = Scope.MEMBER, user: str = "anna") -> TestClient:
        token = user_client(scope, user).headers["authorization"].removeprefix("Bearer ")
        client = TestClient(app, base_url=FACADE_URL)
        client.params = client.params.set("token", token)
        return client

    return client_of


@pytest.fixture
def facade(facade_client: FacadeClient) -> TestClient:
    """A client of `anna`, who owns no home: `facade.get("/datasets")` asks `/v1/datasets?token=…`."""
    return facade_client()
