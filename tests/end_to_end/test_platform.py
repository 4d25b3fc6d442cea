"""`swath up`, and the commands on a home that a server uses."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from swath.store.home import open_home
from swath.testing.tiny_onnx import TinyModel, write_tiny_model

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles"}


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A child of the child, which nobody has waited for yet.
    return Path(f"/proc/{process}/stat").exists() and " Z " not in Path(f"/proc/{process}/stat").read_text()


def test_up_serves_one_person_on_one_machine(platform: Fixture, swath: Fixture, photos: Fixture) -> None:
    photos.add_many(4)
    up = platform.serve("up", "--no-browser")
    # The address alone is on standard output, and logs in one browser, once.
    code = platform.login_url.partition("#code=")[2]
    with httpx2.Client(base_url=platform.url) as browser:
        assert browser.get("/api/me").status_code == 401
        assert browser.post("/api/login", json={"code": code}).status_code == 200
        assert browser.get("/api/me").json()["user"] == "local"
        assert browser.post("/api/login", json={"code": code}).status_code == 401
    for name in ("token", "server.json"):
        assert stat.S_IMODE((swath.home / name).stat().st_mode) == 0o600
    with platform.client() as client:
        dataset = client.datasets.create("photos", datasource=photos.root)
        run = client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 5})
        seen: list[str] = []
        result = run.wait(on_progress=lambda watched: seen.append(watched.document.state), timeout=120)
        assert (result.state, result.selected, seen[-1]) == ("COMPLETED", 5, "COMPLETED")
        [crops] = dataset.crops_datasets
        assert crops.embeddings().shape == (5, 128)
        [worker] = client.workers.list()
    started = time.monotonic()
    up.send_signal(signal.SIGINT)
    assert up.wait(15) == 0
    assert time.monotonic() - started < 10
    assert not is_alive(worker.details["process"])
    assert not (swath.home / "server.json").exists()
    said = platform.errors(up)
    for secret in ((swath.home / "token").read_text().strip(), code):
        assert secret not in said
    assert "Traceback" not in said
    # What the server did is there for commands, too.
    assert swath.show("photos-crops")["sample_count"] == 5


@pytest.mark.slow
def test_a_worker_dies_with_its_server_and_comes_back_without(platform: Fixture) -> None:
    up = platform.serve("up", "--no-browser")
    platform.wait_for(up, "waiting for runs")
    with platform.client() as client:
        [before] = client.workers.list()
        os.kill(before.details["process"], signal.SIGKILL)
        platform.wait_until(lambda: client.workers.list()[0].details["process"] != before.details["process"])
        [after] = client.workers.list()
    assert after.id == before.id
    up.kill()
    up.wait()
    platform.wait_until(lambda: not is_alive(after.details["process"]), seconds=15)


@pytest.mark.slow
def test_a_second_server_on_the_home_or_the_port_is_refused(
    platform: Fixture, swath: Fixture, make_swath: Fixture
) -> None:
    server = platform.serve()
    again = swath.process("server", "--port", "0")
    assert again.returncode == 2
    assert f"(process {server.pid} at {platform.url}) uses" in again.stderr.decode()
    port = platform.url.rsplit(":", 1)[1]
    busy = make_swath("other").process("server", "--port", port)
    assert busy.returncode == 1
    assert f"port {port} of `127.0.0.1` is in use" in busy.stderr.decode()


def test_a_server_for_other_machines_needs_the_names_they_use(swath: Fixture) -> None:
    refused = swath("server", "--host", "0.0.0.0")
    assert refused.code == 2
    assert "SWATH_HOSTS" in refused.stderr


def test_a_server_waits_for_a_run_of_its_home(platform: Fixture, swath: Fixture) -> None:
    with open_home(swath.home).lock(pytest.fail, what="a long run"):
        server = platform.begin()
        platform.wait_for(server, "waiting for a long run")
    platform.wait_until_served(server)
    with platform.client() as client:
        assert client.health()["status"] == "ok"


def test_a_run_through_the_server_is_as_one_in_its_own_process(
    platform: Fixture, swath: Fixture, make_swath: Fixture, make_photos: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    twin = make_photos("twin/photos")
    for folder in (photos, twin):
        folder.add_many(4)
    alone = make_swath("alone")
    expected = alone.run(twin.root, "--output", tmp_path / "expected")
    platform.serve()
    found = swath.run(photos.root, "--output", tmp_path / "found")
    for key in ("state", "message", "images", "objects", "candidates", "selected", "selected_categories", "findings"):
        assert found[key] == expected[key], key
    for name in ("images.txt", "images.coco.json", "objects.parquet", "candidates.f16"):
        assert (tmp_path / "found" / name).exists()
    for name in ("images.txt", "images.coco.json"):
        assert (tmp_path / "found" / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()
    crops = [sorted(path.name for path in (tmp_path / name / "crops").rglob("*.jpg")) for name in ("found", "expected")]
    assert crops[0] == crops[1] != []
    # Every other command says the same, too.
    assert swath.names("photos") == alone.names("photos")
    vectors = [each("export", "photos-crops", "--format", "embeddings-csv") for each in (swath, alone)]
    assert vectors[0].stdout.split(b"\n")[0] == vectors[1].stdout.split(b"\n")[0]
    assert len(vectors[0].stdout) == len(vectors[1].stdout)
    names = [[dataset["name"] for dataset in each("datasets", "--json").document] for each in (swath, alone)]
    assert names[0] == names[1] == ["photos", "photos-crops"]
    again = swath.run(photos.root)
    assert "nothing new" in again["message"]
    assert swath("delete", "photos", "--yes").code == alone("delete", "photos", "--yes").code == 2
    assert swath("delete", "photos", "--yes", "--cascade").code == 0
    assert swath("datasets", "--json").document == []
    assert photos.files_below("crops") == set()
    with platform.client() as client:
        assert client.workers.list() == []  # whoever asks for a run is a worker just as long


@pytest.mark.slow
def test_errors_through_the_server_are_as_those_in_one_process(
    platform: Fixture, swath: Fixture, make_swath: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(1)
    alone = make_swath("alone")
    alone.run(photos.root)
    platform.serve()
    swath.run(photos.root)
    other = tmp_path / "other"
    other.mkdir()
    for arguments in (
        ("show", "photo"),
        ("export", "photos", "--format", "filenames", "--tag", "nope"),
        ("delete", "nope", "--yes"),
        ("token", "revoke", "nope"),
        ("token", "create", "--user", "nope"),
        swath.run_arguments(photos.root, "--task", "nope", "--dataset", "third"),
        swath.run_arguments(photos.root, "--dataset", "photos-crops"),
        swath.run_arguments(photos.root, "--dataset", "-"),
        swath.run_arguments(other, "--dataset", "photos"),
        swath.run_arguments(photos.root, "--embedder", "nope"),
        swath.run_arguments(tmp_path / "nowhere"),
    ):
        through_server, in_process = swath(*arguments), alone(*arguments)
        assert through_server.code == in_process.code != 0, arguments
        message = in_process.stderr.split("error: ")[-1].splitlines()[0]
        assert message in through_server.stderr, arguments
    names = [dataset["name"] for dataset in swath("datasets", "--json").document]
    assert names == ["photos", "photos-crops"]


@pytest.mark.slow
def test_options_that_only_the_command_knows_keep_workers_from_its_run(
    platform: Fixture, swath: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(1)
    model = write_tiny_model(tmp_path / "tiny.onnx", TinyModel())
    platform.serve()
    assert swath.run(photos.root, "--embedder", model, "--embedder-mean", "0.4,0.5,0.6")["state"] == "COMPLETED"
    with platform.client() as client:
        [run] = client.runs.list()
        [label] = run.document.runs_on
        assert label.startswith("command-")
        assert run.document.config["embedder"] == str(model)


@pytest.mark.slow
def test_ctrl_c_cancels_a_run_through_the_server(platform: Fixture, swath: Fixture, photos: Fixture) -> None:
    photos.add_many(150)
    platform.serve()
    process = swath.start(*swath.run_arguments(photos.root))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"crop and embed"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert out == b""
    assert b"Traceback" not in err
    with platform.client() as client:
        [run] = client.runs.list()
        assert run.document.state == "ABORTED"
    assert swath("datasets", "--json").document == []
    assert photos.files_below("crops") == set()


@pytest.mark.slow
def test_a_killed_run_through_the_server_is_finished_by_a_worker(
    platform: Fixture, swath: Fixture, photos: Fixture
) -> None:
    photos.add_many(3)
    platform.serve()
    arguments = swath.run_arguments(photos.root)
    died = swath.process(*arguments, env={"SWATH_KILL_AT": "after_crops"})
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    platform.work()
    with platform.client() as client:
        [run] = client.runs.list()
        assert run.wait(timeout=60).state == "COMPLETED"
    assert len(photos.files_below("crops")) == swath.show("photos-crops")["sample_count"] == 5


def test_tokens_are_made_listed_and_revoked_with_and_without_a_server(platform: Fixture, swath: Fixture) -> None:
    assert swath("user", "create", "ada").code == 0
    before = (
        swath("token", "create", "--name", "before", "--user", "ada", "--expires-days", "2").stdout.decode().strip()
    )
    platform.serve()
    through = swath("token", "create", "--name", "through", "--scope", "read-only").stdout.decode().strip()
    assert before.split() == [before]
    with platform.client(before) as client:
        assert (client.users.me().user, client.users.me().scope) == ("ada", "member")
    with platform.client(through) as client:
        assert (client.users.me().user, client.users.me().scope) == ("local", "read-only")
    tokens = {token["name"]: token for token in swath("token", "list", "--json").document}
    assert {"owner", "before", "through"} <= set(tokens)
    assert swath("token", "revoke", "before").code == 0
    assert swath("token", "revoke", tokens["through"]["id"]).code == 0
    for secret in (before, through):
        with httpx2.Client(base_url=platform.url, headers={"Authorization": f"Bearer {secret}"}) as browser:
            assert browser.get("/api/me").status_code == 401
    names = [user["name"] for user in swath("user", "list", "--json").document]
    assert names == ["local", "ada"]
