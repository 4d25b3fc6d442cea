"""Datasources, configured, listed and read by the official clients. Folders stand in for buckets."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.deployment import Deployment
from tests.support.official_client import ClientRaised, OfficialClient, only_new, only_old

pytestmark = pytest.mark.slow

NAMES = ["a.jpg", "b.jpg", "folder/c d#?%.png", "folder/日本.webp"]
OLD, NEW = 1_600_000_000, 1_650_000_000

BEGINNING = """
import urllib.request
from lightly.openapi_generated.swagger_client.models.datasource_purpose import DatasourcePurpose as Purpose

def load(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.headers.get("Content-Encoding") is None
        return answer.read()

client.create_dataset("photos")
"""

S3 = """
client.set_s3_config(
    resource_path="s3://my-bucket/input/", region="eu-central-1", access_key="AKIASECRET",
    secret_access_key="wJalrSECRET", **more
)
"""
GCS = """
client.set_gcs_config(
    resource_path="gs://my-bucket/input/", project_id="project", credentials='{"private_key": "PRIVATESECRET"}', **more
)
"""
AZURE = """
client.set_azure_config(container_name="my-bucket/input/", account_name="ACCOUNT-NAME", sas_token="SASSECRET", **more)
"""
PLACES = {"S3": S3, "GCS": GCS, "AZURE": AZURE}

DELEGATED = """
client.set_s3_delegated_access_config(
    resource_path="s3://my-bucket/input/", region="eu-central-1", role_arn="arn:aws:iam::123456789012:role/READ",
    external_id="EXTERNALSECRET", **more
)

"""


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bucket `my-bucket` of each kind: `input/` is a datasource, `output/` what a worker may write to."""
    folder = tmp_path_factory.mktemp("buckets")
    for kind in ("s3", "gs", "az"):
        (folder / kind / "my-bucket/output").mkdir(parents=True)
        fill(folder / kind / "my-bucket/input")
    return folder


def fill(folder: Path) -> None:
    for name in NAMES:
        write(folder / name, name.encode(), OLD)
    for stem in ("a", "folder/c d#?%"):
        write(folder / f".lightly/predictions/cars/{stem}.json", f"cars {stem}".encode(), OLD)
    write(folder / ".lightly/predictions/cars/schema.json", b"{}", OLD)
    write(folder / ".lightly/predictions/tasks.json", b'["cars"]', OLD)
    write(folder / ".lightly/metadata/a.json", b"metadata", OLD)
    write(folder / ".lightly/embeddings/vectors.csv", b"filenames,embedding_0,labels\n" * 100, OLD)
    write(folder / ".lightly/few.txt", b"folder/*\n", OLD)


def write(path: Path, data: bytes, modified_at: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified_at, modified_at))


@pytest.fixture(scope="module")
def server_environment(buckets: Path) -> dict[str, str]:
    """Buckets are folders, and scripts may take on the roles of one account."""
    endpoints = f"s3://={buckets}/s3 gs://={buckets}/gs az://@ACCOUNT-NAME={buckets}/az"
    return {"SWATH_ENDPOINTS": endpoints, "SWATH_DELEGATED_ROLES": "arn:aws:iam::123456789012:role/*"}


@pytest.fixture
def script(old_client: OfficialClient) -> OfficialClient:
    """A client with a dataset `photos` of its own."""
    old_client(BEGINNING, more={})
    return old_client


def from_local(script: OfficialClient, live: Deployment, name: str) -> Path:
    """Make a folder of the server the datasource."""
    folder = live.folder / name / script.version
    fill(folder)
    if script.is_old:
        script("client.set_local_config(f'http://localhost:1234/{name}')", name=f"{name}/{script.version}")
    else:
        script("client.set_local_config(relative_path=name)", name=f"{name}/{script.version}")
    return folder


@pytest.mark.parametrize("place", PLACES)
def test_every_file_of_a_bucket_is_listed_and_can_be_loaded(script: OfficialClient, place: str) -> None:
    script(PLACES[place])

    loaded = script("{name: load(url).decode() for name, url in client.download_raw_samples()}")
    assert loaded == {name: name for name in NAMES}
    again = script("[load(url).decode() for _, url in client.download_raw_samples(use_redirected_read_url=True)]")
    assert again == NAMES
    assert (
        script("client.get_datasource()['type']" if script.is_old else "client.get_datasource().actual_instance.type")
        == place
    )


