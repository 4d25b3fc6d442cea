from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from swath.core.errors import Conflict, SourceUnavailable
from swath.store.files import naming_failures, write_whole
from swath.store.home import THE_SERVER, ServerAddress, open_home, write_private

HOLD_LOCK = """
import sys, time
from pathlib import Path
from swath.store.home import THE_SERVER, ServerAddress, open_home, write_private
with open_home(Path(sys.argv[1])).lock(print, what="the run of a child"):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_home_is_made_with_its_folders_and_can_be_opened_again(tmp_path: Path) -> None:
    home = open_home(tmp_path / "deep" / "home")
    assert {path.name for path in home.root.iterdir()} == {
        "artifacts",
        "projections",
        "exports",
        "vectors",
        "cache",
        "models",
    }
    assert open_home(home.root) == home
    assert home.database_url == f"sqlite:///{tmp_path}/deep/home/swath.sqlite"


def test_a_file_is_no_home(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(SourceUnavailable, match=r"notes\.txt` is a file"):
        open_home(path)
    with pytest.raises(SourceUnavailable, match="cannot make the home folder"):
        open_home(path / "below")
    assert path.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.vectors.chmod(0o500)
    with pytest.raises(SourceUnavailable, match="vectors` cannot be written"):
        open_home(home.root)


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
def test_what_is_wrong_with_a_disk_is_said(number: int, hint: str) -> None:
    with (
        pytest.raises(SourceUnavailable, match="cannot write `/home`") as caught,
        naming_failures("write", Path("/home")),
    ):
        raise OSError(number, os.strerror(number))
    assert hint in caught.value.hint


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", memoryview(b"two"))
    assert (tmp_path / "a").read_bytes() == b"two"
    with pytest.raises(SourceUnavailable, match="cannot write"):
        write_whole(tmp_path / "missing" / "b", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceUnavailable, match="cannot write"):
        write_whole(tmp_path / "folder", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


def test_a_second_run_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    notices: list[str] = []
    told, done = threading.Event(), threading.Event()

    def second() -> None:
        def notice(text: str) -> None:
            notices.append(text)
            told.set()

        with home.lock(notice):
            done.set()

    with home.lock(pytest.fail, what="run 7"):
        assert home.is_locked()
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(10)
        assert not done.wait(0.05)
    assert done.wait(10)
    thread.join()
    assert len(notices) == 1
    assert f"run 7 (process {os.getpid()}, since " in notices[0]
    assert not home.is_locked()
    assert home.lock_holder() is None


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", HOLD_LOCK, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "locked\n"
        assert home.is_locked()
        assert home.lock_holder() is not None
        child.send_signal(signal.SIGKILL)
    assert not home.is_locked()
    with home.lock(pytest.fail):
        assert home.is_locked()


def test_nobody_waits_for_a_server(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    address = ServerAddress(url="http://127.0.0.1:8750", token="s3cret", process=os.getpid())
    with home.lock(pytest.fail, what=THE_SERVER):
        with pytest.raises(Conflict, match=rf"a server \(process {os.getpid()}\) uses"), home.lock(pytest.fail):
            pytest.fail("locked twice")
        with (
            home.serve(address),
            pytest.raises(Conflict, match=rf"process {os.getpid()} at http://127.0.0.1:8750\) uses `{tmp_path}`"),
            home.lock(pytest.fail),
        ):
            pytest.fail("locked twice")
    with home.lock(pytest.fail):
        pass


def test_whoever_waits_for_a_run_is_told_when_a_server_comes_first(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", HOLD_LOCK, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "locked\n"

        def become_served(notice: str) -> None:
            # What a server would have written, had it got the lock from the run of the child.
            holder = {"process": child.pid, "since": "now", "what": THE_SERVER}
            home.lock_file.write_text(json.dumps(holder))

        with pytest.raises(Conflict, match=f"process {child.pid}"), home.lock(become_served):
            pytest.fail("locked twice")
        child.kill()


def test_the_address_of_a_server_is_good_while_it_holds_the_home(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    address = ServerAddress(url="http://127.0.0.1:8750", token="s3cret", process=os.getpid())
    assert home.server_address() is None
    with home.lock(pytest.fail, what=THE_SERVER), home.serve(address):
        assert home.server_address() == address
        assert home.server_file.stat().st_mode & 0o777 == 0o600
        left_by_a_killed_server = home.server_file.read_bytes()
    assert not home.server_file.exists()
    home.server_file.write_bytes(left_by_a_killed_server.replace(b"s3cret", b"older"))
    assert home.server_address() is None
    home.server_file.write_bytes(left_by_a_killed_server.replace(str(os.getpid()).encode(), b"1"))
    with home.lock(pytest.fail):
        assert home.server_address() is None
    assert "s3cret" not in repr(address)


def test_a_secret_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "s3cret")
    assert path.read_text() == "s3cret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]
