"""From a folder to a dataset: what is there is seen before anything is stored."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser import OpenBrowser, ask
from tests.support.deployment import Deployment
from tests.support.scenes import copy_scenes

TASK = "vehicles_object_detections"


@pytest.fixture(scope="module")
def scenes(demo: Deployment) -> Path:
    """Few scenes, since every one of them is looked at again and again."""
    folder = demo.folder / "new scenes"
    copy_scenes(folder, images=24)
    return folder


def look_at(page: Page, place: Path | str) -> None:
    page.get_by_role("textbox", name="Folder").fill(str(place))
    page.get_by_role("button", name="Look").click()


def names(deployment: Deployment) -> set[str]:
    return {dataset.name for dataset in deployment.client.datasets.list()}


def test_a_folder_is_looked_at_and_becomes_a_dataset(look: OpenBrowser, demo: Deployment, scenes: Path) -> None:
    before = names(demo)
    looking = look(demo)
    page = looking.open("/datasets/new")
    look_at(page, scenes)
    there = page.get_by_role("region", name="What is there")
    expect(there).to_contain_text("24 images")
    expect(there).to_contain_text("motorbike")
    pictures = there.get_by_role("figure")
    expect(pictures).to_have_count(20)
    preview = ask(demo, "POST", "/previews", {"datasource": str(scenes)})
    boxes = sum(len(image["objects"]) for image in preview["images"])
    expect(there.locator("g[data-category]")).to_have_count(boxes)
    expect(page.get_by_role("region", name="Findings")).to_contain_text("None.")
    assert names(demo) == before, "looking stores nothing"

    create = page.get_by_role("region", name="Create the dataset")
    expect(create.get_by_label("Name")).to_have_value("new scenes")
    create.get_by_role("button", name="Create and start a run").click()
    expect(page).to_have_url(re.compile("/d/[0-9a-f]{24}/run$"))
    details = ask(demo, "GET", "/datasets/new scenes")
    assert (details["input_uri"], details["output_uri"]) == (str(scenes), str(scenes))
    demo.client.datasets.delete("new scenes")


def test_crops_may_go_somewhere_else_and_a_taken_name_is_refused(
    look: OpenBrowser, demo: Deployment, scenes: Path
) -> None:
    output = demo.folder / "crops of scenes"
    output.mkdir()
    looking = look(demo)
    looking.allow("409|Conflict")
    page = looking.open("/datasets/new")
    look_at(page, scenes)
    create = page.get_by_role("region", name="Create the dataset")
    create.get_by_label("Name").fill("vehicles")
    create.get_by_label("Write crops somewhere else").check()
    create.get_by_label("Where crops go").fill(str(output))
    create.get_by_role("button", name="Create only").click()
    expect(create.get_by_role("alert")).to_contain_text("there is a dataset vehicles already")
    create.get_by_label("Name").fill("scenes with output")
    create.get_by_role("button", name="Create only").click()
    expect(page.get_by_role("heading", name="scenes with output", level=1)).to_be_visible()
    details = ask(demo, "GET", "/datasets/scenes with output")
    assert (details["input_uri"], details["output_uri"]) == (str(scenes), str(output))
    demo.client.datasets.delete("scenes with output")


def test_what_is_wrong_in_a_folder_is_told_with_its_place(look: OpenBrowser, demo: Deployment, scenes: Path) -> None:
    folder = demo.folder / "broken"
    shutil.copytree(scenes, folder)
    predictions = sorted((folder / ".lightly" / "predictions" / TASK).rglob("*frame*.json"))
    document = json.loads(predictions[0].read_text())
    document["predictions"][0]["bbox"][1] = "12"
    predictions[0].write_text(json.dumps(document))
    image = next(path for path in sorted(folder.rglob("*.jpg")) if path.stem == predictions[1].stem)
    image.write_bytes(b"no image")

    page = look(demo).open("/datasets/new")
    look_at(page, folder)
    findings = page.get_by_role("region", name="Findings")
    expect(findings).to_contain_text(predictions[0].name)
    expect(findings).to_contain_text("$.predictions[0].bbox[1]")
    expect(findings).to_contain_text('"12"')
    there = page.get_by_role("region", name="What is there")
    expect(there.get_by_role("figure").filter(has=page.get_by_label("No picture"))).to_have_count(1)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("{folder}/nowhere", "there is no folder"),
        ("/etc", "does not lie below a folder that this server reads"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_in_the_words_of_the_server(
    look: OpenBrowser, demo: Deployment, place: str, words: str
) -> None:
    looking = look(demo)
    looking.allow("422|404|Unprocessable|Not Found")
    page = looking.open("/datasets/new")
    written = place.format(folder=demo.folder)
    look_at(page, written)
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("textbox", name="Folder")).to_have_value(written)
    expect(page.get_by_role("region", name="Create the dataset")).to_have_count(0)


def test_a_folder_without_predictions_is_fine(look: OpenBrowser, demo: Deployment, scenes: Path) -> None:
    folder = demo.folder / "plain photos"
    shutil.copytree(scenes, folder, ignore=shutil.ignore_patterns(".lightly"))
    page = look(demo).open("/datasets/new")
    look_at(page, folder)
    expect(page.get_by_role("main")).to_contain_text("That is fine for a dataset of images")
    expect(page.get_by_role("region", name="Create the dataset").get_by_label("Name")).to_have_value("plain photos")


def test_secrets_of_a_bucket_stay_out_of_address_and_storage(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    looking.allow("422|Unprocessable")
    page = looking.open("/datasets/new")
    page.get_by_text("Amazon S3").click()
    page.get_by_label("Place in Amazon S3").fill("s3://swath-tests-nowhere/photos")
    page.get_by_label("These, kept encrypted").check()
    page.get_by_label("Access key id").fill("AKIDHIDDEN")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("secret_access_key")
    expect(page.get_by_label("Access key id")).to_have_value("AKIDHIDDEN")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "AKIDHIDDEN" not in page.url + kept
