"""Runs, asked for and watched in the app."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser import OpenBrowser
from tests.support.deployment import Deployment

RUN_TAKES_MS = 90_000


@pytest.fixture
def scenes(demo: Deployment, request: pytest.FixtureRequest) -> str:
    """The id of a new image dataset without samples, on a copy of the drawn scenes; it has the name of the test."""
    name = request.node.name.removeprefix("test_")[:60]
    folder = demo.folder / name
    shutil.copytree(demo.folder / "scenes", folder, ignore=shutil.ignore_patterns("crops", "thumbnails"))
    return str(demo.client.datasets.create(name, datasource=folder).id)


def test_is_asked_for_and_watched_to_its_end(look: OpenBrowser, demo: Deployment, scenes: str) -> None:
    page = look(demo).open(f"/d/{scenes}/run")
    expect(page.get_by_role("combobox", name="Prediction task")).to_have_value("vehicles_object_detections")
    expect(page.get_by_text("1,404 of 1,404 objects")).to_be_visible()
    page.get_by_role("textbox", name="Lowest score").press_sequentially("0.5")
    left = page.get_by_text(re.compile(r"^[\d,]+ of 1,404 objects$"))
    expect(left).not_to_have_text("1,404 of 1,404 objects")
    promised = int(str(left.text_content()).split()[0].replace(",", ""))
    page.get_by_role("textbox", name="Padding in percent").fill("20")
    expect(page.get_by_role("img", name=re.compile("with 20 % padding")).first).to_be_visible()
    choose_count(page, 30)
    expect(page.get_by_text(f"about 30 of {promised:,} objects")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill("watched-crops")
    page.get_by_role("button", name="Start the run").click()

    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f]{24}$"))
    expect(page.get_by_role("list", name="Stages")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=RUN_TAKES_MS)
    expect(page.get_by_label("done", exact=True)).to_have_count(6)
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("log")).to_contain_text("selected 30 objects")
    page.get_by_role("textbox", name="Search the log").fill("no line says this")
    expect(page.get_by_text(re.compile("^0 of"))).to_be_visible()
    page.get_by_role("tab", name="Findings").click()
    expect(page.get_by_text(f"{1404 - promised} of 1,404 boxes were left out by the filters")).to_be_visible()
    page.get_by_role("tab", name="Result").click()
    expect(page.get_by_role("region", name="Objects").get_by_role("row", name="Objects used")).to_contain_text(
        f"{promised:,}"
    )
    expect(
        page.get_by_role("region", name="Selection").get_by_role("row", name="Selected", exact=False).last
    ).to_contain_text("30")
    page.get_by_role("tab", name="Parameters").click()
    expect(page.get_by_role("row", name="object_level.padding 0.2")).to_be_visible()
    page.get_by_role("tab", name="Outputs").click()
    expect(page.get_by_role("link", name="objects.parquet")).to_have_attribute("href", re.compile("^/api/runs/"))
    page.get_by_role("link", name="Objects of this run").click()
    expect(page).to_have_url(re.compile(r"/objects\?q="))
    assert demo.client.datasets.get("watched-crops").samples == 30


def test_is_the_same_from_the_app_from_python_and_from_the_command_line(
    look: OpenBrowser, demo: Deployment, scenes: str
) -> None:
    page = look(demo).open(f"/d/{scenes}/run")
    expect(page.get_by_text("1,404 of 1,404 objects")).to_be_visible()
    page.get_by_role("textbox", name="Lowest score").fill("0.25")
    page.get_by_role("textbox", name="Smallest size").fill("24")
    page.get_by_role("textbox", name="Highest overlap").fill("0.75")
    page.get_by_role("combobox", name="Categories").click()
    page.get_by_role("option", name=re.compile("^truck")).click()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Padding in percent").fill("12.5")
    page.get_by_role("textbox", name="Percent", exact=True).fill("100")
    page.get_by_role("button", name="What the model is unsure of").click()
    page.get_by_role("textbox", name="Strength of Diversity as a number").fill("2")
    page.get_by_role("button", name="Add a strategy").click()
    page.get_by_role("menuitem", name=re.compile("^Balance")).click()
    page.get_by_role("radiogroup", name="Shares").get_by_text("As they are").click()
    page.get_by_role("button", name="Limits per image and category").click()
    page.get_by_role("textbox", name="Most objects of one image").fill("3")
    page.get_by_role("button", name="Add a category").click()
    page.get_by_role("textbox", name=re.compile("^At most, of")).fill("40")
    page.get_by_role("textbox", name="Name", exact=True).fill("three-ways")
    python = str(page.locator("pre").text_content())
    page.get_by_role("tab", name="Command line").click()
    command = str(page.locator("pre").text_content())
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=RUN_TAKES_MS)

    execute([sys.executable, "-c", python], demo, SWATH_TOKEN=demo.token)
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    assert words[0] == "swath"
    execute([sys.executable, "-m", *words], demo, SWATH_HOME=str(demo.home.root), SWATH_ROOTS=str(demo.folder))
    asked = [asked_for(run.document.config) for run in demo.client.runs.list(scenes)]
    assert len(asked) == 3
    assert asked[0] == asked[1] == asked[2]
    assert asked[0]["object_level"]["padding"] == 0.125
    assert asked[0]["object_level"]["categories"] == ["truck"]
    assert asked[0]["selection"]["n_samples"] == 1.0
    strategies = asked[0]["selection"]["strategies"]
    assert [strategy["type"] for strategy in strategies] == ["weights", "diversity", "balance"]
    assert strategies[0]["input"]["score"] == "uncertainty_entropy"
    assert strategies[1]["strength"] == 2
    assert strategies[2]["distribution"] == "input"
    assert asked[0]["selection"]["max_per_image"] == 3
    assert [quota["at_most"] for quota in asked[0]["selection"]["quotas"].values()] == [40]


def test_says_at_its_field_what_is_wrong(look: OpenBrowser, demo: Deployment, scenes: str) -> None:
    looking = look(demo)
    looking.allow("422")
    page = looking.open(f"/d/{scenes}/run")
    expect(page.get_by_text("1,404 of 1,404 objects")).to_be_visible()
    page.get_by_role("textbox", name="Lowest score").fill("1.5")
    page.get_by_role("button", name="Start the run").click()
    field = page.get_by_role("textbox", name="Lowest score")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text(re.compile("^should be less than or equal to 1"))).to_be_visible()
    expect(page).to_have_url(re.compile("/run$"))
    assert demo.client.runs.list(scenes) == []


def test_is_stopped_asked_for_again_and_cloned(look: OpenBrowser, demo: Deployment, scenes: str) -> None:
    waiting = demo.client.runs.create(
        scenes,
        object_level={"task_name": "vehicles_object_detections", "padding": 0.3},
        selection={"n_samples": 12},
        runs_on=["nobody-has-this"],
    )
    page = look(demo).open(f"/runs?dataset={scenes}&state=waiting")
    row = page.get_by_role("table", name="Runs").get_by_role("row").last
    expect(row).to_contain_text("for a worker with nobody-has-this")
    row.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("No such run")).to_be_visible()

    page.get_by_text("Stopped", exact=True).first.click()
    page.get_by_role("table", name="Runs").get_by_role("link", name=re.compile("stopped")).click()
    expect(page).to_have_url(re.compile(waiting.id))
    page.get_by_role("button", name="Retry").click()
    expect(page).not_to_have_url(re.compile(waiting.id))
    expect(page.get_by_text("Waiting for a worker with nobody-has-this")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Retry")).to_be_visible()

    page.get_by_role("link", name="Clone", exact=True).click()
    expect(page.get_by_role("textbox", name="Padding in percent")).to_have_value("30 %")
    expect(page.get_by_role("textbox", name="Count", exact=True)).to_have_value("12")
    page.get_by_role("textbox", name="Padding in percent").fill("10")
    page.get_by_role("button", name="Start the run").click()
    page.get_by_role("tab", name="Parameters").click()
    expect(page.get_by_role("row", name="object_level.padding 0.1 0.3")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_from_crops_is_one_on_their_images(look: OpenBrowser, demo: Deployment) -> None:
    crops = demo.client.datasets.get("vehicles-crops")
    page = look(demo).open(f"/d/{crops.id}/run")
    expect(page.get_by_text("this is a run on vehicles, the images they were cut out of")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("vehicles-crops")
    expect(page.get_by_role("textbox", name="Percent", exact=True)).to_have_value("30 %")


def choose_count(page: Page, number: int) -> None:
    page.get_by_role("radiogroup", name="Unit of the amount").get_by_text("Count").click()
    page.get_by_role("textbox", name="Count", exact=True).fill(str(number))


def execute(command: list[str], demo: Deployment, **environment: str) -> None:
    """Run a command as somebody at a terminal does. One that finds nothing new has asked all the same."""
    sources = str(Path(__file__).parents[2] / "src")
    known = {**os.environ, "PYTHONPATH": sources, "SWATH_HOME": str(demo.folder / "elsewhere"), "SWATH_THREADS": "2"}
    subprocess.run(command, env={**known, **environment}, check=True, timeout=120, capture_output=True)


def asked_for(config: dict[str, Any]) -> dict[str, Any]:
    """What a run was asked, without the ways to write a place."""
    return {**config, "dataset": None, "datasource": {**config["datasource"], "location": None}}
