"""What is large: many keys, many bytes. A server of a few lines gives them out, for the real ones would take minutes
to fill; that these page and take ranges as it does, the contract shows."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from swath.adapters.datasource import open_datasource

KEYS = 100_000
SIZE = 2 * 1024**3 + 12345
READ_IT = """
import resource, sys
from swath.adapters.datasource import open_datasource
source = open_datasource("s3://large", {"endpoint": sys.argv[1]})
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
source.read("small.bin", end=10)
before = peak()
data = source.read("large.bin")
print(len(data), data[:1].hex(), data[-1:].hex(), peak() - before)
"""


class LargeStore(BaseHTTPRequestHandler):
    """Answers listings of `KEYS` keys and ranges of objects of `SIZE` bytes, each a byte repeated."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        fields = parse_qs(parts.query)
        if "list-type" in fields:
            self.asked.append("page")
            self._answer(200, self._page(int(fields.get("continuation-token", ["0"])[0])))
            return
        self.asked.append(self.headers["Range"])
        first, last = (int(number) for number in self.headers["Range"].removeprefix("bytes=").split("-"))
        last = min(last, SIZE - 1)
        self._answer(206, bytes([7]) * (last - first + 1), {"Content-Range": f"bytes {first}-{last}/{SIZE}"})

    def _page(self, start: int) -> bytes:
        item = (
            "<Contents><Key>{:07d}.jpg</Key><Size>{}</Size><ETag>&quot;{:x}&quot;</ETag>"
            "<LastModified>2026-11-23T17:00:00.000Z</LastModified></Contents>"
        )
        items = "".join(item.format(n, n, n) for n in range(start, start + 1000))
        end = start + 1000
        more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < KEYS else ""
        return f"<ListBucketResult>{items}{more}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "ETag": '"same"', **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def large_store() -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (LargeStore,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_hundred_thousand_keys_come_page_by_page(large_store: tuple[str, list[str]]) -> None:
    url, asked = large_store
    pages = open_datasource("s3://large", {"endpoint": url}).list_pages()
    first = next(pages)
    assert asked == ["page"]
    assert [first[0].key, first[999].size, first[1].version] == ["0000000.jpg", 999, "1"]
    keys = [entry.key for page in pages for entry in page]
    assert len(keys) + len(first) == KEYS
    assert keys[-1] == "0099999.jpg"
    assert asked == ["page"] * 100


@pytest.mark.slow
def test_two_gigabytes_are_read_in_parts_and_are_in_memory_once(large_store: tuple[str, list[str]]) -> None:
    url, asked = large_store
    done = subprocess.run([sys.executable, "-c", READ_IT, url], capture_output=True, text=True, timeout=240, check=True)
    size, first, last, grown = done.stdout.split()
    assert (int(size), first, last) == (SIZE, "07", "07")
    assert len(asked) == 1 + 129
    assert int(grown) < SIZE * 1.2


def test_a_range_of_a_large_object_is_all_that_is_asked_for(large_store: tuple[str, list[str]]) -> None:
    url, asked = large_store
    datasource = open_datasource("s3://large", {"endpoint": url})
    assert datasource.read("large.bin", start=SIZE - 3) == b"\7\7\7"
    assert datasource.read("large.bin", start=100, end=104) == b"\7" * 4
    assert asked[1] == "bytes=100-103"
