"""Names that would be HTML, if anybody took them for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, StartDeployment, ask, dataset_id, run_objects
from tests.support.deployment import Deployment

EVIL = "<img src=x onerror=window.hacked=1>"
TASK = "things"


def write_photos(folder: Path) -> None:
    """Four pictures with two objects each, in a category and a folder of an evil name."""
    random = np.random.default_rng(5)
    predictions = folder / ".lightly" / "predictions" / TASK
    for number in range(4):
        name = f"{EVIL}/{number} & co.jpg"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (120, 160, 3), dtype=np.uint8)).save(folder / name)
        objects = [
            {"category_id": 0, "bbox": [10, 10, 60, 50], "score": 0.9},
            {"category_id": 1, "bbox": [80, 40, 50, 60], "score": 0.4},
        ]
        file = predictions / Path(name).with_suffix(".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"file_name": name, "predictions": objects}))
    schema = {
        "task_type": "object-detection",
        "categories": [{"id": 0, "name": EVIL}, {"id": 1, "name": "plain"}],
    }
    (predictions / "schema.json").write_text(json.dumps(schema))
    (predictions.parent / "tasks.json").write_text(json.dumps([TASK]))


@pytest.fixture(scope="module")
def evil(start_deployment: StartDeployment) -> Deployment:
    deployment = start_deployment("evil")
    folder = deployment.folder / "photos"
    folder.mkdir()
    write_photos(folder)
    run_objects(deployment, "photos", folder, TASK, 1.0)
    crops = dataset_id(deployment, "photos-crops")
    ask(deployment, "POST", f"/datasets/{crops}/views", {"name": EVIL, "rule": {"filter": {"categories": [EVIL]}}})
    return deployment


def test_names_are_shown_as_they_are_written_on_every_page(look: OpenBrowser, evil: Deployment) -> None:
    looking = look(evil)
    crops, images = dataset_id(evil, "photos-crops"), dataset_id(evil, "photos")
    pages = [f"/d/{crops}/{name}" for name in ("objects", "embedding", "tags", "views", "select", "exports")]
    for path in ("/", f"/d/{crops}", f"/d/{images}", f"/d/{images}/images", f"/d/{images}/run", "/runs", *pages):
        looking.open(path)
        page = looking.settle()
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("img[src=x]").count() == 0, path
    page = looking.open(f"/d/{crops}/views")
    expect(page.get_by_text(EVIL).first).to_be_visible()
    page = looking.open(f"/d/{crops}/objects")
    expect(page.get_by_text(EVIL).first).to_be_visible()
