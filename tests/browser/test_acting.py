"""From seeing to acting: what can be done with objects that are picked."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from playwright.sync_api import Locator, Page, expect
from tests.support.browser import Looking, OpenBrowser, dataset_id
from tests.support.deployment import Deployment

CROPS = "vehicles-crops"


def open_objects(looking: Looking, deployment: Deployment, search: str = "") -> Page:
    page = looking.open(f"/d/{dataset_id(deployment, CROPS)}/objects{search}")
    tile(page, 0).locator("img").wait_for()
    return page


def tile(page: Page, position: int) -> Locator:
    return page.locator(f'[role=gridcell][data-position="{position}"]')


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Picked samples")


def pick(page: Page, *positions: int) -> None:
    for position in positions:
        tile(page, position).get_by_role("checkbox").click()
    expect(bar(page)).to_contain_text(f"{len(positions)} of 421 objects")


def tag_picked(page: Page, name: str) -> None:
    page.keyboard.press("t")
    field = page.get_by_role("dialog").get_by_role("textbox", name="Tag, there or new")
    expect(field).to_be_focused()
    field.fill(name)
    expect(page.get_by_role("option", name=re.compile(re.escape(name)))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def sizes(deployment: Deployment) -> dict[str, int]:
    return {tag.name: tag.size for tag in deployment.client.datasets.get(CROPS).tags}


def do_more(page: Page, what: str) -> None:
    bar(page).get_by_role("button", name="More to do with what is picked").click()
    page.get_by_role("menuitem", name=what).click()


def test_tags_what_is_picked_and_takes_it_back_after_a_reload(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo)
    pick(page, 0, 1, 4)
    expect(bar(page)).to_contain_text(re.compile(r"3 of 421 objects in [123] images?"))
    tag_picked(page, "to check")
    expect(page.get_by_text("3 objects tagged to check")).to_be_visible()
    assert sizes(demo)["to check"] == 3

    page.reload()
    expect(bar(page)).to_contain_text("3 of 421 objects")
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Undone: Added 3 samples to “to check”")).to_be_visible()
    assert "to check" not in sizes(demo)
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_text("Done again: Added 3 samples to “to check”")).to_be_visible()
    assert sizes(demo)["to check"] == 3


def test_takes_objects_out_of_a_tag_and_the_message_brings_them_back(look: OpenBrowser, demo: Deployment) -> None:
    demo.client.datasets.get(CROPS).tag("first five", indices=range(5))
    page = open_objects(look(demo), demo)
    pick(page, 0, 1)
    bar(page).get_by_role("button", name="Untag").click()
    dialog = page.get_by_role("dialog", name="Take 2 objects out of a tag")
    dialog.get_by_role("option", name=re.compile("first five.*all in it")).click()
    expect(page.get_by_text("2 objects taken out of first five")).to_be_visible()
    assert sizes(demo)["first five"] == 3
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 objects taken out of first five")).to_have_count(0)
    page.wait_for_function("!document.querySelector('[role=alert]')")
    demo_tag = page.get_by_role("complementary", name="Filters").get_by_text("first five")
    expect(demo_tag).to_be_visible()
    assert sizes(demo)["first five"] == 5


def test_a_digit_puts_what_is_picked_into_its_tag(look: OpenBrowser, demo: Deployment) -> None:
    demo.client.datasets.get(CROPS).tag("quick", indices=[7])
    page = open_objects(look(demo), demo)
    pick(page, 0, 1)
    page.keyboard.press("3")
    expect(page.get_by_text("No tag has the key 3 yet")).to_be_visible()
    page.keyboard.press("t")
    page.get_by_role("textbox", name="Tag, there or new").fill("quick")
    page.keyboard.press("Alt+Digit3")
    expect(page.get_by_role("option", name="quick").get_by_text("3", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("3")
    expect(page.get_by_text("2 objects tagged quick")).to_be_visible()
    assert sizes(demo)["quick"] == 3


def run_shown_code(page: Page, deployment: Deployment) -> list[str]:
    """Run the code that the dialog shows as a script of its own; the ids of the samples it found."""
    code = page.get_by_role("dialog", name="The same in Python").locator("pre").text_content() or ""
    environment = os.environ | {"SWATH_SERVER": deployment.url, "SWATH_TOKEN": deployment.token}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return [line.split()[1] for line in done.stdout.splitlines()]


def test_what_is_picked_as_python_finds_the_same(look: OpenBrowser, demo: Deployment) -> None:
    samples = list(demo.client.datasets.get(CROPS).iter_samples())
    page = open_objects(look(demo), demo)
    pick(page, 2, 0, 9)
    do_more(page, "Copy as Python")
    assert run_shown_code(page, demo) == [samples[index].id for index in (0, 2, 9)]


def test_a_filter_as_python_asks_with_the_filter(look: OpenBrowser, demo: Deployment) -> None:
    rule = {"categories": ["truck"], "min_score": 0.5}
    found = demo.client.datasets.get(CROPS).iter_samples(rule, sort={"key": "score", "descending": True})
    page = open_objects(
        look(demo),
        demo,
        '?q={"categories":["truck"],"min_score":0.5}&sort={"key":"score","descending":true}',
    )
    page.keyboard.press("Control+a")
    do_more(page, "Copy as Python")
    expect(page.get_by_role("dialog")).to_contain_text('"categories": ["truck"]')
    assert run_shown_code(page, demo) == [sample.id for sample in found]


def test_a_copied_link_picks_the_same_in_another_browser(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo, permissions=["clipboard-read", "clipboard-write"]), demo)
    pick(page, 1, 3)
    do_more(page, "Copy link")
    expect(page.get_by_text("Link copied")).to_be_visible()
    link: str = page.evaluate("navigator.clipboard.readText()")

    other = look(demo).open(link.removeprefix(demo.url))
    expect(bar(other)).to_contain_text("2 of 421 objects")
    expect(tile(other, 3).get_by_role("checkbox")).to_be_checked()
    expect(tile(other, 0).get_by_role("checkbox")).not_to_be_checked()
    expect(other).not_to_have_url(re.compile("sel="))


def test_shows_what_is_similar_to_the_one_that_is_picked(look: OpenBrowser, demo: Deployment) -> None:
    reference = next(demo.client.datasets.get(CROPS).iter_samples())
    page = open_objects(look(demo), demo)
    pick(page, 0)
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(f"reference_sample_id.*{reference.id}"))
    expect(tile(page, 0).get_by_role("checkbox")).to_be_checked()


def test_picks_all_others_and_hands_them_on(look: OpenBrowser, demo: Deployment) -> None:
    page = open_objects(look(demo), demo)
    pick(page, 0, 1)
    do_more(page, "Pick all others instead")
    expect(bar(page)).to_contain_text("419 of 421 objects")
    bar(page).get_by_role("button", name="Export").click()
    expect(page).to_have_url(re.compile("/exports.sel=[%22]*[0-9a-f]{24}"))
    bar(page).get_by_role("button", name="Start a selection").click()
    expect(page).to_have_url(re.compile("/select.sel=[%22]*[0-9a-f]{24}"))
    bar(page).get_by_role("button", name="Clear").click()
    expect(bar(page)).to_have_count(0)
