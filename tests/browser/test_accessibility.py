"""Every page against the rules of axe (WCAG 2.1 A and AA), light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser import OpenBrowser, ask, dataset_id
from tests.support.deployment import Deployment

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

PAGES = {
    "datasets": "/",
    "new dataset": "/datasets/new",
    "overview": "/d/{crops}",
    "overview of images": "/d/{images}",
    "objects": "/d/{crops}/objects",
    "inspector": "/d/{crops}/objects?focus={sample}",
    "images": "/d/{images}/images",
    "embedding": "/d/{crops}/embedding",
    "sample": "/d/{crops}/samples/{sample}",
    "tags": "/d/{crops}/tags",
    "views": "/d/{crops}/views",
    "select again": "/d/{crops}/select",
    "new run": "/d/{images}/run",
    "exports": "/d/{crops}/exports",
    "runs": "/runs",
    "run": "/runs/{run}",
    "result of a run": "/runs/{run}?tab=result",
    "workers": "/workers",
    "settings": "/settings",
}


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe-core is not there: `make web-check` installs what the app is checked with")
    return AXE.read_text()


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds, one line each."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']} ({violation['help']}): {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"][:5]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_can_be_used_by_everybody(look: OpenBrowser, demo: Deployment, axe: str, name: str, scheme: str) -> None:
    crops = dataset_id(demo, "vehicles-crops")
    names = {
        "crops": crops,
        "images": dataset_id(demo, "vehicles"),
        "run": ask(demo, "GET", "/runs")["items"][-1]["id"],
        "sample": ask(demo, "GET", f"/datasets/{crops}/samples/0")["id"],
    }
    looking = look(demo, color_scheme=scheme)
    looking.open(PAGES[name].format(**names))
    assert not faults(looking.settle(), axe)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_selection_can_be_built_and_tried_by_everybody(
    look: OpenBrowser, demo: Deployment, axe: str, scheme: str, width: int
) -> None:
    looking = look(demo, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = looking.open(f"/d/{dataset_id(demo, 'vehicles-crops')}/select")
    page.get_by_role("button", name="Balance categories").click()
    page.get_by_role("radiogroup", name="Shares").get_by_text("My own").click()
    for strategy in ("Similarity", "Weights", "Threshold", "Typicality"):
        page.get_by_role("button", name="Add a strategy").click()
        page.get_by_role("menuitem", name=re.compile(f"^{strategy}")).click()
    for fold in page.get_by_role("button", name=re.compile("^More options of|^Limits per image")).all():
        fold.click()
    page.get_by_role("button", name="Add a category").click()
    assert not faults(looking.settle(), axe)
    page.get_by_role("button", name="A fair sample").click()
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("button", name="Save as tag")).to_be_visible(timeout=60_000)
    assert not faults(looking.settle(), axe)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
