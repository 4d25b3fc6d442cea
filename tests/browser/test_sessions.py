"""Who is not logged in (any more) is asked to, and comes back to where they were."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment

NOT_LOGGED_IN = r"401|Unauthorized"


def test_a_wrong_token_leads_to_the_login_page_which_knows_the_way_back(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo, logged_in=False)
    looking.allow(NOT_LOGGED_IN)
    page = looking.page
    page.context.add_cookies([{"name": "swath_session", "value": "wrong", "url": demo.url}])
    path = f"/d/{dataset_id(demo, 'vehicles-crops')}/objects?tile=96"
    page.goto(demo.url + path)
    expect(page.get_by_role("heading", name="Log in to Swath")).to_be_visible()
    assert re.search(r"\?next=%2Fd%2F", page.url)


def test_a_session_that_ends_while_somebody_looks_asks_for_a_login(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    looking.allow(NOT_LOGGED_IN)
    page = looking.open("/runs")
    page.context.clear_cookies()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Log in to Swath")).to_be_visible()
