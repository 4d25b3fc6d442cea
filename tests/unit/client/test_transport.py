"""The transport against a real server that answers what each test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from swath.client.transport import Transport, checked_url
from swath.core.errors import Conflict, InvalidConfig, NotFound, NotLoggedIn, SourceUnavailable, StaleLease

TOKEN = "swath_" + "s" * 30


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    breaks_off: bool = False


@dataclass
class Scripted:
    """Gives its answers in order, the last one for ever; `slept` are the pauses of the transport."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def transport(self, *, patience_s: float = 60.0, token: str = TOKEN) -> Transport:
        def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return Transport(self.url, token, patience_s=patience_s, clock=lambda: sum(self.slept), sleep=sleep)


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            scripted.asked.append(Asked(self.command, self.path, headers, body))
            answer = scripted.answers.pop(0) if len(scripted.answers) > 1 else scripted.answers[0]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + answer.breaks_off))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.breaks_off

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        scripted.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield scripted
        http.shutdown()
        thread.join()


def problem(status: int, kind: str, **more: Any) -> Answer:
    body = {"type": kind, "title": "", "status": status, "detail": f"this is {kind}", **more}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/problem+json"})


def test_a_request_carries_the_token_and_the_path_below_api(server: Scripted) -> None:
    server.answers = [Answer(body=b'{"a": 1}')]
    with server.transport() as transport:
        assert transport.get("/runs", {"offset": 3, "state": None}) == {"a": 1}
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/api/runs?offset=3")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_every_method_sends_its_document(server: Scripted) -> None:
    server.answers = [Answer(204, b"")]
    with server.transport() as transport:
        for call in (transport.post, transport.put, transport.patch):
            assert call("/x", {"a": "ü"}) is None
        transport.delete("/x", {"cascade": True})
    assert [asked.method for asked in server.asked] == ["POST", "PUT", "PATCH", "DELETE"]
    assert all(json.loads(asked.body) == {"a": "ü"} for asked in server.asked[:3])
    assert server.asked[3].path == "/api/x?cascade=true"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(404, "not-found", hint="Look elsewhere."), NotFound),
        (problem(409, "conflict", hint="Look elsewhere."), Conflict),
        (problem(409, "stale-lease", hint="Look elsewhere."), StaleLease),
        (problem(401, "not-logged-in", hint="Look elsewhere."), NotLoggedIn),
        (problem(422, "invalid-request", hint="Look elsewhere.", field="selection.n_samples"), InvalidConfig),
    ],
)
def test_a_problem_is_raised_as_the_error_it_stands_for(
    server: Scripted, answer: Answer, error: type[Exception]
) -> None:
    server.answers = [answer]
    with server.transport() as transport, pytest.raises(error, match="this is") as caught:
        transport.post("/runs", {})
    assert type(caught.value) is error
    assert caught.value.hint == "Look elsewhere."  # type: ignore[attr-defined]
    if isinstance(caught.value, InvalidConfig):
        assert caught.value.field == "selection.n_samples"
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_what_may_pass_is_tried_again_with_growing_pauses(server: Scripted, status: int) -> None:
    server.answers = [*[Answer(status, b"busy")] * 4, Answer(body=b"7")]
    with server.transport() as transport:
        assert transport.get("/runs") == 7
    assert len(server.asked) == 5
    for number, pause in enumerate(server.slept):
        assert 0.1 * 2**number <= pause <= 0.2 * 2**number


def test_patience_has_an_end(server: Scripted) -> None:
    server.answers = [problem(503, "unavailable")]
    with server.transport(patience_s=5.0) as transport, pytest.raises(SourceUnavailable, match="this is unavailable"):
        transport.get("/runs")
    assert 1.5 < sum(server.slept) <= 5.0


def test_the_server_says_when_to_ask_again(server: Scripted) -> None:
    server.answers = [Answer(429, b"", {"Retry-After": "7"}), Answer()]
    with server.transport() as transport:
        transport.get("/runs")
    assert server.slept == [7.0]


def test_an_answer_that_breaks_off_is_asked_for_again(server: Scripted) -> None:
    server.answers = [Answer(body=b'{"a"', breaks_off=True), Answer(body=b'{"a": 1}')]
    with server.transport() as transport:
        assert transport.get("/runs") == {"a": 1}


