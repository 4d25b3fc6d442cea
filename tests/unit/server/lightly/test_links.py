"""Links that open one thing without a token, until they expire."""

from __future__ import annotations

import dataclasses
import shutil
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FACADE_URL

from swath.server import links
from swath.server.links import LINK_HANDLERS, Link, LinkMaker, LinkRefused, TokenMaker, body_file, read_link
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.home import Home

BASE = "http://localhost"


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One database is enough: nothing of a link is in it."""
    path = tmp_path / "home" / "swath.sqlite"
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def options() -> ServerOptions:
    return ServerOptions(max_upload_bytes=5_000_000)


@pytest.fixture
def taken() -> list[bytes]:
    """What the upload handler of these tests has got."""
    return []


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch, taken: list[bytes]) -> None:
    def echo(services: Services, request: Request, link: Link) -> Response:
        return Response(f"{link.dataset_id} {link.name}".encode(), media_type="text/plain")

    def take(services: Services, request: Request, link: Link) -> Response:
        taken.append(body_file(request).read_bytes())
        return Response(status_code=204)

    monkeypatch.setitem(LINK_HANDLERS, "echo", echo)
    monkeypatch.setitem(LINK_HANDLERS, "take", take)


@pytest.fixture
def anybody(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=FACADE_URL)


@pytest.fixture
def make(services: Services) -> LinkMaker:
    return LinkMaker(services.vault, BASE)


NAMES = ["a.jpg", "träume/日本 #1?.jpg", "100%.jpg", "%2e%2e%2fa.jpg", "a+b&c=d.json", "b/", "x" * 1000]


def test_a_link_opens_what_it_was_made_for_whatever_its_name(anybody: TestClient, make: LinkMaker) -> None:
    for name in NAMES:
        url = make(Link(kind="echo", dataset_id="d" * 24, name=name))
        assert url.isascii()
        assert unquote(urlsplit(url).path.rpartition("/")[2]) == name.rpartition("/")[2]
        answer = anybody.get(url)
        assert (answer.status_code, answer.text) == (200, f"{'d' * 24} {name}")


def test_the_name_at_its_end_is_for_people_alone(anybody: TestClient, make: LinkMaker) -> None:
    url = make(Link(kind="echo", name="secret.jpg"), file_name="shown.jpg")
    assert url.endswith("/shown.jpg")
    other = url.replace("shown.jpg", "other.jpg")
    bare = url.removesuffix("/shown.jpg")
    assert anybody.get(other).text == anybody.get(bare).text == " secret.jpg"


def test_a_link_that_was_changed_opens_nothing(anybody: TestClient, services: Services) -> None:
    for position in (0, 5, -1, -5):
        token = list(TokenMaker(services.vault)(Link(kind="echo", name="a.jpg")))
        token[position] = "A" if token[position] != "A" else "B"
        answer = anybody.get(f"/links/{''.join(token)}/a.jpg")
        assert answer.status_code == 403
        assert answer.json()["code"] == "JWT_INVALID"


@pytest.mark.parametrize("token", ["a", ".", "a.b", "é.é", "..", "WyJlY2hvIl0.", "%00"])
def test_a_token_that_is_none_opens_nothing(services: Services, token: str) -> None:
    with pytest.raises(LinkRefused):
        read_link(services.vault, token)


def test_every_letter_of_a_link_counts(services: Services) -> None:
    """The last one of base64 may hold bits that decode to nothing."""
    token = TokenMaker(services.vault)(Link(kind="echo", name="a"))
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != token[-1]:
            with pytest.raises(LinkRefused):
                read_link(services.vault, token[:-1] + letter)


def test_a_link_expires(anybody: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(kind="echo", name="a.jpg")
    now = int(time.time())
    good, over = (TokenMaker(services.vault)(link, expires_at_s=at) for at in (now + 100, now - 1))
    assert anybody.get(f"/links/{good}/a.jpg").status_code == 200
    answer = anybody.get(f"/links/{over}/a.jpg")
    assert (answer.status_code, answer.json()["code"]) == (403, "JWT_INVALID")
    assert "expired" in answer.json()["error"]


def test_a_link_without_an_end_holds_for_ever(
    services: Services, make: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = urlsplit(make(Link(kind="echo", name="a"), expires_in_s=None)).path.split("/")[3]
    monkeypatch.setattr(links.time, "time", lambda: 4e9)
    assert read_link(services.vault, token).name == "a"


def test_links_of_another_home_open_nothing(services: Services) -> None:
    token = TokenMaker(Vault(bytes(range(32))))(Link(kind="echo", name="a"))
    with pytest.raises(LinkRefused):
        read_link(services.vault, token)


def test_a_link_is_good_for_one_method(anybody: TestClient, make: LinkMaker, taken: list[bytes]) -> None:
    assert anybody.put(make(Link(kind="echo", name="a")), content=b"x").status_code == 403
    assert anybody.get(make(Link(kind="take", name="a", method="PUT"))).status_code == 403
    assert taken == []


def test_what_is_put_arrives_whole_and_leaves_no_file(
    anybody: TestClient, make: LinkMaker, taken: list[bytes], home: Home
) -> None:
    url = make(Link(kind="take", name="a.csv", method="PUT"))
    body = bytes(range(256)) * 10_000
    answer = anybody.put(url, content=body, headers={"x-ms-blob-type": "BlockBlob"})
    assert answer.status_code == 204
    assert anybody.put(url, content=b"").status_code == 204
    assert taken == [body, b""]
    assert list(home.arriving.iterdir()) == []


def test_a_body_larger_than_the_limit_is_refused(
    anybody: TestClient, make: LinkMaker, taken: list[bytes], home: Home
) -> None:
    url = make(Link(kind="take", name="a.csv", method="PUT"))
    assert anybody.put(url, content=b"x" * 5_000_001).status_code == 413
    assert anybody.put(url, content=iter([b"x" * 3_000_000, b"x" * 3_000_000])).status_code == 413
    assert taken == []
    assert not home.arriving.exists() or list(home.arriving.iterdir()) == []


def test_a_kind_that_nothing_answers_any_more_is_refused(anybody: TestClient, make: LinkMaker) -> None:
    assert anybody.get(make(Link(kind="of-an-older-version", name="a"))).status_code == 403


@pytest.mark.parametrize(
    ("public_url", "start"),
    [("", "http://h:81/v1/links/"), ("https://swath.example/at/home", "https://swath.example/at/home/v1/links/")],
)
def test_the_address_is_the_one_a_request_came_by_unless_there_is_a_public_one(
    services: Services, public_url: str, start: str
) -> None:
    public = dataclasses.replace(services, options=ServerOptions(public_url=public_url))
    request = Request(
        {"type": "http", "scheme": "http", "server": ("10.0.0.1", 80), "path": "/v1/x", "headers": [(b"host", b"h:81")]}
    )
    assert links.link_url(public, request, Link(kind="echo", name="a")).startswith(start)
