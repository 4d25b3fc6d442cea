"""Listings of datasources: pages, shards, times, names, addresses."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.adapters.datasource import open_datasource
from swath.pipeline.ports import Datasource, FileEntry
from swath.server import services as services_module
from swath.server.lightly import listings
from swath.server.lightly.snapshots import KeyRange, rows_in, split, take_snapshot
from swath.server.memo import Memo
from swath.server.services import ServerOptions, Services

Row = tuple[str, str]

NAMES = ["a.jpg", "b.PNG", "sub folder/ü #1?.jpg", "sub folder/100%.webp", "video.mp4"]


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One database is enough: what is listed is not in it."""
    path = tmp_path / "home" / "swath.sqlite"
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for number, name in enumerate([*NAMES, "notes.txt", "jpg", ".lightly/metadata/schema.json"]):
        write(folder / name, f"{name}".encode(), modified_at=1000 + number)
    for task in ("cars", "wheels"):
        write(folder / f".lightly/predictions/{task}/schema.json", b"{}")
        for stem in ("a", "sub folder/ü #1?"):
            write(folder / f".lightly/predictions/{task}/{stem}.json", f"{task} {stem}".encode())
    write(folder / ".lightly/metadata/a.json", b"metadata of a")
    write(folder / ".lightly/few.txt", b"sub folder/*\nb.PNG\n")
    return folder


def write(path: Path, data: bytes, *, modified_at: float = 1000.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified_at, modified_at))


@pytest.fixture
def options(root: Path) -> ServerOptions:
    return ServerOptions(roots=(root.parent,))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "PAGE_ROWS", 2)


@pytest.fixture
def path(facade: TestClient, root: Path) -> str:
    """Of the datasource of a dataset with the files above."""
    dataset = facade.post("/datasets", json={"name": "photos"}).json()["id"]
    config = {"type": "LOCAL", "fullPath": root.name, "purpose": "INPUT_OUTPUT"}
    assert facade.put(f"/datasets/{dataset}/datasource", json=config).status_code == 204
    return f"/datasets/{dataset}/datasource"


