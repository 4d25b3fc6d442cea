"""What every datasource must do. Inherit, answer the `datasource` fixture with an empty, writable one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import pytest

from swath.core.errors import InvalidConfig, NotFound, SourceChanged
from swath.pipeline.ports import Datasource, FileEntry, Rights

UGLY_KEYS = (
    "plain.jpg",
    "a folder/with spaces/and 'quotes'.jpg",
    "ünïcödé/写真/🚗.jpg",
    "cafe\u0301.jpg",  # decomposed
    "caf\u00e9.jpg",  # composed: another file
    "percent%20encoded%2Fslash.jpg",
    "#hash?query&amp;.jpg",
    "-leading-dash",
    "trailing space ",
    "UPPER.JPG",
    "no_extension",
    ".hidden/file.jpg",
    "dots...in...name.tar.gz",
    "a*b[c]?.jpg",
    "new\nline.jpg",
)
FORBIDDEN_KEYS = (
    "",
    "/absolute.jpg",
    "../outside.jpg",
    "a/../../outside.jpg",
    "a/..",
    "..",
    "./a.jpg",
    "a//b.jpg",
    "a/",
    "a\\..\\b.jpg",
    "nul\0.jpg",
)


class DatasourceContract:
    """Behaviour every Datasource shares. The fixture `datasource` comes from the subclass."""

    ugly_keys: Sequence[str] = UGLY_KEYS
    """Fewer where the storage that is tested against cannot hold some."""

    def test_an_empty_datasource_lists_nothing(self, datasource: Datasource) -> None:
        assert listed(datasource) == {}

    def test_what_was_written_is_read_listed_and_found(self, datasource: Datasource) -> None:
        datasource.write("a/b/c.bin", b"\0\xff bytes")
        assert datasource.read("a/b/c.bin") == b"\0\xff bytes"
        entry = datasource.stat("a/b/c.bin")
        assert entry is not None
        assert (entry.key, entry.size) == ("a/b/c.bin", 8)
        assert listed(datasource) == {"a/b/c.bin": entry}

    def test_ugly_names_come_back_as_they_were(self, datasource: Datasource) -> None:
        for key in self.ugly_keys:
            datasource.write(key, key.encode())
        assert set(listed(datasource)) == set(self.ugly_keys)
        for key in self.ugly_keys:
            assert datasource.read(key) == key.encode()

    @pytest.mark.parametrize("key", FORBIDDEN_KEYS)
    def test_a_key_that_could_leave_the_root_is_refused(self, datasource: Datasource, key: str) -> None:
        for use in (
            datasource.read,
            datasource.stat,
            lambda k: datasource.write(k, b""),
            lambda k: datasource.delete([k]),
        ):
            with pytest.raises((InvalidConfig, NotFound)):
                use(key)

    @pytest.mark.parametrize("prefix", ["../", "/etc", "a/../", "a//b"])
    def test_a_prefix_that_could_leave_the_root_is_refused(self, datasource: Datasource, prefix: str) -> None:
        with pytest.raises(InvalidConfig):
            listed(datasource, prefix)

    def test_a_file_without_bytes_is_a_file(self, datasource: Datasource) -> None:
        datasource.write("empty.jpg", b"")
        assert datasource.read("empty.jpg") == b""
        assert listed(datasource)["empty.jpg"].size == 0

    def test_a_range_is_half_open_and_ends_where_the_file_ends(self, datasource: Datasource) -> None:
        datasource.write("digits", b"0123456789")
        assert datasource.read("digits", start=3) == b"3456789"
        assert datasource.read("digits", start=3, end=5) == b"34"
        assert datasource.read("digits", end=2) == b"01"
        assert datasource.read("digits", start=8, end=99) == b"89"
        assert datasource.read("digits", start=50) == b""
        assert datasource.read("digits", start=4, end=4) == b""

    def test_a_missing_file_is_not_found(self, datasource: Datasource) -> None:
        datasource.write("folder/there.jpg", b"x")
        for key in ("missing.jpg", "folder", "folder/there.jpg/below.jpg", "n" * 300):
            assert datasource.stat(key) is None
            with pytest.raises(NotFound, match=key[:20]):
                datasource.read(key)

    def test_a_prefix_may_end_anywhere(self, datasource: Datasource) -> None:
        for key in ("a.jpg", "ab.jpg", "a/x.jpg", "a/y/z.jpg", "b/x.jpg"):
            datasource.write(key, b"")
        assert set(listed(datasource, "a")) == {"a.jpg", "ab.jpg", "a/x.jpg", "a/y/z.jpg"}
        assert set(listed(datasource, "a/")) == {"a/x.jpg", "a/y/z.jpg"}
        assert set(listed(datasource, "a/y")) == {"a/y/z.jpg"}
        assert set(listed(datasource, "a/y/z.jpg")) == {"a/y/z.jpg"}
        assert listed(datasource, "missing/") == {}
        assert listed(datasource, "a.jpg/") == {}

    def test_the_hidden_root_can_be_left_out(self, datasource: Datasource) -> None:
        keys = {".lightly/crops/a.jpg", "sub/.lightly/b.jpg", ".lightly.jpg", "c.jpg"}
        for key in keys:
            datasource.write(key, b"")
        assert set(listed(datasource)) == keys
        assert set(listed(datasource, skip_hidden_root=True)) == keys - {".lightly/crops/a.jpg"}
        assert set(listed(datasource, ".lightly/")) == {".lightly/crops/a.jpg"}
        assert listed(datasource, ".lightly/", skip_hidden_root=True) == {}

    def test_a_file_is_listed_once_and_pages_add_up(self, datasource: Datasource) -> None:
        keys = [f"folder {i % 7}/{i:04d}.jpg" for i in range(100)]
        for key in keys:
            datasource.write(key, b"x")
        found = [entry.key for page in datasource.list_pages() for entry in page]
        assert sorted(found) == sorted(keys)

    def test_writing_replaces_unless_told_not_to(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"first")
        datasource.write("a.jpg", b"second")
        assert datasource.read("a.jpg") == b"second"
        datasource.write("a.jpg", b"third", overwrite=False)
        assert datasource.read("a.jpg") == b"second"
        datasource.write("b.jpg", b"new", overwrite=False)
        assert datasource.read("b.jpg") == b"new"

    def test_the_version_changes_with_the_bytes_and_not_without(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"one")
        before = datasource.stat("a.jpg")
        datasource.read("a.jpg")
        assert datasource.stat("a.jpg") == before
        datasource.write("a.jpg", b"two")
        after = datasource.stat("a.jpg")
        assert before is not None
        assert after is not None
        assert after.version != before.version

    def test_a_version_that_is_gone_is_not_read(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"one")
        before = listed(datasource)["a.jpg"].version
        assert datasource.read("a.jpg", version=before) == b"one"
        assert datasource.read("a.jpg", start=1, end=2, version=before) == b"n"
        datasource.write("a.jpg", b"two")
        with pytest.raises(SourceChanged, match=r"a\.jpg"):
            datasource.read("a.jpg", version=before)
        with pytest.raises(SourceChanged, match=r"a\.jpg"):
            datasource.read("a.jpg", end=1, version=before)
        assert datasource.read("a.jpg") == b"two"
        datasource.delete(["a.jpg"])
        with pytest.raises(NotFound):
            datasource.read("a.jpg", version=before)

    def test_deleting_is_fine_with_what_is_not_there(self, datasource: Datasource) -> None:
        datasource.write("a/b.jpg", b"x")
        datasource.write("a/c.jpg", b"x")
        datasource.delete(["a/b.jpg", "a/missing.jpg", "nowhere/at/all.jpg"])
        datasource.delete([])
        assert set(listed(datasource)) == {"a/c.jpg"}

    def test_trying_to_write_leaves_nothing_behind(self, datasource: Datasource) -> None:
        assert datasource.why_not_writable() is None
        assert listed(datasource) == {}

    def test_whoever_may_do_all_lacks_no_right_and_leaves_nothing_behind(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"x")
        assert datasource.check_rights() == Rights(list=None, read=None, write=None, overwrite=None)
        assert set(listed(datasource)) == {"a.jpg"}

    def test_the_rights_of_an_empty_datasource_can_be_checked(self, datasource: Datasource) -> None:
        assert datasource.check_rights() == Rights(list=None, read=None, write=None, overwrite=None)

    def test_entries_tell_when_files_were_written(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"x")
        for entry in (datasource.stat("a.jpg"), listed(datasource)["a.jpg"]):
            assert entry is not None
            assert entry.modified_at == 0 or abs(entry.modified_at / 1000 - time.time()) < 60

    @pytest.mark.parametrize("key", ["a folder/with 'quotes' & +.jpg", "ünïcödé/写真.jpg", "100%25#?&=.jpg"])
    def test_a_read_url_loads_the_file_without_anything_else(self, datasource: Datasource, key: str) -> None:
        datasource.write(key, b"\0\xff bytes")
        url = datasource.read_url(key, expires_s=300)
        if url is None:
            return  # a storage that has no such thing
        assert url.startswith(("http://", "https://"))
        with urlopen(url) as answer:
            assert answer.read() == b"\0\xff bytes"

    def test_a_key_that_could_leave_the_root_has_no_url(self, datasource: Datasource) -> None:
        with pytest.raises(InvalidConfig):
            datasource.read_url("../outside.jpg", expires_s=300)

    def test_nothing_had_to_be_repeated_where_nothing_failed(self, datasource: Datasource) -> None:
        datasource.write("a.jpg", b"x")
        datasource.read("a.jpg")
        assert datasource.retries == 0
        assert datasource.concurrency >= 1

    def test_many_threads_write_and_read_at_once(self, datasource: Datasource) -> None:
        keys = [f"deep/{i % 5}/{i}.bin" for i in range(60)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: datasource.write(key, key.encode() * 100), keys))
            assert list(threads.map(datasource.read, keys)) == [key.encode() * 100 for key in keys]
        assert set(listed(datasource)) == set(keys)

    def test_writers_of_one_key_leave_the_bytes_of_one_of_them(self, datasource: Datasource) -> None:
        payloads = [bytes([i]) * 50_000 for i in range(16)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda data: datasource.write("same.bin", data), payloads))
        assert datasource.read("same.bin") in payloads
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda data: datasource.write("once.bin", data, overwrite=False), payloads))
        assert datasource.read("once.bin") in payloads
        assert set(listed(datasource)) == {"same.bin", "once.bin"}

    def test_the_uri_is_text_for_people(self, datasource: Datasource) -> None:
        assert datasource.uri
        assert datasource.uri == datasource.uri.strip()


def listed(datasource: Datasource, prefix: str = "", *, skip_hidden_root: bool = False) -> dict[str, FileEntry]:
    """All entries by key."""
    pages: Iterable[Iterable[FileEntry]] = datasource.list_pages(prefix, skip_hidden_root=skip_hidden_root)
    return {entry.key: entry for page in pages for entry in page}
