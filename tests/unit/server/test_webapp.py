"""What is outside of `/api`: the web app's files, pages without it, the login page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from swath.server.services import ServerOptions
from swath.server.webapp import PAGES, webapp_dir


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: nothing here asks it more than whose a token is."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>the app</title>")
    (folder / "assets" / "index-abc.js").write_text("'use strict'" * 500)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def options(request: pytest.FixtureRequest) -> ServerOptions:
    has_app = "folder" in request.fixturenames
    return ServerOptions(webapp=request.getfixturevalue("folder") if has_app else Path("/nowhere/at/all"))


def test_the_app_opens_without_a_token(stranger: TestClient, folder: Path) -> None:
    answer = stranger.get("/")
    assert "the app" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_an_address_within_the_app_opens_the_app(stranger: TestClient, folder: Path) -> None:
    assert "the app" in stranger.get("/datasets/vehicles/tags").text


def test_assets_are_kept_for_ever_and_compressed(stranger: TestClient, folder: Path) -> None:
    answer = stranger.get("/assets/index-abc.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_a_page_that_has_not_changed_is_not_sent_again(stranger: TestClient, folder: Path) -> None:
    etag = stranger.get("/").headers["etag"]
    answer = stranger.get("/", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/gone.js", "/nope.txt", "/assets/"])
def test_a_file_that_is_not_there_is_a_problem_not_the_app(stranger: TestClient, folder: Path, path: str) -> None:
    answer = stranger.get(path)
    if path == "/assets/":
        assert "secret" not in answer.text
    else:
        assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2fsecret.txt",
        "/link.txt",
        "/..%5csecret.txt",
    ],
)
def test_nothing_outside_of_the_folder_is_served(stranger: TestClient, folder: Path, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code in (404, 422)
    assert "secret" not in answer.text.replace(path, "").replace("secret.txt", "")


def test_an_unknown_route_of_the_interface_is_not_the_app(client: TestClient, folder: Path) -> None:
    answer = client.get("/api/nope")
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_are_only_read(stranger: TestClient, folder: Path, method: str) -> None:
    answer = stranger.request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_without_the_app_a_page_says_what_works(stranger: TestClient) -> None:
    answer = stranger.get("/")
    assert answer.status_code == 200
    assert "The web app is not built" in answer.text
    assert stranger.get("/assets/index.js").status_code == 404


def test_a_folder_without_a_page_is_no_app(tmp_path: Path) -> None:
    assert webapp_dir(tmp_path) is None
    (tmp_path / "index.html").write_text("")
    assert webapp_dir(tmp_path) == tmp_path


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.name)
def test_plain_pages_load_nothing_the_policy_forbids(stranger: TestClient, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_login_page_is_there_with_and_without_the_app(stranger: TestClient, folder: Path) -> None:
    assert "Log in to Swath" in stranger.get("/login").text