def test_a_folder_of_the_server_is_a_datasource_too(script: OfficialClient, live: Deployment, user: ScriptUser) -> None:
    folder = from_local(script, live, "photos")

    assert script("[load(url).decode() for _, url in client.download_raw_samples()]") == NAMES
    assert user.native.datasets.get("photos").datasource.location == str(folder)


def test_a_role_may_be_taken_on_and_gives_lasting_addresses(script: OfficialClient) -> None:
    script(DELEGATED)

    rows = script("client.download_raw_samples()")
    assert [name for name, _ in rows] == NAMES
    assert all("/readurlRedirect?" in url for _, url in rows)
    assert script("[load(url).decode() for _, url in client.download_raw_samples()]") == NAMES


@only_old
def test_a_role_that_is_none_is_told_when_it_is_needed(script: OfficialClient) -> None:
    script(DELEGATED.replace("arn:aws:iam::123456789012:role/READ", "YOUR-ROLE-ARN"))

    with pytest.raises(ClientRaised) as refused:
        script("client.download_raw_samples()")
    assert (refused.value.status, refused.value.code) == (422, "DATASET_DATASOURCE_CREDENTIALS_ERROR")


def test_input_and_output_stay_side_by_side_and_the_last_of_each_counts(
    script: OfficialClient, user: ScriptUser
) -> None:
    for code in (S3, GCS, AZURE):
        script(f"more = {{'purpose': Purpose.INPUT}}\n{code}")
        script(f"more = {{'purpose': Purpose.LIGHTLY}}\n{code.replace('input/', 'output/')}")

    places = user.native.datasets.get("photos").datasource
    assert places.location == "az://my-bucket@ACCOUNT-NAME/input"
    assert places.output_location == "az://my-bucket@ACCOUNT-NAME/output"
    assert [name for name, _ in script("client.download_raw_samples()")] == NAMES
    assert script("client.download_raw_predictions(task_name='cars')") == []


def test_secrets_are_masked_but_there(script: OfficialClient) -> None:
    shown = {}
    for code in (S3, GCS, AZURE, DELEGATED):
        script(code)
        document = script("client.get_datasource()")
        shown[document["type"]] = document
    assert "SECRET" not in str(shown)
    assert shown.keys() == {"S3", "GCS", "AZURE", "S3DelegatedAccess"}
    suffix = {one.get("thumbSuffix", one.get("thumb_suffix")) for one in shown.values()}
    assert suffix == {".lightly/thumbnails/[filename]_thumb.[extension]"}


def test_no_thumbnails_are_none(script: OfficialClient) -> None:
    script(S3, more={"thumbnail_suffix": None})
    document = script("client.get_datasource()")
    assert document.get("thumbSuffix", document.get("thumb_suffix")) is None


@only_new
def test_an_endpoint_of_its_own_must_be_public(script: OfficialClient) -> None:
    code = """
client.set_obs_config(
    resource_path="obs://my-bucket/input", obs_endpoint=endpoint, obs_access_key_id="AKIASECRET",
    obs_secret_access_key="wJalrSECRET", thumbnail_suffix=None,
)
client.get_datasource()
"""
    shown = script(code, endpoint="http://127.0.0.1:9")
    assert (shown["type"], shown["obsEndpoint"] if "obsEndpoint" in shown else shown["obs_endpoint"]) == (
        "OBS",
        "http://127.0.0.1:9",
    )
    with pytest.raises(ClientRaised) as refused:
        script("client.download_raw_samples()")
    assert refused.value.status == 422
    assert "SECRET" not in refused.value.message


def test_without_a_datasource_there_is_none(script: OfficialClient) -> None:
    with pytest.raises(ClientRaised) as refused:
        script("client.get_datasource()")
    assert (refused.value.status, refused.value.code) == (404, "DATASET_DATASOURCE_UNKNOWN")


def test_a_folder_that_is_not_there_is_named(script: OfficialClient) -> None:
    with pytest.raises(ClientRaised) as refused:
        script("client.set_local_config('http://h/nowhere')" if script.is_old else "client.set_local_config('nowhere')")
    assert (refused.value.status, refused.value.code) == (422, "DATASET_DATASOURCE_INVALID")
    assert "nowhere" in str(refused.value.body)


