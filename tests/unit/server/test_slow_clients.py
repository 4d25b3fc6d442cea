"""Clients that open connections and say nothing, or very little at a time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from tests.support.live_server import LiveServer, serving

from swath.server import slow_clients

PATIENCE_S = 0.5


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Nothing here asks the database."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


@pytest.fixture
def live(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    monkeypatch.setattr(slow_clients, "HEAD_S", PATIENCE_S)
    with serving(app) as server:
        yield server


def connect(live: LiveServer) -> socket.socket:
    address = urlsplit(live.url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def test_a_connection_that_says_nothing_is_closed(live: LiveServer) -> None:
    with connect(live) as client:
        assert client.recv(1) == b""


def send_slowly(client: socket.socket, *, until: float) -> None:
    client.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n")
    while time.monotonic() < until:
        client.sendall(b"X-More: 1\r\n")
        time.sleep(0.05)


def test_a_request_that_trickles_in_is_given_up(live: LiveServer) -> None:
    with connect(live) as client, pytest.raises(ConnectionError):
        send_slowly(client, until=time.monotonic() + 10)


def test_a_connection_may_be_used_again_and_again(live: LiveServer) -> None:
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", "/api/health")
        assert connection.getresponse().read().startswith(b"{")
        time.sleep(PATIENCE_S * 0.8)
    connection.close()
