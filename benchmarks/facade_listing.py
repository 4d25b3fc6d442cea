"""What old scripts read of a dataset of a million samples: seconds, and how much memory that costs the server.

    .venv/bin/python benchmarks/facade_listing.py [--crops 1000000] [--tags 20] [--folder FOLDER]

A dataset is committed through the store (SQLite), then a real server in a process of its own is asked over this
machine's loopback, one request at a time, and each answer is read to its end in pieces. "first" is when the first
byte came, "CPU" the processor time of the server. "growth" is the most memory that the server had while it answered
beyond what it had before: an answer that is built before it is sent shows with its whole size there.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from browse_api import fill, processor_seconds, resident_mib, run_in_folder, wait_for_server
from swath.core.bitmask import write_mask
from swath.store.home import open_home

LOOK_EVERY_S = 0.005
PIECE_BYTES = 1 << 16
PAGE = 25_000
TARGET_GROWTH_MIB = 64


class Watch:
    """Seconds, processor seconds and growth of memory (MiB) of a process between entering and leaving."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._done = threading.Event()
        self._before = self.most = resident_mib(process)

    def __enter__(self) -> Watch:
        self._looker = threading.Thread(target=self._look)
        self._looker.start()
        self._spent = processor_seconds(self._process)
        self._start = time.perf_counter()
        return self

    def __exit__(self, *reason: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self.processor_seconds = processor_seconds(self._process) - self._spent
        self._done.set()
        self._looker.join()

    @property
    def growth(self) -> float:
        return self.most - self._before

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._start

    def _look(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            self.most = max(self.most, resident_mib(self._process))


@dataclass(frozen=True)
class Facade:
    """Asks the facade about one dataset and prints what it took."""

    client: httpx2.Client
    token: str
    dataset: str
    process: int

    def json(self, path: str) -> Any:
        return self.client.get(f"/v1{path}", params={"token": self.token}).raise_for_status().json()

    def listing(self, title: str, path: str, **params: Any) -> float:
        """Read an answer to its end; returns how much the server's memory grew, in MiB."""
        asked = {"token": self.token, **params}
        return self.read(title, f"/v1/datasets/{self.dataset}{path}", asked)

    def read(self, title: str, url: str, params: Mapping[str, Any] | None = None) -> float:
        """Read any answer to its end."""
        first, size = 0.0, 0
        with Watch(self.process) as watch, self.client.stream("GET", url, params=params) as answer:
            answer.raise_for_status()
            for piece in answer.iter_raw(PIECE_BYTES):
                first = first or watch.elapsed
                size += len(piece)
        self._show(title, first, size, watch)
        return watch.growth

    def pages(self, title: str, path: str, count: int, size: int, **params: Any) -> None:
        """Read an answer page by page, as newer clients do."""
        read = 0
        with Watch(self.process) as watch:
            for offset in range(0, count, size):
                asked: Mapping[str, Any] = {"token": self.token, "pageSize": size, "pageOffset": offset, **params}
                read += len(self.client.get(f"/v1/datasets/{self.dataset}{path}", params=asked).content)
        self._show(title, float("nan"), read, watch)

    @staticmethod
    def _show(title: str, first: float, size: int, watch: Watch) -> None:
        times = f"{first:8.3f} {watch.seconds:8.2f} {watch.processor_seconds:8.2f}"
        print(f"  {title:<40} {times} {size / 2**20:9.1f} {watch.growth:9.1f}", flush=True)


def measure(facade: Facade, count: int, tags: int) -> list[str]:
    """Ask for everything; returns what made the memory of the server grow too much."""
    path = f"/datasets/{facade.dataset}/tags"
    initial, *there = facade.json(path)
    random = np.random.default_rng(3)
    for number in range(len(there), tags):
        members = np.flatnonzero(random.random(count) < (number + 1) / (tags + 1))
        body = {"name": f"share {number:03d}", "prevTagId": initial["id"], "bitMaskData": write_mask(members)}
        facade.client.post(f"/v1{path}", params={"token": facade.token}, json=body).raise_for_status()
    (embedding,) = facade.json(f"/datasets/{facade.dataset}/embeddings")
    csv = facade.json(f"/datasets/{facade.dataset}/embeddings/{embedding['id']}/readCSVUrl")
    names = f"/tags/{initial['id']}/export/basic/filenames"
    print(f"  {'':<40} {'first s':>8} {'all s':>8} {'CPU s':>8} {'MiB':>9} {'growth':>9}")
    listings: list[tuple[str, str, dict[str, Any]]] = [
        ("file names, complete", "/mappings", {"field": "fileName"}),
        ("ids, complete", "/mappings", {"field": "_id"}),
        ("samples with names, complete", "/samples/partial", {"mode": "fileNames"}),
        ("export of names, complete", names, {}),
        ("export of full names, complete", names, {"fileNameFormat": "DATASOURCE_FULL"}),
        ("export of URLs, complete", names, {"fileNameFormat": "REDIRECTED_READ_URL"}),
        ("tasks for Label Studio, complete", names.replace("basic/filenames", "LabelStudio/tasks"), {}),
        ("samples in full, complete", "/samples", {}),
        (f"{tags + 1} tags", "/tags", {}),
    ]
    growth = {title: facade.listing(title, path, **params) for title, path, params in listings}
    facade.pages(f"file names in pages of {PAGE:,}", "/mappings", count, PAGE, field="fileName")
    facade.pages("export of names in pages of 5,000", names, count, 5_000)
    facade.read("embeddings as CSV", csv)
    return [title for title, grown in growth.items() if grown > TARGET_GROWTH_MIB]


def run(arguments: argparse.Namespace, folder: Path) -> None:
    home = open_home(folder / "home")
    print(f"{arguments.crops:,} crops, D = {arguments.dimension}")
    if not home.database.exists():
        start = time.perf_counter()
        fill(home, crops=arguments.crops, dimension=arguments.dimension, vectors="curved")
        print(f"drawn and committed in {time.perf_counter() - start:.0f} s")
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(home.root)])
    try:
        address = wait_for_server(home, process)
        with httpx2.Client(base_url=address.url, timeout=600) as client:
            datasets = client.get("/v1/datasets", params={"token": address.token}).raise_for_status().json()
            dataset = next(one["id"] for one in datasets if one["name"] == "vehicles-crops")
            facade = Facade(client=client, token=address.token, dataset=dataset, process=process.pid)
            too_much = measure(facade, arguments.crops, arguments.tags)
        target = f"growth of complete lists < {TARGET_GROWTH_MIB} MiB"
        print(f"target {target}: {'missed by ' + ', '.join(too_much) if too_much else 'met'}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--tags", type=int, default=20)
    run_in_folder(parser, run)


if __name__ == "__main__":
    main()
