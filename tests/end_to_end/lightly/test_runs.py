"""Runs that a worker does, followed by the official clients from the schedule to the artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser, Users
from tests.end_to_end.lightly.test_schedules import SELECTION_CONFIG, WORKER_CONFIG, point_at
from tests.support.deployment import Deployment
from tests.support.official_client import ClientRaised, OfficialClient, only_new

ARTIFACTS_THERE_ARE_NONE_OF = (
    "checkpoint",
    "report_pdf",
    "report_json",
    "report_v2_json",
    "memory_log",
    "sequence_information",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photos(live: Deployment, open_photos: Any) -> Any:
    """Six photos of three objects each, and a file that is none."""
    photos = open_photos(live.folder / "photos")
    photos.write_tasks(["vehicles"])
    photos.write_schema(["car", "truck", "bus"], task="vehicles")
    photos.add_many(6)
    (photos.root / "broken.jpg").write_bytes(b"no image")
    photos.predict("broken.jpg", [(0, 0, 10, 10)], task="vehicles")
    return photos


@pytest.fixture(scope="module")
def runner(make_user: Users) -> ScriptUser:
    """Who has the run that the tests of this module look at."""
    return make_user()


@pytest.fixture(scope="module")
def run_id(client_process: OfficialClient, live: Deployment, worker: Any, runner: ScriptUser, photos: Any) -> str:
    """A run that is over, scheduled by a client of this version."""
    client = client_process
    client.start_anew(live.url, runner.token)
    name = "photos" if client.is_old else "more photos"
    client("client.create_dataset(name)", name=name)
    point_at(client, "photos")
    given = {"worker_config": WORKER_CONFIG} if client.is_old else {"selection_config": SELECTION_CONFIG}
    scheduled_id: str = client("client.schedule_compute_worker_run(**given)", given=given)
    runner.native.runs.get(scheduled_id).wait(timeout=90)
    return scheduled_id


@pytest.fixture
def runner_client(client_process: OfficialClient, live: Deployment, run_id: str, runner: ScriptUser) -> OfficialClient:
    """A client of that user, on the image dataset of the run, with the run's id as `run_id`."""
    client_process.start_anew(live.url, runner.token)
    client_process("client._dataset_id = i", i=runner.native.runs.get(run_id).document.image_dataset.id, run_id=run_id)
    return client_process


def test_a_run_is_over_with_both_datasets(runner_client: OfficialClient, runner: ScriptUser, run_id: str) -> None:
    run = next(run for run in runner_client("client.get_compute_worker_runs()") if run["id"] == run_id)
    assert run["state"] == "COMPLETED"
    assert run["dataset_id"] == runner_client("client.dataset_id")
    assert runner_client("client.get_scheduled_compute_worker_runs()") == []
    kinds = {d["name"]: d["type"] for d in runner_client("client.get_datasets()")}
    name = runner.native.runs.get(run_id).document.image_dataset.name
    assert (kinds[name], kinds[f"{name}-crops"]) == ("Images", "Crops")


def test_objects_are_selected_by_old_clients_and_images_by_new_ones(
    runner_client: OfficialClient, run_id: str, runner: ScriptUser
) -> None:
    result = runner.native.runs.get(run_id).result
    added = (result.image_dataset.added, result.crop_dataset.added)
    assert added[1] == 9 if runner_client.is_old else added == (2, 6)


def test_a_crops_dataset_cannot_be_run(runner_client: OfficialClient) -> None:
    crops = next(d["id"] for d in runner_client("client.get_datasets()") if d["type"] == "Crops")
    runner_client("client._dataset_id = i", i=crops)
    with pytest.raises(ClientRaised) as caught:
        runner_client("client.schedule_compute_worker_run()")
    assert (caught.value.status, caught.value.code) == (422, "DATASET_NOT_SUPPORTED")


