"""Logging in: by the link that the server prints, or by a code, and on to the page that was asked for."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from playwright.sync_api import Page, expect
from tests.support.browser import OpenBrowser
from tests.support.deployment import Deployment

from swath.store.database import open_store
from swath.store.tokens import issue_login_code
from swath.store.users import local_user


def new_code(deployment: Deployment) -> str:
    store = open_store(deployment.database_url)
    try:
        with store.writing() as connection:
            return issue_login_code(connection, local_user(connection).id)
    finally:
        store.close()


def wait_for_app(page: Page) -> None:
    page.get_by_role("navigation", name="Pages").wait_for()


def test_a_link_with_a_code_leads_on_to_the_page_that_was_asked_for(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo, logged_in=False).page
    page.goto(f"{demo.url}/login?next={quote('/runs?state=done')}#code={new_code(demo)}")
    wait_for_app(page)
    assert urlsplit(page.url).path == "/runs"
    assert "state=done" in urlsplit(page.url).query


def test_what_is_no_page_of_this_server_leads_to_the_first_one(look: OpenBrowser, demo: Deployment) -> None:
    elsewhere = (
        "https://example.org/",
        "//example.org/",
        "/\\example.org/",
        "/\t/example.org/",
        "javascript:alert(1)",
        "runs",
    )
    for address in elsewhere:
        page = look(demo, logged_in=False).page
        page.goto(f"{demo.url}/login?next={quote(address, safe='')}#code={new_code(demo)}")
        wait_for_app(page)
        assert page.url == f"{demo.url}/", address


def test_a_pasted_link_logs_in_and_a_wrong_code_says_what_to_do(look: OpenBrowser, demo: Deployment) -> None:
    looking = look(demo, logged_in=False)
    looking.allow("401|Unauthorized")
    page = looking.page
    page.goto(f"{demo.url}/login")
    page.get_by_label("Login code").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("status")).to_contain_text("prints a new login link")
    page.get_by_label("Login code").fill(f"{demo.url}/login#code={new_code(demo)}")
    page.get_by_role("button", name="Log in").click()
    wait_for_app(page)


def test_the_page_is_dark_if_the_app_is(look: OpenBrowser, demo: Deployment) -> None:
    page = look(demo, logged_in=False, color_scheme="light").page
    page.goto(f"{demo.url}/login")
    page.evaluate("localStorage.setItem('mantine-color-scheme-value', 'dark')")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
