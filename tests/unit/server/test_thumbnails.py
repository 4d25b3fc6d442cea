from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from swath.core.errors import UnreadableImage
from swath.server import thumbnails
from swath.server.thumbnails import Thumbnails


def jpeg(content: bytes) -> bytes:
    """What passes for a whole JPEG."""
    return b"\xff\xd8" + content + b"\xff\xd9"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*/*"))


def test_a_thumbnail_is_drawn_once(tmp_path: Path) -> None:
    made = Thumbnails()
    assert made.get(tmp_path, "one", lambda: jpeg(b"1")) == jpeg(b"1")
    assert made.get(tmp_path, "one", lambda: pytest.fail("it is in memory")) == jpeg(b"1")
    assert Thumbnails().get(tmp_path, "one", lambda: pytest.fail("it is in a file")) == jpeg(b"1")


def test_what_cannot_be_drawn_is_tried_again_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Thumbnails()
    calls: list[int] = []

    def fail() -> bytes:
        calls.append(1)
        raise UnreadableImage("broken", reason="broken")

    for _ in range(3):
        with pytest.raises(UnreadableImage, match="broken"):
            made.get(tmp_path, "one", fail)
    assert len(calls) == 1
    later = time.monotonic() + thumbnails.FAILURE_IS_REMEMBERED_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert made.get(tmp_path, "one", lambda: jpeg(b"1")) == jpeg(b"1")


def test_files_not_used_for_longest_make_room(tmp_path: Path) -> None:
    Thumbnails().get(tmp_path, "old", lambda: jpeg(b"x" * 496))
    Thumbnails().get(tmp_path, "used", lambda: jpeg(b"x" * 496))
    for path in tmp_path.glob("*/*"):
        os.utime(path, (0, 0))
    made = Thumbnails(max_disk_bytes=1250)
    made.get(tmp_path, "used", lambda: pytest.fail("it is in a file"))
    made.get(tmp_path, "new", lambda: jpeg(b"x" * 296))
    assert files(tmp_path) == ["new.jpg", "used.jpg"]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_bytes(b"")
    assert Thumbnails().get(folder, "one", lambda: jpeg(b"1")) == jpeg(b"1")


def test_nothing_unfinished_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", fail)
    assert Thumbnails().get(tmp_path, "one", lambda: jpeg(b"1")) == jpeg(b"1")
    assert files(tmp_path) == []
