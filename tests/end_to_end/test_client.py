"""The Python client against a real server."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import swath as package
from swath.client import Client
from swath.core.errors import (
    Conflict,
    InvalidConfig,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    RunCancelled,
)
from swath.core.runs import RunState

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform


@pytest.fixture
def client(platform: Fixture, swath: Fixture, photos: Fixture) -> Iterator[Client]:
    """Of a server whose home has the datasets `photos` (4 images) and `photos-crops` (all 12 objects in them)."""
    photos.add_many(4)
    swath.run(photos.root, "--n-samples", "1.0")
    platform.serve()
    with platform.client() as client:
        yield client


def test_datasets_are_looked_through_tagged_and_exported(client: Client, tmp_path: Path) -> None:
    assert [dataset.name for dataset in client.datasets.list()] == ["photos", "photos-crops"]
    images = client.datasets.get("photos")
    [crops] = images.crops_datasets
    assert (images.kind, images.samples, crops.kind, crops.samples) == ("images", 4, "crops", 12)
    assert client.datasets.get(crops.id).name == "photos-crops"

    everything = list(crops.iter_samples())
    assert [sample.index for sample in everything] == list(range(12))
    cars = list(crops.iter_samples({"categories": ["car"]}, sort={"key": "index", "descending": True}))
    assert [sample.crop.category for sample in cars if sample.crop] == ["car"] * 4
    assert [sample.index for sample in cars] == sorted((sample.index for sample in cars), reverse=True)

    vectors = crops.embeddings()
    assert (vectors.shape, vectors.dtype) == ((12, 128), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)

    picture = Image.open(io.BytesIO(images.image(next(images.iter_samples()), max_size=64)))
    assert max(picture.size) == 64

    assert crops.tag("cars", filter={"categories": ["car"]}) == 4
    assert crops.tag("few", indices=[0, 1, 2]) == 3
    assert crops.tag("few", indices=[1], remove=True) == 1
    assert crops.rename_tag("few", "fewer").name == "fewer"
    assert {tag.name: tag.size for tag in crops.tags} == {"initial-tag": 12, "cars": 4, "fewer": 2}
    assert len(list(crops.iter_samples({"tags": {"all_of": ["fewer"]}}))) == 2
    crops.delete_tag("fewer")
    assert [tag.name for tag in crops.tags] == ["initial-tag", "cars"]

    coco = json.loads(crops.export("coco", tmp_path / "cars.json", tag="cars").read_text())
    assert len(coco["annotations"]) == 4
    with zipfile.ZipFile(crops.export("crops", tmp_path / "crops.zip")) as archive:
        assert sum(name.endswith(".jpg") for name in archive.namelist()) == 12
    assert images.export("filenames", tmp_path / "names.txt").read_text().split() == [
        f"image_00{number}.jpg" for number in range(4)
    ]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["cars.json", "crops.zip", "names.txt"]

    attached = images.attach_metadata(
        {"file_name": name, "metadata": {"speed": number}}
        for number, name in enumerate(["image_000.jpg", "image_001.jpg", "nobody.jpg"])
    )
    assert (attached.updated, attached.unknown) == (2, ("nobody.jpg",))
    fast = list(crops.iter_samples({"metadata": [{"key": "speed", "min": 1}]}))
    assert {sample.crop.parent_file_name for sample in fast if sample.crop} == {"image_001.jpg"}
    options = {"include_metadata": True}
    tasks = json.loads(crops.export("label-studio", tmp_path / "tasks.json", options=options).read_text())
    assert sum(len(task["predictions"][0]["result"]) for task in tasks) == 12
    assert [task["data"].get("speed") for task in tasks] == [0, 1, None, None]

    with pytest.raises(Conflict):
        images.delete()
    assert set(client.datasets.delete("photos", cascade=True).names) == {"photos", "photos-crops"}
    assert client.datasets.list() == []


def test_a_preview_shows_the_very_crops_that_a_run_cuts(client: Client, photos: Fixture) -> None:
    preview = client.previews.create(photos.root)
    document = preview.document
    assert (document.images_listed, document.images_checked, document.task) == (4, 4, "vehicles")
    assert (len(document.objects.score), document.findings) == (12, ())
    written = {
        (sample.crop.parent_file_name, sample.crop.position): client.datasets.get("photos-crops").image(sample)
        for sample in client.datasets.get("photos-crops").iter_samples()
        if sample.crop is not None
    }
    for image in preview.images:
        assert Image.open(io.BytesIO(preview.picture(image, max_size=32))).width <= 32
        for position, found in enumerate(image.objects):
            assert preview.crop(found) == written[image.key, position]
            assert preview.crop(found, padding=0.5) != written[image.key, position]
    assert client.previews.get(preview.id).document == document
    assert client.previews.create(dataset="photos", box_format="auto").document.box_format == "xywh"
    with pytest.raises(InvalidConfig, match="either `datasource` or `dataset`"):
        client.previews.create()
    with pytest.raises(InvalidConfig) as wrong:
        client.previews.create(photos.root, task="vans")
    assert wrong.value.field == "task"
    with pytest.raises(NotFound):
        client.previews.get("0" * 24)


def test_runs_are_asked_for_watched_cancelled_and_looked_at(client: Client, photos: Fixture, tmp_path: Path) -> None:
    [earlier] = client.runs.list("photos")
    assert earlier.state is RunState.COMPLETED
    assert earlier.result is not None
    assert earlier.result.selected == 12
    assert earlier.wait().message == earlier.message
    names = {artifact.name for artifact in earlier.artifacts}
    assert {"files.json", "objects.parquet"} <= names
    assert earlier.artifact("objects.parquet")[:4] == b"PAR1"
    earlier.save_artifact("objects.parquet", tmp_path / "objects.parquet")
    assert (tmp_path / "objects.parquet").read_bytes() == earlier.artifact("objects.parquet")
    assert earlier.message in [line.message for line in earlier.log()]

    run = client.runs.create("photos", object_level={"task_name": "vehicles"}, selection={"n_samples": 1}, priority=3)
    assert (run.state, run.document.priority, run.result, run.progress) == (RunState.QUEUED, 3, None, None)
    assert client.runs.get(run.id).id == run.id
    with pytest.raises(TimeoutError, match=r"QUEUED after 0\.3 seconds"):
        run.wait(timeout=0.3)
    seen: list[RunState] = []
    waiting = threading.Thread(target=lambda: _wait(run, seen))
    waiting.start()
    time.sleep(0.3)
    client.runs.get(run.id).cancel()
    waiting.join(20)
    assert seen == [RunState.QUEUED, RunState.ABORTED]
    again = run.retry()
    assert (again.state, again.document.config) == (RunState.QUEUED, run.document.config)
    assert {found.id for found in client.runs.list()} == {earlier.id, run.id, again.id}
    with pytest.raises(Conflict):
        run.cancel()


def _wait(run: Any, seen: list[RunState]) -> None:
    with pytest.raises(RunCancelled):
        run.wait(on_progress=lambda watched: seen.append(watched.state))


def test_what_goes_wrong_is_told_by_errors_with_names(client: Client, photos: Fixture, platform: Fixture) -> None:
    with pytest.raises(NotFound, match="`photo`") as not_found:
        client.datasets.get("photo")
    assert "`photos`" in not_found.value.hint
    with pytest.raises(Conflict, match="photos"):
        client.datasets.create("photos", datasource=photos.root)
    with pytest.raises(InvalidConfig) as wrong:
        client.runs.create("photos", object_level={"task_name": "vehicles"}, selection={"n_samples": 0})
    assert wrong.value.field == "selection.n_samples"
    with pytest.raises(InvalidConfig, match="paddin"):
        client.runs.create("photos", object_level={"task_name": "vehicles", "paddin": 1}, selection={"n_samples": 1})
    with pytest.raises(InvalidConfig):
        list(client.datasets.get("photos").iter_samples({"colour": "red"}))
    reader = client.tokens.create("reader", scope="read-only")
    with platform.client(reader.secret) as looking:
        assert looking.datasets.get("photos").samples == 4
        with pytest.raises(NotAllowed):
            looking.datasets.create("mine")
    client.tokens.revoke("reader")
    with Client(platform.url, reader.secret) as looking, pytest.raises(NotLoggedIn) as refused:
        looking.datasets.list()
    assert reader.secret not in repr(refused.value) + repr(looking) + repr(reader)


def test_the_server_is_found_by_its_home_by_the_environment_or_by_arguments(
    client: Client, platform: Fixture, swath: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SWATH_SERVER", "SWATH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SWATH_HOME", str(swath.home))
    with package.Client() as found:
        assert (found.url, found.users.me().user) == (platform.url, "local")
    monkeypatch.setenv("SWATH_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(InvalidConfig, match="no server is known"):
        package.Client()
    with pytest.raises(InvalidConfig, match="there is no token"):
        package.Client(platform.url)
    monkeypatch.setenv("SWATH_SERVER", platform.url)
    monkeypatch.setenv("SWATH_TOKEN", (swath.home / "token").read_text().strip())
    with package.Client() as found:
        assert found.users.me().scope == "owner"
    assert not (tmp_path / "elsewhere").exists()
