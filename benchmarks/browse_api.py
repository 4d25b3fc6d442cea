"""How fast a server answers about a dataset of a million crops: what the web app asks, over HTTP.

    .venv/bin/python benchmarks/browse_api.py [--crops 1000000] [--repeats 60] [--vectors curved] [--folder FOLDER]

A dataset is committed through the store (SQLite), then a real server in a process of its own is asked over one
connection of this machine's loopback, one request at a time. "cold" is the first request of its kind after the server
started, with everything it has to build; the percentiles are of the ones after it. What each of them finds in memory
already stands beside it: nothing but the columns and what "cold" built, unless it says so. "CPU" is the processor
time of the server per request: on a machine that does nothing else, times are little more than that. Vectors: see
`draw_vectors` in `browsing_speed.py`; `uniform` is the worst case for neighbours.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from browsing_speed import draw_vectors
from commit import make_additions, start_run
from swath.core.runs import RunState
from swath.settings import load_settings
from swath.store.database import open_store
from swath.store.home import Home, ServerAddress, open_home

TARGET_MS = 100
SECONDS_TO_START = 60
PAGE = 200
DATASET = "/datasets/vehicles-crops"


def fill(home: Home, *, crops: int, dimension: int, vectors: str) -> None:
    """Commit a crops dataset of that size in one run."""
    random = np.random.default_rng(1)
    additions = make_additions(
        crops=crops, images=crops // 7 + 1, dimension=dimension, predictions_per_crop=1.2, name_bytes=40, seed=1
    )
    assert additions.crops is not None
    assert additions.predictions is not None
    # Categories of Zipf sizes, crops of many sizes.
    rows = len(additions.predictions)
    corners = random.uniform(0, 900, (rows, 2)).repeat(2, axis=0).reshape(rows, 4)[:, [0, 2, 1, 3]]
    corners[:, 2:] += np.exp(random.normal(4.5, 0.8, (rows, 2))) + 2
    shares = 1 / np.arange(1, 11)
    additions = replace(
        additions,
        crops=replace(additions.crops, vectors=draw_vectors(random, vectors, crops, dimension)),
        predictions=replace(
            additions.predictions,
            corners=corners,
            crop_rects=np.floor(corners).astype(np.int32),
            category_id=random.choice(10, rows, p=shares / shares.sum()).astype(np.int32),
        ),
    )
    store = open_store(home.database_url)
    with home.lock(print):
        run = start_run(store, home)
        run.commit(additions)
        run.finish(RunState.COMPLETED, "", "{}")
    store.close()


def serve_here(home: Path) -> None:
    """The process of the server."""
    from swath.wiring.server import open_server, serve

    settings = replace(load_settings(), home=home, database="")
    with open_server(settings, host="127.0.0.1", port=0, note=print) as served:
        serve(served, on_ready=lambda: None, before_stop=lambda: None)


def wait_for_server(home: Home, process: subprocess.Popen[bytes]) -> ServerAddress:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        address = home.server_address()
        if address is not None:
            try:
                httpx2.get(f"{address.url}/api/health").raise_for_status()
                return address
            except httpx2.HTTPError:
                pass
        time.sleep(0.05)
    raise SystemExit("the server did not start")


class Questions:
    """Asks a server and keeps the times."""

    def __init__(self, client: httpx2.Client, repeats: int, process: int) -> None:
        self._client = client
        self._repeats = repeats
        self._process = process
        self.over_target: list[str] = []
        print(f"  {'ms':<52} {'cold':>9} {'p50':>7} {'p95':>7} {'CPU':>7} {'kB':>8}")

    def ask(self, name: str, request: Callable[[], httpx2.Request], *, has_target: bool = True) -> None:
        """`request` makes a new one for each repetition."""
        seconds, size, spent = [], 0, 0.0
        for _ in range(self._repeats + 1):
            made = request()
            start = time.perf_counter()
            answer = self._client.send(made)
            size = len(answer.read())
            seconds.append(time.perf_counter() - start)
            if len(seconds) == 1:
                spent = processor_seconds(self._process)
            if answer.is_error:
                raise SystemExit(f"{name}: {answer.status_code} {answer.text[:500]}")
        cold, *later = (1e3 * second for second in seconds)
        median, late = np.percentile(later, [50, 95])
        missed = has_target and late > TARGET_MS
        if missed:
            self.over_target.append(name)
        spent = 1e3 * (processor_seconds(self._process) - spent) / self._repeats
        times = f"{cold:9.1f} {median:7.1f} {late:7.1f} {spent:7.1f}"
        print(f"  {name:<52} {times} {size / 1e3:8.1f}{' over' if missed else ''}", flush=True)


def post(client: httpx2.Client, path: str, document: Mapping[str, Any]) -> httpx2.Request:
    return client.build_request("POST", f"/api{path}", json=document)


def get(client: httpx2.Client, path: str, **params: Any) -> httpx2.Request:
    return client.build_request("GET", f"/api{path}", params=params)


def worst_health_ms(url: str, meanwhile: Callable[[], object]) -> float:
    """The longest that the server took to say that it is well while it was busy."""
    done = threading.Event()

    def work() -> None:
        meanwhile()
        done.set()

    busy = threading.Thread(target=work)
    busy.start()
    worst = 0.0
    with httpx2.Client(base_url=url) as client:
        while not done.wait(0.02):
            start = time.perf_counter()
            client.get("/api/health").raise_for_status()
            worst = max(worst, time.perf_counter() - start)
    busy.join()
    return 1e3 * worst


def measure(client: httpx2.Client, count: int, repeats: int, process: int) -> list[str]:
    random = np.random.default_rng(2)

    def page(*, within: int = count, **query: Any) -> httpx2.Request:
        offset = int(random.integers(0, max(1, within - PAGE)))
        return post(client, f"{DATASET}/samples:query", {"offset": offset, "limit": PAGE, **query})

    def some_filter() -> dict[str, Any]:
        """Never the same twice; passes about 4 % of the crops."""
        low = float(random.uniform(0.1, 0.5))
        return {"categories": ["kind 1", "kind 2"], "min_score": low, "max_score": low + 0.12}

    start = time.perf_counter()
    worst = worst_health_ms(str(client.base_url), lambda: client.send(page(within=1)).raise_for_status())
    spent = processor_seconds(process)
    took = time.perf_counter() - start
    print(f"first look: {took:.1f} s, of CPU since the start {spent:.1f} s; health answered within {worst:.0f} ms")
    asked = Questions(client, repeats, process)
    same = some_filter()
    for title, sort in (
        ("by index", {}),
        ("by name", {"key": "name"}),
        ("by score, descending", {"key": "score", "descending": True}),
        ("by area", {"key": "area"}),
        ("by category", {"key": "category"}),
        ("by parent image", {"key": "parent"}),
    ):
        asked.ask(f"page of {PAGE} anywhere, {title}", lambda sort=sort: page(sort=sort))
    by_score = {"key": "score", "descending": True}
    asked.ask("the same filter by score (filter in memory)", lambda: page(within=20_000, sort=by_score, filter=same))
    asked.ask("another filter each time, by score", lambda: page(within=1, sort=by_score, filter=some_filter()))
    asked.ask("page with the names of tags", lambda: page(with_tags=True))
    asked.ask(
        "another text in file names each time",
        lambda: page(within=1, filter={"file_name": f"{int(random.integers(0, count // 7)):07d}"}),
        has_target=False,
    )
    ids = [item["id"] for item in client.send(page()).json()["items"]]

    def some_id() -> str:
        return str(random.choice(ids))

    asked.ask(
        "another reference each time, by distance",
        lambda: page(sort={"key": "distance", "reference_sample_id": some_id()}, within=1),
        has_target=False,
    )
    asked.ask("facets without a filter (in memory)", lambda: post(client, f"{DATASET}/samples:facets", {}))
    asked.ask(
        "facets, another filter each time",
        lambda: post(client, f"{DATASET}/samples:facets", {"filter": some_filter()}),
    )
    asked.ask("one sample", lambda: get(client, f"/samples/{some_id()}"))
    asked.ask("12 neighbours of a sample", lambda: get(client, f"/samples/{some_id()}/neighbors", k=12))
    asked.ask(
        "12 neighbours, another filter each time",
        lambda: post(client, f"{DATASET}/neighbors", {"sample_id": some_id(), "k": 12, "filter": some_filter()}),
    )
    (projection,) = client.get(f"/api{DATASET}/projections").json()["items"]
    points = client.get(projection["points_url"]).content
    x, y = np.frombuffer(points, "<f4", 2 * count).reshape(2, count)
    spread = float(np.std(x)), float(np.std(y))

    def lasso() -> dict[str, Any]:
        """A wobbly circle of 100 vertices around some point."""
        angles = np.linspace(0, 2 * np.pi, 100, endpoint=False)
        centre, radii = int(random.integers(count)), random.uniform(0.4, 0.6, 100)
        vertices = np.column_stack(
            [x[centre] + radii * spread[0] * np.cos(angles), y[centre] + radii * spread[1] * np.sin(angles)]
        )
        named = {"projection_id": projection["id"], "version": projection["version"]}
        return {"all_of": [{"polygon": {**named, "points": vertices.tolist()}}]}

    selections = f"{DATASET}/selections"
    asked.ask("selection by another polygon each time", lambda: post(client, selections, {"selector": lasso()}))
    turn = iter(range(10**6))

    def tag() -> httpx2.Request:
        change = "add" if next(turn) % 2 == 0 else "remove"
        return post(client, f"{DATASET}/tags:apply", {"selector": lasso(), "add": [], "remove": [], change: ["lasso"]})

    asked.ask("tag by another polygon each time", tag)
    asked.ask("all points (12 bytes each)", lambda: get(client, f"/projections/{projection['id']}/points.bin"))
    for name in ("category", "tag:lasso"):
        asked.ask(
            f"column of codes, {name}",
            lambda name=name: get(client, f"/projections/{projection['id']}/columns/{name}.bin"),
        )
    asked.ask(
        "10,000 embeddings anywhere",
        lambda: get(
            client, f"{DATASET}/embeddings", first=int(random.integers(0, max(1, count - 10_000))), count=10_000
        ),
    )
    return asked.over_target


def processor_seconds(process: int) -> float:
    """What the server has had of the processors."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def run(arguments: argparse.Namespace, folder: Path) -> None:
    home = open_home(folder / "home")
    print(f"{arguments.crops:,} crops, D = {arguments.dimension}, vectors `{arguments.vectors}`")
    if not home.database.exists():
        start = time.perf_counter()
        fill(home, crops=arguments.crops, dimension=arguments.dimension, vectors=arguments.vectors)
        print(f"drawn and committed in {time.perf_counter() - start:.0f} s")
    print(f"database {home.database.stat().st_size / 2**20:,.0f} MiB")
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(home.root)])
    try:
        address = wait_for_server(home, process)
        headers = {"Authorization": f"Bearer {address.token}"}
        with httpx2.Client(base_url=address.url, headers=headers, timeout=300) as client:
            over_target = measure(client, arguments.crops, arguments.repeats, process.pid)
        print(f"memory of the server: {resident_mib(process.pid):,.0f} MiB")
        print(f"target p95 < {TARGET_MS} ms: {'missed by ' + ', '.join(over_target) if over_target else 'met'}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--vectors", choices=("round", "curved", "uniform"), default="curved")
    run_in_folder(parser, run)


def run_in_folder(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace, Path], None]) -> None:
    """Parse the arguments and run, in a folder that is kept if one was named; or be the server of such a run."""
    parser.add_argument("--folder", type=Path, help="where the home is made and kept; one that is there is used again")
    parser.add_argument("--serve", type=Path, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        serve_here(arguments.serve)
        return
    if arguments.folder is not None:
        run(arguments, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(arguments, Path(folder))


if __name__ == "__main__":
    main()
