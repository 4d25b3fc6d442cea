"""Addresses that a storage signs itself, read by scripts of the official clients."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.support.official_client import ClientRaised, OfficialClient
from tests.support.s3_server import S3Server, shared_s3_server

pytestmark = pytest.mark.slow

KEYS = ["a.jpg", "folder/c d#?%.png", "folder/日本.webp"]

BEGINNING = """
import urllib.request

def load(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()

client.create_dataset("photos")
client.set_s3_config(
    resource_path=uri, region=region, access_key=access_key, secret_access_key=secret, thumbnail_suffix=None
)
"""


@pytest.fixture(scope="module")
def server() -> S3Server:
    return shared_s3_server()


@pytest.fixture(scope="module")
def server_environment(server: S3Server) -> dict[str, str]:
    """One bucket is where nothing listens."""
    return {"SWATH_ENDPOINTS": f"s3://={server.endpoint} s3://out-of-reach=http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def bucket(server: S3Server) -> Iterator[str]:
    uri = server.make_bucket()
    for key in KEYS:
        server.put(uri, f"input/{key}", key.encode())
    for key in ("/absolute.jpg", "./dot.jpg", "../up.jpg", "folder.jpg/", "notes.txt"):
        server.put(uri, f"input/{key}", b"no input")
    server.put(uri, "input/.lightly/predictions/cars/a.json", b"cars a")
    yield uri
    server.remove_bucket(uri)


def point(client: OfficialClient, server: S3Server, uri: str, **changed: str) -> None:
    access = {**server.access, **changed}
    client(
        BEGINNING,
        uri=f"{uri}/input/",
        region=access["region"],
        access_key=access["access_key_id"],
        secret=access["secret_access_key"],
    )


def test_files_of_a_bucket_are_loaded_from_the_bucket(
    old_client: OfficialClient, server: S3Server, bucket: str
) -> None:
    point(old_client, server, bucket)

    rows = dict(old_client("client.download_raw_samples()"))
    assert list(rows) == KEYS
    assert all(url.startswith(server.endpoint) for url in rows.values())
    for key, url in rows.items():
        assert old_client("load(url)", url=url) == key
    assert "owner-secret" not in str(rows)


def test_addresses_that_last_lead_to_the_bucket_too(old_client: OfficialClient, server: S3Server, bucket: str) -> None:
    point(old_client, server, bucket)

    rows = dict(old_client("client.download_raw_samples(use_redirected_read_url=True)"))
    for key, url in rows.items():
        assert "/v1/datasets/" in url
        assert old_client("load(url)", url=url) == key
    assert old_client("load(client.get_prediction_read_url('cars/a.json'))") == "cars a"


def test_a_bucket_out_of_reach_is_told_before_anybody_loses_patience(
    old_client: OfficialClient, server: S3Server
) -> None:
    point(old_client, server, "s3://out-of-reach")

    started = time.monotonic()
    with pytest.raises(ClientRaised) as refused:
        old_client("client.download_raw_samples()")
    assert refused.value.status == 422
    assert time.monotonic() - started < 60
    assert "out-of-reach" in str(refused.value.body)
    if not old_client.is_old:
        rights = old_client("client.list_datasource_permissions()")
        assert not any(rights[name] for name in ("can_read", "can_write", "can_list", "can_overwrite"))
        assert "out-of-reach" in rights["errors"]["can_list"]
    assert time.monotonic() - started < 150


def test_wrong_credentials_are_named_without_being_repeated(
    old_client: OfficialClient, server: S3Server, bucket: str
) -> None:
    with server.enforcing():
        point(old_client, server, bucket, access_key_id="AKIAWRONGWRONGWRONG0", secret_access_key="wrong-secret")
        started = time.monotonic()
        with pytest.raises(ClientRaised) as refused:
            old_client("client.download_raw_samples()")
        if not old_client.is_old:
            rights = old_client("client.list_datasource_permissions()")
            assert not any(rights[name] for name in ("can_read", "can_write", "can_list", "can_overwrite"))
            assert "wrong-secret" not in str(rights)
    assert refused.value.status in (403, 422)
    assert time.monotonic() - started < 30
    assert bucket.removeprefix("s3://") in str(refused.value.body)
    assert "wrong-secret" not in str(refused.value.body)
