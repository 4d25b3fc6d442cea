"""A server that dies and comes back while somebody looks."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, StartDeployment

LOST = r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET"


def test_says_so_keeps_what_is_shown_and_goes_on_by_itself(
    look: OpenBrowser, start_deployment: StartDeployment
) -> None:
    deployment = start_deployment("mortal", command="server")
    folder = deployment.folder / "photos"
    folder.mkdir()
    deployment.client.datasets.create("still here", datasource=folder)
    looking = look(deployment)
    looking.allow(LOST)
    page = looking.open("/")
    expect(page.get_by_text("still here").first).to_be_visible()

    deployment.kill_all()
    expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=40_000)
    expect(page.get_by_text("still here").first).to_be_visible()

    deployment.start_server("server")
    expect(page.get_by_text("The server does not answer")).to_have_count(0, timeout=40_000)
    deployment.client.datasets.create("born later", datasource=folder)
    expect(page.get_by_text("born later").first).to_be_visible()
