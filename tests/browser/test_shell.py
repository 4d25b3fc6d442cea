"""The frame around every page."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment


def test_leads_from_one_page_of_a_dataset_to_the_next(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}")
    navigation = page.get_by_role("navigation", name="Pages")
    for name in ("Objects", "Images", "Embedding", "Tags", "Views", "Select again", "Exports", "Overview"):
        navigation.get_by_role("link", name=name, exact=True).click()
        expect(navigation.get_by_role("link", name=name, exact=True)).to_have_attribute("data-status", "active")


def test_finds_pages_and_datasets_by_typing(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open("/")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Find a page, an action or a dataset").fill("vehicles-cr")
    expect(page.get_by_role("dialog").get_by_role("button", name=re.compile("vehicles-crops"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/d/{dataset_id(demo, 'vehicles-crops')}$"))


def test_stays_dark_across_a_reload_once_somebody_wants_it(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo, color_scheme="light").open("/")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("menuitem", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_shows_all_keys_on_a_question_mark_but_not_while_typing(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open("/")
    page.get_by_role("button", name="Choose a dataset").click()
    page.get_by_label("Find a dataset", exact=True).fill("?")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
