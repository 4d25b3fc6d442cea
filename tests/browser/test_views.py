"""Saved views: rules under a name."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment

CROPS = "vehicles-crops"
TRUCKS = '?q={"categories":["truck"]}&sort={"key":"score","descending":true}'


def save_view(page: Page, name: str) -> None:
    page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save as view")
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("button", name="Save view").click()
    expect(dialog).to_have_count(0)


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def choose(page: Page, name: str, what: str) -> None:
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name=what).click()


def test_saves_a_rule_and_opens_it_and_keeps_a_change(look: OpenBrowser, demo: Deployment) -> None:
    crops = dataset_id(demo, CROPS)
    trucks = len(list(demo.client.datasets.get(CROPS).iter_samples({"categories": ["truck"]})))
    page = look(demo).open(f"/d/{crops}/objects{TRUCKS}")
    save_view(page, "Trucks")
    expect(page).to_have_url(re.compile("view="))

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Views").click()
    expect(card(page, "Trucks")).to_contain_text("category truck · score, highest first")
    expect(card(page, "Trucks")).to_contain_text(f"{trucks} objects")
    card(page, "Trucks").get_by_role("link", name="Trucks").click()
    expect(page.get_by_text(f"{trucks} of 421 objects")).to_be_visible()

    page.get_by_role("group", name="Active filters").get_by_role("button", name="Remove category truck").click()
    page.get_by_role("button", name="View changed").click()
    page.get_by_role("menuitem", name="Update view").click()
    expect(page.get_by_role("button", name="View changed")).to_have_count(0)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Views").click()
    expect(card(page, "Trucks")).to_contain_text("421 objects")


def test_renames_and_deletes_a_view(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, CROPS)}/objects{TRUCKS}")
    save_view(page, "To be renamed")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Views").click()
    choose(page, "To be renamed", "Rename")
    field = page.get_by_label("New name of To be renamed")
    field.fill("Renamed")
    field.press("Enter")
    expect(card(page, "Renamed")).to_contain_text("category truck")
    choose(page, "Renamed", "Copy as Python")
    expect(page.get_by_role("dialog")).to_contain_text('iter_samples({"categories": ["truck"]}')
    page.keyboard.press("Escape")
    choose(page, "Renamed", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(card(page, "Renamed")).to_have_count(0)


def test_a_view_of_a_tag_that_is_gone_says_so(look: OpenBrowser, demo: Deployment) -> None:
    dataset = demo.client.datasets.get(CROPS)
    dataset.tag("passing", indices=range(3))
    page = look(demo).open(f'/d/{dataset.id}/objects?q={{"tags":{{"any_of":["passing"]}}}}')
    save_view(page, "Of a passing tag")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Views").click()
    expect(card(page, "Of a passing tag")).to_contain_text("3 objects")
    dataset.delete_tag("passing")
    expect(card(page, "Of a passing tag")).to_contain_text("It cannot be counted")
