"""Requests that are sent twice create once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient
from tests.unit.server.conftest import UserClient

from swath.core.access import Scope
from swath.core.errors import Conflict
from swath.server.dependencies import Anybody
from swath.store import schema
from swath.store.database import Store


class Shop:
    """Counts what was made; what it makes can be held up or made to fail."""

    def __init__(self) -> None:
        self.made = 0
        self.failure: Exception | None = None
        self.entered = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()


@pytest.fixture
def shop(app: FastAPI) -> Shop:
    shop = Shop()
    router = APIRouter()

    @router.post("/things", status_code=201)
    def make_thing(principal: Anybody, body: dict[str, int]) -> dict[str, str]:
        shop.entered.set()
        assert shop.may_go_on.wait(20)
        if shop.failure is not None:
            raise shop.failure
        shop.made += 1
        return {"secret": f"swath_{shop.made}"}

    @router.post("/pixels")
    def make_pixels(principal: Anybody) -> Response:
        shop.made += 1
        return Response(b"\0" * 3_000_000, media_type="application/octet-stream")

    app.include_router(router, prefix="/api")
    return shop


KEY = {"Idempotency-Key": "k1"}


def test_a_repeated_request_answers_the_same_and_makes_nothing(shop: Shop, client: TestClient) -> None:
    first = client.post("/api/things", json={"a": 1}, headers=KEY)
    again = client.post("/api/things", json={"a": 1}, headers=KEY)
    assert (first.status_code, first.json(), shop.made) == (201, {"secret": "swath_1"}, 1)
    assert (again.status_code, again.json()) == (201, {"secret": "swath_1"})
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_without_a_key_every_request_makes_one(shop: Shop, client: TestClient) -> None:
    for _ in range(2):
        client.post("/api/things", json={"a": 1})
    assert shop.made == 2


def test_a_token_that_may_less_gets_no_answer_of_one_that_may_more(
    shop: Shop, client: TestClient, user_client: UserClient
) -> None:
    client.post("/api/things", json={"a": 1}, headers=KEY)
    answer = user_client(Scope.READ_ONLY, "local").post("/api/things", json={"a": 1}, headers=KEY)
    assert answer.status_code == 409
    assert "swath_1" not in answer.text


def test_keys_of_two_users_are_not_the_same(shop: Shop, client: TestClient, user_client: UserClient) -> None:
    client.post("/api/things", json={"a": 1}, headers=KEY)
    assert user_client(Scope.MEMBER).post("/api/things", json={"a": 1}, headers=KEY).json() == {"secret": "swath_2"}


def test_a_token_that_may_do_less_gets_no_answer_of_one_that_may_do_more(
    shop: Shop, client: TestClient, user_client: UserClient
) -> None:
    client.post("/api/things", json={"a": 1}, headers=KEY)
    answer = user_client(Scope.READ_ONLY, "local").post("/api/things", json={"a": 1}, headers=KEY)
    assert answer.status_code == 409
    assert "secret" not in answer.text


@pytest.mark.parametrize("other", [("/api/things", {"a": 2}), ("/api/things?x=1", {"a": 1})])
def test_a_key_belongs_to_one_request(shop: Shop, client: TestClient, other: tuple[str, dict[str, int]]) -> None:
    client.post("/api/things", json={"a": 1}, headers=KEY)
    answer = client.post(other[0], json=other[1], headers=KEY)
    assert (answer.status_code, shop.made) == (409, 1)


@pytest.mark.parametrize("failure", [Conflict("taken"), RuntimeError("a fault")])
def test_what_failed_may_be_tried_again_with_its_key(shop: Shop, client: TestClient, failure: Exception) -> None:
    shop.failure = failure
    assert client.post("/api/things", json={"a": 1}, headers=KEY).status_code in (409, 500)
    shop.failure = None
    assert client.post("/api/things", json={"a": 1}, headers=KEY).status_code == 201


def test_a_refused_body_leaves_the_key_free(shop: Shop, client: TestClient) -> None:
    assert client.post("/api/things", json={"a": "?"}, headers=KEY).status_code == 422
    assert client.post("/api/things", json={"a": 1}, headers=KEY).status_code == 201


def test_the_second_of_two_at_once_is_told_to_wait(shop: Shop, client: TestClient, user_client: UserClient) -> None:
    shop.may_go_on.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(client.post, "/api/things", json={"a": 1}, headers=KEY)
        assert shop.entered.wait(20)
        second = user_client(Scope.OWNER, "local").post("/api/things", json={"a": 1}, headers=KEY)
        shop.may_go_on.set()
        assert (second.status_code, first.result().status_code, shop.made) == (409, 201, 1)


def test_secrets_in_kept_answers_are_encrypted(shop: Shop, client: TestClient, store: Store) -> None:
    client.post("/api/things", json={"a": 1}, headers=KEY)
    with store.reading() as connection:
        kept = connection.execute(sa.select(schema.idempotency_keys.c.answer)).scalar_one()
    assert kept
    assert b"swath_1" not in kept


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(shop: Shop, client: TestClient, key: str) -> None:
    answer = client.post("/api/things", json={"a": 1}, headers={"Idempotency-Key": key})
    assert (answer.status_code, shop.made) == (422, 0)


def test_an_answer_that_is_large_or_no_document_passes_unkept(shop: Shop, client: TestClient) -> None:
    for _ in range(2):
        assert len(client.post("/api/pixels", headers=KEY).content) == 3_000_000
    assert shop.made == 2
