"""Scripts as people have them, run as files by the official clients of their time, against a server with a worker.

The scripts name storages by placeholders. The operator of this server has mapped the one that counts to a folder.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.official_client import ScriptOutcome, run_script

SCRIPTS = Path(__file__).parent / "scripts"
OLD, NEW = "1.2.25", "1.5.23"
TASK = "vehicles_object_detections"
ACCOUNT = "ACCOUNT-NAME"


@pytest.fixture(scope="module")
def azure_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for an account of Azure: containers are folders in it."""
    return tmp_path_factory.mktemp("azure")


@pytest.fixture(scope="module")
def server_environment(azure_folder: Path) -> dict[str, str]:
    return {"SWATH_ENDPOINTS": f"az://@{ACCOUNT}={azure_folder}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRunner:
    """Runs scripts of one user, in a folder of their own."""

    user: ScriptUser
    folder: Path

    def __call__(self, script: str, *arguments: str | Path, version: str = OLD) -> ScriptOutcome:
        path = SCRIPTS / f"{script}.py"
        return run_script(version, self.user.url, self.user.token, path, *arguments, folder=self.folder)

    def scheduled(self, script: str, *arguments: str | Path, version: str = OLD) -> Any:
        """The run, over by now, that a script scheduled; it printed the id last."""
        outcome = self(script, *arguments, version=version)
        assert outcome.code == 0, outcome.stderr
        run = self.user.native.runs.get(outcome.stdout.split()[-1])
        run.wait(timeout=120)
        return run

    def refused(self, script: str, *arguments: str | Path) -> str:
        """What the server said to a script that failed."""
        outcome = self(script, *arguments)
        assert outcome.code != 0, outcome.stdout
        (said,) = [line for line in outcome.stderr.splitlines() if line.startswith("HTTP response body:")]
        return said.removeprefix("HTTP response body:").strip()


@pytest.fixture
def scripts(user: ScriptUser, worker: Any, tmp_path: Path) -> ScriptRunner:
    """Scripts find the keys of Google's storage beside them."""
    for name in ("credentials", "credentials_read", "credentials_write"):
        key = {"type": "service_account", "client_email": "a@b.example", "private_key": "KEY", "token_uri": "x"}
        (tmp_path / f"{name}.json").write_text(json.dumps(key))
    return ScriptRunner(user=user, folder=tmp_path)


@pytest.fixture
def photos(azure_folder: Path, open_photos: Any) -> Any:
    """Eight photos of three objects each where the scripts read, with predictions where they write."""
    for name in ("input", "output"):
        shutil.rmtree(azure_folder / "my-container" / name, ignore_errors=True)
        (azure_folder / "my-container" / name).mkdir(parents=True)
    photos = open_photos(azure_folder / "my-container" / "input")
    photos.task = TASK
    photos.write_tasks([TASK])
    photos.write_schema(["car", "truck", "bus"], task=TASK)
    photos.add_many(8)
    shutil.move(photos.root / ".lightly", azure_folder / "my-container" / "output" / ".lightly")
    return photos


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def pick_up(scripts: ScriptRunner, run: Any) -> None:
    """Load what a run selected as scripts do: the names, and the images as files."""
    outcome = scripts("pick_up", run.document.image_dataset.id, scripts.folder / "images")
    assert outcome.code == 0, outcome.stderr
    names = [line for line in outcome.stdout.splitlines() if line.startswith("image_")]
    assert len(names) == run.result.image_dataset.added
    assert files_below(scripts.folder / "images") == sorted(names)
    for name in names:
        assert (scripts.folder / "images" / name).stat().st_size


def test_the_object_level_script_ends_with_both_datasets(
    scripts: ScriptRunner, photos: Any, azure_folder: Path
) -> None:
    run = scripts.scheduled("object_level")
    assert run.state == "COMPLETED"
    names = {dataset.name: dataset for dataset in scripts.user.native.datasets.list()}
    assert set(names) == {"vehicles dataset", "vehicles dataset-crops"}
    result = run.result
    assert (result.objects.used, result.crop_dataset.added) == (24, 2)
    assert 1 <= result.image_dataset.added <= 2
    written = files_below(azure_folder / "my-container" / "output" / ".lightly")
    assert len([name for name in written if name.startswith("crops/")]) == 2
    assert not (azure_folder / "my-container" / "input" / ".lightly").exists()
    pick_up(scripts, run)


@pytest.mark.slow
def test_the_object_level_script_run_again_adds_to_the_same_datasets(scripts: ScriptRunner, photos: Any) -> None:
    first = scripts.scheduled("object_level")
    again = scripts.scheduled("object_level")
    assert again.id != first.id
    assert again.state == "COMPLETED"
    assert len(list(scripts.user.native.datasets.list())) == 2
    assert again.document.image_dataset == first.document.image_dataset


@pytest.mark.slow  # the client looks every half a minute
def test_a_run_of_a_newer_script_is_followed_to_its_end(scripts: ScriptRunner, photos: Any) -> None:
    scripts.scheduled("object_level")
    outcome = scripts("follow_run", "vehicles dataset", scripts.folder / "left", version=NEW)
    assert outcome.code == 0, outcome.stderr
    assert "state: COMPLETED" in outcome.stdout
    assert "tags: ['run " in outcome.stdout
    left = files_below(scripts.folder / "left")
    assert {"log.txt", "corruptness_check_information.json", "embeddings.csv"} <= set(left)
    assert any(name.startswith("images/image_") for name in left)


@pytest.mark.slow
def test_a_script_with_one_storage_for_all_makes_a_dataset_that_can_be_run(scripts: ScriptRunner, photos: Any) -> None:
    outcome = scripts("create_dataset")
    assert outcome.code == 0, outcome.stderr
    run = scripts.scheduled("trigger_job", outcome.stdout.split()[-1])
    assert run.state == "COMPLETED"
    assert run.result.image_dataset.added == 4
    assert run.document.crop_dataset is None


@pytest.mark.slow
def test_a_pool_of_images_takes_only_what_is_new(scripts: ScriptRunner, photos: Any) -> None:
    first = scripts.scheduled("image_pool")
    assert first.result.image_dataset.added == first.result.image_dataset.samples
    photos.add("later.jpg", predicted=False)
    second = scripts.scheduled("image_pool")
    assert second.result.images.new == 1
    assert second.document.image_dataset == first.document.image_dataset


@pytest.mark.slow
@pytest.mark.parametrize("script", ["object_level_pretagging", "pretagging"])
def test_scripts_that_want_predictions_made_are_told_so(scripts: ScriptRunner, photos: Any, script: str) -> None:
    said = json.loads(scripts.refused(script))
    assert said["code"] == "DOCKER_WORKER_CONFIG_INVALID"
    assert "`worker_config.pretagging` cannot be `True`" in said["error"]


@pytest.mark.slow
@pytest.mark.parametrize("script", ["active_learning", "sequence_selection", "datapool"])
def test_scripts_for_videos_are_told_that_there_are_none_yet(scripts: ScriptRunner, script: str) -> None:
    said = json.loads(scripts.refused(script))
    assert said["code"] == "DATASET_NOT_SUPPORTED"
    assert "videos" in said["error"]
