from __future__ import annotations

import threading
import time

import pytest

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.pipeline.hurry import Hurry


def test_what_is_done_in_time_comes_back() -> None:
    with Hurry(2, patience_s=5, deadline_s=5) as hurry:
        assert hurry.must(hurry.begin(lambda: 1), "memory://a") == 1
        assert hurry.may(hurry.begin(lambda: 2)) == 2


def test_what_is_late_is_an_error_or_missing() -> None:
    never = threading.Event()
    started = time.monotonic()
    with Hurry(2, patience_s=0.1, deadline_s=0.2) as hurry:
        late = hurry.begin(never.wait)
        with pytest.raises(SourceUnavailable, match=r"`memory://a` did not answer within 0\.1 seconds"):
            hurry.must(late, "memory://a")
        assert hurry.may(late) is None
    assert time.monotonic() - started < 2, "the end of the block waits for nothing"
    never.set()


def test_what_has_not_begun_never_does() -> None:
    may_go_on, done = threading.Event(), []
    with Hurry(1, patience_s=0.1, deadline_s=0.1) as hurry:
        first = hurry.begin(may_go_on.wait)
        second = hurry.begin(lambda: done.append(1))
    may_go_on.set()
    assert first.result(5)
    assert second.cancelled()
    assert not done


def test_failures_are_those_of_what_was_done() -> None:
    def fail() -> None:
        raise InvalidConfig("no")

    with Hurry(1, patience_s=1, deadline_s=1) as hurry:
        with pytest.raises(InvalidConfig):
            hurry.must(hurry.begin(fail), "memory://a")
        with pytest.raises(InvalidConfig):
            hurry.may(hurry.begin(fail))