def read(facade: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = facade.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def pages(facade: TestClient, path: str, **params: Any) -> Iterator[list[Row]]:
    page = read(facade, path, **params)
    while True:
        assert page.keys() == {"hasMore", "cursor", "data"}
        assert page["cursor"]
        yield [(row["fileName"], row["readUrl"]) for row in page["data"]]
        if not page["hasMore"]:
            return
        page = read(facade, path, cursor=page["cursor"])


def names(facade: TestClient, path: str, **params: Any) -> list[str]:
    return [name for page in pages(facade, path, **params) for name, _ in page]


def test_images_and_videos_are_listed_and_nothing_else(facade: TestClient, path: str, small_pages: None) -> None:
    sizes = [len(page) for page in pages(facade, f"{path}/list")]
    assert sizes == [2, 2, 1]
    assert names(facade, f"{path}/list") == sorted(NAMES)


def test_each_address_opens_its_file_for_anybody(facade: TestClient, stranger: TestClient, path: str) -> None:
    for redirected in ("False", "True"):
        [page] = pages(facade, f"{path}/list", useRedirectedReadUrl=redirected)
        for name, url in page:
            assert url.isascii()
            assert urlsplit(url).scheme == "http"
            assert ("readurlRedirect" in url) is (redirected == "True")
            assert stranger.get(url).content == name.encode()


def test_a_public_token_opens_its_own_file_alone(
    facade: TestClient, facade_client: FacadeClient, stranger: TestClient, path: str
) -> None:
    [page] = pages(facade, f"{path}/list", useRedirectedReadUrl="True")
    address, _, query = dict(page)["a.jpg"].partition("?")
    given = dict(parse_qsl(query))
    assert stranger.get(address, params=given).content == b"a.jpg"
    for changed in ({"path": "b.PNG"}, {"publicToken": "nonsense"}, {"publicToken": given["publicToken"][:-1]}):
        answer = stranger.get(address, params={**given, **changed})
        assert (answer.status_code, answer.json()["code"]) == (403, "JWT_INVALID")
    assert stranger.get(address, params={"path": "a.jpg"}).status_code == 401
    assert facade.get(address, params={"path": "a.jpg"}).content == b"a.jpg"
    assert facade_client(user="bert").get(address, params={"path": "a.jpg"}).status_code == 404


def test_links_end_with_their_dataset(facade: TestClient, stranger: TestClient, path: str) -> None:
    [page] = pages(facade, f"{path}/list")
    assert facade.delete(path.removesuffix("/datasource")).status_code < 300
    answer = stranger.get(page[0][1])
    assert (answer.status_code, answer.json()["code"]) == (404, "DATASET_UNKNOWN")


def test_times_are_seconds_and_both_ends_count(facade: TestClient, path: str, root: Path, small_pages: None) -> None:
    os.utime(root / "b.PNG", (1001.9, 1001.9))
    between = {"from": 1001, "to": 1003}
    assert names(facade, f"{path}/list", **between) == ["b.PNG", "sub folder/100%.webp", "sub folder/ü #1?.jpg"]
    assert names(facade, f"{path}/list", **{"from": 1002}) == sorted(NAMES[2:])
    assert names(facade, f"{path}/list", **{"from": 2000, "to": 3000}) == []
    assert names(facade, f"{path}/list", **{"from": -1, "to": 10**20}) == sorted(NAMES)
    assert names(facade, f"{path}/list", **{"from": 3000, "to": 2000}) == []


def test_shards_hold_every_file_once(facade: TestClient, path: str, small_pages: None) -> None:
    for shards in (1, 2, 5, 1000):
        cursors = read(facade, f"{path}/list/dnc", dncShards=shards, **{"from": 0, "to": 5000})["cursors"]
        assert len(cursors) == min(shards, len(NAMES))
        found = [name for cursor in cursors for name in names(facade, f"{path}/list", cursor=cursor)]
        assert found == sorted(NAMES)


def test_shards_of_nothing_are_one(facade: TestClient, path: str) -> None:
    (cursor,) = read(facade, f"{path}/list/dnc", dncShards=0, **{"from": 4000, "to": 5000})["cursors"]
    assert names(facade, f"{path}/list", cursor=cursor) == []


def test_relevant_filenames_narrow_every_listing(facade: TestClient, path: str, small_pages: None) -> None:
    few = {"relevantFilenamesFileName": "few.txt"}
    wanted = ["b.PNG", "sub folder/100%.webp", "sub folder/ü #1?.jpg"]
    assert names(facade, f"{path}/list", **few) == wanted
    cursors = read(facade, f"{path}/list/dnc", dncShards=2, **few)["cursors"]
    assert [name for cursor in cursors for name in names(facade, f"{path}/list", cursor=cursor)] == wanted
    predictions = names(facade, f"{path}/predictions/list", taskName="cars", **few)
    assert predictions == ["cars/sub folder/ü #1?.json"]
    assert names(facade, f"{path}/metadata/list", **few) == []


def test_relevant_filenames_may_lie_beside_the_images(facade: TestClient, path: str, root: Path) -> None:
    (root / "wanted.txt").write_text("a.jpg")
    assert names(facade, f"{path}/list", relevantFilenamesFileName="wanted.txt") == ["a.jpg"]


def test_a_relevant_filenames_file_that_cannot_be_used_is_named(facade: TestClient, path: str, root: Path) -> None:
    (root / ".lightly/bad.txt").write_text("/absolute.jpg")
    for name in ("nothing.txt", "bad.txt", "../../etc/passwd"):
        answer = facade.get(f"{path}/list", params={"relevantFilenamesFileName": name})
        assert answer.status_code == 422
        assert answer.json()["code"] == "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID"


def test_predictions_of_a_task_are_listed_as_their_address_takes_them(
    facade: TestClient, stranger: TestClient, path: str
) -> None:
    [page] = pages(facade, f"{path}/predictions/list", taskName="cars")
    assert [name for name, _ in page] == ["cars/a.json", "cars/sub folder/ü #1?.json"]
    for name, url in page:
        again = facade.get(f"{path}/predictions/file", params={"fileName": name}).json()
        expected = name.replace("cars/", "cars ").removesuffix(".json").encode()
        assert stranger.get(url).content == stranger.get(again).content == expected
    assert names(facade, f"{path}/predictions/list", taskName="nothing") == []
    (cursor,) = read(facade, f"{path}/predictions/list/dnc", taskName="cars", dncShards=1)["cursors"]
    assert len(names(facade, f"{path}/predictions/list", cursor=cursor)) == 2


def test_metadata_is_listed(facade: TestClient, stranger: TestClient, path: str) -> None:
    [[(name, url)]] = pages(facade, f"{path}/metadata/list")
    again = facade.get(f"{path}/metadata/file", params={"fileName": name}).json()
    assert name == "a.json"
    assert stranger.get(url).content == stranger.get(again).content == b"metadata of a"
    (cursor,) = read(facade, f"{path}/metadata/list/dnc", dncShards=3)["cursors"]
    assert names(facade, f"{path}/metadata/list", cursor=cursor) == ["a.json"]


def test_a_file_that_is_not_there_has_an_address_too(
    facade: TestClient, stranger: TestClient, path: str, root: Path
) -> None:
    for kind in ("predictions", "metadata", "embeddings"):
        url = facade.get(f"{path}/{kind}/file", params={"fileName": "later/a b.json"}).json()
        assert stranger.get(url).status_code == 404
        write(root / f".lightly/{kind}/later/a b.json", b"it came")
        assert stranger.get(url).content == b"it came"


def test_a_prediction_can_be_put(facade: TestClient, stranger: TestClient, path: str, root: Path) -> None:
    url = facade.get(f"{path}/predictions/writeUrl", params={"fileName": "cars/new #1.json"}).json()
    assert stranger.put(url, content=b"{}").status_code == 200
    assert (root / ".lightly/predictions/cars/new #1.json").read_bytes() == b"{}"


def test_the_head_of_a_file_can_be_asked_for(facade: TestClient, stranger: TestClient, path: str) -> None:
    url = facade.get(f"{path}/fileHEAD", params={"fileName": "sub folder/ü #1?.jpg"}).json()
    answer = stranger.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len("sub folder/ü #1?.jpg".encode()))
    assert answer.headers["content-type"] == "image/jpeg"
    absent = facade.get(f"{path}/fileHEAD", params={"fileName": "later.jpg"}).json()
    assert stranger.head(absent).status_code == 404


