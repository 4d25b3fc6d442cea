"""Every RunSession passes the same suite; a run killed by the system leaves all or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swath.pipeline.ports import KillPoint, RunSession
from swath.store.database import Store, open_store
from swath.store.home import Home, open_home
from swath.store.session import do_nothing, open_run
from swath.testing.session_contract import (
    OpenSession,
    RunSessionContract,
    crops_by_key,
    expected_crops,
    finish,
    make_additions,
)


class TestStoreRunSession(RunSessionContract):
    @pytest.fixture
    def open_session(self, store: Store, home: Home) -> OpenSession:
        def open_session(
            *,
            name: str = "vehicles",
            task: str | None = "wheels",
            crop_dataset_name: str | None = None,
            at_point: KillPoint | None = None,
        ) -> RunSession:
            return open_run(
                store,
                home,
                run_config_json="{}",
                image_dataset_name=name,
                input_uri="/data",
                output_uri="/data",
                task=task,
                crop_dataset_name=crop_dataset_name,
                at_point=at_point or do_nothing,
            )

        return open_session


CHILD = """
import os, signal, sys
from pathlib import Path
from swath.store.database import open_store
from swath.store.home import open_home
from swath.store.session import open_run
from swath.testing.session_contract import make_additions

folder, url, point, images = sys.argv[1:]

def at_point(reached):
    if reached == point:
        os.kill(os.getpid(), signal.SIGKILL)

home, store = open_home(Path(folder)), open_store(url)
with home.lock(print):
    run = open_run(store, home, run_config_json="{}", image_dataset_name="vehicles", input_uri="/data",
                   output_uri="/data", task="wheels", at_point=at_point)
    additions = make_additions({f"{number:04d}.jpg": 5 for number in range(int(images))})
    print("ready", flush=True)
    run.commit(additions)
print("committed", flush=True)
"""


def start_child(home: Path, url: str, *, point: str, images: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(home), url, point, str(images)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def crops_after(path: Path, url: str, *, images: int) -> int:
    """How many of the child's crops are there; commits them again and checks that nothing is lost or doubled."""
    additions = make_additions({f"{number:04d}.jpg": 5 for number in range(images)})
    home, store = open_home(path), open_store(url)
    with home.lock(pytest.fail):
        session = open_run(
            store,
            home,
            run_config_json="{}",
            image_dataset_name="vehicles",
            input_uri="/data",
            output_uri="/data",
            task="wheels",
        )
        found = session.target.crop_samples
        assert crops_by_key(session) == (expected_crops(additions) if found else {})
        assert len(session.used_files()) == (images if found else 0)
        receipt = session.commit(additions)
        assert (receipt.image_samples, receipt.crop_samples) == (images, 5 * images)
        assert crops_by_key(session) == expected_crops(additions)
        finish(session)
    store.close()
    # One file for each dataset: what the killed commit wrote is used or gone.
    assert len(list((path / "vectors").iterdir())) == 2
    return found


@pytest.mark.parametrize(("point", "found"), [("before_transaction", 0), ("after_transaction", 15)])
def test_kill_9_at_a_named_point_leaves_all_or_nothing(
    tmp_path: Path, database_url: str, point: str, found: int
) -> None:
    child = start_child(tmp_path / "home", database_url, point=point, images=3)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert output == "ready\n"
    assert crops_after(tmp_path / "home", database_url, images=3) == found


@pytest.mark.parametrize("delay_ms", [0, 25, 70])
def test_kill_9_at_any_instant_leaves_all_or_nothing(tmp_path: Path, database_url: str, delay_ms: int) -> None:
    child = start_child(tmp_path / "home", database_url, point="", images=400)
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay_ms / 1000)
        child.kill()
    assert crops_after(tmp_path / "home", database_url, images=400) in {0, 2000}
