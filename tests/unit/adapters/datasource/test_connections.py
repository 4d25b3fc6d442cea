"""Connections to buckets: shared, few, and only there if what they need is."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from swath.adapters.datasource import connections, open_datasource
from swath.core.errors import InvalidConfig


def exchange_of(uri: str, access: dict[str, str] | None) -> Any:
    datasource: Any = open_datasource(uri, access)
    return datasource._exchange


def test_prefixes_of_a_bucket_share_one_and_other_accesses_do_not() -> None:
    first = exchange_of("s3://one-bucket/a", {"region": "eu-west-1"})
    assert exchange_of("s3://one-bucket/b/c", {"region": "eu-west-1"}) is first
    assert exchange_of("s3://one-bucket", {"region": "eu-west-2"}) is not first
    assert exchange_of("s3://other-bucket", {"region": "eu-west-1"}) is not first


def test_threads_that_open_at_once_share_one() -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: exchange_of("s3://many-threads", {"region": "eu-west-1"}), range(64)))
    assert len({id(one) for one in found}) == 1


def test_only_the_ones_used_last_are_kept() -> None:
    first = exchange_of("s3://kept", {})
    for number in range(connections.MOST_CONNECTIONS - 1):
        exchange_of(f"s3://bucket-{number}", {})
    assert exchange_of("s3://kept", {}) is first
    for number in range(connections.MOST_CONNECTIONS):
        exchange_of(f"s3://bucket-{number}", {})
    assert exchange_of("s3://kept", {}) is not first


def test_another_environment_is_another_access(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "one")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "b25l")
    first = exchange_of("az://photos", None)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "two")
    assert exchange_of("az://photos", None) is not first


def test_no_secret_is_kept_to_tell_accesses_apart() -> None:
    exchange_of("s3://kept-apart", {"access_key_id": "AKIA", "secret_access_key": "a-very-secret-key"})
    assert "a-very-secret-key" not in repr(list(connections._CONNECTIONS._by_identity))


@pytest.mark.parametrize(
    ("uri", "missing"), [("s3://a-bucket", "boto3"), ("gs://a-bucket", "google.oauth2"), ("az://c@a", "urllib3")]
)
def test_what_is_not_installed_is_said_with_how_to_install_it(
    uri: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("swath.adapters.datasource.s3_access", "swath.adapters.datasource.gcs"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    access = {"service_account": '{"type": "service_account"}'} if uri.startswith("gs") else {}
    with pytest.raises(InvalidConfig, match="not installed") as caught:
        open_datasource(uri, {**access, "endpoint": f"http://127.0.0.1/{missing}"})
    assert "pip install 'swath[cloud]'" in caught.value.hint


def test_folders_need_nothing_of_what_buckets_need() -> None:
    code = (
        "import sys, swath.adapters.datasource as d; d.open_datasource('/tmp');"
        "print([m for m in ('boto3', 'botocore', 'google', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