def test_parts_of_a_file_can_be_loaded(facade: TestClient, stranger: TestClient, path: str) -> None:
    [(_, url)] = [row for page in pages(facade, f"{path}/list") for row in page if row[0] == "video.mp4"]
    whole = stranger.get(url)
    assert whole.headers["accept-ranges"] == "bytes"
    part = stranger.get(url, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"ide")
    assert part.headers["content-range"] == "bytes 1-3/9"
    assert stranger.get(url, headers={"Range": "bytes=9-"}).status_code == 416
    assert stranger.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


def test_what_is_loaded_is_never_compressed(facade: TestClient, stranger: TestClient, path: str, root: Path) -> None:
    write(root / ".lightly/metadata/long.json", b"[" + b"1," * 10_000 + b"1]")
    url = facade.get(f"{path}/metadata/file", params={"fileName": "long.json"}).json()
    answer = stranger.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == "application/json"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == "20003"


def test_what_leads_nowhere_is_refused_at_once(facade: TestClient, path: str) -> None:
    for route, params in (
        ("list", {"cursor": "nonsense"}),
        ("list", {"cursor": "e30"}),
        ("predictions/list", {}),
        ("predictions/list", {"taskName": ""}),
        ("predictions/list", {"taskName": "../.."}),
        ("predictions/list/dnc", {"taskName": "a/../../b"}),
        ("predictions/file", {"fileName": "../../a.jpg"}),
        ("predictions/file", {"fileName": "/etc/passwd"}),
        ("metadata/file", {"fileName": "a\\b"}),
        ("predictions/writeUrl", {"fileName": "a//b"}),
        ("fileHEAD", {"fileName": "../a.jpg"}),
    ):
        answer = facade.get(f"{path}/{route}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "BAD_REQUEST"), (route, params)


def test_a_run_that_left_no_list_narrows_nothing(facade: TestClient, path: str) -> None:
    params = {"taskName": "cars", "relevantFilenamesRunId": "f" * 24, "relevantFilenamesArtifactId": "e" * 24}
    answer = facade.get(f"{path}/predictions/list", params=params)
    assert (answer.status_code, answer.json()["code"]) == (404, "DOCKER_RUN_ARTIFACT_UNKNOWN")


def test_cursors_are_for_the_listing_they_came_from(
    facade: TestClient, facade_client: FacadeClient, path: str, small_pages: None
) -> None:
    cursor = read(facade, f"{path}/list")["cursor"]
    assert facade.get(f"{path}/predictions/list", params={"cursor": cursor}).status_code == 422
    assert facade_client(user="bert").get(f"{path}/list", params={"cursor": cursor}).status_code == 404


class CountingDatasource:
    """A folder that counts how often it is listed."""

    def __init__(self, location: str) -> None:
        self._folder = open_datasource(location)
        self.listings = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folder, name)

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        self.listings += 1
        return self._folder.list_pages(prefix, skip_hidden_root=skip_hidden_root)


