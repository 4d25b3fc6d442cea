"""What every request goes through before an endpoint sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from swath.server import security
from swath.server.dependencies import Anybody
from swath.server.security import HEADERS
from swath.server.services import ServerOptions


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: nothing here asks it more than whose a token is."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


@pytest.fixture
def options() -> ServerOptions:
    return ServerOptions(
        hosts=("swath.example", "10.0.0.7:8750"),
        public_url="https://Photos.example:8443",
        max_body_bytes=1000,
        max_selector_bytes=2000,
        max_report_bytes=3000,
        max_upload_bytes=5000,
    )


@pytest.fixture
def echo(app: FastAPI, client: TestClient) -> TestClient:
    router = APIRouter()

    @router.post("/echo")
    def take(principal: Anybody, body: list[int]) -> int:
        return len(body)

    @router.get("/echo/text")
    def text(principal: Anybody) -> list[int]:
        return [7] * 5000

    @router.get("/echo/as-it-is")
    def text_as_it_is(principal: Anybody) -> Response:
        return Response(b"[7]" * 5000, media_type="application/json", headers={"Cache-Control": "no-transform"})

    @router.get("/echo/pixels")
    def pixels(principal: Anybody) -> Response:
        return Response(b"\0" * 5000, media_type="image/jpeg")

    @router.get("/echo/stream")
    def stream(principal: Anybody) -> StreamingResponse:
        return StreamingResponse(iter([b": hello\n\n"] * 500), media_type="text/event-stream")

    app.include_router(router, prefix="/api")
    return client


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8750",
        "127.0.0.1:1",
        "[::1]:8750",
        "[::1]",
        "swath.example",
        "swath.example:443",
        "photos.example:8443",
    ],
)
def test_the_server_answers_to_its_names(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8750", "localhost:evil", "", "10.0.0.8:8750"],
)
def test_the_server_answers_to_no_other_name(client: TestClient, host: str) -> None:
    for path in ("/api/health", "/", "/login"):
        answer = client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (421, "wrong-host")


def test_a_host_may_be_listed_with_its_port(client: TestClient) -> None:
    assert client.get("/api/health", headers={"Host": "10.0.0.7:8750"}).status_code == 200
    assert client.get("/api/health", headers={"Host": "10.0.0.7:80"}).status_code == 421
    assert client.get("/api/health", headers={"Host": "photos.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8751", "file://", ""])
def test_pages_of_other_sites_reach_nothing(client: TestClient, origin: str) -> None:
    for path in ("/api/health", "/api/me", "/api/login"):
        answer = client.get(path, headers={"Host": "localhost:8750", "Origin": origin})
        assert (answer.status_code, answer.json()["type"]) == (403, "foreign-origin")
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://localhost:8750", "https://localhost:8750"])
def test_pages_of_this_server_reach_it_also_behind_a_proxy_that_speaks_https(client: TestClient, origin: str) -> None:
    assert client.get("/api/health", headers={"Host": "localhost:8750", "Origin": origin}).status_code == 200


@pytest.mark.parametrize("path", ["/api/health", "/api/nope", "/login", "/", "/nope.txt"])
def test_every_answer_carries_the_headers_that_protect_browsers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_pages_set_styles_of_their_own_and_run_only_scripts_of_this_server(client: TestClient) -> None:
    policy = client.get("/api/health").headers["Content-Security-Policy"]
    sources = {name: rest.split() for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}
    assert sources["style-src"] == ["'self'", "'unsafe-inline'"]
    assert sources["default-src"] == ["'self'"]
    # Where nothing is said of scripts, what is said of everything holds.
    assert sources.get("script-src", ["'self'"]) == ["'self'"]
    assert {name for name, allowed in sources.items() if "'unsafe-inline'" in allowed} == {"style-src"}
    assert "unsafe-eval" not in policy


def test_answers_of_the_interface_are_kept_by_nobody_in_between(client: TestClient) -> None:
    assert client.get("/api/me").headers["cache-control"] == "private, no-cache"
    assert client.get("/api/nope").headers["cache-control"] == "no-store"


def test_refusals_carry_them_too(client: TestClient) -> None:
    headers = client.get("/api/health", headers={"Host": "evil.example"}).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_a_body_that_says_it_is_too_large_is_not_read(echo: TestClient) -> None:
    answer = echo.post("/api/echo", json=[1] * 1000)
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


def test_a_body_that_does_not_say_its_length_is_counted(echo: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"[1"
        for _ in range(100):
            yield b",1" * 20
        yield b"]"

    answer = echo.post("/api/echo", content=pieces(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


def test_a_body_within_the_limit_is_taken(echo: TestClient) -> None:
    assert echo.post("/api/echo", json=[1] * 100).json() == 100


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/api/datasets", 1000),
        ("POST", "/api/datasets/x/selections", 2000),
        ("POST", "/api/datasets/x/tags:apply", 2000),
        ("POST", "/api/datasets/x/samples:query", 2000),
        ("POST", "/api/runs/x/log", 3000),
        ("PUT", "/api/runs/x/selection", 3000),
        ("PUT", "/api/runs/x/parts/vectors", 5000),
        ("PUT", "/api/runs/x/artifacts/reports/report.json", 5000),
    ],
)
def test_each_address_takes_as_much_as_it_needs(client: TestClient, method: str, path: str, limit: int) -> None:
    assert client.request(method, path, content=b"x" * limit).status_code != 413
    assert client.request(method, path, content=b"x" * (limit + 1)).status_code == 413


def test_an_address_has_an_end(client: TestClient) -> None:
    answer = client.get(f"/api/health?q={'x' * 9000}")
    assert (answer.status_code, answer.json()["type"]) == (414, "uri-too-long")


@pytest.mark.parametrize("path", ["/api/datasets/a%00b", "/api/datasets?q=%00", "/%00"])
def test_no_address_holds_a_nul(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


def test_text_is_compressed_for_who_takes_it(echo: TestClient) -> None:
    assert echo.get("/api/echo/text").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in echo.get("/api/echo/text", headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("path", ["/api/echo/pixels", "/api/echo/stream", "/api/echo/as-it-is"])
def test_pixels_and_events_and_what_must_stay_as_it_is_are_not_compressed(echo: TestClient, path: str) -> None:
    assert "content-encoding" not in echo.get(path).headers


def test_a_body_that_stops_arriving_is_given_up(echo: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "BODY_PAUSE_S", 0.05)
    said: list[dict[str, Any]] = []
    messages = iter([{"type": "http.request", "body": b"[1", "more_body": True}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await asyncio.sleep(30)
        raise AssertionError

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/echo",
        "raw_path": b"/api/echo",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"authorization", echo.headers["authorization"].encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "scheme": "http",
        "http_version": "1.1",
    }
    asyncio.run(asyncio.wait_for(echo.app(scope, receive, send), 10))  # type: ignore[arg-type]
    assert said[0]["status"] == 408
