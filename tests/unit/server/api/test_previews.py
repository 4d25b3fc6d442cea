"""Previews: who may look where, what is answered, and that nothing is left of it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.support.s3_server import S3Server

from swath.adapters.datasource import open_datasource
from swath.adapters.datasource.exchange import Patience
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.access import Scope
from swath.core.crops import crop_rectangles
from swath.core.errors import SourceUnavailable
from swath.pipeline.ports import Datasource
from swath.server.services import ServerOptions, Services
from swath.store import schema
from swath.store.database import Store
from swath.store.home import Home
from swath.wire.endpoints import Endpoints

Fixture = Any  # of conftest.py: UserClient

ROOT = ".lightly/predictions/"
BOX = (100.5, 50.0, 80.0, 40.0)  # x, y, width, height
KEYS = {"access_key_id": "AKIAUSER", "secret_access_key": "hush-hush-hush"}

INSIDE = {**KEYS, "endpoint": "http://127.0.0.1:1"}


def picture(width: int = 640, height: int = 480) -> bytes:
    """A JPEG whose every corner looks different."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    pixels = np.stack([red, green, 255 - red], axis=2).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95)
    return out.getvalue()


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def fill(folder: Path, names: tuple[str, ...] = ("a.jpg", "b.jpg")) -> None:
    """Images with one box each, of task `cars`."""
    write(folder / ROOT / "tasks.json", b'["cars"]')
    categories = [{"id": 0, "name": "car"}, {"id": 3, "name": '<b>"bus"</b>'}]
    write(
        folder / ROOT / "cars/schema.json",
        json.dumps({"task_type": "object-detection", "categories": categories}).encode(),
    )
    for name in names:
        write(folder / name, picture())
        found = [
            {"category_id": 3, "bbox": BOX, "score": 0.75},
            {"category_id": 0, "bbox": [9000, 0, 5, 5]},
            {"category_id": 0, "bbox": [-10, 10, 50, 20]},
        ]
        write(folder / ROOT / f"cars/{name.rsplit('.', 1)[0]}.json", json.dumps({"predictions": found}).encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder below which this server reads."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def photos(root: Path) -> Path:
    fill(root / "photos")
    return root / "photos"


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """A folder that holds the buckets of `gs://`, of which there is one: `photos`."""
    fill(tmp_path / "buckets" / "photos")
    return tmp_path / "buckets"


@pytest.fixture
def options(root: Path, buckets: Path) -> ServerOptions:
    return ServerOptions(roots=(root,), endpoints=Endpoints.parse(f"gs://={buckets}"))


@pytest.fixture
def services(services: Services, options: ServerOptions) -> Services:
    return replace(services, open_datasource=partial(open_datasource, endpoints=options.endpoints))


@pytest.fixture
def anna(user_client: Fixture) -> TestClient:
    return user_client(Scope.MEMBER, "anna")


def make(client: TestClient, **request: Any) -> dict[str, Any]:
    answer = client.post("/api/previews", json=request)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(client: TestClient, **request: Any) -> dict[str, Any]:
    answer = client.post("/api/previews", json=request)
    assert answer.status_code >= 400
    found: dict[str, Any] = answer.json()
    return found


def everything_below(*folders: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of the last change of all files, by path."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_is_told_with_images_tasks_and_objects(anna: TestClient, photos: Path) -> None:
    found = make(anna, datasource="photos")
    assert found["datasource"] == str(photos)
    assert (found["images_listed"], found["is_listing_complete"], found["images_checked"]) == (2, True, 2)
    assert found["tasks"] == [
        {
            "name": "cars",
            "task_type": "object-detection",
            "is_usable": True,
            "problem": None,
            "categories": [{"id": 0, "name": "car"}, {"id": 3, "name": '<b>"bus"</b>'}],
        }
    ]
    assert (found["task"], found["box_format"]) == ("cars", "xywh")
    assert found["objects"] == {
        "category_id": [3, 0, 3, 0],
        "score": [0.75, None, 0.75, None],
        "shorter_side": [40.0, 20.0, 40.0, 20.0],
        "image": [0, 0, 1, 1],
    }
    image = found["images"][1]
    assert (image["index"], image["key"], image["width"], image["height"]) == (1, "b.jpg", 640, 480)
    assert (image["problem"], image["object_count"]) == (None, 3)
    assert image["picture_url"] == f"/api/previews/{found['id']}/images/1"
    assert image["objects"] == [
        {
            "index": 2,
            "category_id": 3,
            "category": '<b>"bus"</b>',
            "score": 0.75,
            "box": [100.5, 50.0, 180.5, 90.0],
            "outcome": "used",
            "crop_url": f"/api/previews/{found['id']}/objects/2/crop",
        },
        {
            "index": None,
            "category_id": 0,
            "category": "car",
            "score": None,
            "box": [9000.0, 0.0, 9005.0, 5.0],
            "outcome": "outside",
            "crop_url": None,
        },
        {
            "index": 3,
            "category_id": 0,
            "category": "car",
            "score": None,
            "box": [-10.0, 10.0, 40.0, 30.0],
            "outcome": "clipped",
            "crop_url": f"/api/previews/{found['id']}/objects/3/crop",
        },
    ]
    assert {finding["code"] for finding in found["findings"]} == {"boxes_clipped", "boxes_outside"}
    assert anna.get(f"/api/previews/{found['id']}").json() == found


def test_nothing_is_written_anywhere(anna: TestClient, photos: Path, home: Home, root: Path) -> None:
    anna.get("/api/me")
    before = everything_below(home.root, root)
    found = make(anna, datasource="photos")
    assert anna.get(found["images"][0]["picture_url"]).status_code == 200
    assert anna.get(found["images"][0]["objects"][0]["crop_url"], params={"padding": 0.2}).status_code == 200
    after = everything_below(home.root, root)
    assert {path: digest for path, (digest, _) in before.items()} == {
        path: digest for path, (digest, _) in after.items()
    }
    assert {path for path in before if before[path] != after[path]} == set()


def test_pictures_are_jpegs_that_fit_and_are_kept_by_browsers(anna: TestClient, photos: Path) -> None:
    found = make(anna, datasource="photos")
    url = found["images"][0]["picture_url"]
    for max_size, expected in ((160, (160, 120)), (4096, (640, 480)), (None, (640, 480))):
        answer = anna.get(url, params={} if max_size is None else {"max_size": max_size})
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"] == "private, max-age=1800"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (image.format, image.size) == ("JPEG", expected)
    again = anna.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert anna.get(url, params={"max_size": 99}).headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("padding", [0.0, 0.1, 0.5, 3.0, 1000.0])
def test_a_crop_is_what_a_run_writes(anna: TestClient, photos: Path, padding: float) -> None:
    found = make(anna, datasource="photos")
    url = found["images"][0]["objects"][0]["crop_url"]
    codec = PillowCodec()
    pixels = codec.decode((photos / "a.jpg").read_bytes())
    corners = np.array([found["images"][0]["objects"][0]["box"]])
    [rect] = crop_rectangles(corners, padding=padding, width=640, height=480)
    answer = anna.get(url, params={"padding": padding})
    assert answer.content == codec.encode_jpeg(pixels, rect.tolist())
    assert answer.headers["Cache-Control"] == "private, max-age=1800"
    small = anna.get(url, params={"padding": padding, "size": 32})
    with Image.open(io.BytesIO(small.content)) as image:
        assert max(image.size) == 32
        assert image.width / image.height == pytest.approx((rect[2] - rect[0]) / (rect[3] - rect[1]), abs=0.1)
    assert len({anna.get(url, params={"padding": padding, "size": size}).headers["ETag"] for size in (32, 33)}) == 2


@pytest.mark.parametrize(
    "query",
    [
        "images/0?max_size=1",
        "images/0?max_size=9000",
        "images/-1",
        "images/99999999999",
        "objects/0/crop?padding=-1",
        "objects/0/crop?padding=nan",
        "objects/0/crop?padding=inf",
        "objects/0/crop?size=0",
    ],
)
def test_pictures_have_limits(anna: TestClient, photos: Path, query: str) -> None:
    assert anna.get(f"/api/previews/{make(anna, datasource='photos')['id']}/{query}").status_code == 422


def test_pictures_that_are_not_there_are_not_found(anna: TestClient, photos: Path) -> None:
    found = make(anna, datasource="photos")
    for path in ("images/2", "objects/4/crop"):
        answer = anna.get(f"/api/previews/{found['id']}/{path}")
        assert answer.status_code == 404
        assert found["id"] in answer.json()["detail"]


def test_a_broken_image_is_named_and_the_rest_lives(anna: TestClient, photos: Path) -> None:
    write(photos / "a.jpg", picture()[:3000])
    write(photos / "c.jpg", b"nothing")
    write(photos / ROOT / "cars/b.json", b'{"predictions": [{"category_id": 0, "bbox": [1, 2]}]}')
    found = make(anna, datasource="photos")
    by_key = {image["key"]: image for image in found["images"]}
    assert by_key["c.jpg"]["width"] is None
    assert by_key["c.jpg"]["problem"]
    assert "$.predictions[0].bbox" in by_key["b.jpg"]["problem"]
    assert [problem["json_path"] for problem in found["problems"]] == ["$.predictions[0].bbox"]
    cut_off = anna.get(by_key["a.jpg"]["picture_url"])
    assert cut_off.status_code == 422
    assert "`a.jpg`" in cut_off.json()["detail"]
    assert anna.get(by_key["a.jpg"]["objects"][0]["crop_url"]).status_code == 422
    assert anna.get(by_key["b.jpg"]["picture_url"]).status_code == 200


def test_a_file_that_has_changed_since_is_not_shown_as_what_it_was(anna: TestClient, photos: Path) -> None:
    found = make(anna, datasource="photos")
    write(photos / "a.jpg", picture(320, 200))
    (photos / "b.jpg").unlink()
    changed = anna.get(found["images"][0]["picture_url"])
    assert changed.status_code == 409
    assert "`a.jpg` has changed since the preview was made" in changed.json()["detail"]
    assert anna.get(found["images"][0]["objects"][0]["crop_url"]).status_code == 409
    assert anna.get(found["images"][1]["picture_url"]).status_code == 404


def test_previews_of_others_do_not_exist(anna: TestClient, user_client: Fixture, photos: Path) -> None:
    found = make(anna, datasource="photos")
    bert = user_client(Scope.OWNER, "bert")
    for path in ("", "/images/0", "/objects/0/crop"):
        answer = bert.get(f"/api/previews/{found['id']}{path}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"there is no preview `{found['id']}`"
    assert user_client(Scope.READ_ONLY, "anna").get(f"/api/previews/{found['id']}").status_code == 200


def test_who_may_only_look_cannot_let_the_server_look_elsewhere(user_client: Fixture, photos: Path) -> None:
    assert refusal(user_client(Scope.READ_ONLY, "anna"), datasource="photos")["status"] == 403


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, ""),
        ({"datasource": "photos", "dataset": "photos"}, ""),
        ({"dataset": "photos", "credentials": {}}, ""),
        ({"datasource": "photos", "credentials": {"key": "hush"}}, "credentials"),
        ({"datasource": "photos", "task": "vans"}, "task"),
        ({"datasource": "photos", "box_format": "cxcywh"}, "box_format"),
        ({"datasource": "nowhere"}, "datasource"),
        ({"datasource": "../outside"}, "datasource"),
        ({"datasource": "/etc"}, "datasource"),
        ({"datasource": "link"}, "datasource"),
        ({"datasource": "photos/a.jpg"}, "datasource"),
        ({"datasource": "ftp://photos"}, "datasource"),
        ({"datasource": "s3://photos"}, "credentials"),
        (
            {"datasource": "s3://photos", "credentials": {**KEYS, "endpoint": "http://127.0.0.1:1"}},
            "credentials.endpoint",
        ),
        ({"datasource": "s3://photos", "credentials": {"colour": "hush-hush-hush"}}, "credentials"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_with_its_field(
    anna: TestClient, photos: Path, root: Path, tmp_path: Path, request_: dict[str, Any], field: str
) -> None:
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    found = refusal(anna, **request_)
    assert found["status"] == 422
    assert found.get("field", "").startswith(field)
    assert "hush" not in json.dumps(found)


def test_a_folder_that_became_a_link_out_of_the_roots_is_not_shown(
    anna: TestClient, photos: Path, tmp_path: Path
) -> None:
    found = make(anna, datasource="photos")
    os.rename(photos, tmp_path / "elsewhere")
    photos.symlink_to(tmp_path / "elsewhere")
    for url in (found["images"][0]["picture_url"], found["images"][0]["objects"][0]["crop_url"]):
        assert anna.get(url).status_code == 422


def test_files_that_are_links_out_of_the_folder_are_not_images(anna: TestClient, photos: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret.jpg", picture())
    (photos / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    found = make(anna, datasource="photos")
    assert [image["key"] for image in found["images"]] == ["a.jpg", "b.jpg"]
    assert "entries_skipped" in {finding["code"] for finding in found["findings"]}


def test_a_bucket_that_stands_in_is_looked_at(anna: TestClient) -> None:
    found = make(anna, datasource="gs://photos")
    assert (found["datasource"], found["images_checked"]) == ("gs://photos", 2)
    assert anna.get(found["images"][0]["picture_url"]).status_code == 200


class TestBuckets:
    """Of a store that keeps what it was opened with."""

    @pytest.fixture
    def opened(self) -> list[dict[str, str] | None]:
        return []

    @pytest.fixture
    def services(self, services: Services, photos: Path, opened: list[dict[str, str] | None]) -> Services:
        def open_bucket(location: str, access: Mapping[str, str] | None = None) -> Datasource:
            if not location.startswith("s3://"):
                return open_datasource(location, access)
            opened.append(None if access is None else dict(access))
            if access is not None and access.get("secret_access_key") == "wrong secret":
                raise SourceUnavailable("`s3://photos` refuses: the keys are wrong", hint="Give others.")
            return open_datasource(str(photos))

        return replace(services, open_datasource=open_bucket)

    def test_it_is_opened_once_with_what_was_given(self, anna: TestClient, opened: list[dict[str, str] | None]) -> None:
        found = make(anna, datasource="s3://photos", credentials=KEYS)
        for image in found["images"]:
            assert anna.get(image["picture_url"]).status_code == 200
        assert opened == [KEYS]
        assert "hush" not in json.dumps(found)

    def test_a_refusal_is_told_without_the_secret(self, anna: TestClient) -> None:
        wrong = {**KEYS, "secret_access_key": "wrong secret"}
        found = refusal(anna, datasource="s3://photos", credentials=wrong)
        assert (found["status"], found["detail"]) == (503, "`s3://photos` refuses: the keys are wrong")
        assert "wrong secret" not in json.dumps(found)


@pytest.mark.slow
class TestRealBucket:
    """Of a store that checks signatures and rights."""

    @pytest.fixture
    def bucket(self, s3_server: S3Server, photos: Path) -> Iterator[str]:
        uri = s3_server.make_bucket()
        for path in photos.rglob("*"):
            if path.is_file():
                s3_server.put(uri, path.relative_to(photos).as_posix(), path.read_bytes())
        yield uri
        s3_server.remove_bucket(uri)

    @pytest.fixture
    def services(self, services: Services, s3_server: S3Server) -> Services:
        endpoints = Endpoints.parse(f"s3://={s3_server.endpoint}")
        return replace(
            services,
            options=replace(services.options, endpoints=endpoints),
            open_quickly=partial(open_datasource, endpoints=endpoints, patience=Patience(attempts=2)),
        )

    def access(self, s3_server: S3Server, *actions: str) -> dict[str, str]:
        given = s3_server.user(*actions)
        return {name: given[name] for name in ("access_key_id", "secret_access_key", "region")}

    def test_it_is_looked_at_as_a_folder_is(self, anna: TestClient, s3_server: S3Server, bucket: str) -> None:
        credentials = self.access(s3_server, "s3:ListBucket", "s3:GetObject")
        with s3_server.enforcing():
            found = make(anna, datasource=bucket, credentials=credentials)
            folder = make(anna, datasource="photos")
            assert (found["datasource"], found["objects"]) == (bucket, folder["objects"])
            for image, same in zip(found["images"], folder["images"], strict=True):
                assert (image["key"], image["width"]) == (same["key"], same["width"])
                assert anna.get(image["picture_url"]).content == anna.get(same["picture_url"]).content

    def test_what_it_refuses_is_told(self, anna: TestClient, s3_server: S3Server, bucket: str) -> None:
        right = self.access(s3_server, "s3:ListBucket", "s3:GetObject")
        wrong = {**right, "secret_access_key": "wrong-secret-wrong-secret-wrong-secret-0"}
        without_list = self.access(s3_server, "s3:GetObject")
        with s3_server.enforcing():
            for credentials in (wrong, without_list):
                found = refusal(anna, datasource=bucket, credentials=credentials)
                assert found["status"] == 503
                assert bucket in found["detail"]
                assert found["hint"]
                assert credentials["secret_access_key"] not in json.dumps(found)
        missing = refusal(anna, datasource="s3://nobody-has-this-bucket", credentials=right)
        assert missing["status"] in (404, 503)
        assert "s3://nobody-has-this-bucket" in missing["detail"]


class TestSilentBucket:
    """Of a store that takes connections and says nothing."""

    @pytest.fixture
    def silent(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"

    @pytest.fixture
    def services(self, services: Services, silent: str) -> Services:
        endpoints = Endpoints.parse(f"s3://={silent}")
        # As on a server, in a tenth of the time.
        patience = Patience(attempts=2, connect=0.4, silence=0.8, whole=3.0)
        return replace(
            services,
            options=replace(services.options, endpoints=endpoints),
            open_quickly=partial(open_datasource, endpoints=endpoints, patience=patience),
        )

    def test_it_is_given_up_soon(self, anna: TestClient) -> None:
        started = time.monotonic()
        found = refusal(anna, datasource="s3://photos", credentials=KEYS)
        assert time.monotonic() - started < 6
        assert (found["status"], found["type"]) == (503, "unavailable")
        assert "s3://photos" in found["detail"]
        assert "hush" not in json.dumps(found)


class TestDatasets:
    @pytest.fixture(autouse=True)
    def _dataset(self, anna: TestClient, photos: Path) -> None:
        assert anna.post("/api/datasets", json={"name": "streets", "datasource": "photos"}).status_code == 201
        assert anna.post("/api/datasets", json={"name": "nowhere"}).status_code == 201

    def test_a_dataset_is_looked_at_where_its_images_are(self, anna: TestClient) -> None:
        found = make(anna, dataset="streets", task="cars")
        assert (found["images_listed"], found["images_checked"]) == (2, 2)
        assert anna.get(found["images"][0]["objects"][0]["crop_url"]).status_code == 200

    def test_one_that_is_shared_is_looked_at_until_it_is_not(self, anna: TestClient, user_client: Fixture) -> None:
        bert = user_client(Scope.MEMBER, "bert")
        assert refusal(bert, dataset="streets")["status"] == 404
        assert anna.put("/api/datasets/streets/shares/bert").status_code == 204
        found = make(bert, dataset="streets")
        assert bert.get(found["images"][0]["picture_url"]).status_code == 200
        assert anna.delete("/api/datasets/streets/shares/bert").status_code == 204
        assert bert.get(found["images"][0]["picture_url"]).status_code == 404

    def test_one_without_a_datasource_is_refused(self, anna: TestClient) -> None:
        assert refusal(anna, dataset="nowhere")["status"] == 422

    def test_crops_are_refused(self, anna: TestClient, store: Store) -> None:
        with store.writing() as connection:
            connection.execute(schema.datasets.update().where(schema.datasets.c.name == "nowhere").values(kind="crops"))
        found = refusal(anna, dataset="nowhere")
        assert (found["status"], found["field"]) == (422, "dataset")

    def test_predictions_are_looked_for_in_the_output_first(self, anna: TestClient, root: Path) -> None:
        fill(root / "written", ("b.jpg",))
        made = {"name": "both", "datasource": "photos", "output": "written"}
        assert anna.post("/api/datasets", json=made).status_code == 201
        found = make(anna, dataset="both")
        assert [image["key"] for image in found["images"]] == ["b.jpg", "a.jpg"]
        assert found["images_checked"] == 1


def test_of_a_crowd_the_first_are_shown_and_all_are_counted(anna: TestClient, photos: Path) -> None:
    crowd = [{"category_id": 0, "bbox": [number % 600, 5, 20, 20]} for number in range(3000)]
    write(photos / ROOT / "cars/a.json", json.dumps({"predictions": crowd}).encode())
    found = make(anna, datasource="photos")
    image = found["images"][0]
    assert (image["object_count"], len(image["objects"])) == (3000, 1000)
    assert len(found["objects"]["image"]) == 3002
    assert anna.get(f"/api/previews/{found['id']}/objects/2999/crop").status_code == 200


def test_hostile_names_come_as_they_are(anna: TestClient, root: Path) -> None:
    names = ('"><img src=x onerror=alert(1)>.jpg', "ü 🚗.jpg", "line\nbreak.jpg", "100% 'quoted'.jpg")
    fill(root / "photos", names)
    found = make(anna, datasource="photos")
    assert {image["key"] for image in found["images"]} == set(names)
    for image in found["images"]:
        assert anna.get(image["picture_url"]).status_code == 200
        assert anna.get(image["objects"][0]["crop_url"]).status_code == 200


def test_an_empty_folder_and_one_without_predictions_are_told(anna: TestClient, root: Path) -> None:
    (root / "empty").mkdir()
    write(root / "bare" / "a.jpg", picture())
    empty, bare = make(anna, datasource="empty"), make(anna, datasource="bare")
    assert [finding["code"] for finding in empty["findings"]] == ["no_predictions", "no_images"]
    assert (bare["task"], bare["tasks"], len(bare["images"])) == (None, [], 1)
    assert [finding["code"] for finding in bare["findings"]] == ["no_predictions"]


def test_ten_thousand_images_are_looked_at_soon(anna: TestClient, root: Path) -> None:
    fill(root / "photos", tuple(f"{number:03}.jpg" for number in range(100)))
    for number in range(100, 10_000):
        os.link(root / "photos" / f"{number % 100:03}.jpg", root / "photos" / f"{number:05}.jpg")
    started = time.monotonic()
    found = make(anna, datasource="photos")
    assert time.monotonic() - started < 8
    assert (found["images_listed"], found["images_checked"], len(found["images"])) == (10_000, 100, 20)
