"""Nothing there yet: every page says why, and what to do next."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, StartDeployment, dataset_id
from tests.support.deployment import Deployment


@pytest.fixture(scope="module")
def nothing(start_deployment: StartDeployment) -> Deployment:
    """A server without a worker and without any dataset, until a test makes one."""
    return start_deployment("nothing", command="server")


def test_a_new_server_leads_to_the_first_dataset(look: OpenBrowser, nothing: Deployment) -> None:
    page = look(nothing).open("/")
    page.get_by_role("main").get_by_role("link", name="New dataset").first.click()
    expect(page.get_by_role("heading", name="New dataset")).to_be_visible()
    for path in ("/runs", "/workers", "/settings"):
        look(nothing).open(path).get_by_role("main").get_by_role("heading").first.wait_for()


def test_a_dataset_without_samples_has_no_broken_page(look: OpenBrowser, nothing: Deployment) -> None:
    folder = nothing.folder / "photos"
    folder.mkdir()
    nothing.client.datasets.create("empty", datasource=folder)
    here = f"/d/{dataset_id(nothing, 'empty')}"
    looking = look(nothing)
    for page_name in ("", "/images", "/embedding", "/tags", "/views", "/select", "/exports", "/run", "/objects"):
        looking.open(here + page_name)
        page = looking.settle()
        words = page.get_by_role("main").inner_text()
        assert len(words) > 40, f"{page_name or '/'} says only {words!r}"
        expect(page.locator("[data-problem]")).to_have_count(0)
