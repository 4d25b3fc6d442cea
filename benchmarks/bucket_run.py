"""What a run on a bucket costs beside the same run on a folder, with and without a store that is far away.

    .venv/bin/python -m benchmarks.bucket_run PHOTOS TASK [--repeat 8] [--rounds 3] [--latency 0.05] [--store s3]

The photos are copied `--repeat` times with distinct bytes, into a folder and into a bucket of an emulator on loopback
(`make bucket-servers`). Each round is four runs in this process, in an order that turns: on the folder, on the bucket,
on the bucket with every answer `--latency` seconds late, and on the bucket again with nothing new. The first three
have homes of their own with cold caches, and find no crops or thumbnails of another run.

s            wall seconds of the whole run: opening the home, listing, predictions, streaming, selection, crop files
             and thumbnails, vectors of the kept images, commit
emulator     processor seconds of the processes of emulator and proxy meanwhile. A real store spends them elsewhere
left out     wall seconds without `emulator / cores`: what is left if its work had been done by others. It takes too
             little off where the emulator, not this process, is what is waited for: moto answers one request at a time
CPU          processor seconds of this process
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.repeated_photos import repeat_photos
from tests.support.bucket_servers.processes import NotInstalled
from tests.support.gcs_server import shared_gcs_server
from tests.support.s3_server import shared_s3_server

from swath.adapters.datasource import open_datasource
from swath.adapters.embedders import load_embedder
from swath.core.runs import RunState
from swath.pipeline.write_behind import WriteBehind
from swath.settings import available_cores, load_settings
from swath.wire.run_config import parse_run_config
from swath.wiring.places import GivenAccess
from swath.wiring.runs import run_here

TARGET = 1.3
LEFT_BY_RUNS = (".lightly/crops/", ".lightly/thumbnails/")

Figures = dict[str, float]


class Silent:
    """A run observer that shows nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the photos lie, and how to get at them; `access` is None for a folder."""

    name: str
    location: str
    access: dict[str, str] | None


class Bench:
    """Runs on places that hold the same photos, each with a home that holds nothing but the models."""

    def __init__(self, folder: Path, task: str, n_samples: float) -> None:
        self._folder = folder
        self._task = task
        self._n_samples = n_samples
        self._homes = 0
        load_embedder("efficientnet-lite0", models_folder=folder / "models")

    def cold(self, place: Place) -> Figures:
        """A run with empty caches."""
        self._remove_left_overs(place)
        self._homes += 1
        return self._run(place, new_images=True)

    def again(self, place: Place) -> Figures:
        """The last run once more."""
        return self._run(place, new_images=False)

    def _run(self, place: Place, *, new_images: bool) -> Figures:
        home = self._folder / f"home-{self._homes}"
        if not home.exists():
            home.mkdir()
            (home / "models").symlink_to(self._folder / "models")
        config = parse_run_config(
            {
                "datasource": {"location": place.location},
                "object_level": {"task_name": self._task},
                "selection": {"n_samples": self._n_samples},
                "dataset": "photos",
            }
        )
        given = None if place.access is None else GivenAccess(input=place.access, output=place.access)
        others, own, started = _cpu_of_tree(), time.process_time(), time.perf_counter()
        result = run_here(config, load_settings(home=home), observer=Silent(), access=given)
        seconds, own, others = time.perf_counter() - started, time.process_time() - own, _cpu_of_tree() - others
        if result.state != RunState.COMPLETED or (result.images.new > 0) is not new_images:
            sys.exit(f"the run ended as {result.state}: {result.message} {result.hint}")
        stages = ", ".join(f"{stage} {took:.2f}" for stage, took in result.stage_seconds.items())
        print(f"  {place.name}: {seconds:.2f} s ({stages}; emulator {others:.2f}, CPU {own:.2f})", flush=True)
        return {
            f"{place.name}, s": seconds,
            f"{place.name}, emulator s": others,
            f"{place.name}, left out s": seconds - others / available_cores(),
            f"{place.name}, CPU s": own,
        }

    def _remove_left_overs(self, place: Place) -> None:
        source = open_datasource(place.location, place.access)
        for prefix in LEFT_BY_RUNS:
            source.delete([entry.key for page in source.list_pages(prefix) for entry in page])


def fill(place: Place, folder: Path) -> None:
    """Copy a folder into an empty bucket."""
    with WriteBehind(open_datasource(place.location, place.access)) as files:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            files.write(path.relative_to(folder).as_posix(), path.read_bytes())


@contextmanager
def late(endpoint: str, seconds: float) -> Iterator[str]:
    """The URL of a proxy, a process of its own, whose answers come so many seconds late."""
    command = [sys.executable, "-m", "tests.support.faulty_proxy", endpoint, "--latency", str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def _cpu_of_tree() -> float:
    """Processor seconds of all processes below this one that are alive, in user and system mode."""
    parents, seconds = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        process = int(path.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    below, pending = 0.0, [os.getpid()]
    while pending:
        process = pending.pop()
        children = [child for child, parent in parents.items() if parent == process]
        below += sum(seconds[child] for child in children)
        pending += children
    return below


def _ratios(figures: Figures, names: Sequence[str]) -> Figures:
    return {
        f"{name} / folder, {what}": figures[f"{name}, {what}"] / figures[f"folder, {'s' if what != 'CPU s' else what}"]
        for name in names
        for what in ("left out s", "s", "CPU s")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasource", type=Path, help="folder of *.jpg with predictions in .lightly/predictions")
    parser.add_argument("task", help="prediction task")
    parser.add_argument("--repeat", type=int, default=8, help="copies of every photo")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that each answer comes late")
    parser.add_argument("--n-samples", type=float, default=0.1, help="share of the objects that is kept")
    parser.add_argument("--store", choices=("s3", "gcs"), default="s3")
    arguments = parser.parse_args()
    if not arguments.datasource.is_dir():
        sys.exit(f"skipped: there is no folder `{arguments.datasource}` with photos")
    try:
        server: Any = shared_s3_server() if arguments.store == "s3" else shared_gcs_server()
    except NotInstalled as exc:
        sys.exit(f"skipped: {exc}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = repeat_photos(arguments.datasource, arguments.task, times=arguments.repeat, folder=folder / "photos")
        at_hand = Place(name="folder", location=str(folder / "photos"), access=None)
        near = Place(name="bucket", location=server.make_bucket(), access=server.access)
        fill(near, folder / "photos")
        print(f"{count} images, {available_cores()} cores, {arguments.rounds} rounds", flush=True)
        bench = Bench(folder, arguments.task, arguments.n_samples)
        with late(server.endpoint, arguments.latency) as endpoint:
            far = Place(name="far bucket", location=near.location, access={**server.access, "endpoint": endpoint})
            again = Place(name="far bucket again", location=far.location, access=far.access)
            rounds = [_round(bench, number, at_hand, near, far, again) for number in range(arguments.rounds)]
    print(f"\n| | median of {len(rounds)} | least | most |\n|---|---|---|---|")
    for key in rounds[0]:
        values = [figures[key] for figures in rounds]
        print(f"| {key} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |")
    for which in (near.name, far.name):
        ratio = statistics.median(figures[f"{which} / folder, left out s"] for figures in rounds)
        print(f"{which} / folder: {ratio:.2f}, target {TARGET}: {'met' if ratio <= TARGET else 'not met'}")


def _round(bench: Bench, number: int, at_hand: Place, near: Place, far: Place, again: Place) -> Figures:
    kinds: list[Callable[[], Figures]] = [
        lambda: bench.cold(at_hand),
        lambda: bench.cold(near),
        lambda: bench.cold(far) | bench.again(again),
    ]
    figures: Figures = {}
    for kind in [*kinds[number % 3 :], *kinds[: number % 3]]:
        figures |= kind()
    return figures | _ratios(figures, (near.name, far.name))


if __name__ == "__main__":
    main()
