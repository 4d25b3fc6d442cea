from __future__ import annotations

import threading
import time

import pytest

from swath.core.errors import SourceUnavailable
from swath.pipeline.write_behind import FILES_BEHIND_PER_REQUEST, WriteBehind
from swath.testing.memory_datasource import MemoryDatasource


def distant(concurrency: int = 8, seconds: float = 0.0, keys: int = 100) -> MemoryDatasource:
    source = MemoryDatasource()
    source.concurrency = concurrency
    source.delays = {str(number): seconds for number in range(keys)} if seconds else {}
    return source


def test_everything_is_written_on_leaving() -> None:
    source = distant(seconds=0.03)
    start = time.monotonic()
    with WriteBehind(source) as files:
        for number in range(40):
            files.write(str(number), f"content {number}".encode())
    assert source.files == {str(number): f"content {number}".encode() for number in range(40)}
    assert time.monotonic() - start < 0.8  # one after another it would take 1.2 s


def test_with_files_at_hand_a_write_is_over_when_it_returns() -> None:
    source = distant(concurrency=1)
    with WriteBehind(source) as files:
        files.write("a", b"1")
        assert source.files == {"a": b"1"}


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_file_that_is_there_stays_if_asked_for(concurrency: int) -> None:
    source = distant(concurrency)
    source.write("a", b"earlier")
    with WriteBehind(source) as files:
        files.write("a", b"later", overwrite=False)
    assert source.files == {"a": b"earlier"}


def test_what_waits_is_bounded_in_number_and_in_bytes() -> None:
    for options, fitting in (({}, 2 * FILES_BEHIND_PER_REQUEST), ({"max_bytes": 25}, 2)):
        gate = threading.Event()
        source = distant(concurrency=2)
        write = source.write
        source.write = lambda *args, gate=gate, write=write, **kwargs: (gate.wait(10), write(*args, **kwargs))  # type: ignore[method-assign,misc,assignment]
        accepted: list[int] = []

        def hand_over(files: WriteBehind, accepted: list[int] = accepted) -> None:
            for number in range(10):
                files.write(str(number), bytes(10))
                accepted.append(number)

        with WriteBehind(source, **options) as files:
            thread = threading.Thread(target=hand_over, args=(files,))
            thread.start()
            time.sleep(0.1)
            assert len(accepted) == fitting
            gate.set()
            thread.join(10)
        assert len(source.files) == 10


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_write_that_fails_is_raised(concurrency: int) -> None:
    source = distant(concurrency)
    source.write_errors["3"] = SourceUnavailable("the bucket is gone")
    with pytest.raises(SourceUnavailable, match="the bucket is gone"), WriteBehind(source) as files:  # noqa: PT012
        for number in range(50):
            files.write(str(number), b"")
            time.sleep(0.002)
    assert len(source.files) < 50


def test_an_error_drops_what_waits_and_nothing_is_written_afterwards() -> None:
    source = distant(concurrency=2, seconds=0.05)
    with pytest.raises(ZeroDivisionError), WriteBehind(source) as files:  # noqa: PT012
        for number in range(4):
            files.write(str(number), b"")
        raise ZeroDivisionError
    written = source.files
    assert len(written) <= 2
    time.sleep(0.15)
    assert source.files == written
