"""Tokens and users over HTTP: who may make and revoke whose."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL, UserClient

from swath.core.access import Scope
from swath.store import schema
from swath.store.database import Store
from swath.store.tokens import replace_local_token


def bearer(client: TestClient, secret: str) -> TestClient:
    return TestClient(client.app, base_url=BASE_URL, headers={"Authorization": f"Bearer {secret}"})


def test_a_token_works_from_the_moment_it_is_made_until_it_is_revoked(client: TestClient) -> None:
    made = client.post("/api/tokens", json={"name": "script", "scope": "read-only"})
    assert made.status_code == 201
    script = bearer(client, made.json()["secret"])
    assert script.get("/api/me").json()["scope"] == "read-only"
    assert client.delete(f"/api/tokens/{made.json()['id']}").json()["revoked_at"] is not None
    assert script.get("/api/me").status_code == 401


def test_the_secret_is_in_no_other_answer(client: TestClient) -> None:
    secret = client.post("/api/tokens", json={"name": "script"}).json()["secret"]
    listed = client.get("/api/tokens")
    assert "script" in [token["name"] for token in listed.json()["items"]]
    assert secret not in listed.text
    assert "digest" not in listed.text


def test_a_repeated_request_gets_the_same_secret_and_no_second_token(client: TestClient) -> None:
    key = {"Idempotency-Key": "k"}
    secrets = {client.post("/api/tokens", json={"name": "s"}, headers=key).json()["secret"] for _ in range(2)}
    assert len(secrets) == 1
    assert [token["name"] for token in client.get("/api/tokens").json()["items"]].count("s") == 1


@pytest.mark.parametrize("wanted", [{"name": "x", "scope": "owner"}, {"name": "x", "user": "local"}])
def test_a_member_makes_no_token_that_reaches_further(user_client: UserClient, wanted: dict[str, str]) -> None:
    assert user_client(Scope.MEMBER).post("/api/tokens", json=wanted).status_code == 403


@pytest.mark.parametrize(("user", "status"), [("local", 403), ("anna", 201)])
def test_a_member_makes_no_worker_that_executes_the_runs_of_everybody(
    user_client: UserClient, user: str, status: int
) -> None:
    answer = user_client(Scope.MEMBER, user).post("/api/tokens", json={"name": "x", "scope": "worker"})
    assert answer.status_code == status


@pytest.mark.parametrize("scope", [Scope.WORKER, Scope.READ_ONLY])
def test_tokens_that_only_look_or_work_make_none(user_client: UserClient, scope: Scope) -> None:
    caller = user_client(scope)
    assert caller.post("/api/tokens", json={"name": "x", "scope": scope.value}).status_code == 403
    assert caller.get("/api/tokens").status_code == 403


def test_a_member_sees_and_revokes_their_own_only(client: TestClient, user_client: UserClient) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    of_local = client.post("/api/tokens", json={"name": "mine"}).json()
    assert {token["user"] for token in anna.get("/api/tokens").json()["items"]} == {"anna"}
    assert anna.delete(f"/api/tokens/{of_local['id']}").status_code == 404
    assert anna.delete("/api/tokens/test").status_code == 200
    assert anna.get("/api/me").status_code == 401


def test_an_owner_sees_everybodys_and_makes_tokens_for_others(client: TestClient, user_client: UserClient) -> None:
    user_client(Scope.MEMBER, "anna")
    made = client.post("/api/tokens", json={"name": "for anna", "user": "anna"}).json()
    assert bearer(client, made["secret"]).get("/api/me").json()["user"] == "anna"
    assert {token["user"] for token in client.get("/api/tokens").json()["items"]} == {"anna", "local"}


def test_a_token_for_nobody_is_refused(client: TestClient) -> None:
    assert client.post("/api/tokens", json={"name": "x", "user": "nobody"}).status_code == 404


def test_a_token_ends_when_it_says(client: TestClient, store: Store) -> None:
    in_an_hour = int(time.time() * 1000) + 3_600_000
    made = client.post("/api/tokens", json={"name": "short", "expires_at": in_an_hour}).json()
    assert made["expires_at"] == in_an_hour
    with store.writing() as connection:
        # An hour later.
        of_it = schema.tokens.c.id == made["id"]
        connection.execute(sa.update(schema.tokens).where(of_it).values(expires_at=in_an_hour - 3_600_000))
    assert bearer(client, made["secret"]).get("/api/me").status_code == 401


@pytest.mark.parametrize("name", ["", "x" * 200, "two\nlines"])
def test_a_name_that_is_none_is_refused(client: TestClient, name: str) -> None:
    answer = client.post("/api/tokens", json={"name": name})
    assert (answer.status_code, answer.json()["field"]) == (422, "name")


@pytest.mark.parametrize("moment", [-1, 0, 2**63, 2**70])
def test_a_time_that_cannot_be_is_refused(client: TestClient, moment: int) -> None:
    assert client.post("/api/tokens", json={"name": "x", "expires_at": moment}).status_code == 422


def test_the_token_of_the_running_server_is_not_listed(client: TestClient, store: Store) -> None:
    with store.writing() as connection:
        token, _ = replace_local_token(connection)
    assert token.id not in client.get("/api/tokens").text
    assert client.delete(f"/api/tokens/{token.id}").status_code == 404


def test_owners_make_users_and_others_do_not(client: TestClient, user_client: UserClient) -> None:
    assert client.post("/api/users", json={"name": "berta"}).status_code == 201
    assert [user["name"] for user in client.get("/api/users").json()["items"]] == ["local", "berta"]
    assert client.post("/api/users", json={"name": "berta"}).status_code == 409
    for scope in (Scope.MEMBER, Scope.READ_ONLY, Scope.WORKER):
        assert user_client(scope).post("/api/users", json={"name": "carla"}).status_code == 403
        assert user_client(scope).get("/api/users").status_code == 403