def test_a_bucket_that_is_not_there_is_told_at_once(script: OfficialClient) -> None:
    script(S3.replace("my-bucket", "another-bucket"))
    started = time.monotonic()
    with pytest.raises(ClientRaised) as refused:
        script("client.download_raw_samples()")
    assert refused.value.status == 422
    assert time.monotonic() - started < 10
    assert "another-bucket" in str(refused.value.body)
    assert "SECRET" not in str(refused.value.body)


@only_new
def test_permissions_are_tried(script: OfficialClient) -> None:
    script(S3)
    rights = {"can_read": True, "can_write": True, "can_list": True, "can_overwrite": True}
    assert script("client.list_datasource_permissions()") == rights
    script(S3.replace("my-bucket", "another-bucket"))
    found = script("client.list_datasource_permissions()")
    assert not any(found[name] for name in rights)
    assert "another-bucket" in found["errors"]["can_list"]


def test_predictions_and_metadata_are_listed_and_read(script: OfficialClient) -> None:
    script(S3)

    predictions = script("{name: load(url).decode() for name, url in client.download_raw_predictions('cars')}")
    assert predictions == {"cars/a.json": "cars a", "cars/folder/c d#?%.json": "cars folder/c d#?%"}
    assert script("{name: load(url).decode() for name, url in client.download_raw_metadata()}") == {
        "a.json": "metadata"
    }
    for name, content in predictions.items():
        assert script("load(client.get_prediction_read_url(name)).decode()", name=name) == content
    assert script("load(client.get_prediction_read_url('tasks.json')).decode()") == '["cars"]'
    assert script("load(client.get_metadata_read_url('a.json')).decode()") == "metadata"
    assert script("client.get_prediction_read_url('nothing.json')").startswith("http")
    if not script.is_old:
        assert script("load(client.get_custom_embedding_read_url('vectors.csv')).decode()").startswith("filenames,")
        assert len(script("list(client.download_raw_predictions_iter('cars'))")) == 2
        assert len(script("list(client.download_raw_metadata_iter())")) == 1


def test_relevant_filenames_narrow_a_listing(script: OfficialClient) -> None:
    script(S3)
    few = script("client.download_raw_samples(relevant_filenames_file_name='few.txt')")
    assert [name for name, _ in few] == NAMES[2:]
    with pytest.raises(ClientRaised) as refused:
        script("client.download_raw_samples(relevant_filenames_file_name='nothing.txt')")
    assert refused.value.status == 422


@only_new
def test_parts_of_a_listing_are_read_side_by_side(script: OfficialClient) -> None:
    script(S3)
    found = script("client.download_raw_samples(divide_and_conquer_shards=3)")
    assert sorted(name for name, _ in found) == NAMES


def test_only_new_files_are_downloaded_until_the_time_is_turned_back(
    script: OfficialClient, live: Deployment, user: ScriptUser
) -> None:
    folder = from_local(script, live, "growing")
    write(folder / "new.jpg", b"new", NEW)

    assert script("client.get_processed_until_timestamp()") == 0
    assert len(script("client.download_new_raw_samples()")) == 5
    now = script("client.get_processed_until_timestamp()")
    assert abs(now - time.time()) < 60
    assert script("client.download_new_raw_samples()") == []
    script("client.update_processed_until_timestamp(moment)", moment=OLD)
    assert [name for name, _ in script("client.download_new_raw_samples()")] == ["new.jpg"]
    assert script("client.download_raw_samples(from_=moment, to=moment)", moment=NEW)[0][0] == "new.jpg"


def test_what_a_script_reads_stays_valid_in_whatever_follows_the_names(script: OfficialClient) -> None:
    script(S3)
    for name, url in script("client.download_raw_samples()"):
        assert re.match(r"http://127\.0\.0\.1:\d+/v1/links/[A-Za-z0-9_.-]+/", url)
        assert url.isascii(), name


def test_a_dataset_that_is_not_there_has_no_datasource(script: OfficialClient) -> None:
    script("client._dataset_id = unknown", unknown="0123456789abcdef01234567")
    with pytest.raises(ClientRaised) as refused:
        script(S3)
    assert (refused.value.status, refused.value.code) == (404, "DATASET_UNKNOWN")
    started = time.monotonic()
    with pytest.raises(ClientRaised):
        script("client.download_raw_samples()")
    assert time.monotonic() - started < 10
