"""Workers announced and runs scheduled by the official clients, on a server that no worker serves."""

from __future__ import annotations

from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.deployment import Deployment
from tests.support.official_client import ClientRaised, OfficialClient, only_new, only_old

pytestmark = pytest.mark.slow

UNKNOWN_ID = "0123456789abcdef01234567"

WORKER_CONFIG = {
    "object_level": {"task_name": "vehicles"},
    "method": "coreset",
    "stopping_condition": {"n_samples": 0.5, "min_distance": -1},
}
"""As the client of old sends it."""

SELECTION_CONFIG = {
    "n_samples": 2,
    "strategies": [{"input": {"type": "EMBEDDINGS", "task": "vehicles"}, "strategy": {"type": "DIVERSITY"}}],
}
"""How the new one says that objects count."""


@pytest.fixture
def scheduling_client(old_client: OfficialClient, live: Deployment, open_photos: Any) -> OfficialClient:
    """An official client whose dataset `photos` reads a folder with predictions."""
    photos = open_photos(live.folder / "photos")
    if not photos.predictions.is_dir():
        photos.write_tasks(["vehicles"])
        photos.write_schema(["car", "truck", "bus"], task="vehicles")
        photos.add("a.jpg")
    old_client("client.create_dataset('photos')")
    point_at(old_client, "photos")
    return old_client


def point_at(client: OfficialClient, folder: str) -> None:
    """Let the current dataset read a folder below the server's root."""
    config = {"type": "LOCAL", "fullPath": folder, "purpose": "INPUT_OUTPUT"}
    if client.is_old:
        # Its own method for local folders takes URLs only.
        client("client._datasources_api.update_datasource_by_dataset_id(config, client.dataset_id)", config=config)
    else:
        client("client.set_local_config(relative_path=folder)", folder=folder)


def schedule(client: OfficialClient, **options: Any) -> str:
    """Schedule an object-level run as the client's version says it."""
    given = {"worker_config": WORKER_CONFIG} if client.is_old else {"selection_config": SELECTION_CONFIG}
    scheduled_id: str = client("client.schedule_compute_worker_run(**given)", given={**given, **options})
    return scheduled_id


def refused(client: OfficialClient, **given: Any) -> ClientRaised:
    with pytest.raises(ClientRaised) as caught:
        client("client.schedule_compute_worker_run(**given)", given=given)
    return caught.value


# --- workers --------------------------------------------------------------------------------------------------------


def test_workers_are_announced_listed_and_forgotten(old_client: OfficialClient) -> None:
    first = old_client("client.register_compute_worker('first worker')")
    assert old_client("client.register_compute_worker('first worker')") == first
    second = old_client("client.register_compute_worker()")
    assert set(old_client("client.get_compute_worker_ids()")) == {first, second}
    old_client("client.delete_compute_worker(worker_id)", worker_id=first)
    assert old_client("client.get_compute_worker_ids()") == [second]


@only_new
def test_workers_are_offline_until_they_start(old_client: OfficialClient) -> None:
    old_client("client.register_compute_worker('gpu worker', labels=['gpu'])")
    (worker,) = old_client("client.get_compute_workers()")
    assert (worker["name"], worker["state"], worker["labels"]) == ("gpu worker", "OFFLINE", ["gpu"])


# --- scheduling -----------------------------------------------------------------------------------------------------


def test_a_scheduled_run_waits_and_is_listed(scheduling_client: OfficialClient, user: ScriptUser) -> None:
    client = scheduling_client
    scheduled_id = schedule(client, priority="HIGH")
    (scheduled,) = client("client.get_scheduled_compute_worker_runs()")
    assert (scheduled["id"], scheduled["state"], scheduled["priority"]) == (scheduled_id, "OPEN", "HIGH")
    assert client("client.get_compute_worker_runs()") == []
    (run,) = user.native.runs.list()
    assert (run.id, run.state) == (scheduled_id, "QUEUED")


CANCEL = (
    "client._compute_worker_api.cancel_scheduled_docker_run_state_by_id("
    "dataset_id=client.dataset_id, scheduled_id=scheduled_id)"
)
"""No method of the client itself cancels a run."""