class TestWalks:
    @pytest.fixture
    def source(self, root: Path) -> CountingDatasource:
        return CountingDatasource(str(root))

    @pytest.fixture
    def kept(self) -> Memo:
        return Memo(services_module.MAX_LISTING_BYTES)

    @pytest.fixture
    def services(self, services: Services, source: Datasource, kept: Memo) -> Services:
        return dataclasses.replace(services, open_datasource=lambda location, access=None: source, listings=kept)

    def test_a_datasource_is_listed_once_for_all_pages(
        self, facade: TestClient, path: str, source: CountingDatasource, small_pages: None
    ) -> None:
        assert names(facade, f"{path}/list") == sorted(NAMES)
        assert source.listings == 1
        cursors = read(facade, f"{path}/list/dnc", dncShards=3)["cursors"]
        assert [name for cursor in cursors for name in names(facade, f"{path}/list", cursor=cursor)] == sorted(NAMES)
        assert source.listings == 2

    def test_who_begins_anew_sees_what_is_there_now(
        self, facade: TestClient, path: str, root: Path, small_pages: None
    ) -> None:
        cursor = read(facade, f"{path}/list")["cursor"]
        write(root / "c.jpg", b"c.jpg")
        assert "c.jpg" not in names(facade, f"{path}/list", cursor=cursor)
        assert "c.jpg" in names(facade, f"{path}/list")

    def test_a_walk_goes_on_after_its_snapshot_was_let_go(
        self, facade: TestClient, path: str, source: CountingDatasource, kept: Memo, root: Path, small_pages: None
    ) -> None:
        page = read(facade, f"{path}/list")
        kept.discard(lambda key: True)
        (root / "a.jpg").unlink()
        rest = names(facade, f"{path}/list", cursor=page["cursor"])
        assert [row["fileName"] for row in page["data"]] + rest == sorted(NAMES)
        assert source.listings == 2


def entries(*keys: str) -> list[FileEntry]:
    return [FileEntry(key=key, size=1, version="1", modified_at=1) for key in keys]


def test_a_key_that_comes_twice_is_listed_once() -> None:
    snapshot = take_snapshot([entries("b", "a"), entries("b", "c")])
    assert snapshot.keys == ["a", "b", "c"]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 50])
def test_ranges_divide_what_is_wanted_evenly(parts: int) -> None:
    snapshot = take_snapshot([entries(*(f"{number:03}" for number in range(100)))])
    rows = snapshot.changed_between(0, 10)[10:70:2]
    ranges = split(snapshot, rows, parts)
    sizes = [len(rows_in(snapshot, rows, part)) for part in ranges]
    assert sum(sizes) == len(rows)
    assert max(sizes) - min(sizes) <= 1
    assert ranges[0].after == ranges[-1].until == ""


def test_a_range_goes_on_after_a_key_that_is_gone() -> None:
    snapshot = take_snapshot([entries("a", "c", "d")])
    rows = snapshot.changed_between(0, 10)
    assert [snapshot.keys[row] for row in rows_in(snapshot, rows, KeyRange(after="b", until="c"))] == ["c"]
