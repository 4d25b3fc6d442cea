"""Datasets as cards, and what the overview of one says."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, ask, dataset_id
from tests.support.deployment import Deployment


def card_of(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def asked_filter(page: Page) -> dict[str, object]:
    (text,) = parse_qs(urlsplit(page.url).query)["q"]
    found: dict[str, object] = json.loads(text)
    return found


def test_a_card_shows_images_and_their_crops_as_one_with_pictures(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    page = looking.open("/")
    card = card_of(page, "vehicles")
    expect(card).to_contain_text("vehicles-crops")
    expect(card).to_contain_text("421 objects")
    expect(card).to_contain_text("3 categories")
    expect(card).to_contain_text("Done")
    expect(card_of(page, "vehicles-crops")).to_have_count(0)
    pictures = card.locator("img")
    expect(pictures).to_have_count(8)
    looking.settle()
    widths = pictures.evaluate_all("pictures => pictures.map(picture => picture.naturalWidth)")
    assert min(widths) > 0
    card.get_by_role("link", name=re.compile("^vehicles-crops")).click()
    expect(page.get_by_role("heading", name="vehicles-crops", level=1)).to_be_visible()


def test_cards_are_found_by_name_and_renamed(look: OpenBrowser, demo: Deployment) -> None:
    demo.client.datasets.create("harbour")
    looking = look(demo)
    looking.allow("409|Conflict")
    page = looking.open("/")
    expect(card_of(page, "vehicles")).to_be_visible()
    page.get_by_label("Find a dataset by name").fill("HARB")
    expect(card_of(page, "vehicles")).to_have_count(0)
    card = card_of(page, "harbour")
    expect(card).to_contain_text("No run yet")
    page.get_by_label("Find a dataset by name").fill("nothing like it")
    page.get_by_role("button", name="Show all").click()

    card.get_by_role("button", name="Actions for harbour").click()
    page.get_by_role("menuitem", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename harbour")
    dialog.get_by_label("New name").fill("vehicles")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_contain_text("there is a dataset `vehicles` already")
    dialog.get_by_label("New name").fill("port")
    dialog.get_by_role("button", name="Rename").click()
    expect(card_of(page, "port")).to_be_visible()
    looking.settle()  # what is asked for just when it goes is not found
    demo.client.datasets.delete("port")
    expect(card_of(page, "port")).to_have_count(0)


def test_deleting_says_what_goes_and_wants_the_name(look: OpenBrowser, demo: Deployment) -> None:
    demo.client.datasets.create("doomed")
    page = look(demo).open("/")
    page.get_by_role("button", name="Actions for vehicles").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete vehicles")
    expect(dialog).to_contain_text("vehicles-crops: 421 objects and their crop files")
    dialog.get_by_label("Type its name").fill("vehicles")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    dialog.get_by_role("button", name="Keep it").click()

    page.get_by_role("button", name="Actions for doomed").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete doomed")
    dialog.get_by_label("Type its name").fill("doomed")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(card_of(page, "doomed")).to_have_count(0)
    assert {dataset.name for dataset in demo.client.datasets.list()} >= {"vehicles", "vehicles-crops"}


def test_a_dataset_is_shared_and_taken_back(look: OpenBrowser, demo: Deployment) -> None:
    ask(demo, "POST", "/users", {"name": "grace"})
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}")
    page.get_by_role("button", name="Actions for vehicles").click()
    page.get_by_role("menuitem", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share vehicles")
    dialog.get_by_label("Share with").fill("nobody at all")
    expect(dialog).to_contain_text("Nobody else sees it")
    dialog.get_by_label("Share with").fill("grace")
    dialog.get_by_role("button", name="Share", exact=True).click()
    taken_back = dialog.get_by_role("button", name="Stop sharing with grace")
    taken_back.click()
    expect(dialog).to_contain_text("Nobody else sees it")


def test_the_overview_says_what_the_server_counts(look: OpenBrowser, demo: Deployment) -> None:
    crops = ask(demo, "GET", "/datasets/vehicles-crops")
    page = look(demo).open(f"/d/{crops['id']}")
    main = page.get_by_role("main")
    categories = page.get_by_role("region", name="Categories")
    for category in crops["categories"]:
        row = categories.get_by_role("button").filter(has_text=category["name"])
        expect(row).to_contain_text(f"{category['count']:,}")
    expect(main.locator("dl").first).to_contain_text(f"Objects{crops['sample_count']:,}")
    expect(page.get_by_role("region", name="Problems in the input")).to_contain_text("None.")
    expect(page.get_by_role("region", name="Latest runs")).to_contain_text("selected 421 objects")
    expect(page.get_by_role("region", name="Maps")).to_contain_text("PCA")
    expect(page.get_by_role("region", name="Where it comes from")).to_contain_text(crops["input_uri"])
    for histogram in ("Shorter side", "Width divided by height", "Share of the image", "Score"):
        expect(page.get_by_role("img", name=f"{histogram}: 421 values")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Objects per image: "))).to_be_visible()


def test_a_category_and_a_bin_lead_to_their_objects(look: OpenBrowser, demo: Deployment) -> None:
    crops = dataset_id(demo, "vehicles-crops")
    page = look(demo).open(f"/d/{crops}")
    page.get_by_role("region", name="Categories").get_by_role("button").filter(has_text="truck").click()
    expect(page).to_have_url(re.compile(f"/d/{crops}/objects"))
    assert asked_filter(page) == {"categories": [{"category_id": 1, "task": "vehicles_object_detections"}]}
    trucks = ask(demo, "POST", f"/datasets/{crops}/samples:query", {"filter": asked_filter(page)})
    assert trucks["total"] == 83

    page.go_back()
    shorter_side = page.get_by_role("img", name=re.compile("^Shorter side"))
    bin_title = shorter_side.locator("[title^='64 px']").get_attribute("title")
    assert bin_title is not None
    shorter_side.locator("[title^='64 px']").click()
    expect(page).to_have_url(re.compile(f"/d/{crops}/objects"))
    assert asked_filter(page) == {"min_shorter_side": 64, "max_shorter_side": 127}
    found = ask(demo, "POST", f"/datasets/{crops}/samples:query", {"filter": asked_filter(page)})
    assert bin_title.endswith(f": {found['total']:,}")


def test_from_images_to_their_objects_and_back(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles')}")
    switch = page.get_by_role("navigation", name="Images and objects")
    switch.get_by_role("link", name="Objects").click()
    expect(page.get_by_role("heading", name="vehicles-crops", level=1)).to_be_visible()
    switch.get_by_role("link", name="Images").click()
    expect(page.get_by_role("heading", name="vehicles", exact=True, level=1)).to_be_visible()


def test_an_empty_dataset_leads_to_its_first_run(look: OpenBrowser, demo: Deployment) -> None:
    demo.client.datasets.create("fresh", datasource=demo.folder / "scenes")
    page = look(demo).open(f"/d/{dataset_id(demo, 'fresh')}")
    page.get_by_role("region", name="Next").get_by_role("link", name=re.compile("Start the first run")).click()
    expect(page).to_have_url(re.compile("/run$"))
    demo.client.datasets.delete("fresh")
