"""The grid of objects: look, filter, walk through it with keys, pick."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import Looking, OpenBrowser, dataset_id
from tests.support.deployment import Deployment


def open_objects(looking: Looking, deployment: Deployment, name: str, search: str = "") -> Page:
    page = looking.open(f"/d/{dataset_id(deployment, name)}/objects{search}")
    tile(page, 0).locator("img").wait_for()
    return page


def tile(page: Page, position: int) -> Locator:
    """The tile at a place of the order that is shown."""
    return page.locator(f'[role=gridcell][data-position="{position}"]')


def total(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="How to look at it").get_by_role("status")


def picked(page: Page) -> Locator:
    return page.get_by_role("region", name="Picked samples")


def test_filters_objects_and_says_what_is_left(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    expect(total(page)).to_have_text("421 objects")
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("checkbox", name=re.compile("^truck, ")).check()
    expect(total(page)).to_have_text(re.compile(r"^\d+ of 421 objects$"))
    trucks = int((total(page).text_content() or "").split()[0])
    assert filters.get_by_role("checkbox", name=f"truck, {trucks}").is_checked()
    expect(tile(page, 0)).to_have_attribute("aria-label", re.compile("^truck [01]"))

    field = filters.get_by_role("textbox", name="Score at least")
    field.fill("0.9")
    field.press("Enter")
    chips = page.get_by_role("group", name="Active filters")
    expect(chips).to_contain_text("score at least 0.9")
    expect(total(page)).not_to_have_text(f"{trucks} of 421 objects")

    page.reload()
    expect(chips).to_contain_text("category truck")
    page.go_back()
    expect(chips).not_to_contain_text("score")
    expect(total(page)).to_have_text(f"{trucks} of 421 objects")
    chips.get_by_role("button", name="Remove category truck").click()
    expect(total(page)).to_have_text("421 objects")
    expect(chips).to_have_count(0)


def test_moves_a_range_with_its_handles(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    handle = page.get_by_role("slider", name="Lowest score")
    handle.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="Active filters")).to_contain_text("score at least 0.5")
    expect(page.get_by_role("textbox", name="Score at least")).to_have_value("0.5")
    page.get_by_role("button", name="Any score").click()
    expect(total(page)).to_have_text("421 objects")


def test_finds_by_file_name_and_sorts(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    page.keyboard.press("/")
    page.keyboard.type("frame_0006")
    expect(total(page)).to_have_text(re.compile(r"^\d of 421 objects$"))
    page.get_by_role("button", name="Any file name").click()
    expect(total(page)).to_have_text("421 objects")

    page.get_by_role("button", name=re.compile("^Sort: ")).click()
    page.get_by_role("menuitem", name="Score").click()
    expect(page.get_by_role("button", name="Sort: Score, highest first")).to_be_visible()
    expect(tile(page, 0)).to_have_attribute("aria-label", re.compile(" (1.00|0.99), "))
    page.get_by_role("button", name="Reverse the order").click()
    expect(tile(page, 0)).to_have_attribute("aria-label", re.compile(" 0.[12]"))


def test_is_walked_through_and_picked_from_with_keys(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    expect(tile(page, 1)).to_be_focused()
    page.keyboard.press("Space")
    expect(tile(page, 1)).to_have_attribute("aria-selected", "true")
    expect(picked(page)).to_contain_text("1 of 421")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(picked(page)).to_contain_text("4 of 421")
    page.keyboard.press("Shift+ArrowLeft")
    expect(picked(page)).to_contain_text("3 of 421")

    page.keyboard.press("End")
    expect(tile(page, 420)).to_be_focused()
    page.keyboard.press("Home")
    expect(tile(page, 0)).to_be_focused()
    page.keyboard.press("Shift+End")
    expect(picked(page)).to_contain_text("421 of 421")

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(picked(page)).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(picked(page)).to_contain_text("421 of 421")
    page.keyboard.press("Escape")
    expect(picked(page)).to_have_count(0)


def test_is_picked_from_with_the_mouse(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    tile(page, 2).hover()
    tile(page, 2).get_by_role("checkbox").click()
    expect(picked(page)).to_contain_text("1 of 421")
    tile(page, 7).click(modifiers=["Shift"])
    expect(picked(page)).to_contain_text("6 of 421")
    tile(page, 4).click(modifiers=["Control"])
    expect(picked(page)).to_contain_text("5 of 421")
    expect(tile(page, 4)).to_have_attribute("aria-selected", "false")
    page.reload()
    expect(picked(page)).to_contain_text("5 of 421")


def test_opens_an_object_and_goes_on_from_it(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    tile(page, 3).click()
    expect(page).to_have_url(re.compile(r"focus=[0-9a-f]{24}"))
    opened = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(opened)
    expect(page).to_have_url(re.compile(r"focus=[0-9a-f]{24}"))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("focus="))


def test_shows_what_is_around_objects_and_larger_tiles(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo, "vehicles-crops")
    narrow = tile(page, 0).bounding_box()
    page.keyboard.press("b")
    expect(tile(page, 0).locator("img")).to_have_attribute("src", re.compile(r"/context\?"))
    expect(tile(page, 0).locator("svg rect")).to_have_count(2)
    page.keyboard.press("]")
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile("tile=200.*context=true|context=true.*tile=200"))
    wide = tile(page, 0).bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > narrow["width"] * 1.2
    page.get_by_role("switch", name="Surroundings").click()
    expect(tile(page, 0).locator("svg rect")).to_have_count(0)


def test_offers_to_clear_a_filter_that_leaves_nothing_or_cannot_be_used(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    address = f"/d/{dataset_id(demo, 'vehicles-crops')}/objects"
    page = looking.open(address + '?q={"min_score":1.5}')
    expect(page.get_by_text("Nothing passes this filter")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    expect(total(page)).to_have_text("421 objects")

    looking.allow("404")
    page = looking.open(address + '?q={"tags":{"any_of":["long gone"]}}')
    expect(page.get_by_role("alert")).to_contain_text("long gone")
    page.get_by_role("button", name="Clear filter and order").click()
    expect(tile(page, 0)).to_be_visible()


def test_leads_from_a_dataset_of_images_to_its_objects(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}/objects")
    page.get_by_role("link", name="vehicles-crops").click()
    expect(tile(page, 0)).to_be_visible()


def test_lists_many_categories_a_few_at_a_time(look: OpenBrowser, coco: Deployment) -> None:
    page = open_objects(look(coco), coco, "photos-crops")
    filters = page.get_by_role("complementary", name="Filters")
    categories = filters.get_by_role("checkbox")
    few = categories.count()
    filters.get_by_role("button", name=re.compile("^Show all")).click()
    assert categories.count() > few + 20
    filters.get_by_role("textbox", name="Find among categories").fill("zeb")
    expect(categories).to_have_count(1)
    filters.get_by_role("checkbox", name=re.compile("^zebra, ")).check()
    expect(page.get_by_role("group", name="Active filters")).to_contain_text("category zebra")
    expect(tile(page, 0)).to_have_attribute("aria-label", re.compile("^zebra"))
