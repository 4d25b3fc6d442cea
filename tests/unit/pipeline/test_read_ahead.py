from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from swath.pipeline.read_ahead import FILES_AHEAD_PER_REQUEST, ReadAhead, Stopped, work_through


class Storage:
    """Answers reads of numbers after a while; keeps how many were under way at once, and what was read."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.gate = threading.Event()
        self.gate.set()
        self.turn = threading.Lock()
        self.started: list[int] = []
        self.finished: list[int] = []
        self.most_at_once = 0

    def read(self, number: int) -> bytes:
        with self.turn:
            self.started.append(number)
            self.most_at_once = max(self.most_at_once, len(self.started) - len(self.finished))
        self.gate.wait(10)
        time.sleep(self.seconds)
        with self.turn:
            self.finished.append(number)
        if number < 0:
            raise OSError(f"{number} cannot be read")
        return str(number).encode()


def take_all(ahead: ReadAhead[int, bytes]) -> dict[int, bytes]:
    found = {}
    while (taken := ahead.take()) is not None:
        found[taken[0]] = taken[1]()
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@contextmanager
def settled(storage: Storage) -> Iterator[None]:
    """Go on once nothing is read any more."""
    before = -1
    while before != len(storage.started):
        before = len(storage.started)
        time.sleep(0.05)
    yield


@pytest.mark.parametrize("requests", [1, 2, 7, 64])
@pytest.mark.parametrize("count", [0, 1, 5, 200])
def test_every_item_is_read_and_handed_out_once(requests: int, count: int) -> None:
    storage = Storage()
    ahead = ReadAhead(range(count), storage.read, size_of=lambda number: 3, requests=requests)
    assert take_all(ahead) == {number: str(number).encode() for number in range(count)}
    assert sorted(storage.started) == list(range(count))
    assert ahead.take() is None


def test_with_one_request_the_thread_that_takes_an_item_reads_it() -> None:
    readers: list[int] = []
    ahead = ReadAhead(
        range(3), lambda number: readers.append(threading.get_ident()), size_of=lambda number: 0, requests=1
    )
    taken = ahead.take()
    assert taken is not None
    assert readers == []
    taken[1]()
    assert readers == [threading.get_ident()]


def test_requests_overlap_and_no_more_of_them_than_are_worth_making() -> None:
    storage = Storage(seconds=0.02)
    start = time.monotonic()
    take_all(ReadAhead(range(64), storage.read, size_of=lambda number: 0, requests=16))
    assert 2 <= storage.most_at_once <= 16
    assert time.monotonic() - start < 64 * 0.02 / 2


def test_files_that_nobody_takes_are_bounded_in_number() -> None:
    storage = Storage()
    ahead = ReadAhead(range(1000), storage.read, size_of=lambda number: 0, requests=4)
    with settled(storage):
        assert len(storage.started) == 4 * FILES_AHEAD_PER_REQUEST
    ahead.take()
    with settled(storage):
        assert len(storage.started) == 4 * FILES_AHEAD_PER_REQUEST + 1
    ahead.close()


def test_files_that_nobody_takes_are_bounded_in_bytes() -> None:
    storage = Storage()
    ahead = ReadAhead(range(1000), storage.read, size_of=lambda number: 40, requests=8, max_bytes=100)
    with settled(storage):
        assert len(storage.started) == 2
    ahead.take()
    with settled(storage):
        assert len(storage.started) == 3
    ahead.close()


def test_nothing_is_held_of_files_that_were_taken() -> None:
    class Content:
        pass

    alive: weakref.WeakSet[Content] = weakref.WeakSet()

    def read(number: int) -> Content:
        alive.add(content := Content())
        return content

    ahead = ReadAhead(range(1000), read, size_of=lambda number: 40, requests=8, max_bytes=100)
    for _ in range(50):
        assert ahead.take() is not None
    time.sleep(0.1)
    assert len(alive) == 2
    ahead.close()


def test_a_file_larger_than_the_bound_is_read_alone() -> None:
    storage = Storage()
    ahead = ReadAhead([1, 2, 1000, 3, 4], storage.read, size_of=lambda number: number, requests=8, max_bytes=100)
    with settled(storage):
        assert sorted(storage.started) == [1, 2]
    ahead.take()
    ahead.take()
    with settled(storage):
        assert storage.started[2:] == [1000]
    assert take_all(ahead).keys() == {1000, 3, 4}


def test_a_slow_file_holds_up_nobody_who_could_work_on_another() -> None:
    slow = threading.Event()

    def read(number: int) -> int:
        if number == 0:
            slow.wait(10)
        return number

    ahead = ReadAhead(range(4), read, size_of=lambda number: 0, requests=4)
    first_three = [ahead.take() for _ in range(3)]
    assert sorted(taken[0] for taken in first_three if taken is not None) == [1, 2, 3]
    slow.set()
    last = ahead.take()
    assert last is not None
    assert last[0] == 0


def test_what_a_read_raises_is_raised_where_its_item_is_used() -> None:
    ahead = ReadAhead([-1, 2], Storage().read, size_of=lambda number: 0, requests=2)
    taken = dict(filter(None, (ahead.take(), ahead.take())))
    assert taken[2]() == b"2"
    with pytest.raises(OSError, match="-1 cannot be read"):
        taken[-1]()


def test_closing_wakes_whoever_waits_and_ends_the_reading() -> None:
    storage = Storage()
    storage.gate.clear()
    ahead = ReadAhead(range(100), storage.read, size_of=lambda number: 0, requests=3)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(ahead.take()))
    waiting.start()
    ahead.close()
    waiting.join(10)
    assert found == [None]
    storage.gate.set()
    with settled(storage):
        assert len(storage.started) <= 3


@pytest.mark.parametrize("requests", [1, 8])
@pytest.mark.parametrize("threads", [1, 4])
def test_all_work_is_done_and_reported_whatever_the_threads(requests: int, threads: int) -> None:
    done: list[int] = []
    reports: list[int] = []
    work_through(
        ReadAhead(range(300), lambda number: number * number, size_of=lambda number: 0, requests=requests),
        lambda number, content: done.append(content() - number * number + number),
        threads=threads,
        name="test",
        stopped=threading.Event(),
        on_done=reports.append,
    )
    assert sorted(done) == list(range(300))
    assert sum(reports) == 300


@pytest.mark.parametrize("requests", [1, 8])
def test_the_first_error_ends_the_work_and_is_raised(requests: int) -> None:
    stopped = threading.Event()
    done: list[int] = []

    def work(number: int, content: Callable[[], int]) -> None:
        if content() == 3:
            raise ZeroDivisionError
        done.append(number)

    ahead = ReadAhead(range(100_000), lambda number: number, size_of=lambda number: 0, requests=requests)
    with pytest.raises(ZeroDivisionError):
        work_through(ahead, work, threads=2, name="test", stopped=stopped, on_done=lambda count: None)
    assert stopped.is_set()
    assert len(done) < 100_000
    assert ahead.take() is None


def test_work_that_is_stopped_from_outside_ends_even_while_its_file_is_on_its_way() -> None:
    storage = Storage()
    storage.gate.clear()
    stopped = threading.Event()
    threading.Timer(0.05, stopped.set).start()
    ahead = ReadAhead(range(4), storage.read, size_of=lambda number: 0, requests=4)
    work_through(
        ahead, lambda number, content: None, threads=2, name="test", stopped=stopped, on_done=lambda count: None
    )
    assert storage.finished == []
    storage.gate.set()


def test_work_that_gives_up_because_of_a_stop_is_no_error() -> None:
    def work(number: int, content: Callable[[], int]) -> None:
        raise Stopped

    done: list[int] = []
    ahead = ReadAhead(range(4), lambda number: number, size_of=lambda number: 0, requests=1)
    work_through(ahead, work, threads=2, name="test", stopped=threading.Event(), on_done=done.append)
    assert sum(done) == 0
