"""The app by plain http from another machine's name, where browsers withhold what they keep for secure contexts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, StartDeployment, dataset_id, run_objects
from tests.support.deployment import Deployment
from tests.support.map_watching import Map
from tests.support.scenes import copy_scenes


@pytest.fixture(scope="module")
def far_away(start_deployment: StartDeployment) -> Deployment:
    """A deployment that is also reached as `swath.test`."""
    deployment = start_deployment("far-away", environment={"SWATH_HOSTS": "swath.test"})
    folder = deployment.folder / "scenes"
    copy_scenes(folder, images=20)
    run_objects(deployment, "vehicles", folder, "vehicles_object_detections", 0.5)
    return deployment


def test_shows_objects_and_map_and_copies_a_link_all_the_same(look: OpenBrowser, far_away: Deployment) -> None:
    looking = look(far_away, url=f"http://swath.test:{far_away.port}")
    looking.allow("Cross-Origin-Opener-Policy header has been ignored")  # so do browsers by plain http, and say so
    crops = dataset_id(far_away, "vehicles-crops")
    shown = Map(looking)
    page = looking.open(f"/d/{crops}/objects")
    assert page.evaluate("window.isSecureContext") is False
    expect(page.get_by_role("gridcell").first.locator("img")).to_be_visible()
    page.keyboard.press("Control+a")
    bar = page.get_by_role("region", name="Picked samples")
    expect(bar).to_contain_text("of")
    bar.get_by_role("button", name="More to do with what is picked").click()
    page.get_by_role("menuitem", name="Copy link").click()
    expect(page.get_by_text("copied")).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Embedding").click()
    assert shown.inked() > 0
