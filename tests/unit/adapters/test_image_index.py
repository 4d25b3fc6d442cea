"""The image index beyond its contract: a file that lives on, is shared, damaged or out of reach."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from swath.adapters.datasource.local import LocalFolder
from swath.adapters.image_index import SqliteImageIndex
from swath.testing.cache_contract import entry, known


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "images.sqlite"


def test_what_is_known_outlives_the_process(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from swath.adapters.image_index import SqliteImageIndex;"
        "from swath.testing.cache_contract import entry, known;"
        "SqliteImageIndex(Path(sys.argv[1])).put('/data', [(entry(), known())])"  # no close: as if killed
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert SqliteImageIndex(path).get("/data", [entry()]) == {"a/b.jpg": known()}


def test_two_open_indexes_see_what_the_other_puts(path: Path) -> None:
    one, other = SqliteImageIndex(path), SqliteImageIndex(path)
    one.put("/data", [(entry("1.jpg"), known(1))])
    other.put("/data", [(entry("2.jpg"), known(2))])
    for index in (one, other):
        assert index.get("/data", [entry("1.jpg"), entry("2.jpg")]) == {"1.jpg": known(1), "2.jpg": known(2)}
        assert index.problem is None


def test_a_digest_of_another_length_is_not_believed(path: Path) -> None:
    index = SqliteImageIndex(path)
    index.put("/data", [(entry("1.jpg"), known(1)), (entry("2.jpg"), known(2))])
    index.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE images_1 SET digest = x'00' WHERE key = '1.jpg'")
    connection.commit()
    connection.close()
    assert index.get("/data", [entry("1.jpg"), entry("2.jpg")]) == {"2.jpg": known(2)}


def test_an_index_of_an_earlier_version_learns_to_remember_digests(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE sources_1 (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE)")
    connection.close()
    index = SqliteImageIndex(path)
    index.put_digests("/data", [(entry(), bytes(32))])
    assert index.get_digests("/data", [entry()]) == {"a/b.jpg": bytes(32)}
    assert index.problem is None


def test_a_damaged_index_says_so_and_works_on(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1000)
    index = SqliteImageIndex(path)
    assert index.get("/data", [entry()]) == {}
    index.put("/data", [(entry(), known())])
    assert index.get("/data", [entry()]) == {"a/b.jpg": known()}
    assert index.problem is not None
    assert "damaged" in index.problem
    assert path.with_name("images.sqlite.damaged").exists()


def test_an_index_that_is_off_answers_as_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = SqliteImageIndex(tmp_path / "file" / "images.sqlite")
    index.put("/data", [(entry(), known())])
    assert index.get("/data", [entry()]) == {}
    assert index.problem is not None
    index.close()


def test_a_file_that_was_replaced_is_not_known(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    source, index = LocalFolder(folder), SqliteImageIndex(path)
    source.write("a.jpg", b"one")
    before = source.stat("a.jpg")
    assert before is not None
    index.put(source.uri, [(before, known())])
    assert index.get(source.uri, [before]) == {"a.jpg": known()}
    source.write("a.jpg", b"longer")
    after = source.stat("a.jpg")
    assert after is not None
    assert index.get(source.uri, [after]) == {}
