"""A local folder: confinement, links, odd names, failures and atomic writes."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.adapters.datasource.keys import check_key
from swath.adapters.datasource.local import LocalFolder
from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable, SwathError
from swath.testing.datasource_contract import listed

needs_user = pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder beside a secret that must never be reached."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "a.jpg").write_bytes(b"a")
    (tmp_path / "root" / "sub" / "b.jpg").write_bytes(b"bb")
    return tmp_path / "root"


def failing(error_number: int) -> Callable[..., Any]:
    def fail(*args: object, **kwargs: object) -> Any:
        raise OSError(error_number, os.strerror(error_number))

    return fail


# Opening


def test_a_missing_folder_is_not_found_and_the_message_names_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no_such_folder") as caught:
        LocalFolder(tmp_path / "no_such_folder")
    assert caught.value.hint


def test_a_file_is_no_datasource(root: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"a\.jpg") as caught:
        LocalFolder(root / "a.jpg")
    assert "folder" in caught.value.hint
    with pytest.raises(SourceUnavailable):
        LocalFolder(root / "a.jpg" / "below")


@needs_user
def test_a_folder_that_may_not_be_listed_is_unavailable(root: Path) -> None:
    root.chmod(0)
    try:
        with pytest.raises(SourceUnavailable, match="permission denied"):
            LocalFolder(root)
    finally:
        root.chmod(0o755)


def test_the_uri_is_the_absolute_path_with_links_resolved(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(root)
    monkeypatch.chdir(tmp_path)
    assert LocalFolder(Path("link")).uri == os.path.realpath(root)
    assert set(listed(LocalFolder(Path("link")))) == {"a.jpg", "sub/b.jpg"}


@pytest.mark.skipif(sys.platform == "darwin", reason="this file system refuses such names")
def test_a_folder_whose_path_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    with pytest.raises(InvalidConfig, match=r"caf\\udce9.*UTF-8") as caught:
        LocalFolder(folder)
    assert caught.value.hint
    str(caught.value).encode()


# Links


def test_a_link_that_leaves_the_root_is_neither_listed_nor_read(root: Path) -> None:
    (root / "file.jpg").symlink_to(root.parent / "outside" / "secret.jpg")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "sub" / "up").symlink_to("../..")
    source = LocalFolder(root)
    assert set(listed(source)) == {"a.jpg", "sub/b.jpg"}
    assert sorted(line.split("`")[1] for line in source.skipped) == ["file.jpg", "folder", "sub/up"]
    assert all("leaves" in line for line in source.skipped)
    for key in ("file.jpg", "folder/secret.jpg", "sub/up/outside/secret.jpg"):
        assert source.stat(key) is None
        with pytest.raises(NotFound, match="leaves"):
            source.read(key)
    assert listed(source, "folder/") == {}


def test_a_sibling_folder_with_the_root_as_prefix_of_its_name_is_outside(root: Path) -> None:
    twin = root.parent / "root2"
    twin.mkdir()
    (twin / "x.jpg").write_bytes(b"x")
    (root / "twin").symlink_to(twin)
    source = LocalFolder(root)
    assert "twin/x.jpg" not in listed(source)
    with pytest.raises(NotFound):
        source.read("twin/x.jpg")


def test_nothing_is_written_or_deleted_through_a_link_that_leaves(root: Path) -> None:
    (root / "folder").symlink_to(root.parent / "outside")
    source = LocalFolder(root)
    with pytest.raises(SourceUnavailable, match="leaves"):
        source.write("folder/new/x.jpg", b"x")
    with pytest.raises(SourceUnavailable, match="leaves"):
        source.delete(["folder/secret.jpg"])
    assert os.listdir(root.parent / "outside") == ["secret.jpg"]


def test_writing_to_a_link_replaces_the_link_not_what_it_stands_for(root: Path) -> None:
    (root / "file.jpg").symlink_to(root.parent / "outside" / "secret.jpg")
    LocalFolder(root).write("file.jpg", b"mine")
    assert (root / "file.jpg").read_bytes() == b"mine"
    assert (root.parent / "outside" / "secret.jpg").read_bytes() == b"secret"


def test_links_inside_are_followed(root: Path) -> None:
    (root / "link.jpg").symlink_to("sub/b.jpg")
    (root / "linked").symlink_to("sub")
    source = LocalFolder(root)
    assert set(listed(source)) == {"a.jpg", "sub/b.jpg", "link.jpg", "linked/b.jpg"}
    assert set(listed(source, "linked/")) == {"linked/b.jpg"}
    assert source.read("linked/b.jpg") == source.read("link.jpg") == b"bb"
    assert listed(source)["link.jpg"].size == 2
    assert source.skipped == []


def test_loops_end(root: Path) -> None:
    (root / "sub" / "self").symlink_to(".")
    (root / "sub" / "top").symlink_to("..")
    (root / "knot").symlink_to("knot")
    source = LocalFolder(root)
    assert set(listed(source)) == {"a.jpg", "sub/b.jpg"}
    assert len(source.skipped) == 3


def test_links_among_folders_do_not_multiply_without_end(root: Path) -> None:
    for number in range(24):
        (root / f"level{number}").mkdir()
        (root / f"level{number}" / "x.jpg").write_bytes(b"")
        for name in ("left", "right"):
            (root / f"level{number}" / name).symlink_to(f"../level{number + 1}")
    (root / "level24").mkdir()
    assert len(listed(LocalFolder(root))) < 2000  # 2 to the power of 24 paths lead to the last folder


def test_a_link_into_the_hidden_folder_brings_nothing_back_as_input(root: Path) -> None:
    (root / ".lightly" / "crops").mkdir(parents=True)
    (root / ".lightly" / "crops" / "c.jpg").write_bytes(b"c")
    (root / "crops").symlink_to(".lightly/crops")
    (root / "c.jpg").symlink_to(".lightly/crops/c.jpg")
    assert set(listed(LocalFolder(root), skip_hidden_root=True)) == {"a.jpg", "sub/b.jpg"}


def test_the_hidden_folder_is_left_out_when_it_is_a_link(root: Path) -> None:
    (root / ".lightly").symlink_to("sub")
    assert set(listed(LocalFolder(root), skip_hidden_root=True)) == {"a.jpg", "sub/b.jpg"}
    assert set(listed(LocalFolder(root), ".lightly/")) == {".lightly/b.jpg"}


# Names and things


@pytest.mark.skipif(sys.platform == "darwin", reason="this file system refuses such names")
def test_names_that_no_key_can_spell_are_left_out_and_told(root: Path) -> None:
    base = os.fsencode(root)
    for name in (b"caf\xe9.jpg", b"back\\slash.jpg"):
        with open(os.path.join(base, name), "wb"):
            pass
    os.mkdir(os.path.join(base, b"dir\xff"))
    source = LocalFolder(root)
    assert set(listed(source)) == {"a.jpg", "sub/b.jpg"}
    assert len(source.skipped) == 3
    "".join(source.skipped).encode()  # can be printed


def test_pipes_and_sockets_are_no_files_and_reading_one_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "pipe.jpg")
    source = LocalFolder(root)
    assert "pipe.jpg" not in listed(source)
    assert source.stat("pipe.jpg") is None
    with pytest.raises(NotFound, match="not a file"):
        source.read("pipe.jpg")


@given(st.text(max_size=40))
def test_any_text_is_refused_as_a_key_or_stays_below_the_root(text: str) -> None:
    try:
        key = check_key(text)
    except InvalidConfig as refused:
        str(refused).encode()
        return
    assert os.path.normpath(os.path.join("/root", key)) == f"/root/{key}"


def test_an_entry_of_a_listing_equals_the_one_looked_up(root: Path) -> None:
    source = LocalFolder(root)
    for key, entry in listed(source).items():
        assert source.stat(key) == entry


def test_bytes_that_were_swapped_under_the_same_size_and_time_change_the_version(root: Path) -> None:
    source = LocalFolder(root)
    before = source.stat("a.jpg")
    found = os.stat(root / "a.jpg")
    other = root.parent / "other"
    while os.stat(root.parent).st_ctime_ns <= found.st_ctime_ns:  # until the clock of the file system has moved on
        other.write_bytes(b"b")
        other.unlink()
    other.write_bytes(b"b")
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.replace(other, root / "a.jpg")
    assert source.stat("a.jpg") != before


# Failures


def test_a_folder_that_cannot_be_read_fails_the_listing_by_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> Any:
        if path.rstrip("/").endswith("sub"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    source = LocalFolder(root)
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(SourceUnavailable, match=r"sub.*permission denied") as caught:
        listed(source)
    assert caught.value.hint


@needs_user
def test_a_folder_without_permission_fails_the_listing_by_name(root: Path) -> None:
    (root / "sub").chmod(0)
    try:
        with pytest.raises(SourceUnavailable, match=r"sub.*permission denied"):
            listed(LocalFolder(root))
    finally:
        (root / "sub").chmod(0o755)


def test_a_file_that_cannot_be_read_names_the_key_and_the_reason(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = LocalFolder(root)
    monkeypatch.setattr(os, "pread", failing(errno.EIO))
    with pytest.raises(SourceUnavailable, match=r"`sub/b\.jpg`.*input/output error"):
        source.read("sub/b.jpg")


@pytest.mark.parametrize(
    ("call", "number"),
    [("write", errno.ENOSPC), ("fsync", errno.EDQUOT), ("open", errno.EROFS), ("replace", errno.EACCES)],
)
def test_a_failed_write_names_key_reason_and_remedy_and_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    source = LocalFolder(root)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing(number))
        with pytest.raises(SourceUnavailable, match=r"`a\.jpg`") as caught:
            source.write("a.jpg", b"new")
    assert os.strerror(number).lower() in caught.value.message
    assert caught.value.hint
    assert (root / "a.jpg").read_bytes() == b"a"
    assert sorted(os.listdir(root)) == ["a.jpg", "sub"]


def test_a_write_that_is_cut_short_by_the_system_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:3])))
    LocalFolder(root).write("c.jpg", b"0123456789")
    assert (root / "c.jpg").read_bytes() == b"0123456789"


def test_a_folder_under_the_name_of_a_file_and_a_file_under_that_of_a_folder(root: Path) -> None:
    source = LocalFolder(root)
    with pytest.raises(SourceUnavailable, match="`sub`"):
        source.write("sub", b"x")
    with pytest.raises(SourceUnavailable, match=r"`a\.jpg/x\.jpg`"):
        source.write("a.jpg/x.jpg", b"x")
    with pytest.raises(SourceUnavailable, match="`sub`"):
        source.delete(["sub"])
    assert set(listed(source)) == {"a.jpg", "sub/b.jpg"}
    assert sorted(os.listdir(root)) == ["a.jpg", "sub"]


def test_what_a_crash_left_of_a_write_is_not_listed(root: Path) -> None:
    (root / "sub" / ".swath-tmp-0123456789abcdef").write_bytes(b"half")
    assert set(listed(LocalFolder(root))) == {"a.jpg", "sub/b.jpg"}


def test_without_hard_links_a_file_that_is_there_still_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    source = LocalFolder(root)
    source.write("new.jpg", b"new", overwrite=False)
    source.write("a.jpg", b"new", overwrite=False)
    assert source.read("new.jpg") == b"new"
    assert source.read("a.jpg") == b"a"
    assert sorted(os.listdir(root)) == ["a.jpg", "new.jpg", "sub"]


def test_a_reader_never_sees_half_a_file(root: Path) -> None:
    source = LocalFolder(root)
    payloads = [bytes([value]) * 300_000 for value in (1, 2)]
    source.write("big.bin", payloads[0])
    done = threading.Event()

    def write() -> None:
        for turn in range(20):
            source.write("big.bin", payloads[turn % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert source.read("big.bin") in payloads
    writer.join()


def test_files_others_may_read_are_written(root: Path) -> None:
    before = os.umask(0o022)
    try:
        LocalFolder(root).write("c.jpg", b"c")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(root / "c.jpg").st_mode) == 0o644


def test_every_failure_is_one_of_ours(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in sorted(errno.errorcode):
        source = LocalFolder(root)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failing(number))
            with pytest.raises(SwathError):
                source.write("x.jpg", b"x")
        with monkeypatch.context() as patched:
            patched.setattr(os, "pread", failing(number))
            with pytest.raises(SwathError):
                source.read("a.jpg")


# Whether it can be written


def test_a_folder_that_can_be_written_says_so_and_is_left_as_it_was(root: Path) -> None:
    source = LocalFolder(root)
    assert source.why_not_writable() is None
    assert sorted(os.listdir(root)) == ["a.jpg", "sub"]


def test_the_reason_why_a_folder_cannot_be_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = LocalFolder(root)
    monkeypatch.setattr(os, "open", failing(errno.EROFS))
    reason = source.why_not_writable()
    assert reason is not None
    assert "read-only" in reason
    assert str(root) in reason


@needs_user
def test_the_hidden_folder_is_tried_where_there_is_one(root: Path) -> None:
    (root / ".lightly").mkdir()
    (root / ".lightly").chmod(0o555)
    reason = LocalFolder(root).why_not_writable()
    assert reason is not None
    assert ".lightly" in reason


def test_a_hidden_folder_elsewhere_cannot_be_written(root: Path) -> None:
    (root / ".lightly").symlink_to(root.parent / "outside")
    reason = LocalFolder(root).why_not_writable()
    assert reason is not None
    assert "leaves" in reason


def test_what_a_killed_write_left_is_removed_below_the_folder_named_and_nowhere_else(tmp_path: Path) -> None:
    for key in ("a/deep/.swath-tmp-1", "a/deep/kept.jpg", "b/.swath-tmp-2"):
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(b"x")
    source = LocalFolder(tmp_path)

    source.remove_unfinished("a/")
    source.remove_unfinished("not-there/")

    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a/deep/kept.jpg", "b/.swath-tmp-2"}
