"""Uploads that end before they are whole leave nothing behind."""

from __future__ import annotations

import hashlib
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.live_server import LiveServer, serving

from swath.server.services import ServerOptions
from swath.store.home import Home


@pytest.fixture
def options(tmp_path: Path) -> ServerOptions:
    (tmp_path / "data").mkdir()
    return ServerOptions(roots=(tmp_path / "data",), max_upload_bytes=3_000_000)


@pytest.fixture
def live(app: FastAPI) -> Iterator[LiveServer]:
    with serving(app) as server:
        yield server


@pytest.fixture
def run(client: TestClient) -> str:
    """A run that a worker holds under lease 1."""
    client.post("/api/datasets", json={"name": "vehicles", "datasource": "."})
    asked = client.post("/api/runs", json={"dataset": "vehicles", "selection": {"n_samples": 1, "unit": "images"}})
    worker = client.post("/api/workers", json={"name": "worker"}).json()["id"]
    client.post(f"/api/workers/{worker}/claim", json={"run_id": asked.json()["id"]})
    return str(asked.json()["id"])


def head_of_upload(client: TestClient, run: str, content: bytes, *more: str) -> bytes:
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    lines = (
        f"PUT /api/runs/{run}/artifacts/report.json HTTP/1.1",
        "Host: localhost",
        f"Authorization: {client.headers['authorization']}",
        "Swath-Lease: 1",
        f"Content-Digest: sha-256=:{digest}:",
        *more,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def connect(live: LiveServer) -> socket.socket:
    address = urlsplit(live.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def files_of_run(home: Home) -> list[Path]:
    return [path for path in home.artifacts.rglob("*") if path.is_file()]


def becomes(home: Home, count: int) -> bool:
    """Whether there come to be so many files of runs."""
    deadline = time.monotonic() + 10
    while len(files_of_run(home)) != count and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(files_of_run(home)) == count


def test_a_whole_upload_is_kept(live: LiveServer, client: TestClient, run: str, home: Home) -> None:
    content = b"x" * 2_500_000
    with connect(live) as sender:
        sender.sendall(head_of_upload(client, run, content, f"Content-Length: {len(content)}") + content)
        assert sender.recv(100).startswith(b"HTTP/1.1 200")
    assert [path.read_bytes() for path in files_of_run(home)] == [content]


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(
    live: LiveServer, client: TestClient, run: str, home: Home
) -> None:
    content = b"x" * 2_500_000
    with connect(live) as sender:
        head = head_of_upload(client, run, content, f"Content-Length: {len(content)}")
        sender.sendall(head + content[:2_000_000])
        assert becomes(home, 1), "the part that came is on the disk while the rest is awaited"
    assert becomes(home, 0)


def test_an_upload_that_outgrows_the_limit_without_saying_its_length_leaves_nothing(
    live: LiveServer, client: TestClient, run: str, home: Home
) -> None:
    piece = b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"
    with connect(live) as sender:
        sender.sendall(head_of_upload(client, run, b"", "Transfer-Encoding: chunked") + piece * 3)
        assert becomes(home, 1)
        sender.sendall(piece)
        assert sender.recv(100).startswith(b"HTTP/1.1 413")
    assert becomes(home, 0)
