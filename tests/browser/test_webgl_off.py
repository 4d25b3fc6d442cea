"""The embedding view in a browser that cannot draw with WebGL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserType, expect
from tests.support.browser import CHROMIUM_FLAGS, Looking, dataset_id, log_in
from tests.support.deployment import Deployment
from tests.support.web_build import chromium


@pytest.fixture
def looking_without_webgl(browser: Browser, demo: Deployment) -> Iterator[Looking]:
    kind: BrowserType = browser.browser_type
    flags = [*CHROMIUM_FLAGS, "--disable-3d-apis"]
    without = kind.launch(executable_path=chromium(), args=flags)
    context = without.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    log_in(context, demo, demo.url)
    looking = Looking(context.new_page(), demo.url)
    yield looking
    unexpected = looking.unexpected
    without.close()
    assert not unexpected, "\n".join(unexpected)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shows_a_picture_of_the_map_and_says_why(looking_without_webgl: Looking, demo: Deployment, scheme: str) -> None:
    looking = looking_without_webgl
    looking.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page = looking.open(f"/d/{dataset_id(demo, 'vehicles-crops')}/embedding")
    expect(page.get_by_role("alert")).to_contain_text("does not offer WebGL 2")
    picture = page.get_by_role("img", name="map of 421 points")
    expect(picture).to_be_visible()
    looking.settle()
    assert picture.evaluate("image => image.naturalWidth") == 1200
    assert f"scheme={scheme}" in (picture.get_attribute("src") or "")
    page.get_by_role("complementary", name="Beside the map").get_by_role("gridcell").first.click()
    expect(page.locator("canvas")).to_have_count(0)