@only_new
def test_a_run_that_is_over_is_told_at_once(runner_client: OfficialClient) -> None:
    infos = runner_client("[i.state for i in client.compute_worker_run_info_generator(run_id)]")
    assert infos == ["COMPLETED"]
    assert runner_client("client.get_compute_worker_run_info(run_id).in_end_state()")
    assert runner_client("client.get_compute_worker_run_info(run_id).ended_successfully()")


@only_new
def test_a_run_is_found_by_itself_its_schedule_and_its_dataset(runner_client: OfficialClient, run_id: str) -> None:
    assert runner_client("client.get_compute_worker_run(run_id).id") == run_id
    assert runner_client("client.get_compute_worker_run_from_scheduled_run(run_id).id") == run_id
    assert runner_client("[r.id for r in client.get_compute_worker_runs(dataset_id=client.dataset_id)]") == [run_id]
    (done,) = runner_client("client.get_scheduled_compute_worker_runs(state='DONE')")
    assert done["id"] == run_id


@only_new
def test_what_a_run_added_is_a_tag(runner_client: OfficialClient) -> None:
    tags = runner_client("client.get_compute_worker_run_tags(run_id)")
    assert [tag["name"] for tag in tags] == ["initial-tag"]
    names = runner_client("client.export_filenames_by_tag_name(tags[0])", tags=[tags[0]["name"]])
    assert len(names.splitlines()) == 2


@only_new
def test_artifacts_are_loaded_as_they_are(runner_client: OfficialClient, tmp_path: Path) -> None:
    runner_client("run = client.get_compute_worker_run(run_id)")
    runner_client("client.download_compute_worker_run_log(run, path)", path=str(tmp_path / "log.txt"))
    assert "COMPLETED" in (tmp_path / "log.txt").read_text().splitlines()[-1]
    path = str(tmp_path / "corrupt.json")
    runner_client("client.download_compute_worker_run_corruptness_check_information(run, path)", path=path)
    corrupt = runner_client("import json\njson.load(open(path))['corrupt_samples']", path=path)
    assert list(corrupt) == ["broken.jpg"]
    folder = tmp_path / "all"
    runner_client("client.download_compute_worker_run_artifacts(run, folder)", folder=str(folder))
    assert {file.name for file in folder.iterdir()} == {"log.txt", "corruptness_check_information.json"}


@only_new
@pytest.mark.parametrize("kind", ARTIFACTS_THERE_ARE_NONE_OF)
def test_artifacts_that_are_not_there_are_known_not_to_be(
    runner_client: OfficialClient, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(ClientRaised) as caught:
        runner_client(
            "getattr(client, 'download_compute_worker_run_' + kind)(client.get_compute_worker_run(run_id), path)",
            kind=kind,
            path=str(tmp_path / "file"),
        )
    assert caught.value.type == "ArtifactNotExist"


@only_new
def test_there_is_no_checkpoint_to_load(runner_client: OfficialClient) -> None:
    with pytest.raises(ClientRaised) as caught:
        runner_client("client.get_compute_worker_run_checkpoint_url(client.get_compute_worker_run(run_id))")
    assert caught.value.type == "ArtifactNotExist"


@only_new
def test_logs_are_read_line_by_line(runner_client: OfficialClient) -> None:
    logs = runner_client("client._compute_worker_api.get_docker_run_logs_by_id(run_id=run_id)")
    assert logs["logs"]
    assert {line["state"] for line in logs["logs"]} == {"COMPLETED"}
    after = runner_client("client._compute_worker_api.get_docker_run_logs_by_id(run_id, cursor=c)", c=logs["cursor"])
    assert after["logs"] == []


@only_new
def test_a_worker_that_works_is_listed(runner_client: OfficialClient, live: Deployment) -> None:
    runner_client("client = ApiWorkflowClient(token=owner)", owner=live.token)
    (worker,) = runner_client("client.get_compute_workers()")
    assert (worker["name"], worker["worker_type"]) == ("worker", "FULL")
    assert worker["state"] in ("IDLE", "BUSY")
