"""Choosing again among samples."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment


def test_shows_what_it_would_choose_and_then_makes_a_tag_of_it(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles-crops')}/select")
    page.get_by_role("radiogroup", name="Unit of the amount").get_by_text("Count").click()
    page.get_by_role("textbox", name="Count", exact=True).fill("40")
    expect(page.get_by_text("40 of 421 objects")).to_be_visible()
    page.get_by_role("textbox", name="New tag").fill("forty")
    page.get_by_role("button", name="Dry run").click()
    outcome = page.get_by_role("region", name="What would be chosen")
    expect(outcome.get_by_text("40 objects would be chosen")).to_be_visible(timeout=60_000)
    expect(outcome.get_by_role("img", name=re.compile(r"\.jpg$"))).to_have_count(36)
    expect(outcome.get_by_role("row", name=re.compile("^car"))).to_be_visible()
    assert "forty" not in [tag.name for tag in demo.client.datasets.get("vehicles-crops").tags]
    page.get_by_role("textbox", name="Count", exact=True).fill("25")
    expect(outcome.get_by_text("The values have changed since this dry run")).to_be_visible()

    page.get_by_role("button", name="Select and tag").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Outputs").click()
    expect(page.get_by_text("forty · 25 of vehicles-crops")).to_be_visible()
    page.get_by_role("link", name="Look at them").click()
    expect(page).to_have_url(re.compile(r"/objects\?q="))
    sizes = {tag.name: tag.size for tag in demo.client.datasets.get("vehicles-crops").tags}
    assert sizes["forty"] == 25
    demo.client.datasets.get("vehicles-crops").delete_tag("forty")


def test_chooses_among_the_samples_of_the_tag_in_the_address(look: OpenBrowser, demo: Deployment) -> None:
    crops = demo.client.datasets.get("vehicles-crops")
    crops.tag("some", filter={"categories": ["truck"]})
    try:
        page = look(demo).open(f"/d/{crops.id}/select?tag=some")
        expect(page.get_by_role("combobox", name="Samples")).to_have_value("some · 83")
        expect(page.locator("pre")).to_contain_text('input_tag="some"')
        expect(page.get_by_text("8 of 83 objects")).to_be_visible()
    finally:
        crops.delete_tag("some")
