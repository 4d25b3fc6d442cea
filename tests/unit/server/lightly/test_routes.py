"""What holds for every endpoint of the facade, those to come too, and for the page about them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FacadeClient
from tests.unit.server.test_routes import gates_of

from swath.core.access import Scope
from swath.server.auth import SAFE_METHODS
from swath.server.lightly.errors import ErrorCode
from swath.server.lightly.not_offered import NOT_OFFERED
from swath.server.lightly.routes import ROUTERS
from swath.server.paths import is_link

SOURCE = Path(__file__).parents[4] / "src" / "swath" / "server" / "lightly"
PAGE = Path(__file__).parents[4] / "docs" / "reference" / "lightly-api.md"

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
IDS = [f"{'/'.join(sorted(route.methods))} {route.path}" for route in ROUTES]

LOOKING_BY_POST = frozenset({"/datasets/{dataset}/tags/arithmetics/bitmask"})
"""What is asked with a body, and so is open to who may only look."""

ANY_ID = "0123456789abcdef01234567"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: nothing here asks it more than whose a token is."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


def endpoints() -> list[tuple[str, str]]:
    """(method, path) of all endpoints that do something, parameters without their names."""
    refused = {(endpoint.method, plain(endpoint.path)) for endpoint in NOT_OFFERED}
    found = [(method, plain(route.path)) for route in ROUTES for method in route.methods if method != "HEAD"]
    return [endpoint for endpoint in found if endpoint not in refused]


def plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/v1"))


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_every_endpoint_says_who_may_come_in(route: APIRoute) -> None:
    path = f"/v1{route.path}"
    if not path.startswith("/v1/versions/") and not is_link(path):
        assert list(gates_of(route.dependant)), "declare `principal: Reader` or another gate"


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_who_may_only_look_changes_nothing(route: APIRoute) -> None:
    if not route.methods <= SAFE_METHODS and "Reader" in gates_of(route.dependant):
        assert route.path in LOOKING_BY_POST


def test_no_endpoint_is_there_twice() -> None:
    found = Counter((method, plain(route.path)) for route in ROUTES for method in route.methods)

    assert [endpoint for endpoint, count in found.items() if count > 1] == []


def test_what_is_not_offered_says_why(facade_client: FacadeClient) -> None:
    facade = facade_client(Scope.OWNER, "local")
    for endpoint in NOT_OFFERED:
        path = re.sub(r"\{[^}]*\}", ANY_ID, endpoint.path)
        answer = facade.request(endpoint.method, path, json={})
        expected = (endpoint.status, {"code": endpoint.code, "error": endpoint.reason})
        assert (answer.status_code, answer.json()) == expected, path


def test_ids_that_are_none_are_unknown_and_no_fault(facade: TestClient) -> None:
    for method, path in sorted(endpoints()):
        if "{}" in path and not is_link(f"/v1{path}"):
            for odd in (ANY_ID, "dataset_id_xyz", "ä ö", "x" * 300):
                answer = facade.request(method, path.replace("{}", odd), json={})
                assert 400 <= answer.status_code < 500 or answer.json() in ([], {}), (method, path, odd, answer.text)


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables under a heading of the page."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"there is no heading {heading!r}"
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in found.group(1).splitlines()
        if line.startswith("| `")
    ]


def listed(heading: str) -> dict[tuple[str, str], str]:
    """By method and path of an endpoint: what the page says of it."""
    found: dict[tuple[str, str], str] = {}
    for first, text in rows(heading):
        method, path = re.fullmatch(r"`([A-Z]+) (/\S+)`", first).groups()  # type: ignore[union-attr]
        assert (method, plain(path)) not in found, first
        found[method, plain(path)] = text
    return found


def test_the_page_lists_what_is_offered() -> None:
    assert set(listed("Endpoints")) == set(endpoints())


def test_the_page_lists_what_is_not_offered_and_why() -> None:
    expected = {(endpoint.method, plain(endpoint.path)): endpoint.reason for endpoint in NOT_OFFERED}
    told: dict[tuple[str, str], Any] = listed("Not offered")
    # One endpoint of the format lies outside of `/v1`.
    told.pop(("GET", "/users/datasets/{}/samples/{}/embeddings"))

    assert told == expected


def test_the_page_lists_the_codes_of_errors_and_each_is_used() -> None:
    codes = [re.fullmatch(r"`([A-Z_]+)`", cells[0]).group(1) for cells in rows("Errors")]  # type: ignore[union-attr]

    assert codes == sorted(code.value for code in ErrorCode)
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.py"))
    assert [code for code in codes if f"ErrorCode.{code}" not in text] == []
