"""Every page against the rules of axe (WCAG 2.1 A and AA), light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
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
