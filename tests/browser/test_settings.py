"""Settings: tokens that work until they are revoked, users, what to tell who helps, and logging out."""

from __future__ import annotations

import httpx2
from playwright.sync_api import expect
from tests.support.browser import OpenBrowser
from tests.support.deployment import Deployment

from swath.client import Client


def status_with(deployment: Deployment, secret: str) -> int:
    return httpx2.get(f"{deployment.url}/api/me", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_token_is_shown_once_works_and_is_revoked(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    page = looking.open("/settings")
    tokens = page.get_by_role("region", name="Tokens and sessions")
    tokens.get_by_label("New token").fill("notebook")
    tokens.get_by_role("button", name="Make").click()
    secret = tokens.get_by_role("alert").locator("pre").inner_text()
    with Client(demo.url, secret) as client:
        assert {dataset.name for dataset in client.datasets.list()} >= {"vehicles", "vehicles-crops"}

    page.reload()
    row = tokens.get_by_role("row").filter(has_text="notebook")
    expect(row).to_contain_text("member")
    expect(page.get_by_text(secret)).to_have_count(0)

    row.get_by_role("button", name="Revoke notebook").click()
    assert status_with(demo, secret) == 200, "it is asked for twice"
    row.get_by_role("button", name="Revoke notebook").click()
    expect(row).to_have_count(0)
    assert status_with(demo, secret) == 401


def test_a_user_is_added_who_can_be_given_a_token(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open("/settings")
    users = page.get_by_role("region", name="Users")
    users.get_by_label("New user").fill("ada@example.org")
    users.get_by_role("button", name="Add").click()
    expect(users.get_by_text("ada@example.org")).to_be_visible()

    tokens = page.get_by_role("region", name="Tokens and sessions")
    tokens.get_by_label("New token").fill("of ada")
    tokens.get_by_label("For", exact=True).click()
    page.get_by_role("option", name="ada@example.org").click()
    tokens.get_by_role("button", name="Make").click()
    secret = tokens.get_by_role("alert").locator("pre").inner_text()
    with Client(demo.url, secret) as client:
        assert client.datasets.list() == []


def test_diagnostics_say_what_draws_maps_and_whether_events_arrive(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo).open("/settings")
    diagnostics = page.get_by_role("region", name="Diagnostics")
    expect(diagnostics).to_contain_text("arrive")
    expect(diagnostics).to_contain_text("SwiftShader")
    expect(diagnostics).to_contain_text("Chrome")


def test_logging_out_ends_the_session(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo)
    looking.allow("401|Unauthorized")
    page = looking.open("/settings")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in to Swath")).to_be_visible()
    page.goto(demo.url)
    expect(page.get_by_role("heading", name="Log in to Swath")).to_be_visible()
