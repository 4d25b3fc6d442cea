"""The page of tags: what is in them, and what can be made of them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment

CROPS = "vehicles-crops"


def open_tags(look: OpenBrowser, deployment: Deployment) -> Page:
    return look(deployment).open(f"/d/{dataset_id(deployment, CROPS)}/tags")


def row(page: Page, name: str) -> Locator:
    link = page.get_by_role("link", name=name, exact=True)
    return page.get_by_role("row").filter(has=link)


def choose(page: Page, name: str, what: str) -> None:
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name=what).click()


def tag(deployment: Deployment, name: str, indices: range) -> None:
    deployment.client.datasets.get(CROPS).tag(name, indices=indices)


def sizes(deployment: Deployment) -> dict[str, int]:
    return {tag.name: tag.size for tag in deployment.client.datasets.get(CROPS).tags}


def pick_option(page: Page, field: str, option: str) -> None:
    page.get_by_role("combobox", name=field).or_(page.get_by_role("textbox", name=field)).first.fill(option)
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Tab")


def test_makes_a_tag_of_what_is_in_some_and_not_in_others(look: OpenBrowser, demo: Deployment) -> None:
    tag(demo, "first ten", range(10))
    tag(demo, "next ten", range(10, 20))
    tag(demo, "every day", range(5, 15))
    page = open_tags(look, demo)
    expect(row(page, "initial-tag")).to_contain_text("421")
    page.get_by_role("button", name="Combine").click()
    dialog = page.get_by_role("dialog", name="Combine tags")
    pick_option(page, "In at least one of", "first ten")
    pick_option(page, "In at least one of", "next ten")
    expect(dialog.get_by_text("20 objects of 421 objects")).to_be_visible()
    pick_option(page, "But in none of", "every day")
    expect(dialog.get_by_text("10 objects of 421 objects")).to_be_visible()
    dialog.get_by_label("Name of the new tag").fill("not every day")
    dialog.get_by_role("button", name="Make tag").click()
    expect(row(page, "not every day")).to_contain_text("10")
    assert sizes(demo)["not every day"] == 10
    row(page, "not every day").get_by_role("link", name="not every day").click()
    expect(page).to_have_url(re.compile("/objects"))
    expect(page.get_by_text("10 of 421 objects")).to_be_visible()


def test_renames_and_deletes_with_a_way_back(look: OpenBrowser, demo: Deployment) -> None:
    tag(demo, "mistaken", range(4))
    page = open_tags(look, demo)
    choose(page, "mistaken", "Rename")
    field = page.get_by_label("New name of mistaken")
    field.fill("well named")
    field.press("Enter")
    expect(row(page, "well named")).to_contain_text("4")
    choose(page, "well named", "Delete")
    expect(row(page, "well named")).to_have_count(0)
    page.reload()
    history = page.get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("well named")
    history.get_by_role("listitem").first.get_by_role("button", name="Undo").click()
    expect(row(page, "well named")).to_contain_text("4")
    expect(history.get_by_role("listitem").first).to_contain_text("undone")
    history.get_by_role("listitem").first.get_by_role("button", name="Redo").click()
    expect(row(page, "well named")).to_have_count(0)


def test_merges_tags_into_one(look: OpenBrowser, demo: Deployment) -> None:
    tag(demo, "left", range(3))
    tag(demo, "right", range(2, 6))
    page = open_tags(look, demo)
    choose(page, "left", "Merge")
    dialog = page.get_by_role("dialog", name="Merge tags")
    dialog.get_by_label("Into").fill("right")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Merge 1 tag").click()
    expect(row(page, "left")).to_have_count(0)
    expect(row(page, "right")).to_contain_text("6")


def test_refuses_a_name_that_another_tag_has_in_the_words_of_the_server(look: OpenBrowser, demo: Deployment) -> None:
    tag(demo, "taken", range(2))
    tag(demo, "late", range(3))
    looking = look(demo)
    looking.allow("409")
    page = looking.open(f"/d/{dataset_id(demo, CROPS)}/tags")
    choose(page, "late", "Rename")
    field = page.get_by_label("New name of late")
    field.fill("taken")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="taken")).to_be_visible()
    expect(row(page, "late")).to_contain_text("3")
