"""Logging in by a link, and out again."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import UserClient

from swath.core.access import Scope
from swath.server.auth import ATTEMPTS_PER_MINUTE, COOKIE
from swath.store import schema
from swath.store.database import Store
from swath.store.tokens import issue_login_code
from swath.store.users import create_user, local_user

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def code(store: Store) -> str:
    with store.writing() as connection:
        return issue_login_code(connection, local_user(connection).id)


def test_a_code_is_exchanged_for_a_cookie_that_scripts_of_pages_cannot_read(stranger: TestClient, code: str) -> None:
    answer = stranger.post("/api/login", json={"code": code}, headers=HERE)
    assert answer.status_code == 200
    assert answer.json()["user"] == "local"
    assert answer.json()["scope"] == "owner"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert stranger.cookies[COOKIE] not in answer.text
    assert stranger.get("/api/me").json() == answer.json()


def test_the_cookie_of_another_user_is_that_of_a_member(stranger: TestClient, store: Store) -> None:
    with store.writing() as connection:
        code = issue_login_code(connection, create_user(connection, "anna").id)
    assert stranger.post("/api/login", json={"code": code}).json()["scope"] == "member"
    assert stranger.get("/api/users").status_code == 403


def test_a_code_is_good_once(stranger: TestClient, code: str) -> None:
    assert stranger.post("/api/login", json={"code": code}).status_code == 200
    stranger.cookies.clear()
    again = stranger.post("/api/login", json={"code": code})
    assert (again.status_code, again.json()["type"]) == (401, "not-logged-in")
    assert "set-cookie" not in again.headers


def test_a_code_is_good_for_ten_minutes(stranger: TestClient, code: str, store: Store) -> None:
    with store.writing() as connection:
        connection.execute(
            schema.login_codes.update().values(expires_at=schema.login_codes.c.expires_at - 10 * 60 * 1000 - 1)
        )
    assert stranger.post("/api/login", json={"code": code}).status_code == 401


def test_guessing_codes_is_slowed_down(stranger: TestClient, code: str) -> None:
    answers = [stranger.post("/api/login", json={"code": "guess"}) for _ in range(ATTEMPTS_PER_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [401] * ATTEMPTS_PER_MINUTE + [429]
    assert "guess" not in answers[0].text


def test_a_form_of_another_site_cannot_log_a_browser_in(stranger: TestClient, code: str) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert stranger.post("/api/login", json={"code": code}, headers=foreign).status_code == 403
    form = {"Content-Type": "text/plain"}
    assert stranger.post("/api/login", content=f'{{"code": "{code}"}}', headers=form).status_code == 422
    assert stranger.post("/api/login", json={"code": code}).status_code == 200


def test_logging_out_ends_the_session_at_once(stranger: TestClient, code: str) -> None:
    stranger.post("/api/login", json={"code": code})
    secret = stranger.cookies[COOKIE]
    answer = stranger.post("/api/logout", headers=HERE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert COOKIE not in stranger.cookies
    assert stranger.get("/api/me", headers={"Cookie": f"{COOKIE}={secret}"}).status_code == 401


def test_logging_out_leaves_a_token_good(client: TestClient) -> None:
    assert client.post("/api/logout").status_code == 204
    assert client.get("/api/me").status_code == 200


def test_every_scope_may_ask_who_it_is(user_client: UserClient) -> None:
    for scope in Scope:
        assert user_client(scope).get("/api/me").json()["scope"] == scope.value


def test_a_browser_that_came_by_https_sends_its_cookie_by_https_only(stranger: TestClient, code: str) -> None:
    answer = stranger.post("/api/login", json={"code": code}, headers={"Origin": "https://localhost"})
    assert "Secure" in answer.headers["set-cookie"].split("; ")
