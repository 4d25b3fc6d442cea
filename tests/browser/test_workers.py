"""The page of workers, and what is said where there is none."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, StartDeployment


def test_says_how_to_join_and_shows_who_joins_at_once(look: OpenBrowser, start_deployment: StartDeployment) -> None:
    deployment = start_deployment("nobody", command="server")
    page = look(deployment).open("/workers")
    notice = page.get_by_role("alert").filter(has_text="No worker is online")
    expect(notice).to_be_visible()
    expect(notice.locator("pre")).to_have_text(f"SWATH_TOKEN=… swath worker server={deployment.url}")
    expect(notice.get_by_role("link", name="make one in the settings")).to_have_attribute("href", "/settings")
    assert deployment.token not in page.content()

    deployment.start_worker("helping")
    card = page.get_by_role("article", name="Worker helping")
    expect(card).to_contain_text("Waits for runs")
    expect(card).to_contain_text(re.compile(r"\d+ cores?"))
    expect(notice).to_have_count(0)
    expect(page.get_by_role("link", name="1 worker online")).to_be_visible()

    card.get_by_role("button", name="Drain").click()
    expect(card).to_contain_text("Takes no new run")
    card.get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("Waits for runs")
