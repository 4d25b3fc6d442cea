"""How requests of the official clients come in, and how errors of every layer go out."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope


def error_of(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]  # type: ignore[attr-defined]


def test_the_token_may_be_in_the_address_or_in_a_header(facade: TestClient, user_client: UserClient) -> None:
    assert facade.get("/datasets").json() == []
    assert user_client().get("/v1/datasets").json() == []


def test_slashes_in_front_are_one(app: FastAPI, facade: TestClient) -> None:
    answer = TestClient(app, base_url=BASE_URL).get("http://localhost//v1/datasets", params=facade.params)

    assert answer.json() == []


def test_booleans_are_read_as_python_prints_them(facade: TestClient) -> None:
    assert facade.get("/datasets", params={"shared": "False"}).json() == []
    assert facade.get("/datasets", params={"shared": "True"}).json() == []


def test_bodies_where_none_belongs_are_ignored(facade: TestClient) -> None:
    assert facade.request("GET", "/datasets", json={}).json() == []


def test_without_a_token_only_versions_answer(stranger: TestClient) -> None:
    assert stranger.get("/v1/versions/pip/minimum").json() == "1.0.0"
    assert stranger.get("/v1/versions/pip/latest", params={"currentVersion": "1.2.25"}).json() == "1.0.0"
    assert error_of(stranger.get("/v1/datasets")) == (401, "UNAUTHORIZED")
    assert error_of(stranger.get("/v1/datasets", params={"token": "wrong"})) == (401, "UNAUTHORIZED")


def test_cookies_open_nothing(stranger: TestClient, facade: TestClient) -> None:
    stranger.cookies.set("swath_session", dict(facade.params)["token"])

    assert error_of(stranger.get("/v1/datasets")) == (401, "UNAUTHORIZED")


def test_an_error_has_a_code_and_a_sentence_and_nothing_else(facade: TestClient) -> None:
    answer = facade.get("/nothing/here")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    assert answer.json() == {"code": "NOT_FOUND", "error": "there is no `/v1/nothing/here`"}


def test_a_field_that_cannot_be_used_is_named(facade: TestClient) -> None:
    answer = facade.post("/datasets", json={"name": "a.b"})

    assert error_of(answer) == (400, "MALFORMED_REQUEST")
    assert "`name`" in answer.json()["error"]


def test_requests_for_another_server_are_refused(facade: TestClient) -> None:
    assert facade.get("/datasets", headers={"host": "elsewhere.example"}).status_code == 421


@pytest.mark.parametrize("scope", [Scope.READ_ONLY, Scope.WORKER])
def test_scopes_bound_what_a_token_may_do(facade_client: FacadeClient, scope: Scope) -> None:
    assert error_of(facade_client(scope).post("/datasets", json={"name": "photos"})) == (403, "FORBIDDEN")
