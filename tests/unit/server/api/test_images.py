from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.additions import RunAdditions
from swath.server.services import ServerOptions, Services
from swath.store import schema
from swath.store.catalog import iter_samples
from swath.store.database import Store
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient

CROP_KEY = ".lightly/crops/photo 1.png/0000.jpg"
CROP_THUMBNAIL_KEY = ".lightly/thumbnails/crops/0000.jpg"


def picture(width: int, height: int, kind: str = "JPEG") -> bytes:
    """Noise, so that a file is as large as it looks."""
    pixels = np.random.default_rng(width).integers(0, 255, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        return image.size


def additions_of(name: str, data: bytes) -> RunAdditions:
    """One image, with one crop of it."""
    additions = make_additions({name: 1})
    assert additions.crops is not None
    images = replace(
        additions.images,
        digests=(hashlib.sha256(data).digest(),),
        widths=np.array([900], np.int32),
        heights=np.array([600], np.int32),
        thumbnail_keys=(f".lightly/thumbnails/{name}_thumb.jpg",),
    )
    crops = replace(additions.crops, file_names=(CROP_KEY,), thumbnail_keys=(CROP_THUMBNAIL_KEY,))
    return replace(additions, images=images, crops=crops)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Of images, and of what Swath writes."""
    return tmp_path / "roots" / "in", tmp_path / "roots" / "out"


@pytest.fixture
def ids(folders: tuple[Path, Path], commit_run: Fixture, store: Store) -> dict[str, str]:
    """Sample ids of an image and of its crop; the run has written a thumbnail of the image only."""
    images, written = folders
    data = picture(900, 600, "PNG")
    write(images / "photo 1.png", data)
    write(written / CROP_KEY, picture(300, 400))
    write(written / ".lightly/thumbnails/photo 1.png_thumb.jpg", picture(256, 171))
    commit_run(additions_of("photo 1.png", data), input_uri=str(images), output_uri=str(written))
    return {
        "image": next(iter_samples(store, "vehicles")).id,
        "crop": next(iter_samples(store, "vehicles-crops")).id,
    }


def test_a_file_comes_as_it_is(client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]) -> None:
    images, written = folders
    image = client.get(f"/api/samples/{ids['image']}/file")
    assert image.status_code == 200
    assert image.content == (images / "photo 1.png").read_bytes()
    assert image.headers["Content-Type"] == "image/png"
    assert image.headers["Content-Disposition"] == "inline; filename*=UTF-8''photo%201.png"
    crop = client.get(f"/api/samples/{ids['crop']}/file")
    assert crop.content == (written / CROP_KEY).read_bytes()
    assert crop.headers["Content-Type"] == "image/jpeg"


def test_a_part_of_a_file_comes_where_it_is_asked_for(
    client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]
) -> None:
    whole = (folders[0] / "photo 1.png").read_bytes()
    assert len(whole) > 1 << 20, "longer than one piece"
    address = f"/api/samples/{ids['image']}/file"
    part = client.get(address, headers={"Range": "bytes=10-1200000"})
    assert part.status_code == 206
    assert part.content == whole[10:1200001]
    assert part.headers["Content-Range"] == f"bytes 10-1200000/{len(whole)}"
    assert part.headers["Content-Length"] == "1199991"
    assert client.get(address, headers={"Range": "bytes=-5"}).content == whole[-5:]
    beyond = client.get(address, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"
    assert "photo 1.png" in beyond.json()["detail"]


def test_what_is_known_is_not_sent_again(client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]) -> None:
    for query in ("", "?max_size=100"):
        address = f"/api/samples/{ids['image']}/file{query}"
        etag = client.get(address).headers["ETag"]
        again = client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    first = client.get(f"/api/samples/{ids['image']}/file").headers["ETag"]
    part = {"Range": "bytes=0-9", "If-Range": first}
    assert client.get(f"/api/samples/{ids['image']}/file", headers=part).status_code == 206
    write(folders[0] / "photo 1.png", picture(10, 10, "PNG"))
    assert client.get(f"/api/samples/{ids['image']}/file", headers={"If-None-Match": first}).status_code == 200
    assert client.get(f"/api/samples/{ids['image']}/file", headers=part).status_code == 200


def test_a_smaller_copy_is_a_jpeg_that_fits(client: TestClient, ids: dict[str, str]) -> None:
    for max_size, expected in ((90, (90, 60)), (8192, (900, 600))):
        answer = client.get(f"/api/samples/{ids['image']}/file", params={"max_size": max_size})
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert size_of(answer.content) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [(64, (64, 43)), (256, (256, 171)), (300, (300, 200)), (512, (512, 341))]
)
def test_thumbnails_are_as_large_as_asked(
    client: TestClient, ids: dict[str, str], size: int, expected: tuple[int, int]
) -> None:
    answer = client.get(f"/api/samples/{ids['image']}/thumbnail", params={"size": size})
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert size_of(answer.content) == expected


def test_the_thumbnail_of_the_run_is_used_where_it_suits(
    client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]
) -> None:
    answer = client.get(f"/api/samples/{ids['image']}/thumbnail")
    assert answer.content == (folders[1] / ".lightly/thumbnails/photo 1.png_thumb.jpg").read_bytes()


def test_a_thumbnail_that_a_run_did_not_leave_is_drawn(client: TestClient, ids: dict[str, str]) -> None:
    assert size_of(client.get(f"/api/samples/{ids['crop']}/thumbnail").content) == (192, 256)


def test_a_thumbnail_never_changes_under_its_version(client: TestClient, ids: dict[str, str]) -> None:
    url = client.get(f"/api/samples/{ids['crop']}").json()["thumbnail_url"]
    answer = client.get(url)
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    old = client.get(f"/api/samples/{ids['crop']}/thumbnail?v=0123")
    assert old.headers["Cache-Control"] == "private, no-cache"


def test_a_thumbnail_is_kept_when_its_image_is_gone(
    client: TestClient, ids: dict[str, str], folders: tuple[Path, Path], services: Services
) -> None:
    address = f"/api/samples/{ids['crop']}/thumbnail?size=128"
    before = client.get(address).content
    (folders[1] / CROP_KEY).unlink()
    object.__setattr__(services, "thumbnails", type(services.thumbnails)())  # as after a restart
    assert client.get(address).content == before
    assert client.get(f"/api/samples/{ids['crop']}/thumbnail?size=129").status_code == 404


def test_a_kept_thumbnail_that_was_cut_off_is_drawn_anew(
    client: TestClient, ids: dict[str, str], services: Services
) -> None:
    address = f"/api/samples/{ids['crop']}/thumbnail"
    before = client.get(address).content
    (file,) = (services.home.cache / "thumbnails").glob("*/*.jpg")
    file.write_bytes(before[:50])
    object.__setattr__(services, "thumbnails", type(services.thumbnails)())
    assert client.get(address).content == before
    assert file.read_bytes() == before


def test_many_who_ask_at_once_get_the_same_thumbnail(client: TestClient, ids: dict[str, str]) -> None:
    address = f"/api/samples/{ids['image']}/thumbnail?size=500"
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: client.get(address), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_a_file_that_is_gone_is_named(client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]) -> None:
    (folders[0] / "photo 1.png").unlink()
    for path in ("file", "file?max_size=10", "thumbnail?size=400"):
        answer = client.get(f"/api/samples/{ids['image']}/{path}")
        assert answer.status_code == 404
        assert "`photo 1.png`" in answer.json()["detail"]


def test_a_broken_image_is_named_and_can_be_downloaded(
    client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]
) -> None:
    write(folders[1] / CROP_KEY, b"\xff\xd8 no more of it")
    for path in ("file?max_size=10", "thumbnail", "thumbnail"):
        answer = client.get(f"/api/samples/{ids['crop']}/{path}")
        assert answer.status_code == 422
        assert answer.json()["type"] == "unreadable-image"
        assert f"`{CROP_KEY}`" in answer.json()["detail"]
    assert client.get(f"/api/samples/{ids['crop']}/file").content == b"\xff\xd8 no more of it"


def test_an_image_that_has_changed_gives_no_thumbnail_of_something_else(
    client: TestClient, ids: dict[str, str], folders: tuple[Path, Path]
) -> None:
    write(folders[0] / "photo 1.png", picture(901, 600, "PNG"))
    assert client.get(f"/api/samples/{ids['image']}/thumbnail?size=400").status_code == 409
    assert client.get(f"/api/samples/{ids['image']}/thumbnail?size=256").status_code == 200  # the run's own


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "no extension", "a.jpg.exe", "x.xhtml"])
def test_what_could_hold_a_script_is_only_downloaded(
    client: TestClient, commit_run: Fixture, store: Store, tmp_path: Path, name: str
) -> None:
    data = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    write(tmp_path / "in" / name, data)
    commit_run(additions_of(name, data), input_uri=str(tmp_path / "in"), output_uri=str(tmp_path / "in"))
    sample = next(iter_samples(store, "vehicles"))
    answer = client.get(f"/api/samples/{sample.id}/file")
    assert answer.content == data
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "/etc/hostname", "a/../../secret.jpg", "link/secret.jpg", "secret-link.jpg"]
)
def test_no_name_leaves_the_datasource(
    client: TestClient, commit_run: Fixture, store: Store, tmp_path: Path, name: str
) -> None:
    write(tmp_path / "secret.jpg", picture(10, 10))
    images = tmp_path / "in"
    images.mkdir()
    (images / "link").symlink_to(tmp_path)
    (images / "secret-link.jpg").symlink_to(tmp_path / "secret.jpg")
    commit_run(additions_of(name, b""), input_uri=str(images), output_uri=str(images))
    # As if a hostile worker had handed it in as a thumbnail, too.
    with store.writing() as connection:
        connection.execute(schema.samples.update().values(thumbnail_key=name))
    sample = next(iter_samples(store, "vehicles"))
    for path in ("file", "file?max_size=10", "thumbnail"):
        answer = client.get(f"/api/samples/{sample.id}/{path}")
        assert answer.status_code in (404, 422)


class TestConfinedDataset:
    @pytest.fixture
    def options(self, folders: tuple[Path, Path]) -> ServerOptions:
        return ServerOptions(roots=(folders[0].parent,))

    @pytest.fixture(autouse=True)
    def _confined(self, ids: dict[str, str], store: Store) -> None:
        with store.writing() as connection:
            connection.execute(schema.datasets.update().values(is_confined=True))

    def test_files_below_the_roots_are_shown(self, client: TestClient, ids: dict[str, str]) -> None:
        assert client.get(f"/api/samples/{ids['image']}/file").status_code == 200
        assert client.get(f"/api/samples/{ids['crop']}/thumbnail").status_code == 200

    def test_a_folder_that_became_a_link_out_of_the_roots_is_not(
        self, client: TestClient, ids: dict[str, str], folders: tuple[Path, Path], tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        for folder in folders:
            os.rename(folder, elsewhere)
            folder.symlink_to(elsewhere)
            elsewhere = tmp_path / "elsewhere too"
        for path in (f"{ids['image']}/file", f"{ids['crop']}/file", f"{ids['crop']}/thumbnail"):
            answer = client.get(f"/api/samples/{path}")
            assert answer.status_code == 404
            assert "cannot be read" in answer.json()["detail"]


def test_health_answers_while_pictures_wait_for_their_turn(
    client: TestClient, ids: dict[str, str], services: Services
) -> None:
    taken = [services.thumbnails._drawing.acquire(timeout=1) for _ in range(2)]
    assert all(taken)
    with ThreadPoolExecutor(60) as threads:
        waiting = [
            threads.submit(client.get, f"/api/samples/{ids['image']}/thumbnail?size={64 + number}")
            for number in range(50)
        ]
        assert client.get("/api/health").status_code == 200
        assert client.post("/api/datasets/vehicles/samples:query", json={}).status_code == 200
        services.thumbnails._drawing.release(2)
        assert {future.result(60).status_code for future in waiting} == {200}


def test_pictures_of_others_do_not_exist(user_client: Fixture, ids: dict[str, str]) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    for path in ("file", "file?max_size=10", "thumbnail"):
        assert anna.get(f"/api/samples/{ids['image']}/{path}").status_code == 404


@pytest.mark.parametrize("query", ["file?max_size=0", "file?max_size=9000", "thumbnail?size=63", "thumbnail?size=513"])
def test_sizes_have_limits(client: TestClient, ids: dict[str, str], query: str) -> None:
    assert client.get(f"/api/samples/{ids['image']}/{query}").status_code == 422


class TestContext:
    """A crop with its surroundings, cut from the image of a dataset."""

    BOX = (100.0, 50.0, 180.0, 90.0)

    @pytest.fixture
    def gradient(self, folders: tuple[Path, Path]) -> bytes:
        """A PNG of 900 x 600 px whose pixels say where they are: a third of x in red, of y in green."""
        across, down = np.meshgrid(np.arange(900) // 4, np.arange(600) // 4)
        pixels = np.stack([across, down, np.zeros_like(across)], axis=2).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        write(folders[0] / "street.png", file.getvalue())
        return file.getvalue()

    @pytest.fixture
    def crop(self, gradient: bytes, folders: tuple[Path, Path], commit_run: Fixture, store: Store) -> dict[str, Any]:
        """Ids of the crop of box `BOX` and of its image."""
        images, written = folders
        written.mkdir(parents=True, exist_ok=True)
        commit_run(additions_of("street.png", gradient), input_uri=str(images), output_uri=str(written))
        with store.writing() as connection:
            names = dict(zip(("x0", "y0", "x1", "y1"), self.BOX, strict=True))
            connection.execute(schema.crops.update().values(**names))
        return {
            "id": next(iter_samples(store, "vehicles-crops")).id,
            "image": next(iter_samples(store, "vehicles")).id,
        }

    def get(self, client: TestClient, crop: dict[str, Any], **query: Any) -> Any:
        return client.get(f"/api/samples/{crop['id']}/context", params=query)

    @pytest.mark.parametrize(
        ("margin", "rect"),
        [(0.0, (100, 50, 180, 90)), (0.5, (60, 10, 220, 130)), (10.0, (0, 0, 900, 600)), (0.251, (80, 30, 200, 110))],
    )
    def test_it_shows_the_box_and_what_is_around_it(
        self, client: TestClient, crop: dict[str, Any], margin: float, rect: tuple[int, int, int, int]
    ) -> None:
        answer = self.get(client, crop, size=1024, margin=margin)
        assert answer.headers["Content-Type"] == "image/jpeg"
        x0, y0, x1, y1 = rect
        assert size_of(answer.content) == (x1 - x0, y1 - y0)
        pixels = np.asarray(Image.open(io.BytesIO(answer.content))).astype(int)
        for row, column, x, y in ((2, 2, x0 + 2, y0 + 2), (-3, -3, x1 - 3, y1 - 3)):
            assert abs(pixels[row, column, 0] - x // 4) < 8
            assert abs(pixels[row, column, 1] - y // 4) < 8

    def test_it_fits_and_is_never_enlarged(self, client: TestClient, crop: dict[str, Any]) -> None:
        assert size_of(self.get(client, crop, size=64).content) == (64, 48)
        assert size_of(self.get(client, crop).content) == (160, 120)

    def test_it_never_changes_under_its_version(self, client: TestClient, crop: dict[str, Any]) -> None:
        sample = client.get(f"/api/samples/{crop['id']}").json()
        assert (sample["crop"]["parent_width"], sample["crop"]["parent_height"]) == (900, 600)
        url = sample["crop"]["context_url"]
        answer = client.get(url)
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert self.get(client, crop, v="0123").headers["Cache-Control"] == "private, no-cache"
        tags = {
            self.get(client, crop, size=size, margin=margin).headers["ETag"]
            for size, margin in ((64, 0), (64, 1), (65, 1))
        }
        assert len(tags) == 3

    def test_it_is_drawn_once(
        self, client: TestClient, crop: dict[str, Any], folders: tuple[Path, Path], services: Services
    ) -> None:
        before = self.get(client, crop).content
        (folders[0] / "street.png").unlink()
        object.__setattr__(services, "thumbnails", type(services.thumbnails)())  # as after a restart
        assert self.get(client, crop).content == before
        gone = self.get(client, crop, size=200)
        assert gone.status_code == 404
        assert "`street.png`" in gone.json()["detail"]

    def test_an_image_is_read_once_for_several_pictures(
        self, client: TestClient, crop: dict[str, Any], folders: tuple[Path, Path]
    ) -> None:
        assert self.get(client, crop).status_code == 200
        (folders[0] / "street.png").unlink()
        assert size_of(self.get(client, crop, margin=0).content) == (80, 40)

    def test_an_image_that_has_changed_gives_no_surroundings_of_something_else(
        self, client: TestClient, crop: dict[str, Any], folders: tuple[Path, Path]
    ) -> None:
        write(folders[0] / "street.png", picture(900, 600, "PNG"))
        answer = self.get(client, crop)
        assert answer.status_code == 409
        assert "`street.png` has changed since the crop was cut from it" in answer.json()["detail"]

    def test_a_crop_whose_image_was_taken_in_anew_has_none(
        self, client: TestClient, crop: dict[str, Any], store: Store
    ) -> None:
        with store.writing() as connection:
            connection.execute(schema.crops.update().values(stale=True))
        assert self.get(client, crop).status_code == 409

    def test_images_have_none(self, client: TestClient, crop: dict[str, Any]) -> None:
        answer = client.get(f"/api/samples/{crop['image']}/context")
        assert answer.status_code == 404
        assert "is an image, not a crop" in answer.json()["detail"]
        assert answer.json()["hint"]

    def test_a_broken_image_is_named(
        self, client: TestClient, crop: dict[str, Any], folders: tuple[Path, Path], store: Store
    ) -> None:
        data = b"\xff\xd8 no more of it"
        write(folders[0] / "street.png", data)
        with store.writing() as connection:
            connection.execute(schema.samples.update().values(digest=hashlib.sha256(data).digest()))
        answer = self.get(client, crop)
        assert answer.status_code == 422
        assert "`street.png`" in answer.json()["detail"]

    def test_a_box_larger_than_its_image_shows_all_of_it(
        self, client: TestClient, crop: dict[str, Any], store: Store
    ) -> None:
        with store.writing() as connection:
            connection.execute(schema.crops.update().values(x0=-1e300, y0=-9.0, x1=1e300, y1=9000.0))
        assert size_of(self.get(client, crop, size=1024).content) == (900, 600)

    @pytest.mark.parametrize("query", ["size=63", "size=1025", "margin=-1", "margin=11", "margin=nan"])
    def test_it_has_limits(self, client: TestClient, crop: dict[str, Any], query: str) -> None:
        assert client.get(f"/api/samples/{crop['id']}/context?{query}").status_code == 422

    def test_those_of_others_do_not_exist(self, user_client: Fixture, crop: dict[str, Any]) -> None:
        assert self.get(user_client(Scope.MEMBER, "anna"), crop).status_code == 404
