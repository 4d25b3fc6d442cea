"""Answers that are files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from swath.server import file_answers
from swath.server.byte_ranges import UnsatisfiableRange
from swath.server.file_answers import AskedPart, file_answer, image_type_of, media_type_of

DATA = bytes(range(256)) * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Ten thousand bytes under any name."""

    name: str
    etag: str = "v1"

    @property
    def size(self) -> int:
        return len(DATA)

    @property
    def media_type(self) -> str:
        return media_type_of(self.name)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        for first in range(start, end, 1000):
            yield DATA[first : min(end, first + 1000)]


@pytest.fixture(params=["at once", "piece by piece"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    if request.param == "piece by piece":
        monkeypatch.setattr(file_answers, "PIECE_BYTES", 1)

    def answer(asked: Request) -> Response:
        document = Document(name=asked.query_params.get("name", "a.jpg"))
        try:
            return file_answer(document, AskedPart.of(asked), cache_control="private")
        except UnsatisfiableRange:
            return Response(status_code=416)

    return TestClient(Starlette(routes=[Route("/", answer, methods=["GET", "HEAD"])]))


def test_a_whole_file_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/", params={"name": 'ü "1".jpg'})
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["etag"] == '"v1"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%C3%BC%20%221%22.jpg"


def test_its_head_says_the_same_without_a_byte(client: TestClient) -> None:
    answer = client.head("/", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (200, b"")
    whole = client.get("/").headers
    assert {name: answer.headers[name] for name in whole} == dict(whole)


def test_a_part_is_what_was_asked_for(client: TestClient) -> None:
    answer = client.get("/", headers={"Range": "bytes=100-2499"})
    assert (answer.status_code, answer.content) == (206, DATA[100:2500])
    assert answer.headers["content-range"] == f"bytes 100-2499/{len(DATA)}"
    assert answer.headers["content-length"] == "2400"
    assert client.get("/", headers={"Range": f"bytes={len(DATA)}-"}).status_code == 416


def test_a_part_of_another_version_is_the_whole(client: TestClient) -> None:
    headers = {"Range": "bytes=1-2", "If-Range": '"v0"'}
    assert client.get("/", headers=headers).status_code == 200
    assert client.get("/", headers={**headers, "If-Range": '"v1"'}).status_code == 206


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    answer = client.get("/", headers={"If-None-Match": '"v1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"v0"'}).status_code == 200


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.js", "a.xml", "jpg", "a.", "a.jpg.exe"])
def test_what_could_hold_a_script_is_downloaded(client: TestClient, name: str) -> None:
    answer = client.get("/", params={"name": name})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.JPEG", "image/jpeg"),
        ("a.csv", "text/csv"),
        ("a.json", "application/json"),
        ("log.txt", "text/plain; charset=utf-8"),
        ("report.pdf", "application/pdf"),
    ],
)
def test_extensions_say_the_type(name: str, kind: str) -> None:
    assert media_type_of(name) == kind


def test_only_images_are_images() -> None:
    assert image_type_of("a.PNG") == "image/png"
    assert image_type_of("a.json") == image_type_of("png") == "application/octet-stream"
