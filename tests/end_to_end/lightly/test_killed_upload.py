"""An upload during which the server is killed, and the one after it."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from tests.support.deployment import Deployment, wait_until
from tests.support.official_client import ClientRaised, OfficialClient

pytestmark = pytest.mark.slow

IMAGES = 60

UPLOAD = "client.create_dataset('photos')\nclient.upload_dataset(folder, mode='full')"


def test_an_upload_during_which_the_server_was_killed_is_completed_by_the_next(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(IMAGES):
        Image.new("RGB", (64, 48), (number, 80, 160)).save(images / f"{number:02}.jpg")
    live = Deployment(tmp_path / "live", "")
    live.start_server()
    try:
        with OfficialClient("1.2.25", live.url, live.token, folder=tmp_path) as client:
            # The thread ends with the client's process.
            uploading = threading.Thread(target=_ask_until_killed, args=(client, images))
            uploading.start()
            wait_until(lambda: _arrived(live) >= IMAGES // 6, what=live.output)
            live.kill_all()
        uploading.join(60)
        assert 0 < _arrived(live) < IMAGES
        live.start_server()
        with OfficialClient("1.2.25", live.url, live.token, folder=tmp_path) as client:
            client(UPLOAD, folder=str(images))
            names = client("client.get_filenames()")
            assert sorted(names) == [f"{number:02}.jpg" for number in range(IMAGES)]
            client("client.download_dataset(target)", target=str(tmp_path / "back"))
        assert len(list((tmp_path / "back").iterdir())) == IMAGES
        (dataset,) = live.client.datasets.list()
        assert dataset.sample_count == IMAGES
    finally:
        live.close()


def _ask_until_killed(client: OfficialClient, images: Path) -> None:
    with suppress(AssertionError, ClientRaised, OSError, ValueError):
        client(UPLOAD, folder=str(images))


def _arrived(live: Deployment) -> int:
    return len(list(live.home.uploads.rglob("*.jpg")))
