from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from swath.server.lightly.zip_stream import zip_stream


def test_an_archive_is_whole_and_the_same_for_the_same_files() -> None:
    files: dict[str, list[bytes]] = {"a.jpg": [b"one"], "b/ü.jpg": [b"x" * 100_000, b"y" * 100_000], "empty.jpg": []}

    def archive() -> list[bytes]:
        return list(zip_stream((name, iter(pieces)) for name, pieces in files.items()))

    data = b"".join(archive())
    assert data == b"".join(archive())
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == {
            name: b"".join(pieces) for name, pieces in files.items()
        }


def test_an_archive_is_sent_while_files_are_read() -> None:
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            read.append(number)
            yield bytes(1000)

    sent = zip_stream([("a.jpg", pieces())])
    assert len(next(sent)) > 1000
    assert read == [0]


def test_an_archive_of_nothing_can_be_opened() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream([])))) as archive:
        assert archive.namelist() == []
