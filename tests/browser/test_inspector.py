"""One sample in view: beside the grid, and on a page of its own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment

from swath.wire.browsing import SampleDocument

CROPS = "vehicles-crops"


def crop_at(deployment: Deployment, index: int) -> SampleDocument:
    return list(deployment.client.datasets.get(CROPS).iter_samples())[index]


def inspector(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Inspector of one object")


def drawn_box(box: Locator) -> tuple[float, float, float, float]:
    place = [float(box.get_attribute(name) or "nan") for name in ("x", "y", "width", "height")]
    return place[0], place[1], place[0] + place[2], place[1] + place[3]


def test_shows_a_crop_with_its_box_where_it_lies_in_the_image(look: OpenBrowser, demo: Deployment) -> None:
    sample = crop_at(demo, 3)
    assert sample.crop is not None
    page = look(demo).open(f"/d/{sample.dataset_id}/objects?focus={sample.id}")
    shown = inspector(page)
    expect(shown.get_by_text("294.6, 291.7")).to_be_visible()
    image = shown.get_by_role("img", name=f"Image {sample.crop.parent_file_name}")
    box = shown.get_by_label(f"{sample.crop.category} {sample.crop.score:.2f}").first
    assert drawn_box(box) == pytest.approx(sample.crop.box, abs=0.01)

    # And on the screen, where the image is smaller than it is.
    around, inner = image.bounding_box(), box.bounding_box()
    assert around is not None
    assert inner is not None
    scale = around["width"] / sample.crop.parent_width
    assert inner["x"] - around["x"] == pytest.approx(sample.crop.box[0] * scale, abs=1.5)
    assert inner["y"] - around["y"] == pytest.approx(sample.crop.box[1] * scale, abs=1.5)
    assert inner["height"] == pytest.approx((sample.crop.box[3] - sample.crop.box[1]) * scale, abs=1.5)


def test_goes_on_along_the_row_and_to_what_is_similar(look: OpenBrowser, demo: Deployment) -> None:
    first, second = crop_at(demo, 0), crop_at(demo, 1)
    page = look(demo).open(f"/d/{first.dataset_id}/objects")
    page.locator('[role=gridcell][data-position="0"]').dblclick()
    shown = inspector(page)
    expect(shown.get_by_text("1 of 421", exact=True)).to_be_visible()
    expect(shown.get_by_role("button", name="Sample before")).to_be_disabled()
    shown.get_by_role("button", name="Sample after").click()
    expect(shown.get_by_text("2 of 421", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(f"focus=[%22]*{second.id}"))

    expect(shown.get_by_text(second.id)).to_be_visible()
    expect(shown.locator("[aria-busy=true]")).to_have_count(0)
    similar = shown.get_by_role("region", name="Similar").get_by_role("button")
    expect(similar).to_have_count(12)
    distances = [
        float((label or "").rsplit(" ", 1)[1]) for label in (one.get_attribute("aria-label") for one in similar.all())
    ]
    assert distances == sorted(distances)
    similar.first.click()
    expect(page).not_to_have_url(re.compile(f"focus=[%22]*{second.id}"))
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    expect(page).not_to_have_url(re.compile("focus="))


def test_a_click_on_another_box_leads_to_its_crop(look: OpenBrowser, demo: Deployment) -> None:
    by_parent: dict[str, list[SampleDocument]] = {}
    for sample in demo.client.datasets.get(CROPS).iter_samples():
        assert sample.crop is not None
        by_parent.setdefault(sample.crop.parent_sample_id, []).append(sample)
    first, second = next(siblings for siblings in by_parent.values() if len(siblings) > 1)[:2]
    assert second.crop is not None
    page = look(demo).open(f"/d/{first.dataset_id}/objects?focus={first.id}")
    box = inspector(page).get_by_role("button", name=f"{second.crop.category} {second.crop.score:.2f}")
    box.first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"focus=[%22]*{second.id}"))


def test_gives_and_takes_tags_of_one_object(look: OpenBrowser, demo: Deployment) -> None:
    sample = crop_at(demo, 5)
    page = look(demo).open(f"/d/{sample.dataset_id}/objects?focus={sample.id}")
    shown = inspector(page)
    shown.get_by_role("button", name="Add a tag").click()
    page.get_by_role("textbox", name="Tag, there or new").fill("from the inspector")
    page.keyboard.press("Enter")
    tags = shown.get_by_role("region", name="Tags")
    expect(tags).to_contain_text("from the inspector")
    tags.get_by_role("button", name="Take out of from the inspector").click()
    expect(tags).not_to_contain_text("from the inspector")


def test_a_sample_has_a_page_to_look_at_closely(look: OpenBrowser, demo: Deployment) -> None:
    sample = crop_at(demo, 3)
    assert sample.crop is not None
    page = look(demo).open(f"/d/{sample.dataset_id}/samples/{sample.id}")
    name = f"{sample.crop.category} {sample.crop.score:.2f}"
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    current = page.locator(f'[data-box="{sample.crop.task}/{sample.crop.position}"]').get_by_role("button")
    before = current.bounding_box()
    page.keyboard.press("+")
    page.wait_for_function(
        "([width, selector]) => document.querySelector(selector).getBoundingClientRect().width > width * 1.2",
        arg=[(before or {"width": 0})["width"], f'[data-box="{sample.crop.task}/{sample.crop.position}"]'],
    )
    page.keyboard.press("0")
    page.wait_for_function(
        "([width, selector]) => document.querySelector(selector).getBoundingClientRect().width < width * 1.1",
        arg=[(before or {"width": 0})["width"], f'[data-box="{sample.crop.task}/{sample.crop.position}"]'],
    )
    objects = page.get_by_role("region", name="Objects of the image").get_by_role("listitem")
    objects.first.get_by_role("button").first.click()
    expect(objects.first.get_by_role("button").first).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("object="))
    page.get_by_role("link", name=sample.crop.parent_file_name).click()
    expect(page).to_have_url(re.compile(f"{dataset_id(demo, 'vehicles')}/samples/{sample.crop.parent_sample_id}"))
    expect(page.get_by_role("region", name="Objects")).to_be_visible()
