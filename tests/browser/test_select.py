"""Choosing again among samples."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, ask, dataset_id
from tests.support.deployment import Deployment

SELECTION_TAKES_MS = 60_000


def test_shows_what_it_would_choose_and_then_makes_a_tag_of_it(look: OpenBrowser, demo: Deployment) -> None:
    page = open_select(look, demo)
    choose_count(page, 40)
    expect(page.get_by_text("40 of 421 objects")).to_be_visible()
    page.get_by_role("textbox", name="New tag").fill("forty")
    outcome = try_out(page)
    expect(outcome.get_by_text("40 objects would be chosen")).to_be_visible()
    expect(outcome.get_by_role("img", name=re.compile(r"\.jpg$"))).to_have_count(36)
    expect(outcome.get_by_role("row", name=re.compile("^car"))).to_be_visible()
    assert "forty" not in tag_sizes(demo)
    page.get_by_role("textbox", name="Count", exact=True).fill("25")
    expect(outcome.get_by_text("The values have changed since this dry run")).to_be_visible()
    expect(outcome.get_by_role("button", name="Save as tag")).to_be_disabled()

    page.get_by_role("button", name="Select and tag").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=SELECTION_TAKES_MS)
    page.get_by_role("tab", name="Result").click()
    expect(page.get_by_role("region", name="Quality")).to_contain_text("Cover radius")
    page.get_by_role("tab", name="Outputs").click()
    expect(page.get_by_text("forty · 25 of vehicles-crops")).to_be_visible()
    page.get_by_role("link", name="Look at them").click()
    expect(page).to_have_url(re.compile(r"/objects\?q="))
    assert tag_sizes(demo)["forty"] == 25
    demo.client.datasets.get("vehicles-crops").delete_tag("forty")


def test_combines_strategies_and_keeps_what_the_dry_run_chose_without_choosing_again(
    look: OpenBrowser, demo: Deployment
) -> None:
    page = open_select(look, demo)
    choose_count(page, 30)
    page.get_by_role("button", name="Represent the bulk").click()
    add(page, "Balance")
    add(page, "Threshold")
    expect(card(page, "Threshold")).to_be_focused()
    choose(page, card(page, "Threshold").get_by_role("combobox", name="Number"), "Width in px")
    card(page, "Threshold").get_by_role("textbox", name="Limit").fill("40")
    card(page, "Balance").get_by_role("textbox", name="Strength of Balance as a number").fill("2")
    expect(card(page, "Balance").get_by_text("more", exact=True)).to_be_visible()
    page.get_by_role("button", name="Limits per image and category").click()
    page.get_by_role("textbox", name="Most objects of one image").fill("2")
    outcome = try_out(page)
    expect(outcome.get_by_text("30 objects would be chosen")).to_be_visible()
    expect(outcome.get_by_role("region", name="Quality")).to_contain_text("Beside a random selection of this size")
    expect(outcome.get_by_role("table", name="Shares wanted and reached")).to_be_visible()

    runs = len(demo.client.runs.list("vehicles-crops"))
    outcome.get_by_role("textbox", name="Name of the tag").fill("combined")
    outcome.get_by_role("button", name="Save as tag").click()
    expect(outcome.get_by_role("status")).to_have_text("30 objects saved as combined")
    assert len(demo.client.runs.list("vehicles-crops")) == runs
    tried = demo.client.runs.list("vehicles-crops")[0]
    result = ask(demo, "GET", f"/runs/{tried.id}/result")
    crops = demo.client.datasets.get("vehicles-crops")
    assert sample_ids(demo, {"tags": {"any_of": ["combined"]}}) == sample_ids(
        demo, {"selection_id": result["selection_id"]}
    )
    strategies = tried.document.config["selection"]["strategies"]
    assert [strategy["type"] for strategy in strategies] == ["representative", "balance", "threshold"]
    assert strategies[1]["strength"] == 2
    assert tried.document.config["selection"]["max_per_image"] == 2

    outcome.get_by_role("button", name="Change settings").click()
    expect(page.get_by_role("group", name="Settings")).to_be_focused()
    crops.delete_tag("combined")


def test_a_preset_fills_the_list_which_stays_editable(look: OpenBrowser, demo: Deployment) -> None:
    page = open_select(look, demo)
    rare = page.get_by_role("button", name="Find rare kinds")
    expect(rare).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Balance categories").click()
    expect(page.get_by_role("listitem", name="Balance")).to_be_visible()
    expect(page.get_by_role("listitem", name="Diversity")).to_be_visible()
    expect(rare).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Remove Balance").click()
    expect(card(page, "Diversity")).to_be_focused()
    expect(rare).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Remove Diversity")).to_have_count(0)
    page.get_by_role("button", name="More options of Diversity").click()
    distance = page.get_by_role("textbox", name="Minimum distance")
    distance.press_sequentially("0.05")
    expect(distance).to_have_value("0.05")
    expect(rare).to_have_attribute("aria-pressed", "false")
    expect(page.locator("pre")).to_contain_text('"minimum_distance": 0.05')


def test_reaches_the_shares_of_a_balance_and_says_which_it_cannot(look: OpenBrowser, demo: Deployment) -> None:
    page = open_select(look, demo)
    choose_count(page, 100)
    page.get_by_role("button", name="Balance categories").click()
    page.get_by_role("radiogroup", name="Shares").get_by_text("My own").click()
    shares = page.get_by_role("group", name="Share of each category")
    drops = shares.get_by_role("button", name=re.compile("^No share for"))
    for _ in range(drops.count() - 2):
        drops.last.click()
    expect(drops).to_have_count(2)
    for field in shares.get_by_role("textbox").all():
        field.fill("80")
    expect(page.get_by_text("Together 160 %: each gets its part of that, as shown.")).to_be_visible()
    expect(shares.get_by_text("= 50.0 %")).to_have_count(2)
    outcome = try_out(page)
    reached = outcome.get_by_role("table", name="Shares wanted and reached")
    expect(reached.get_by_role("row", name=re.compile(r"50\.0 % "))).to_have_count(2)


def test_says_at_the_card_that_is_meant_what_is_wrong(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    looking.allow("422")
    page = looking.open(f"/d/{dataset_id(demo, 'vehicles-crops')}/select")
    add(page, "Weights")
    weights = card(page, "Weights")
    choose(page, weights.get_by_role("combobox", name="Number"), "Width in px")
    weights.get_by_role("button", name="More options of Weights").click()
    weights.get_by_role("textbox", name="Maximum sum").fill("5")
    weights.get_by_role("textbox", name="Sum at least").fill("10")
    page.get_by_role("button", name="Dry run").click()
    field = weights.get_by_role("textbox", name="Maximum sum")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(weights.get_by_text(re.compile(r"^expected at least .* 10, got `5"))).to_be_visible()
    # Places have changed: nothing is said at a card that it is not about.
    page.get_by_role("button", name="Remove Diversity").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(0)


def test_a_clone_has_all_strategies_and_limits(look: OpenBrowser, demo: Deployment) -> None:
    crops = demo.client.datasets.get("vehicles-crops")
    strategies = [
        {"type": "threshold", "input": {"type": "metadata", "key": "lightly.width"}, **below(30.5)},
        {"type": "balance", "distribution": "target", "target": {"truck": 0.6, "car": 0.1}, "strength": 2},
        {"type": "similarity", "query": {"dataset": "vehicles-crops", "tag": "initial-tag"}},
    ]
    run = demo.client.runs.select(
        crops.id,
        selection={"n_samples": 9, "strategies": strategies, "quotas": {"truck": {"at_most": 5}}},
        runs_on=["nobody-has-this"],
    )
    page = look(demo).open(f"/d/{crops.id}/select?clone={run.id}")
    expect(page.get_by_role("list", name="Strategies").get_by_role("listitem")).to_have_count(3)
    expect(card(page, "Threshold").get_by_role("textbox", name="Limit")).to_have_value("30.5")
    expect(card(page, "Threshold").get_by_role("combobox", name="Keep what is")).to_have_value("less than")
    expect(page.get_by_role("textbox", name="Share of truck in percent")).to_have_value("60 %")
    expect(card(page, "Similarity").get_by_role("combobox", name="With tag")).to_have_value("All of them · 421")
    expect(page.get_by_role("textbox", name="At most, of truck")).to_have_value("5")
    run.cancel()


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


def open_select(look: OpenBrowser, demo: Deployment) -> Page:
    page = look(demo).open(f"/d/{dataset_id(demo, 'vehicles-crops')}/select")
    expect(page.get_by_role("button", name="Balance categories")).to_be_visible()
    return page


def choose_count(page: Page, number: int) -> None:
    page.get_by_role("radiogroup", name="Unit of the amount").get_by_text("Count").click()
    page.get_by_role("textbox", name="Count", exact=True).fill(str(number))


def add(page: Page, strategy: str) -> None:
    page.get_by_role("button", name="Add a strategy").click()
    page.get_by_role("menuitem", name=re.compile(f"^{strategy}")).click()


def card(page: Page, strategy: str) -> Locator:
    return page.get_by_role("listitem", name=strategy)


def choose(page: Page, box: Locator, option: str) -> None:
    box.click()
    page.get_by_role("option", name=option).click()


def try_out(page: Page) -> Locator:
    """What a dry run would choose, once it is there."""
    page.get_by_role("button", name="Dry run").click()
    outcome = page.get_by_role("region", name="What would be chosen")
    expect(outcome.get_by_role("button", name="Change settings")).to_be_visible(timeout=SELECTION_TAKES_MS)
    return outcome


def below(limit: float) -> dict[str, object]:
    return {"operation": "smaller", "threshold": limit}


def tag_sizes(demo: Deployment) -> dict[str, int]:
    return {tag.name: tag.size for tag in demo.client.datasets.get("vehicles-crops").tags}


def sample_ids(demo: Deployment, sample_filter: dict[str, object]) -> set[str]:
    return {sample.id for sample in demo.client.datasets.get("vehicles-crops").iter_samples(sample_filter)}
