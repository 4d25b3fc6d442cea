"""The grid of images with the boxes of what was predicted on them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Request, expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment


def tile(page: Page, position: int) -> Locator:
    return page.locator(f'[role=gridcell][data-position="{position}"]')


def test_draws_boxes_of_all_images_in_view_with_one_question(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    asked: list[Request] = []
    looking.page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
    page = looking.open(f"/d/{dataset_id(demo, 'vehicles')}/images")
    expect(tile(page, 0).locator("svg rect").first).to_be_attached()
    expect(tile(page, 5).locator("svg rect").first).to_be_attached()
    questions = [request for request in asked if request.url.endswith("samples:query")]
    assert len(questions) == 1
    assert not [request for request in asked if "predictions" in request.url]
    # What became a crop stands out from what did not.
    assert page.locator("svg g:not([data-faint])").count() > 0
    assert page.locator("svg g[data-faint]").count() > 0


def test_draws_only_the_boxes_that_one_looks_for(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}/images")
    boxes = page.locator("[role=gridcell] svg g")
    expect(boxes.first).to_be_attached()
    colors = page.locator("[role=gridcell] svg rect[stroke]")
    assert len({colors.nth(at).get_attribute("stroke") for at in range(colors.count())}) > 1
    page.get_by_role("checkbox", name=re.compile("^truck, ")).check()
    expect(page.get_by_role("group", name="Active filters")).to_contain_text("category truck")
    expect(page.get_by_role("grid")).to_have_attribute("aria-busy", "false")
    assert len({colors.nth(at).get_attribute("stroke") for at in range(colors.count())}) == 1
    page.get_by_role("switch", name="Boxes").click()
    expect(boxes).to_have_count(0)
    expect(page).to_have_url(re.compile("boxes=false"))
    page.keyboard.press("b")
    expect(boxes.first).to_be_attached()


def test_filters_images_by_how_many_objects_they_have(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}/images")
    field = page.get_by_role("textbox", name="Objects at least")
    field.fill("10")
    field.press("Enter")
    expect(page.get_by_role("group", name="Active filters")).to_contain_text("objects at least 10")
    total = page.get_by_role("toolbar", name="How to look at it").get_by_role("status")
    expect(total).to_have_text(re.compile(r"^\d+ of \d+ images$"))
    page.get_by_role("button", name=re.compile("^Sort: ")).click()
    page.get_by_role("menuitem", name="Number of objects").click()
    # The tiles of the order before are there until the page of this one has come.
    for _ in range(100):
        first, second = (tile(page, place).locator("svg g").count() for place in (0, 1))
        if first >= second >= 10:
            break
        page.wait_for_timeout(100)
    assert first >= second >= 10
