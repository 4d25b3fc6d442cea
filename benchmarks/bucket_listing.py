"""How fast a bucket is listed: of each store's test server, and of a store that costs nothing.

    .venv/bin/python benchmarks/bucket_listing.py [--keys 100000] [--repeats 3] [s3 azure gcs replay]

The servers are those of the tests (`make bucket-servers`), on loopback; they share this machine's cores with what
lists, and take most of the time: "client CPU" is the processor time of the listing process, which is what a store far
away would leave of it. `replay` gives out pages of S3 that were made before, from a thread of the same process. Filling
a server takes minutes and is not timed.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.azure_server import shared_azure_server
from tests.support.gcs_server import shared_gcs_server
from tests.support.s3_server import shared_s3_server

from swath.adapters.datasource import open_datasource
from swath.pipeline.ports import Datasource

SERVERS: dict[str, Callable[[], Any]] = {
    "s3": shared_s3_server,
    "azure": shared_azure_server,
    "gcs": shared_gcs_server,
}


def names(count: int) -> Iterator[str]:
    """Keys as cameras and trackers write them, in 100 folders."""
    return (f"camera_{number % 100:02d}/2026-11-23/frame_{number:08d}.jpg" for number in range(count))


def filled(name: str, count: int) -> Datasource:
    """A bucket of that many empty objects."""
    server = SERVERS[name]()
    datasource = open_datasource(server.make_bucket(), server.access)
    with ThreadPoolExecutor(8) as threads:
        for done, _ in enumerate(threads.map(lambda key: datasource.write(key, b""), names(count)), start=1):
            if done % 10_000 == 0:
                print(f"  {name}: {done:,} of {count:,} written", file=sys.stderr, flush=True)
    return datasource


def replayed(count: int) -> Datasource:
    """A store that answers with pages that were made before."""
    keys = sorted(names(count))
    pages = []
    for start in range(0, count, 1000):
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-23T17:00:00.000Z</LastModified>"
            f"<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size></Contents>"
            for key in keys[start : start + 1000]
        )
        end = start + 1000
        more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < count else ""
        pages.append(f"<ListBucketResult>{items}{more}</ListBucketResult>".encode())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            token = parse_qs(urlsplit(self.path).query).get("continuation-token", ["0"])[0]
            body = pages[int(token) // 1000]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys_given = {"access_key_id": "AKIA", "secret_access_key": "secret", "region": "us-east-1"}
    return open_datasource("s3://replay", {**keys_given, "endpoint": f"http://127.0.0.1:{server.server_port}"})


def measure(datasource: Datasource, count: int) -> tuple[float, float, float]:
    """Seconds until the first page and until the last, and processor seconds of this process."""
    cpu, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    first, found = 0.0, 0
    for page in datasource.list_pages():
        first = first or time.perf_counter() - started
        found += len(page)
    whole, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    assert found == count, f"{found:,} keys were listed, not {count:,}"
    return first, whole, after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="*", default=["replay", "gcs", "s3", "azure"])
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print("| store | keys | first page, ms | whole, s | keys/s | client CPU, s |\n|---|---|---|---|---|---|")
    for name in options.stores:
        datasource = replayed(options.keys) if name == "replay" else filled(name, options.keys)
        rows = [measure(datasource, options.keys) for _ in range(options.repeats)]
        first, whole, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
        rate = options.keys / whole
        print(f"| {name} | {options.keys:,} | {first * 1000:.0f} | {whole:.2f} | {rate:,.0f} | {cpu:.2f} |", flush=True)


if __name__ == "__main__":
    main()
