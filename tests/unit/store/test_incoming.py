from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from swath.core.errors import Conflict, InvalidConfig, TooLarge
from swath.store.incoming import IncomingFile


def receive(path: Path, content: bytes, *, said: bytes | None = None, may_replace: bool = False) -> None:
    with IncomingFile(path, most_bytes=100) as file:
        for start in range(0, len(content), 3):
            file.write(content[start : start + 3])
        file.complete(hashlib.sha256(content if said is None else said).digest())
        file.keep(may_replace=may_replace)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("content", [b"", b"abcdefgh"])
def test_a_file_is_there_once_it_is_kept(tmp_path: Path, content: bytes) -> None:
    receive(tmp_path / "folder" / "a", content)
    assert files_in(tmp_path / "folder") == {"a": content}


def test_nothing_remains_of_a_file_that_is_not_kept(tmp_path: Path) -> None:
    with IncomingFile(tmp_path / "a", most_bytes=100) as file:
        file.write(b"abc")
    assert files_in(tmp_path) == {}


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="`a` arrived damaged"):
        receive(tmp_path / "a", b"abc", said=b"abd")
    assert files_in(tmp_path) == {}


def test_more_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        receive(tmp_path / "a", b"x" * 101)
    assert files_in(tmp_path) == {}


def test_the_same_file_twice_is_fine_and_another_under_its_name_is_not(tmp_path: Path) -> None:
    receive(tmp_path / "a", b"abc")
    receive(tmp_path / "a", b"abc")
    with pytest.raises(Conflict, match="handed in before with other bytes"):
        receive(tmp_path / "a", b"abd")
    assert files_in(tmp_path) == {"a": b"abc"}


def test_a_file_that_may_be_replaced_is(tmp_path: Path) -> None:
    receive(tmp_path / "a", b"abc", may_replace=True)
    receive(tmp_path / "a", b"abd", may_replace=True)
    assert files_in(tmp_path) == {"a": b"abd"}
