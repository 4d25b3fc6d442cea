"""Tokens and cookies at the door of the server."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient
from tests.unit.server.conftest import UserClient

from swath.core.access import Scope
from swath.core.errors import TooManyAttempts
from swath.server import auth
from swath.server.auth import ATTEMPTS_PER_MINUTE, COOKIE, KNOWN_ADDRESSES, Attempts, Authenticator
from swath.server.dependencies import Anybody, Member, Owner, Reader, WorkerCaller
from swath.store.database import Store
from swath.store.tokens import issue_token, list_tokens, revoke_token
from swath.store.users import local_user


@pytest.fixture
def gates(app: FastAPI) -> FastAPI:
    """A server with a route for each kind of caller."""
    router = APIRouter()

    @router.get("/gates/reader")
    def read(principal: Reader) -> str:
        return principal.user_name

    @router.get("/gates/member")
    def change(principal: Member) -> str:
        return principal.user_name

    @router.get("/gates/owner")
    def administer(principal: Owner) -> str:
        return principal.user_name

    @router.get("/gates/worker")
    def work(principal: WorkerCaller) -> str:
        return principal.user_name

    @router.api_route("/gates/anybody", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    def come(principal: Anybody) -> str:
        return principal.user_name

    app.include_router(router, prefix="/api")
    return app


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [
        (Scope.OWNER, {"reader", "member", "owner", "worker", "anybody"}),
        (Scope.MEMBER, {"reader", "member", "worker", "anybody"}),
        (Scope.READ_ONLY, {"reader", "anybody"}),
        (Scope.WORKER, {"worker", "anybody"}),
    ],
)
def test_each_scope_gets_as_far_as_it_should(
    gates: FastAPI, user_client: UserClient, scope: Scope, admitted: set[str]
) -> None:
    client = user_client(scope)
    answers = {
        gate: client.get(f"/api/gates/{gate}").status_code
        for gate in ("reader", "member", "owner", "worker", "anybody")
    }
    assert answers == {gate: 200 if gate in admitted else 403 for gate in answers}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Cookie": f"{COOKIE}=wrong"},
        {"Cookie": "other=1"},
        {"Authorization": "Bearer é"},
    ],
)
def test_without_a_good_token_everything_is_closed(
    gates: FastAPI, stranger: TestClient, headers: dict[str, str]
) -> None:
    for path in ("/api/gates/anybody", "/api/openapi.json", "/api/nope", "/api"):
        raw = {name: value.encode() for name, value in headers.items()}
        answer = stranger.get(path, headers=raw)
        assert (answer.status_code, answer.json()["type"]) == (401, "not-logged-in")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_health_is_open(stranger: TestClient) -> None:
    assert stranger.get("/api/health").json()["status"] == "ok"


def test_a_wrong_token_is_not_saved_by_a_good_cookie(gates: FastAPI, client: TestClient, stranger: TestClient) -> None:
    secret = client.headers["authorization"].removeprefix("Bearer ")
    both = {"Authorization": "Bearer wrong", "Cookie": f"{COOKIE}={secret}"}
    assert stranger.get("/api/gates/anybody", headers=both).status_code == 401


def test_a_revoked_token_is_refused_at_once(gates: FastAPI, client: TestClient, store: Store, app: FastAPI) -> None:
    assert client.get("/api/gates/anybody").status_code == 200
    with store.writing() as connection:
        revoke_token(connection, "test")
    app.state.authenticator.forget()
    assert client.get("/api/gates/anybody").status_code == 401


def test_a_token_revoked_elsewhere_is_refused_within_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = Authenticator(store)
    with store.writing() as connection:
        token, secret = issue_token(connection, local_user(connection).id, name="t", scope=Scope.OWNER)
    assert authenticator.find(secret) is not None
    with store.writing() as connection:
        revoke_token(connection, token.id)
    assert authenticator.remembered(secret) is not None
    moment = auth.time.monotonic()
    monkeypatch.setattr(auth.time, "monotonic", lambda: moment + auth.REMEMBER_S + 0.1)
    assert authenticator.remembered(secret) is None
    assert authenticator.find(secret) is None


def test_a_token_revoked_while_it_is_looked_up_is_not_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = Authenticator(store)
    with store.writing() as connection:
        _, secret = issue_token(connection, local_user(connection).id, name="t", scope=Scope.OWNER)
    find = auth.find_principal

    def find_and_revoke(*args: object) -> object:
        found = find(*args)  # type: ignore[arg-type]
        authenticator.forget()
        return found

    monkeypatch.setattr(auth, "find_principal", find_and_revoke)
    assert authenticator.find(secret) is not None
    assert authenticator.remembered(secret) is None


def test_what_is_remembered_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    authenticator = Authenticator(store)
    with store.writing() as connection:
        user = local_user(connection)
        secrets = [issue_token(connection, user.id, name=f"t{n}", scope=Scope.OWNER)[1] for n in range(3)]
    for secret in secrets:
        authenticator.find(secret)
    assert [authenticator.remembered(secret) is not None for secret in secrets] == [False, True, True]


def test_when_a_token_was_used_is_written_down(store: Store) -> None:
    authenticator = Authenticator(store)
    with store.writing() as connection:
        _, secret = issue_token(connection, local_user(connection).id, name="t", scope=Scope.OWNER)
    authenticator.find(secret)
    authenticator.note_uses()
    with store.reading() as connection:
        assert [token.last_used_at is not None for token in list_tokens(connection)] == [True]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
    ],
)
def test_a_cookie_changes_something_only_from_a_page_of_this_server(
    gates: FastAPI, client: TestClient, stranger: TestClient, method: str, headers: dict[str, str], status: int
) -> None:
    cookie = {"Cookie": f"{COOKIE}={client.headers['authorization'].removeprefix('Bearer ')}"}
    assert stranger.request(method, "/api/gates/anybody", headers={**cookie, **headers}).status_code == status
    assert stranger.get("/api/gates/anybody", headers=cookie).status_code == 200


def test_too_many_wrong_tokens_are_not_heard_and_good_ones_go_on_working(
    gates: FastAPI, client: TestClient, stranger: TestClient
) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    answers = [stranger.get("/api/gates/anybody", headers=wrong) for _ in range(ATTEMPTS_PER_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [401] * ATTEMPTS_PER_MINUTE + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    assert client.get("/api/gates/anybody").status_code == 200
    assert stranger.get("/api/gates/anybody").status_code == 401


def test_a_browser_whose_session_is_over_is_always_told_to_log_in(gates: FastAPI, stranger: TestClient) -> None:
    old = {"Cookie": f"{COOKIE}=over"}
    answers = {stranger.get("/api/gates/anybody", headers=old).status_code for _ in range(ATTEMPTS_PER_MINUTE + 5)}
    assert answers == {401}


def test_attempts_are_heard_again_after_a_minute() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for _ in range(ATTEMPTS_PER_MINUTE):
        attempts.record("10.0.0.1")
    with pytest.raises(TooManyAttempts) as caught:
        attempts.record("10.0.0.1")
    attempts.record("10.0.0.2")
    now[0] += caught.value.retry_after_s
    attempts.record("10.0.0.1")


def test_attempts_of_very_many_addresses_are_forgotten_not_kept() -> None:
    attempts = Attempts()
    for number in range(KNOWN_ADDRESSES + 10):
        attempts.record(f"address {number}")
    assert len(attempts._failures) == KNOWN_ADDRESSES


def test_an_answer_never_repeats_a_token(gates: FastAPI, stranger: TestClient) -> None:
    answer = stranger.get("/api/gates/anybody?token=swath_leaked", headers={"Authorization": "Bearer swath_leaked"})
    assert "swath_leaked" not in answer.text
