"""Object-level runs on buckets that fail, change and vanish, through a proxy that spoils requests and logs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.faulty_proxy import Fault, FaultyProxy, LoggedRequest, Refusal
from tests.support.s3_server import S3Server, shared_s3_server

from swath.adapters.datasource import open_datasource
from swath.pipeline.write_behind import WriteBehind

Fixture = Any  # of conftest.py

pytestmark = pytest.mark.slow

IMAGES = 24
CROPS = ".lightly/crops/"
LABELS = ".lightly/predictions/vehicles/"
NO_BUCKET = Refusal(status=404, code="NoSuchBucket")
EXPIRED = Refusal(status=400, code="ExpiredToken")
DENIED = Refusal(status=403, code="AccessDenied")


class Place:
    """A bucket with photos behind a proxy, and `swath` with the credentials for it."""

    def __init__(self, server: S3Server, swath: Fixture, proxy: FaultyProxy) -> None:
        self.server = server
        self.swath = swath
        self.proxy = proxy
        self.uri = server.make_bucket()
        self.direct = open_datasource(self.uri, server.access)

    def fill(self, folder: Path) -> None:
        with WriteBehind(self.direct) as files:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                files.write(path.relative_to(folder).as_posix(), path.read_bytes())

    def run(self, *options: str) -> Any:
        """The result document, however the run ended."""
        outcome = self.swath.try_run(self.uri, "--dataset", "photos", *options, env=self.environment)
        assert outcome.stdout, outcome.stderr
        return outcome.document

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.server.access["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.server.access["secret_access_key"],
            "AWS_REGION": self.server.access["region"],
            "SWATH_ENDPOINTS": f"s3://={self.proxy.url}",
        }

    def crops(self) -> dict[str, bytes]:
        """Crop files without the id of their dataset."""
        keys = [entry.key for page in self.direct.list_pages(CROPS) for entry in page]
        return {key.removeprefix(CROPS).partition("/")[2]: self.direct.read(key) for key in keys}

    def requested(self, method: str, ending: str) -> list[str]:
        return [
            request.path
            for request in self.proxy.requests
            if request.method == method and request.path.endswith(ending)
        ]

    def refuse_after(self, count: int, refusal: Refusal, which: Callable[[LoggedRequest], bool]) -> None:
        """Answer every request with `refusal` once `count` of a kind have come, or only those of the kind."""
        seen: list[str] = []

        def before(request: LoggedRequest) -> Refusal | None:
            if which(request):
                seen.append(request.path)
            return refusal if len(seen) > count else None

        self.proxy.before = before

    def once_before(self, key: str, change: Callable[[], None]) -> None:
        """Have `change` happen before the first request to read a file."""
        waiting = [change]

        def before(request: LoggedRequest) -> Refusal | None:
            if request.method == "GET" and request.path.endswith(f"/{key}") and waiting:
                waiting.pop()()
            return None

        self.proxy.before = before


@pytest.fixture(scope="module")
def server() -> S3Server:
    return shared_s3_server()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, open_photos: Fixture) -> Path:
    photos = open_photos(tmp_path_factory.mktemp("faulty") / "photos")
    photos.add_many(IMAGES)
    return Path(photos.root)


@pytest.fixture
def place(server: S3Server, swath: Fixture, folder: Path) -> Iterator[Place]:
    with FaultyProxy(server.endpoint, silence_s=0.5) as proxy:
        place = Place(server, swath, proxy)
        place.fill(folder)
        yield place


def finding(result: Any, code: str) -> Any:
    return next(found for found in result["findings"] if found["code"] == code)


def vectors(result: Any) -> bytes:
    return Path(result["paths"]["candidates.f16"]).read_bytes()


def reads_of_files(place: Place) -> list[str]:
    known = ("/tasks.json", "/schema.json")
    return [
        path for path in place.requested("GET", ".jpg") + place.requested("GET", ".json") if not path.endswith(known)
    ]


def test_a_run_completes_while_a_fifth_of_all_requests_fail_and_gives_what_it_gives_on_a_folder(
    place: Place, make_swath: Fixture, make_photos: Fixture
) -> None:
    photos = make_photos("photos")
    photos.add_many(IMAGES)
    expected = make_swath("another-home").run(photos.root)
    place.proxy.faults = 0.2
    result = place.run()
    assert result["state"] == "COMPLETED", result["message"]
    for key in ("message", "images", "objects", "candidates", "selected", "selected_categories"):
        assert result[key] == expected[key]
    assert vectors(result) == vectors(expected)
    prefix = f"{CROPS}{expected['crop_dataset']['id']}/"
    on_folder = {name.removeprefix(prefix): (photos.root / name).read_bytes() for name in photos.files_below("crops")}
    assert place.crops() == on_folder
    spoiled = place.proxy.spoiled()
    assert spoiled.total() > 20
    assert len(spoiled) >= len(Fault) - 2
    repeated = result["repeated_requests"]
    assert (
        repeated["input"] + repeated["output"] >= spoiled.total() - spoiled[Fault.SLOW_BODY] - spoiled[Fault.CUT_BODY]
    )
    assert finding(result, "requests_repeated")["count"] == repeated["input"] + repeated["output"]


def test_a_second_run_reads_no_image_and_no_prediction_file(place: Place) -> None:
    assert place.run()["state"] == "COMPLETED"
    assert len(reads_of_files(place)) >= 2 * IMAGES
    place.proxy.requests.clear()
    result = place.run()
    assert (result["state"], result["images"]["new"]) == ("COMPLETED", 0)
    assert reads_of_files(place) == []
    assert len(place.proxy.requests) < 20


@pytest.mark.parametrize("ending", [".jpg", "3.json"])
def test_a_bucket_that_vanishes_while_it_is_read_fails_the_run_by_name(place: Place, ending: str) -> None:
    place.refuse_after(2, NO_BUCKET, lambda request: request.method == "GET" and request.path.endswith(ending))
    result = place.run()
    assert (result["state"], result["message"]) == ("FAILED", f"There is no bucket `{place.uri}`")
    assert (result["image_dataset"]["samples"], result["crop_dataset"]["samples"]) == (0, 0)
    place.proxy.before = None
    assert place.crops() == {}
    assert place.run()["state"] == "COMPLETED"


def test_credentials_that_expire_while_images_are_read_fail_the_run_and_are_not_shown(place: Place) -> None:
    place.refuse_after(5, EXPIRED, lambda request: request.path.endswith(".jpg"))
    result = place.run()
    assert result["state"] == "FAILED"
    assert place.uri in result["message"]
    assert "the credentials have expired" in result["message"]
    assert place.server.access["secret_access_key"] not in json.dumps(result)


def test_a_right_to_write_that_is_lost_midway_fails_the_run_and_leaves_no_crop(place: Place) -> None:
    def is_crop(request: LoggedRequest) -> bool:
        return request.method == "PUT" and f"/{CROPS}" in request.path

    written: list[str] = []

    def before(request: LoggedRequest) -> Refusal | None:
        if not is_crop(request):
            return None
        written.append(request.path)
        return DENIED if len(written) > 6 else None

    place.proxy.before = before
    result = place.run()
    assert result["state"] == "FAILED"
    assert "lack the right WRITE (`s3:PutObject`)" in result["message"]
    assert f"`{place.uri}`" in result["message"]
    assert (result["image_dataset"]["samples"], result["crop_dataset"]["samples"]) == (0, 0)
    assert place.crops() == {}


def test_crops_that_could_not_be_taken_back_are_removed_by_the_next_run(place: Place) -> None:
    place.refuse_after(6, EXPIRED, lambda request: request.method == "PUT" and f"/{CROPS}" in request.path)
    assert place.run()["state"] == "FAILED"
    left_over = set(place.crops())
    assert left_over
    place.proxy.before = None
    result = place.run("--n-samples", "1")
    assert (result["state"], len(place.crops())) == ("COMPLETED", 1)


def test_an_image_that_changes_between_listing_and_reading_is_taken_as_it_is_then(
    place: Place, make_photos: Fixture
) -> None:
    other = make_photos("other").add("image_003.jpg", seed=99).read_bytes()
    place.once_before("image_003.jpg", lambda: place.direct.write("image_003.jpg", other))
    result = place.run("--n-samples", "1.0")
    assert (result["state"], result["images"]["used"]) == ("COMPLETED", IMAGES)
    found = finding(result, "changed_during_run")
    assert (found["count"], found["examples"]) == (1, ["image_003.jpg"])
    place.proxy.requests.clear()
    assert place.run()["images"]["new"] == 0
    assert reads_of_files(place) == []


def test_files_that_vanish_between_listing_and_reading_cost_only_their_images(place: Place) -> None:
    place.direct.write("empty.jpg", b"")

    def before(request: LoggedRequest) -> Refusal | None:
        for key in ("image_003.jpg", f"{LABELS}image_005.json"):
            if request.method == "GET" and request.path.endswith(key):
                place.direct.delete([key])
        return None

    place.proxy.before = before
    result = place.run()
    assert result["state"] == "COMPLETED"
    assert (result["images"]["used"], result["images"]["unreadable"]) == (IMAGES - 2, 2)
    rows = json.loads(Path(result["paths"]["files.json"]).read_text())
    outcomes = {row["file"]: row["outcome"] for row in rows}
    assert outcomes == {
        "empty.jpg": "unreadable",
        "image_003.jpg": "unreadable",
        "image_005.jpg": "predictions_missing",
    }
