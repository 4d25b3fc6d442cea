from __future__ import annotations

import pytest

from swath.core.errors import NotFound, SourceChanged, SourceUnavailable, TooLarge
from swath.pipeline import reading
from swath.pipeline.ports import FileEntry
from swath.pipeline.reading import MAX_FAILURES_IN_A_ROW, SourceWatch, read_listed
from swath.testing.memory_datasource import MemoryDatasource

GONE = NotFound("There is no file `a`")
REFUSED = SourceUnavailable("`a` in `s3://bucket` cannot be read: READ is not allowed")
LOST = SourceUnavailable("the bucket `bucket` does not exist")


def listed(source: MemoryDatasource, key: str = "a") -> FileEntry:
    entry = source.stat(key)
    assert entry is not None
    return entry


def test_a_file_is_read_as_it_was_listed() -> None:
    source = MemoryDatasource({"a": b"one"})
    entry = listed(source)
    assert read_listed(source, entry, max_bytes=3) == (entry, b"one")
    assert source.reads == ["a"]


def test_a_file_that_changed_is_taken_as_it_is_now_with_its_own_entry() -> None:
    source = MemoryDatasource({"a": b"one"})
    earlier = listed(source)
    source.write("a", b"other")
    entry, data = read_listed(source, earlier, max_bytes=5)
    assert data == b"other"
    assert entry == listed(source) != earlier


def test_a_file_that_keeps_changing_is_given_up() -> None:
    class Restless(MemoryDatasource):
        def stat(self, key: str) -> FileEntry | None:
            entry = super().stat(key)
            self.write(key, b"again")
            return entry

    source = Restless({"a": b"one"})
    with pytest.raises(SourceChanged):
        read_listed(source, FileEntry(key="a", size=3, version="earlier"), max_bytes=10)


def test_a_file_that_vanished_is_not_found() -> None:
    source = MemoryDatasource({"a": b"one"})
    entry = listed(source)
    source.delete(["a"])
    with pytest.raises(NotFound):
        read_listed(source, entry, max_bytes=10)


@pytest.mark.parametrize("grows_later", [False, True])
def test_a_file_that_is_too_large_is_never_read(grows_later: bool) -> None:
    source = MemoryDatasource({"a": b"one" if grows_later else b"too large"})
    entry = listed(source)
    source.write("a", b"too large") if grows_later else None
    source.reads.clear()
    with pytest.raises(TooLarge, match="`a` has 9 bytes, more than 8"):
        read_listed(source, entry, max_bytes=8)
    assert len(source.reads) == int(grows_later)  # asked for the version that was listed, and no other


def test_a_file_that_fails_while_the_datasource_answers_costs_only_itself() -> None:
    watch = SourceWatch(MemoryDatasource({"b": b""}))
    for error in (GONE, REFUSED, SourceChanged("`a` changed"), TooLarge("`a` is too large")):
        watch.failed("a", error)
    watch.settle()


@pytest.mark.parametrize("error", [GONE, REFUSED])
def test_a_datasource_that_is_lost_is_told_by_the_first_failure(error: Exception) -> None:
    source = MemoryDatasource()
    source.list_error = LOST
    with pytest.raises(SourceUnavailable, match="the bucket `bucket` does not exist"):
        SourceWatch(source).failed("a", error)


def test_a_datasource_that_is_lost_later_is_told_at_the_end() -> None:
    source = MemoryDatasource()
    watch = SourceWatch(source)
    watch.failed("a", GONE)
    source.list_error = LOST
    watch.failed("b", GONE)  # so soon after the last look nobody looks again
    with pytest.raises(SourceUnavailable, match="does not exist"):
        watch.settle()


def test_a_datasource_that_is_lost_later_is_told_as_soon_as_somebody_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "SECONDS_BETWEEN_LOOKS", 0.0)
    source = MemoryDatasource()
    watch = SourceWatch(source)
    watch.failed("a", GONE)
    source.list_error = LOST
    with pytest.raises(SourceUnavailable, match="does not exist"):
        watch.failed("b", GONE)


def test_nothing_is_asked_of_a_datasource_none_of_whose_files_failed() -> None:
    source = MemoryDatasource()
    source.list_error = LOST
    watch = SourceWatch(source)
    watch.succeeded()
    watch.settle()


def test_a_distant_datasource_that_lists_but_lets_nothing_be_read_ends_the_run() -> None:
    source = MemoryDatasource()
    source.concurrency = 8
    watch = SourceWatch(source)
    for _ in range(MAX_FAILURES_IN_A_ROW - 1):
        watch.failed("a", REFUSED)
    watch.succeeded()
    for _ in range(MAX_FAILURES_IN_A_ROW - 1):
        watch.failed("a", REFUSED)
    with pytest.raises(SourceUnavailable, match="READ is not allowed"):
        watch.failed("a", REFUSED)


def test_a_folder_of_files_that_this_user_may_not_read_costs_only_those() -> None:
    watch = SourceWatch(MemoryDatasource())
    for _ in range(2 * MAX_FAILURES_IN_A_ROW):
        watch.failed("a", REFUSED)
    watch.settle()
