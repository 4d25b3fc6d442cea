"""A server on loopback that answers what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Answering = Callable[..., str]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Starts servers: `answering(status, body, headers)`, or a function from the request (`command`, `path`,
    `headers`, `text`) to these; a function that returns None answers by itself. Returns the server's URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(first: Any, body: str = "", headers: Mapping[str, str] | None = None) -> str:
        respond = first if callable(first) else lambda _: (first, body, headers or {})

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            text = ""

            def _any(self) -> None:
                self.text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
                found = respond(self)
                if found is None:
                    return
                status, answer, more = (*found, {})[:3]
                data = answer if isinstance(answer, bytes) else answer.encode()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if "Content-Length" not in more:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
