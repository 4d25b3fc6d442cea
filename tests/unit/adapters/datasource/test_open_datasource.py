"""Locations as people write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swath.adapters.datasource import open_datasource
from swath.core.errors import InvalidConfig, NotFound
from swath.wire.endpoints import Endpoints


def test_paths_and_file_urls_open_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a folder #1 100%"
    folder.mkdir()
    for location in (str(folder), f"{folder}/", folder.as_uri(), f"file://localhost{folder.as_uri()[7:]}"):
        assert open_datasource(location).uri == os.path.realpath(folder)


def test_a_relative_path_starts_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    assert open_datasource("data").uri == os.path.realpath(tmp_path / "data")
    assert open_datasource(".").uri == os.path.realpath(tmp_path)


def test_a_folder_with_a_colon_in_its_name_is_no_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "12:30").mkdir()
    assert open_datasource("12:30").uri.endswith("12:30")


@pytest.mark.parametrize(
    ("location", "uri"), [("S3://Bucket/a b/", "s3://Bucket/a b"), ("s3a://bucket", "s3://bucket")]
)
def test_a_bucket_is_opened_without_asking_it(location: str, uri: str) -> None:
    assert open_datasource(location, {"region": "eu-west-1"}).uri == uri


@pytest.mark.parametrize("location", ["", "  ", "http://example.com/data", "file://elsewhere/data"])
def test_other_locations_are_refused(location: str) -> None:
    with pytest.raises(InvalidConfig):
        open_datasource(location)


def test_a_missing_folder_is_not_found() -> None:
    with pytest.raises(NotFound, match="/no/such/folder"):
        open_datasource("/no/such/folder")


def test_a_folder_can_stand_for_a_bucket_and_its_prefixes(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    endpoints = Endpoints.parse(f"s3://={tmp_path}")
    datasource = open_datasource("s3://photos/2026/may", endpoints=endpoints)
    datasource.write("a.jpg", b"x")
    assert datasource.uri == "s3://photos/2026/may"
    assert (tmp_path / "photos" / "2026" / "may" / "a.jpg").read_bytes() == b"x"
    by_access = open_datasource("s3://photos/2026", {"endpoint": (tmp_path / "photos" / "2026").as_uri()})
    assert by_access.read("may/a.jpg") == b"x"


def test_the_folder_of_a_bucket_is_not_made(tmp_path: Path) -> None:
    endpoints = Endpoints.parse(f"s3://={tmp_path}")
    with pytest.raises(NotFound, match="which stands for `s3://photos/2026`"):
        open_datasource("s3://photos/2026", endpoints=endpoints)
    assert list(tmp_path.iterdir()) == []


def test_endpoints_come_before_that_of_an_access(tmp_path: Path) -> None:
    for name in ("mapped", "given"):
        (tmp_path / name).mkdir()
    endpoints = Endpoints.parse(f"s3://photos={tmp_path}/mapped")
    datasource = open_datasource("s3://photos", {"endpoint": (tmp_path / "given").as_uri()}, endpoints=endpoints)
    datasource.write("a.jpg", b"x")
    assert (tmp_path / "mapped" / "a.jpg").exists()


def test_the_account_that_an_access_names_counts_for_endpoints(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    endpoints = Endpoints.parse(f"az://@account={tmp_path}")
    datasource = open_datasource("az://photos/2026", {"account_name": "account"}, endpoints=endpoints)
    datasource.write("a.jpg", b"x")
    assert (tmp_path / "photos" / "2026" / "a.jpg").exists()
    assert datasource.uri == "az://photos/2026"


@pytest.mark.parametrize("endpoint", ["ftp://store", "store:9000", "http://user:secret@store", "http://store/?a=b"])
def test_an_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidConfig, match=r"endpoint") as caught:
        open_datasource("s3://photos", {"endpoint": endpoint})
    assert "secret" not in caught.value.message
