"""Workers as processes: stopped, cancelled, locked out, and two at a time."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from swath.core.errors import RunCancelled

pytestmark = pytest.mark.slow

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles"}


def schedule(client: Any, photos: Fixture, name: str = "photos", **options: Any) -> Any:
    """A run that adds 4 objects, on a dataset that is made if absent."""
    known = {dataset.name for dataset in client.datasets.list()}
    dataset = client.datasets.get(name) if name in known else client.datasets.create(name, datasource=photos.root)
    return client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 4}, **options)


def check_complete(client: Any, photos: Fixture, run: Any) -> None:
    """A run added its 4 objects, once, and left nothing else."""
    assert run.wait(timeout=60).selected == 4
    [crops] = client.datasets.get("photos").crops_datasets
    assert crops.samples == 4
    assert {sample.file_name for sample in crops.iter_samples()} == photos.files_below("crops")
    assert crops.embeddings().shape[0] == 4


def test_a_worker_that_is_stopped_hands_its_run_back(platform: Fixture, photos: Fixture) -> None:
    photos.add_many(150)
    platform.serve()
    with platform.client() as client:
        run = schedule(client, photos)
        first = platform.work("name=first")
        platform.wait_until(lambda: (p := run.refresh().progress) is not None and p.done > 0)
        started = time.monotonic()
        first.send_signal(signal.SIGTERM)
        assert first.wait(15) == 0, platform.errors(first)
        assert time.monotonic() - started < 10
        document = run.refresh().document
        assert (document.state, document.deaths) == ("QUEUED", 0)
        platform.work("name=second")
        check_complete(client, photos, run)


def test_runs_are_cancelled_while_they_wait_and_while_they_are_executed(platform: Fixture, photos: Fixture) -> None:
    photos.add_many(150)
    platform.serve()
    with platform.client() as client:
        waiting = schedule(client, photos)
        assert waiting.cancel().document.state == "ABORTED"
        running = schedule(client, photos)
        worker = platform.work()
        platform.wait_until(lambda: (p := running.refresh().progress) is not None and p.done > 0)
        running.cancel()
        with pytest.raises(RunCancelled):
            running.wait(timeout=60)
        assert running.document.state == "ABORTED"
        assert photos.files_below("crops") == set()
        # The worker is none the worse for it.
        assert worker.poll() is None
        check_complete(client, photos, schedule(client, photos))


def test_two_workers_share_runs_and_do_none_twice(platform: Fixture, make_photos: Fixture) -> None:
    folders = [make_photos(name) for name in ("one", "two", "three", "four")]
    for folder in folders:
        folder.add_many(3)
    platform.serve()
    with platform.client() as client:
        workers = [platform.work(f"name={name}") for name in ("left", "right")]
        for worker in workers:
            platform.wait_for(worker, "waiting for runs")
        runs = [schedule(client, folder, folder.root.name) for folder in folders]
        # A second run on a dataset waits for the first.
        again = schedule(client, folders[0], "one")
        assert [run.wait(timeout=90).selected for run in runs] == [4, 4, 4, 4]
        assert again.wait(timeout=60).state == "COMPLETED"
        logs = [[line.message for line in run.log()] for run in (*runs, again)]
        assert all(sum("began" in message for message in log) == 1 for log in logs)
        begun = "".join(platform.errors(worker) for worker in workers)
        assert all(begun.count(f"run {run.id} starts") == 1 for run in (*runs, again))


def test_a_worker_whose_token_is_revoked_drops_its_run_and_ends(
    platform: Fixture, swath: Fixture, photos: Fixture
) -> None:
    photos.add_many(150)
    platform.serve()
    token = swath("token", "create", "--scope", "worker", "--name", "box").stdout.decode().strip()
    with platform.client() as client:
        run = schedule(client, photos)
        worker = platform.work("name=first", token=token)
        platform.wait_until(lambda: (p := run.refresh().progress) is not None and p.done > 0)
        client.tokens.revoke("box")
        assert worker.wait(30) == 1, platform.errors(worker)
        assert "token" in platform.errors(worker)
        assert token not in platform.errors(worker)
        assert "Traceback" not in platform.errors(worker)
        platform.work("name=second")
        check_complete(client, photos, run)


def test_a_worker_outlasts_a_server_that_restarts(platform: Fixture, photos: Fixture) -> None:
    photos.add_many(3)
    server = platform.serve()
    port = platform.url.rsplit(":", 1)[1]
    worker = platform.work()
    platform.wait_for(worker, "waiting for runs")
    server.kill()
    server.wait()
    platform.wait_for(worker, "trying again")
    platform.serve("server", "--port", port)
    with platform.client() as client:
        check_complete(client, photos, schedule(client, photos))
    assert worker.poll() is None


def test_a_worker_is_refused_that_is_nobody_or_somebody_else(platform: Fixture, swath: Fixture) -> None:
    # Long enough for a process that waits for work to give signs of life in between.
    platform.serve(env={"SWATH_WORKER_TIMEOUT": "30"})
    with platform.client() as client:
        first = platform.work("name=box")
        platform.wait_for(first, "waiting for runs")
        [box] = client.workers.list()
        access = {"SWATH_SERVER": platform.url, "SWATH_TOKEN": (swath.home / "token").read_text().strip()}
        second = swath("worker", f"worker.worker_id={box.id}", env=access)
        assert second.code == 2
        assert f"another process is worker `box` ({box.id})" in second.stderr
        unknown = swath("worker", "worker.worker_id=0123456789abcdef01234567", env=access)
        assert unknown.code == 2
        assert "there is no worker `0123456789abcdef01234567`" in unknown.stderr
        locked_out = swath("worker", env={**access, "SWATH_TOKEN": "swath_wrong"})
        assert locked_out.code == 1
        assert "swath_wrong" not in locked_out.stderr
        forced = platform.work("worker.force_start=True", env={"LIGHTLY_WORKER_ID": box.id})
        platform.wait_for(forced, f"worker box ({box.id})")
        assert [worker.name for worker in client.workers.list()] == ["box"]


def test_the_sanity_check_says_what_it_found(platform: Fixture, swath: Fixture, tmp_path: Path) -> None:
    platform.serve()
    token = swath("token", "create", "--scope", "worker").stdout.decode().strip()
    words = [f"server={platform.url}", f"token={token}", f"root={tmp_path}", "sanity_check=True"]
    good = swath("worker", *words)
    assert good.code == 0, good.stdout
    assert f"{platform.url} takes the token" in good.stdout.decode()
    assert f"{tmp_path} can be read and written" in good.stdout.decode()
    assert "efficientnet-lite0" in good.stdout.decode()
    assert "SWATH_TOKEN" in good.stderr
    for change, what in (("token=swath_wrong", "server"), (f"root={tmp_path / 'nowhere'}", "folder")):
        bad = swath("worker", *words, change)
        assert bad.code == 1
        assert f"BAD  {what}" in bad.stdout.decode()
        assert token not in bad.stdout.decode() + bad.stderr
    with platform.client() as client:
        assert client.workers.list() == []


def test_runs_of_others_stay_below_the_roots_of_server_and_worker(
    platform: Fixture, swath: Fixture, photos: Fixture, make_photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(3)
    platform.serve("server", "--root", str(tmp_path))
    swath("user", "create", "ada")
    token = swath("token", "create", "--user", "ada").stdout.decode().strip()
    with platform.client(token) as client:
        run = schedule(client, photos)
        narrow = platform.work("name=narrow", f"root={tmp_path / 'elsewhere'}")
        platform.wait_until(lambda: run.refresh().is_over)
        assert run.document.state == "FAILED"
        assert "does not lie below a folder that this worker may use" in run.document.message
        narrow.terminate()
        narrow.wait()
        platform.work("name=wide", f"root={tmp_path}")
        check_complete(client, photos, schedule(client, photos))
