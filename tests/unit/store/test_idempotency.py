from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, InvalidConfig
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.idempotency import (
    KEPT_MS,
    UNDER_WAY_MS,
    StoredAnswer,
    abandon_request,
    abandon_requests,
    begin_request,
    finish_request,
)
from swath.store.users import create_user, local_user

FIRST, OTHER = b"1" * 32, b"2" * 32
ANSWER = StoredAnswer(status=201, answer=b'{"id": 1}')


@pytest.fixture
def user_id(store: Store) -> str:
    with store.reading() as connection:
        return local_user(connection).id


def begin(store: Store, user_id: str, digest: bytes = FIRST, *, key: str = "k", now: int = 0) -> StoredAnswer | None:
    with store.writing() as connection:
        return begin_request(connection, user_id, key, digest, now)


def finish(store: Store, user_id: str, answer: StoredAnswer = ANSWER) -> None:
    with store.writing() as connection:
        finish_request(connection, user_id, "k", status=answer.status, answer=answer.answer)


def test_a_request_sent_again_gets_the_answer_of_the_first(store: Store, user_id: str) -> None:
    assert begin(store, user_id) is None
    finish(store, user_id)
    for now in (1, KEPT_MS - 1):
        assert begin(store, user_id, now=now) == ANSWER


def test_the_key_of_another_request_is_refused(store: Store, user_id: str) -> None:
    begin(store, user_id)
    with pytest.raises(Conflict, match="`k` was used for another request"):
        begin(store, user_id, OTHER)
    finish(store, user_id)
    with pytest.raises(Conflict, match="`k` was used for another request"):
        begin(store, user_id, OTHER)


def test_a_request_whose_first_is_under_way_is_to_come_again(store: Store, user_id: str) -> None:
    begin(store, user_id)
    with pytest.raises(Conflict, match="still under way") as caught:
        begin(store, user_id, now=UNDER_WAY_MS - 1)
    assert caught.value.hint == "Try again in a moment."


def test_a_request_whose_first_died_is_done_by_one_other(store: Store, user_id: str) -> None:
    begin(store, user_id)
    assert begin(store, user_id, now=UNDER_WAY_MS) is None
    with pytest.raises(Conflict, match="still under way"):
        begin(store, user_id, now=UNDER_WAY_MS + 1)
    finish(store, user_id)
    # The one that was taken for dead comes late.
    finish(store, user_id, StoredAnswer(status=500, answer=b"late"))
    assert begin(store, user_id, now=UNDER_WAY_MS + 2) == ANSWER


def test_a_request_that_did_nothing_can_be_sent_again_at_once(store: Store, user_id: str) -> None:
    begin(store, user_id)
    with store.writing() as connection:
        abandon_request(connection, user_id, "k")
    assert begin(store, user_id, OTHER) is None
    finish(store, user_id)
    with store.writing() as connection:
        abandon_request(connection, user_id, "k")
    assert begin(store, user_id, OTHER) == ANSWER


def test_keys_are_forgotten_after_a_day(store: Store, user_id: str) -> None:
    begin(store, user_id, key="old")
    begin(store, user_id, key="young", now=1)
    assert begin(store, user_id, OTHER, key="another", now=KEPT_MS) is None
    with store.reading() as connection:
        left = connection.execute(sa.select(schema.idempotency_keys.c.key)).scalars().all()
    assert sorted(left) == ["another", "young"]


def test_two_users_may_use_one_key(store: Store, user_id: str) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna").id
    begin(store, user_id)
    finish(store, user_id)
    assert begin(store, anna, OTHER) is None


@pytest.mark.parametrize("key", ["", "a" * 201, "two\nlines"])
def test_what_is_no_key_is_refused(store: Store, user_id: str, key: str) -> None:
    with pytest.raises(InvalidConfig, match="1 to 200 printable"):
        begin(store, user_id, key=key)


def test_of_requests_at_once_one_does_the_work(store: Store, user_id: str) -> None:
    start = threading.Barrier(6)
    outcomes: list[str] = []

    def ask() -> None:
        start.wait()
        try:
            outcomes.append("first" if begin(store, user_id, now=now_ms()) is None else "answered")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["first"] + ["refused"] * 5


def test_what_a_server_that_died_had_under_way_is_done_anew_and_what_it_had_done_is_not(
    store: Store, user_id: str
) -> None:
    begin(store, user_id)
    finish(store, user_id)
    begin(store, user_id, key="under way")
    with store.writing() as connection:
        abandon_requests(connection)
    assert begin(store, user_id, key="under way") is None
    assert begin(store, user_id) == ANSWER
