"""A worker as the pages of old tell people to get one: announce it, then start a process with its id."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.end_to_end.lightly.test_schedules import point_at, schedule
from tests.support.deployment import Deployment
from tests.support.official_client import OfficialClient, only_new

pytestmark = pytest.mark.slow


@only_new
def test_an_announced_worker_does_the_runs_of_its_user(
    old_client: OfficialClient, user: ScriptUser, live: Deployment, open_photos: Any, models: Path
) -> None:
    client = old_client
    photos = open_photos(live.folder / "photos")
    photos.write_tasks(["vehicles"])
    photos.write_schema(["car", "truck", "bus"], task="vehicles")
    photos.add_many(4)
    client("client.create_dataset('photos')")
    point_at(client, "photos")
    worker_id = client("client.register_compute_worker('my worker', labels=['gpu'])")
    scheduled_id = schedule(client, runs_on=["gpu"])
    assert client("client.get_compute_worker_run_info(i).state", i=scheduled_id) == "OPEN"

    home = live.folder / "worker"
    home.mkdir()
    shutil.copytree(models, home / "models", copy_function=os.link)
    live.start("worker", f"token={user.token}", f"worker.worker_id={worker_id}", f"home={home}", "trust_server=True")
    user.native.runs.get(scheduled_id).wait(timeout=120)

    states = client("[info.state for info in client.compute_worker_run_info_generator(i)]", i=scheduled_id)
    assert states == ["COMPLETED"]
    (worker,) = client("client.get_compute_workers()")
    assert (worker["id"], worker["name"], worker["labels"]) == (worker_id, "my worker", ["gpu"])
    assert worker["state"] in ("IDLE", "BUSY")
    assert worker["docker_version"]
