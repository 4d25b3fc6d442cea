"""The commands that came with the clients of the time when clients uploaded images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.deployment import Deployment
from tests.support.official_client import installed_python, run_script

VERSION = "1.2.25"

pytestmark = pytest.mark.slow


def run(command: str, user: ScriptUser, live: Deployment, folder: Path, **options: object) -> str:
    """What a command says, which must not be that something is wrong."""
    script = installed_python(VERSION).parent / command
    arguments = [f"{name}={value}" for name, value in {"token": user.token, **options}.items()]
    ended = run_script(VERSION, live.url, user.token, script, *arguments, folder=folder)
    assert ended.code == 0, ended.stderr
    assert "Warning" not in ended.stdout, ended.stdout
    return ended.stdout


def draw(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), (number, 80, 160)).save(folder / name)
    return folder


def test_a_folder_is_uploaded_appended_to_and_downloaded(user: ScriptUser, live: Deployment, tmp_path: Path) -> None:
    images = draw(tmp_path / "images", "a.jpg", "b.jpg")
    coco = {"images": [{"id": 1, "file_name": "b.jpg"}], "metadata": [{"image_id": 1, "n": 4}]}
    (tmp_path / "meta.json").write_text(json.dumps(coco))
    (tmp_path / "e.csv").write_text("filenames,embedding_0,labels\na.jpg,1,0\nb.jpg,2,0\n")
    said = run(
        "lightly-upload",
        user,
        live,
        tmp_path,
        input_dir=images,
        new_dataset_name="photos",
        custom_metadata=tmp_path / "meta.json",
        embeddings=tmp_path / "e.csv",
    )
    assert "Finished upload of embeddings" in said
    draw(images, "c.jpg")
    dataset = user.native.datasets.get("photos")
    said = run("lightly-upload", user, live, tmp_path, input_dir=images, dataset_id=dataset.id, append="True")
    assert "Found 2 images already on the server" in said
    assert [tag.size for tag in dataset.tags] == [3, 1]
    target = tmp_path / "back"
    run("lightly-download", user, live, tmp_path, dataset_id=dataset.id, tag_name="initial-tag", output_dir=target)
    assert sorted(path.name for path in target.iterdir()) == ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.parametrize("mode", ["thumbnails", "metadata"])
def test_less_than_the_images_is_uploaded(user: ScriptUser, live: Deployment, tmp_path: Path, mode: str) -> None:
    images = draw(tmp_path / "images", "a.jpg", "b.jpg")
    run("lightly-upload", user, live, tmp_path, input_dir=images, new_dataset_name="photos", upload=mode)
    assert user.native.datasets.get("photos").refresh().document.sample_count == 2
