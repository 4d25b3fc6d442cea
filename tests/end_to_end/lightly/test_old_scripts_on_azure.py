"""The object-level script against a server that speaks like Azure: people put their account and key into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.end_to_end.lightly.test_old_scripts import OLD, SCRIPTS, TASK
from tests.support.azure_server import ACCOUNT, AzureServer, shared_azure_server
from tests.support.bucket_servers.processes import NotInstalled
from tests.support.official_client import ScriptOutcome, run_script

from swath.adapters.datasource import open_datasource

pytestmark = pytest.mark.slow

KEY_FILES = ("credentials_read.json", "credentials_write.json")


@pytest.fixture(scope="module")
def azure() -> AzureServer:
    try:
        return shared_azure_server()
    except NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="module")
def server_environment(azure: AzureServer) -> dict[str, str]:
    return {"SWATH_ENDPOINTS": f"az://@{ACCOUNT}={azure.endpoint}"}


@pytest.fixture
def container(azure: AzureServer, open_photos: Any, tmp_path: Path) -> str:
    """A container with photos below `input/` and their predictions below `output/`."""
    uri = azure.make_bucket()
    photos = open_photos(tmp_path / "photos")
    photos.task = TASK
    photos.write_tasks([TASK])
    photos.write_schema(["car", "truck", "bus"], task=TASK)
    photos.add_many(8)
    for path in photos.root.rglob("*"):
        if path.is_file():
            key = path.relative_to(photos.root).as_posix()
            azure.put(uri, f"{'output' if key.startswith('.lightly/') else 'input'}/{key}", path.read_bytes())
    return uri


def edited_script(folder: Path, values: dict[str, str]) -> Path:
    """The script with what people put in place of its placeholders."""
    text = (SCRIPTS / "object_level.py").read_text()
    for placeholder, value in values.items():
        assert placeholder in text
        text = text.replace(placeholder, value)
    path = folder / "object_level.py"
    path.write_text(text)
    for name in KEY_FILES:
        (folder / name).write_text('{"type": "service_account"}')
    return path


def run_on(
    user: ScriptUser, folder: Path, azure: AzureServer, container: str, rights: str
) -> tuple[ScriptOutcome, str]:
    """How the script ended, and the signature it had."""
    name = container.removeprefix("az://").partition("@")[0]
    signature = azure.sas(container, rights)
    script = edited_script(folder, {"ACCOUNT-NAME": ACCOUNT, "SAS-TOKEN": signature, "my-container": name})
    return run_script(OLD, user.url, user.token, script, folder=folder), signature


def keys(container: str, azure: AzureServer, prefix: str) -> list[str]:
    source = open_datasource(container, azure.access)
    return [entry.key for page in source.list_pages(prefix) for entry in page]


def test_the_object_level_script_ends_with_both_datasets(
    user: ScriptUser, worker: Any, tmp_path: Path, azure: AzureServer, container: str
) -> None:
    outcome, _ = run_on(user, tmp_path, azure, container, "racwdl")
    assert outcome.code == 0, outcome.stderr
    run = user.native.runs.get(outcome.stdout.split()[-1])
    result = run.wait(timeout=120)
    assert (result.objects.used, result.crop_dataset.added) == (24, 2)
    assert {dataset.name for dataset in user.native.datasets.list()} == {"vehicles dataset", "vehicles dataset-crops"}
    assert len(keys(container, azure, "output/.lightly/crops/")) == 2
    assert keys(container, azure, "input/.lightly/") == []


def test_a_signature_that_may_not_list_is_refused_when_the_run_is_scheduled(
    user: ScriptUser, tmp_path: Path, azure: AzureServer, container: str
) -> None:
    outcome, signature = run_on(user, tmp_path, azure, container, "r")
    assert outcome.code != 0
    (said,) = [line for line in outcome.stderr.splitlines() if line.startswith("HTTP response body:")]
    assert '"code":"DATASET_DATASOURCE_INVALID"' in said
    assert container.partition("@")[0].removeprefix("az://") in said
    assert signature.rpartition("sig=")[2] not in outcome.stderr
    assert list(user.native.runs.list()) == []
