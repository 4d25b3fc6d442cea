"""The file behind the caches: damaged, locked away, shared by processes. Nothing that is wrong with it ever raises."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from swath.adapters.cache_file import CacheFile

SCHEMA = "CREATE TABLE IF NOT EXISTS numbers (number INTEGER NOT NULL);"


def add(file: CacheFile, number: int) -> bool:
    def insert(connection: sqlite3.Connection) -> bool:
        with connection:
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return True

    return file.run(insert, False)


def numbers(file: CacheFile) -> list[int] | None:
    return file.run(
        lambda connection: [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")],
        None,
    )


def filled(path: Path) -> bytes:
    """The bytes of a sound file of many pages."""
    file = CacheFile(path, SCHEMA)

    def insert(connection: sqlite3.Connection) -> None:
        with connection:
            connection.executemany("INSERT INTO numbers VALUES (?)", [(number,) for number in range(40_000)])

    file.run(insert, None)
    file.close()
    return path.read_bytes()


def test_no_file_is_made_before_it_is_needed(tmp_path: Path) -> None:
    file = CacheFile(tmp_path / "deep" / "cache.sqlite", SCHEMA)
    assert os.listdir(tmp_path) == []
    assert add(file, 1)
    file.close()
    assert numbers(CacheFile(tmp_path / "deep" / "cache.sqlite", SCHEMA)) == [1]


def test_a_closed_file_opens_again_by_itself(tmp_path: Path) -> None:
    file = CacheFile(tmp_path / "cache.sqlite", SCHEMA)
    file.close()
    add(file, 1)
    file.close()
    file.close()
    assert numbers(file) == [1]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "another kind of file": lambda data: b"not a database at all" * 500,
    "overwritten header": lambda data: b"x" * 100 + data[100:],
    "overwritten middle": lambda data: data[:12_000] + b"\xa5" * (len(data) - 24_000) + data[-12_000:],
    "cut in half": lambda data: data[: len(data) // 2],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_moved_aside_and_begun_anew(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cache.sqlite"
    broken = DAMAGE[kind](filled(path))
    path.write_bytes(broken)
    file = CacheFile(path, SCHEMA)
    numbers(file)
    assert add(file, 7)
    assert numbers(file) == [7]
    assert file.problem is not None
    assert "damaged" in file.problem
    assert str(path) in file.problem
    assert (tmp_path / "cache.sqlite.damaged").read_bytes() == broken
    file.close()
    again = CacheFile(path, SCHEMA)
    assert numbers(again) == [7]
    assert again.problem is None


def test_a_file_that_is_damaged_under_way_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    data = filled(path)
    file = CacheFile(path, SCHEMA)
    file.run(lambda connection: connection.execute("PRAGMA cache_size = 0"), None)
    with open(path, "r+b") as raw:
        raw.seek(8192)
        raw.write(b"\xa5" * (len(data) - 8192))
    assert numbers(file) == []
    assert file.problem is not None


def test_a_file_that_is_damaged_again_and_again_switches_the_cache_off(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_bytes(b"nonsense" * 1000)
    file = CacheFile(path, SCHEMA)
    assert add(file, 1)
    file.close()
    path.write_bytes(b"nonsense" * 1000)
    assert numbers(file) is None
    assert file.problem is not None
    assert "going on without it" in file.problem
    path.unlink()
    assert numbers(file) is None  # off means off: a run should not change its mind half-way


def a_file_where_the_folder_should_be(tmp_path: Path) -> Path:
    (tmp_path / "folder").write_text("")
    return tmp_path / "folder" / "cache.sqlite"


def a_folder_where_the_file_should_be(tmp_path: Path) -> Path:
    (tmp_path / "cache.sqlite").mkdir()
    return tmp_path / "cache.sqlite"


def a_table_of_the_same_name_that_is_not_ours(tmp_path: Path) -> Path:
    connection = sqlite3.connect(tmp_path / "cache.sqlite")
    connection.execute("CREATE TABLE numbers (other TEXT)")
    connection.close()
    return tmp_path / "cache.sqlite"


@pytest.mark.parametrize(
    "make",
    [
        a_file_where_the_folder_should_be,
        a_folder_where_the_file_should_be,
        a_table_of_the_same_name_that_is_not_ours,
    ],
)
def test_a_file_that_cannot_be_used_switches_the_cache_off(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    file = CacheFile(path, SCHEMA)
    assert numbers(file) is None
    assert file.problem is not None
    assert str(path) in file.problem
    assert not add(file, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_that_may_not_be_written_switches_the_cache_off(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        file = CacheFile(tmp_path / "cache.sqlite", SCHEMA)
        assert not add(file, 1)
    finally:
        tmp_path.chmod(0o755)
    assert file.problem is not None


@pytest.mark.parametrize("call", ["open", "mkdir"])
def test_a_read_only_file_system_switches_the_cache_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*args: object, **kwargs: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, call, fail)
    file = CacheFile(tmp_path / "folder" / "cache.sqlite", SCHEMA)
    assert not add(file, 1)
    assert file.problem is not None
    assert "Read-only file system" in file.problem


def test_a_full_disk_switches_the_cache_off(tmp_path: Path) -> None:
    file = CacheFile(tmp_path / "cache.sqlite", SCHEMA)
    assert add(file, 1)
    file.run(lambda connection: connection.execute("PRAGMA max_page_count = 1"), None)  # SQLite's own full disk
    assert file.run(lambda c: c.executemany("INSERT INTO numbers VALUES (?)", [(2,)] * 5000), None) is None
    assert file.problem is not None
    assert "full" in file.problem


def test_a_mistake_in_the_work_itself_is_not_hidden(tmp_path: Path) -> None:
    def mistaken(connection: sqlite3.Connection) -> int:
        raise KeyError("mistake")

    file = CacheFile(tmp_path / "cache.sqlite", SCHEMA)
    with pytest.raises(KeyError, match="mistake"):
        file.run(mistaken, 0)
    assert file.problem is None


WRITER = """
import json, sys
from pathlib import Path
from swath.adapters.cache_file import CacheFile
number = int(sys.argv[1])
for line in sys.stdin:
    file = CacheFile(Path(line.rstrip()), "CREATE TABLE IF NOT EXISTS numbers (number INTEGER NOT NULL);")
    def insert(connection):
        with connection:
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return True
    print(json.dumps([file.run(insert, False), file.problem]), flush=True)
    file.close()
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_that_begin_together_lose_nothing(tmp_path: Path, damaged: bool) -> None:
    # Without the lock every eighth time one of six is refused, or moves away what another has just begun.
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(6)
    ]
    with ExitStack() as stack:
        pipes = []
        for writer in writers:
            stack.enter_context(writer)
            assert writer.stdin is not None
            assert writer.stdout is not None
            pipes.append((stack.enter_context(writer.stdin), writer.stdout))
        for turn in range(40):
            path = tmp_path / f"{turn}.sqlite"
            if damaged:
                path.write_bytes(b"nonsense" * 1000)
            for requests, _ in pipes:
                requests.write(f"{path}\n")
                requests.flush()
            answers = [json.loads(replies.readline()) for _, replies in pipes]
            assert all(added for added, _ in answers), answers
            moved = [problem for _, problem in answers if problem is not None]
            assert (len(moved) == 1) == damaged  # told by the one that did it
            assert all("moved" in problem for problem in moved)
            whole = CacheFile(path, SCHEMA)
            assert numbers(whole) == list(range(6))
            whole.close()