def test_a_run_that_waits_can_be_cancelled(scheduling_client: OfficialClient, user: ScriptUser) -> None:
    client = scheduling_client
    scheduled_id = schedule(client)
    client(CANCEL, scheduled_id=scheduled_id)
    assert client("client.get_scheduled_compute_worker_runs()") == []
    assert user.native.runs.get(scheduled_id).state == "ABORTED"
    with pytest.raises(ClientRaised) as caught:
        client(CANCEL, scheduled_id=scheduled_id)
    assert (caught.value.status, caught.value.code) == (422, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")


@only_new
def test_a_run_that_waits_is_open_and_one_that_was_cancelled_is_not_there(scheduling_client: OfficialClient) -> None:
    client = scheduling_client
    scheduled_id = schedule(client, runs_on=["gpu"])
    assert client("client.get_scheduled_compute_worker_runs()[0].runs_on") == ["gpu"]
    assert client("client.get_compute_worker_run_info(i).state", i=scheduled_id) == "OPEN"
    with pytest.raises(ClientRaised) as caught:
        client("client.get_compute_worker_run_from_scheduled_run(i)", i=scheduled_id)
    assert (caught.value.status, caught.value.code) == (404, "DOCKER_RUN_UNKNOWN")
    client(CANCEL, scheduled_id=scheduled_id)
    assert client("client.get_scheduled_compute_worker_runs()") == []
    assert client("client.get_compute_worker_run_info(i).state", i=scheduled_id) == "CANCELED_OR_NOT_EXISTING"


def test_a_dataset_that_is_not_there_is_not_found(scheduling_client: OfficialClient) -> None:
    scheduling_client("client._dataset_id = i", i=UNKNOWN_ID)
    error = refused(scheduling_client)
    assert (error.status, error.code) == (404, "DATASET_UNKNOWN")


def test_a_schedule_without_a_word_is_taken(scheduling_client: OfficialClient) -> None:
    assert len(scheduling_client("client.schedule_compute_worker_run()")) == 24


def test_a_configuration_that_cannot_be_run_is_named(scheduling_client: OfficialClient) -> None:
    error = refused(scheduling_client, worker_config={"enable_training": True})
    assert (error.status, error.code) == (422, "DOCKER_WORKER_CONFIG_INVALID")
    assert "`worker_config.enable_training` cannot be `True`" in (error.body or "")


def test_an_unknown_task_is_named(scheduling_client: OfficialClient) -> None:
    client = scheduling_client
    if client.is_old:
        error = refused(client, worker_config={"object_level": {"task_name": "vehicle"}})
    else:
        entry = {"input": {"type": "EMBEDDINGS", "task": "vehicle"}, "strategy": {"type": "DIVERSITY"}}
        error = refused(client, selection_config={"n_samples": 2, "strategies": [entry]})
    assert (error.status, error.code) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    assert "did you mean `vehicles`?" in (error.body or "")


def test_a_dataset_without_datasource_cannot_be_run(old_client: OfficialClient) -> None:
    old_client("client.create_dataset('nothing')")
    error = refused(old_client)
    assert (error.status, error.code) == (422, "DATASET_DATASOURCE_UNKNOWN")


@only_new
@pytest.mark.parametrize(
    ("kind", "input_"),
    [
        ("DIVERSITY", {"type": "SCORES", "task": "vehicles", "score": "uncertainty_margin"}),
        ("BALANCE", {"type": "EMBEDDINGS"}),
        ("TYPICALITY", {"type": "RANDOM"}),
    ],
)
def test_strategies_that_cannot_use_their_input_are_named(
    scheduling_client: OfficialClient, kind: str, input_: dict[str, str]
) -> None:
    selection = {"n_samples": 2, "strategies": [{"input": input_, "strategy": {"type": kind}}]}
    error = refused(scheduling_client, selection_config=selection)
    assert (error.status, error.code) == (422, "DOCKER_WORKER_CONFIG_INVALID")
    assert kind in (error.body or "")


@only_new
def test_scores_that_a_task_has_not_are_named(scheduling_client: OfficialClient) -> None:
    source = {"type": "SCORES", "task": "vehicles", "score": "mean_uncertainty"}
    selection = {"n_samples": 2, "strategies": [{"input": source, "strategy": {"type": "WEIGHTS"}}]}
    error = refused(scheduling_client, selection_config=selection)
    assert (error.status, error.code) == (422, "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES")
    assert "has no score `mean_uncertainty`" in (error.body or "")


# --- what only the generated part of the client asks for ------------------------------------------------------------


@only_new
def test_a_configuration_is_read_by_a_strict_client(old_client: OfficialClient) -> None:
    config_id = old_client(
        "client.create_compute_worker_config(worker_config, lightly_config, selection_config)",
        worker_config={"enable_training": False, "num_threads": 2, "crops": {"enable_upload": True}},
        lightly_config={"loader": {"num_workers": -1}, "optimizer": {"lr": 1.0}},
        selection_config=SELECTION_CONFIG,
    )
    api = "client._compute_worker_api"
    found = old_client(f"{api}.get_docker_worker_config_vxby_id(i)", i=config_id)
    assert found["id"] == config_id
    assert old_client(f"{api}.get_docker_worker_configs()") == []


@only_new
def test_lists_across_datasets_are_read_by_a_strict_client(scheduling_client: OfficialClient) -> None:
    client = scheduling_client
    scheduled_id = schedule(client)
    worker_id = client("client.register_compute_worker('gpu worker')")
    api = "client._compute_worker_api"
    (scheduled,) = client(f"{api}.get_docker_runs_scheduled_by_state_and_labels(state='OPEN')")
    assert scheduled["id"] == scheduled_id
    assert client(f"{api}.get_docker_worker_registry_entry_by_id(i)", i=worker_id)["name"] == "gpu worker"
    assert client(f"{api}.get_docker_runs_count()") == "0"


@only_old
def test_a_configuration_of_old_is_read_back(old_client: OfficialClient) -> None:
    config_id = old_client("client.create_compute_worker_config(config)", config=WORKER_CONFIG)
    found = old_client("client._compute_worker_api.get_docker_worker_config_by_id(i)", i=config_id)
    assert found["config"]["docker"] == WORKER_CONFIG
