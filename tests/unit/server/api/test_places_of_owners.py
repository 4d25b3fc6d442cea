"""Which folders a browser may name, whoever is logged in with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.server.app import create_app
from swath.server.services import ServerOptions, Services
from swath.store.database import Store
from swath.store.tokens import issue_login_code, issue_token
from swath.store.users import create_user, local_user


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder below none of the roots."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def app_of(services: Services, *, is_private: bool) -> FastAPI:
    return create_app(replace(services, options=ServerOptions(is_private=is_private)))


def browser_of(app: FastAPI, store: Store, user: str | None) -> TestClient:
    """A browser in which a user is logged in; None: the owner of the home."""
    with store.writing() as connection:
        found = local_user(connection) if user is None else create_user(connection, user)
        code = issue_login_code(connection, found.id)
    browser = TestClient(app, base_url="http://localhost", headers={"Origin": "http://localhost"})
    assert browser.post("/api/login", json={"code": code}).status_code == 200
    return browser


def asked_for(client: TestClient, folder: Path) -> tuple[int, int]:
    """Status of a preview of a folder, and of a dataset on it."""
    preview = client.post("/api/previews", json={"datasource": str(folder)})
    dataset = client.post("/api/datasets", json={"name": "photos", "datasource": str(folder)})
    return preview.status_code, dataset.status_code


def test_the_owner_of_a_private_server_may_name_any_folder(services: Services, store: Store, elsewhere: Path) -> None:
    browser = browser_of(app_of(services, is_private=True), store, None)
    assert asked_for(browser, elsewhere) == (201, 201)


def test_the_owner_of_a_server_that_others_reach_may_not(services: Services, store: Store, elsewhere: Path) -> None:
    browser = browser_of(app_of(services, is_private=False), store, None)
    assert asked_for(browser, elsewhere) == (422, 422)


def test_another_user_of_a_private_server_may_not(services: Services, store: Store, elsewhere: Path) -> None:
    browser = browser_of(app_of(services, is_private=True), store, "anna")
    assert asked_for(browser, elsewhere) == (422, 422)


def test_a_token_of_the_owner_may_not_since_nobody_knows_where_it_is_kept(
    services: Services, store: Store, elsewhere: Path
) -> None:
    with store.writing() as connection:
        _, secret = issue_token(connection, local_user(connection).id, name="laptop", scope=Scope.OWNER)
    client = TestClient(
        app_of(services, is_private=True),
        base_url="http://localhost",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert asked_for(client, elsewhere) == (422, 422)
