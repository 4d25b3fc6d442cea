from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from swath.server.memo import Memo


def test_a_value_is_made_once_however_many_ask() -> None:
    memo = Memo(1000)
    made: list[int] = []
    started, go_on = threading.Event(), threading.Event()

    def make() -> str:
        made.append(1)
        started.set()
        assert go_on.wait(10)
        return "value"

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(memo.get, "key", make, size_of=len) for _ in range(8)]
        assert started.wait(10)
        go_on.set()
        assert [future.result(10) for future in waiting] == ["value"] * 8
    assert made == [1]


def test_other_values_are_not_waited_for() -> None:
    memo = Memo(1000)
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(memo.get, "slow", lambda: str(go_on.wait(10)), size_of=len)
        assert memo.get("quick", lambda: "value", size_of=len) == "value"
        go_on.set()
        assert slow.result(10) == "True"


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    memo = Memo(1000)
    started, go_on = threading.Event(), threading.Event()

    def fail() -> str:
        started.set()
        assert go_on.wait(10)
        raise ValueError("broken")

    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(memo.get, "key", fail, size_of=len) for _ in range(2)]
        assert started.wait(10)
        go_on.set()
        assert {str(future.exception(10)) for future in waiting} == {"broken"}
    assert memo.get("key", lambda: "value", size_of=len) == "value"


def test_what_was_not_used_for_longest_makes_room() -> None:
    memo = Memo(10)
    for key in ("a", "b"):
        memo.get(key, lambda: "12345", size_of=len)
    memo.get("a", lambda: pytest.fail("it is kept"), size_of=len)
    memo.get("c", lambda: "1", size_of=len)
    assert memo.byte_count == 6
    memo.get("a", lambda: pytest.fail("it was used more recently than b"), size_of=len)
    assert memo.get("b", lambda: "new", size_of=len) == "new"


def test_a_value_larger_than_the_limit_is_kept_alone() -> None:
    memo = Memo(10)
    memo.get("small", lambda: "1", size_of=len)
    memo.get("large", lambda: "x" * 100, size_of=len)
    assert memo.byte_count == 100
    memo.get("large", lambda: pytest.fail("it is kept"), size_of=len)
    memo.get("small", lambda: "1", size_of=len)
    assert memo.byte_count == 1


def test_a_value_larger_than_the_limit_need_not_be_kept() -> None:
    memo = Memo(10, keeps_too_large=False)
    memo.get("small", lambda: "1", size_of=len)
    assert memo.get("large", lambda: "x" * 100, size_of=len) == "x" * 100
    assert memo.byte_count == 1
    memo.get("small", lambda: pytest.fail("it is kept"), size_of=len)
    assert memo.get("large", lambda: "y" * 100, size_of=len) == "y" * 100


def test_outdated_values_go() -> None:
    memo = Memo(10)
    memo.get(("old", 1), lambda: "123", size_of=len)
    memo.get(("new", 1), lambda: "45", size_of=len)
    memo.discard(lambda key: isinstance(key, tuple) and key[0] == "old")
    assert memo.byte_count == 2
