"""The fake, the local folder and buckets on servers that speak the stores' protocols keep the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.azure_server import AzureServer
from tests.support.gcs_server import GcsServer
from tests.support.s3_server import S3Server

from swath.adapters.datasource import open_datasource
from swath.adapters.datasource.local import LocalFolder
from swath.pipeline.ports import Datasource
from swath.testing.datasource_contract import UGLY_KEYS, DatasourceContract, listed
from swath.testing.memory_datasource import MemoryDatasource


class TestMemoryDatasource(DatasourceContract):
    @pytest.fixture
    def datasource(self) -> Datasource:
        return MemoryDatasource(page_size=7)


class TestLocalFolder(DatasourceContract):
    @pytest.fixture
    def datasource(self, tmp_path: Path) -> Datasource:
        return LocalFolder(tmp_path)


class TestFolderThatStandsForABucket(DatasourceContract):
    @pytest.fixture
    def datasource(self, tmp_path: Path) -> Datasource:
        return open_datasource("s3://photos/2026", {"endpoint": tmp_path.as_uri()})


class BucketContract(DatasourceContract):
    """What buckets share beyond what all datasources do. The fixture `server` comes from the subclass;
    `datasource` is below the prefix `a/prefix` of the bucket `bucket_uri`."""

    odd_keys: Sequence[str] = ("a//b.jpg", "back\\slash.jpg", "dir/", "a/prefix/", "dir2//")
    other_secret: Mapping[str, str]

    @pytest.fixture
    def bucket_uri(self, server: Any) -> str:
        return str(server.make_bucket())

    @pytest.fixture
    def datasource(self, server: Any, bucket_uri: str) -> Datasource:
        return open_datasource(f"{bucket_uri}/a/prefix", server.access)

    def test_what_lies_beside_the_prefix_is_not_there(
        self, server: Any, bucket_uri: str, datasource: Datasource
    ) -> None:
        for key in ("a/prefix2/x.jpg", "a/prefix.jpg", "x.jpg", "a/prefix/in.jpg"):
            server.put(bucket_uri, key, b"x")
        assert set(listed(datasource)) == {"in.jpg"}
        assert datasource.stat("x.jpg") is None
        assert datasource.uri == f"{bucket_uri}/a/prefix"

    def test_what_is_no_key_is_left_out_and_said(self, server: Any, bucket_uri: str, datasource: Any) -> None:
        for key in ("good.jpg", *self.odd_keys):
            server.put(bucket_uri, f"a/prefix/{key}")
        assert set(listed(datasource)) == {"good.jpg"}
        assert {line.partition("`: ")[0] for line in datasource.skipped} == {f"`{key}" for key in self.odd_keys}

    def test_a_folder_marker_at_the_prefix_itself_is_nothing(
        self, server: Any, bucket_uri: str, datasource: Any
    ) -> None:
        server.put(bucket_uri, "a/prefix/")
        assert listed(datasource) == {}
        assert datasource.skipped == []

    def test_a_whole_bucket_is_a_datasource(self, server: Any, bucket_uri: str) -> None:
        datasource = open_datasource(bucket_uri, server.access)
        datasource.write("a.jpg", b"x")
        datasource.write(".lightly/b.jpg", b"x")
        datasource.write("folder/c.jpg", b"x")
        assert set(listed(datasource, skip_hidden_root=True)) == {"a.jpg", "folder/c.jpg"}

    @pytest.mark.parametrize("hidden", [1, 25])
    def test_a_listing_of_many_pages_is_whole_with_and_without_the_hidden_folder(
        self, server: Any, bucket_uri: str, hidden: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("s3", "azure", "gcs"):
            monkeypatch.setattr(f"swath.adapters.datasource.{name}.KEYS_PER_PAGE", 10)
        datasource = open_datasource(f"{bucket_uri}/p", server.access)
        others = {
            "-a.jpg",
            ".lightly",
            ".lightly0",
            *(f"{n:03d}.jpg" for n in range(15)),
            *(f"f/{n}" for n in range(15)),
        }
        below = {f".lightly/{'写' * (number % 3)}{number}.json" for number in range(hidden)}
        for key in others | below:
            datasource.write(key, b"")
        assert set(listed(datasource)) == others | below
        assert set(listed(datasource, skip_hidden_root=True)) == others
        assert set(listed(datasource, ".light", skip_hidden_root=True)) == {".lightly", ".lightly0"}
        pages = list(datasource.list_pages(skip_hidden_root=True))
        assert sum(map(len, pages)) == len(others)  # nothing twice

    def test_a_large_object_is_read_in_parts(self, datasource: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("swath.adapters.datasource.bucket.PART", 1000)
        data = bytes(range(256)) * 20
        datasource.write("large.bin", data)
        version = listed(datasource)["large.bin"].version
        assert datasource.read("large.bin") == data
        assert datasource.read("large.bin", version=version) == data
        assert datasource.read("large.bin", start=1, end=4500) == data[1:4500]
        assert datasource.read("large.bin", start=999, end=10_000) == data[999:]
        datasource.write("exact.bin", data[:2000])
        assert datasource.read("exact.bin") == data[:2000]

    def test_a_key_longer_than_keys_can_be_is_named(self, datasource: Datasource) -> None:
        key = "x" * 1025
        assert datasource.stat(key) is None
        with pytest.raises(Exception, match="at most 1,024 bytes"):
            datasource.write(key, b"")

    def test_opening_it_again_makes_no_new_connection(self, server: Any, bucket_uri: str) -> None:
        first: Any = open_datasource(bucket_uri, server.access)
        second: Any = open_datasource(f"{bucket_uri}/other", dict(server.access))
        assert first._exchange is second._exchange
        other: Any = open_datasource(bucket_uri, {**server.access, **self.other_secret})
        assert first._exchange is not other._exchange

    def test_the_secrets_of_an_access_are_not_in_its_representation(self, server: Any, datasource: Datasource) -> None:
        shown = repr(datasource) + repr(vars(datasource)) + repr(datasource.uri)
        for name in ("secret_access_key", "account_key", "service_account"):
            assert server.access.get(name, "no secret") not in shown


class TestS3(BucketContract):
    ugly_keys = tuple(key for key in UGLY_KEYS if "\n" not in key)  # the server takes no line breaks in addresses
    other_secret: Mapping[str, str] = {"secret_access_key": "another"}

    @pytest.fixture
    def server(self, s3_server: S3Server) -> S3Server:
        return s3_server


class TestAzure(BucketContract):
    ugly_keys = tuple(key for key in UGLY_KEYS if "\n" not in key)  # its listing is no XML then
    odd_keys = ("a//b.jpg", "dir/", "a/prefix/", "dir2//")  # a backslash becomes a slash there
    other_secret: Mapping[str, str] = {"account_key": "YW5vdGhlcg=="}

    @pytest.fixture
    def server(self, azure_server: AzureServer) -> AzureServer:
        return azure_server


class TestGoogleCloudStorage(BucketContract):
    other_secret: Mapping[str, str] = {"service_account": ""}

    @pytest.fixture
    def server(self, gcs_server: GcsServer) -> GcsServer:
        return gcs_server