def test_a_post_that_is_repeated_has_the_same_key(server: Scripted) -> None:
    server.answers = [Answer(502), Answer(body=b"", breaks_off=True), Answer()]
    with server.transport() as transport:
        transport.post("/runs", {"dataset": "vehicles"})
        transport.post("/runs", {"dataset": "vehicles"})
    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert len({asked.body for asked in server.asked}) == 1


def test_calls_that_are_made_to_be_repeated_have_no_key(server: Scripted) -> None:
    server.answers = [Answer()]
    with server.transport() as transport:
        transport.post("/workers/x/heartbeat", {}, may_repeat=True)
        transport.post("/runs/x/finish", {}, headers={"Swath-Lease": "1"})
        transport.get("/runs")
    assert not any("idempotency-key" in asked.headers for asked in server.asked)


def test_bytes_are_sent_with_their_digest_as_often_as_it_takes(server: Scripted) -> None:
    data = bytes(range(256)) * 10_000
    server.answers = [Answer(503), Answer()]
    with server.transport() as transport:
        transport.put_bytes("/runs/x/parts/a-0", memoryview(data), headers={"Swath-Lease": "2"})
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    for asked in server.asked:
        assert asked.body == data
        assert asked.headers["content-digest"] == f"sha-256=:{digest}:"
        assert asked.headers["content-length"] == str(len(data))
        assert "transfer-encoding" not in asked.headers
    assert len(server.asked) == 2


def test_a_download_that_breaks_off_starts_again(server: Scripted, tmp_path: Path) -> None:
    server.answers = [Answer(body=b"abc", breaks_off=True), Answer(body=b"abcd")]
    with server.transport() as transport:
        transport.download("/runs/x/artifacts/a", tmp_path / "a")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"abcd"}


def test_a_download_that_is_refused_leaves_no_file(server: Scripted, tmp_path: Path) -> None:
    server.answers = [problem(404, "not-found")]
    with server.transport() as transport, pytest.raises(NotFound):
        transport.download("/runs/x/artifacts/a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_download_into_a_folder_that_is_not_there_says_so(server: Scripted, tmp_path: Path) -> None:
    server.answers = [Answer()]
    with server.transport() as transport, pytest.raises(SourceUnavailable, match="cannot write"):
        transport.download("/runs/x/artifacts/a", tmp_path / "no" / "a")


def test_a_server_that_is_not_there_is_named() -> None:
    slept: list[float] = []
    transport = Transport(
        "http://127.0.0.1:9", TOKEN, patience_s=1.0, clock=lambda: sum(slept), sleep=lambda s: slept.append(s)
    )
    with transport, pytest.raises(SourceUnavailable, match=r"`http://127\.0\.0\.1:9` cannot be reached") as caught:
        transport.get("/runs")
    assert "swath up" in caught.value.hint
    assert slept


@pytest.mark.parametrize(
    "answer", [Answer(404, b"<html>"), Answer(body=b"<html>"), Answer(302, b"", {"Location": "/"})]
)
def test_whatever_else_answers_is_no_swath_server(server: Scripted, answer: Answer) -> None:
    server.answers = [answer]
    with server.transport() as transport, pytest.raises(SourceUnavailable, match="nothing that Swath would"):
        transport.get("/runs")
    assert len(server.asked) == 1


def test_the_token_is_in_no_error_and_no_representation(server: Scripted) -> None:
    server.answers = [problem(401, "not-logged-in"), Answer(500, b"<html>"), Answer(body=b"<html>")]
    transport = server.transport()
    shown = [repr(transport), str(transport)]
    for _ in range(3):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            transport.get("/runs")
        shown.append(repr(caught.value) + str(caught.value) + str(caught.value.__cause__))
    transport.close()
    assert not any(TOKEN in text for text in shown)


@pytest.mark.parametrize("token", ["geheim\n", "gehéim", "two words"])
def test_a_token_that_is_none_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(InvalidConfig, match="the token holds characters") as caught:
        Transport("http://localhost", token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        (" https://swath.example/ ", "https://swath.example"),
        ("https://example.org/tools/swath/api/", "https://example.org/tools/swath"),
        ("http://[::1]:80/api", "http://[::1]:80"),
    ],
)
def test_addresses_of_servers(url: str, expected: str) -> None:
    assert checked_url(url) == expected


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://localhost", "http://", "http://anna:hush@localhost"])
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidConfig, match="is not the address of a server") as caught:
        checked_url(url)
    assert "hush" not in str(caught.value)
