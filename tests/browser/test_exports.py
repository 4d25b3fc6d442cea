"""Exports: a look at the beginning, the file through a plain link, and a link for others that expires."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect
from tests.support.browser import OpenBrowser, ask, dataset_id
from tests.support.deployment import Deployment


@pytest.fixture
def page(look: OpenBrowser, demo: Deployment) -> Page:
    return look(demo).open(f"/d/{dataset_id(demo, 'vehicles-crops')}/exports")


def download(page: Page, file_name: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=file_name).first.click()
    path = folder / file_name
    waiting.value.save_as(path)
    return path


def test_label_studio_tasks_hold_the_boxes_as_predictions(page: Page, demo: Deployment, tmp_path: Path) -> None:
    beginning = page.get_by_role("region", name="How the file begins")
    expect(beginning).to_contain_text("rectanglelabels")
    steps = page.get_by_role("region", name="Into Label Studio")
    expect(steps).to_contain_text('<Label value="motorbike"/>')
    page.get_by_role("button", name="Make the file").click()
    row = page.get_by_role("row").filter(has_text="vehicles-crops.label-studio.json").first
    expect(row).to_contain_text("works for 7 more days")
    tasks = json.loads(download(page, "vehicles-crops.label-studio.json", tmp_path).read_text())
    assert sum(len(task["predictions"][0]["result"]) for task in tasks) == 421
    box = tasks[0]["predictions"][0]["result"][0]
    assert (box["type"], box["from_name"], box["to_name"]) == ("rectanglelabels", "label", "image")
    assert all(0 <= box["value"][name] <= 100 for name in ("x", "y", "width", "height"))
    assert httpx2.get(tasks[0]["data"]["image"]).headers["content-type"] == "image/jpeg"


def test_a_link_needs_no_login_and_holds_as_long_as_chosen(page: Page, demo: Deployment) -> None:
    page.get_by_role("radio", name=re.compile("^COCO")).click()
    page.get_by_role("combobox", name="Link to the file expires").click()
    expect(page.get_by_role("option", name="after a year")).to_have_count(0)
    page.get_by_role("option", name="after an hour").click()
    page.get_by_role("button", name="Make the file").click()
    row = page.get_by_role("row").filter(has_text="coco.json").first
    expect(row).to_contain_text("more minutes")
    exports = ask(demo, "GET", "/datasets/vehicles-crops/exports")["items"]
    made = next(export for export in exports if export["format"] == "coco")
    assert made["options"]["expires_in_s"] == 3600
    document = httpx2.get(made["link_url"]).json()
    assert len(document["annotations"]) == 421

    row.get_by_role("button", name=re.compile("^Delete")).click()
    expect(row).to_have_count(0)
    assert httpx2.get(made["link_url"]).status_code == 404


@pytest.mark.parametrize(
    ("card", "file_name", "begins"),
    [
        ("File names", "vehicles-crops.txt", ".lightly/crops/"),
        ("Table (CSV)", "vehicles-crops.samples.csv", "0,"),
        ("Embeddings (CSV)", "vehicles-crops.embeddings.csv", "filenames"),
        ("YOLO", "vehicles-crops.yolo.zip", "labels/"),
    ],
)
def test_other_formats_show_how_they_begin_and_come_as_files(
    page: Page, tmp_path: Path, card: str, file_name: str, begins: str
) -> None:
    page.get_by_role("radio", name=re.compile(f"^{re.escape(card)}")).click()
    expect(page.get_by_role("region", name="How the file begins")).to_contain_text(begins)
    page.get_by_role("button", name="Make the file").click()
    path = download(page, file_name, tmp_path)
    if path.suffix == ".zip":
        assert any(name.startswith(begins) for name in zipfile.ZipFile(path).namelist())
    else:
        assert begins in path.read_text()


def test_an_export_of_a_tag_holds_its_samples_alone(look: OpenBrowser, demo: Deployment, tmp_path: Path) -> None:
    crops = dataset_id(demo, "vehicles-crops")
    trucks = {"filter": {"categories": ["truck"]}}
    ask(demo, "POST", f"/datasets/{crops}/tags", {"name": "exported trucks", "selector": {"all_of": [trucks]}})
    page = look(demo).open(f"/d/{crops}/exports?tag=exported trucks")
    expect(page.get_by_role("combobox", name="What to export")).to_have_value("exported trucks (83)")
    page.get_by_role("radio", name=re.compile("^File names")).click()
    expect(page.get_by_role("main")).to_contain_text("of 83 objects")
    page.get_by_role("button", name="Make the file").click()
    path = download(page, "vehicles-crops-exported-trucks.txt", tmp_path)
    assert len(path.read_text().splitlines()) == 83
    ask(demo, "DELETE", f"/datasets/{crops}/tags/exported trucks")


def test_an_export_of_a_stored_selection(look: OpenBrowser, demo: Deployment) -> None:
    crops = dataset_id(demo, "vehicles-crops")
    wanted = {"selector": {"all_of": [{"indices": [1, 2, 3]}]}}
    selection = ask(demo, "POST", f"/datasets/{crops}/selections", wanted)
    page = look(demo).open(f"/d/{crops}/exports?sel={selection['id']}")
    expect(page.get_by_role("main")).to_contain_text("of 3 objects")


def test_an_image_dataset_has_no_crops_to_export(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}/exports")
    expect(page.get_by_role("radio", name=re.compile("^COCO"))).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("^Crops as files"))).to_have_count(0)
