"""What it costs to have a run done by the worker of `swath up` instead of in the process of `swath run`.

    .venv/bin/python benchmarks/platform_run.py DATASOURCE TASK [--repeat 8] [--rounds 4]

The photos are copied `--repeat` times with distinct bytes. Each round is one run in process and one through the
platform, in an order that alternates; every one has a home of its own with cold caches, and no crops or thumbnails of
another in the folder. Only the models are there already. Both work at one niceness, by default that of the worker of
`swath up`: else whatever else the machine does would slow down one of them alone.

in process   wall seconds of the command `swath run`, from its start to its end; "from its first stage": without the
             start of Python, imports and opening the home
platform     wall seconds from asking for the run over HTTP until it is seen to be COMPLETED. Server and worker are
             up, and the worker has been idle for `--idle` seconds, so that it asks for work as seldom as it ever does
waiting      of these, until the worker had claimed the run
noticing     of these, from the end of the run until the client, which asks now and then, saw it
CPU          processor seconds: of the command, starting included; of server and worker from asking until it is seen
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repeated_photos import repeat_photos
from swath.client import Client
from swath.store.home import Home
from swath.wiring.worker_process import NICENESS

Figures = dict[str, float]

SELECTION = {"n_samples": 0.1}


class Bench:
    """The photos, and homes that hold nothing but the models."""

    def __init__(self, photos: Path, task: str, folder: Path, *, idle_s: float, niceness: int) -> None:
        self.photos = photos
        self.task = task
        self._folder = folder
        self._idle_s = idle_s
        self._niceness = niceness
        self._homes = 0

    def in_process(self) -> Figures:
        arguments = ["run", str(self.photos), "--task", self.task, "--n-samples", str(SELECTION["n_samples"])]
        home, before, started = self._fresh_home(), _cpu_of_children(), time.perf_counter()
        process = subprocess.Popen(
            _command(*arguments), env=_environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, self._niceness)
        assert process.stderr is not None
        first = process.stderr.read(1)  # progress is shown as soon as there is a stage
        begun = time.perf_counter()
        rest = process.stderr.read()
        _check(process.wait(), first + rest)
        ended = time.perf_counter()
        return {
            "in process, s": ended - started,
            "in process from its first stage, s": ended - begun,
            "in process CPU, s": _cpu_of_children() - before,
        }

    def platform(self) -> Figures:
        with self._up() as (client, processes):
            dataset = client.datasets.create("photos", datasource=self.photos)
            time.sleep(self._idle_s)
            before, started = sum(map(_cpu_of, processes)), time.perf_counter()
            run = client.runs.create(dataset, object_level={"task_name": self.task}, selection=SELECTION)
            run.wait()
            seconds, seen_at = time.perf_counter() - started, time.time() * 1000
            cpu = sum(map(_cpu_of, processes)) - before
        document = run.document
        assert document.started_at is not None
        assert document.finished_at is not None
        return {
            "platform, s": seconds,
            "waiting, s": (document.started_at - document.created_at) / 1000,
            "noticing, s": (seen_at - document.finished_at) / 1000,
            "platform CPU, s": cpu,
        }

    @contextmanager
    def _up(self) -> Iterator[tuple[Client, tuple[int, int]]]:
        """A client, and the process ids of server and worker."""
        home = self._fresh_home()
        process = subprocess.Popen(
            _command("up", "--no-browser", "--port", "0"),
            env=_environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            address = Home(root=home).server_address()
            assert address is not None, "`swath up` did not start"
            with Client(address.url, address.token) as client:
                while not (workers := client.workers.list()):
                    time.sleep(0.1)
                worker = int(workers[0].details["process"])
                for thread in Path(f"/proc/{worker}/task").iterdir():
                    os.setpriority(os.PRIO_PROCESS, int(thread.name), self._niceness)
                yield client, (process.pid, worker)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def _fresh_home(self) -> Path:
        for left in ("crops", "thumbnails"):
            shutil.rmtree(self.photos / ".lightly" / left, ignore_errors=True)
        self._homes += 1
        home = self._folder / f"home-{self._homes}"
        shutil.copytree(self._folder / "models", home / "models", copy_function=os.link)
        return home


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "swath", *arguments]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "SWATH_HOME": str(home)}


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _cpu_of(process: int) -> float:
    """Of a process that runs, without its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _check(code: int, errors: bytes) -> None:
    if code:
        sys.exit(f"`swath run` failed: {errors.decode()}")


def _show(rounds: list[Figures]) -> None:
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        print(f"{name:38} {statistics.median(values):8.2f}  ({min(values):.2f} to {max(values):.2f})")


def _ratios(figures: Figures) -> Figures:
    return {
        "platform / in process": figures["platform, s"] / figures["in process, s"],
        "platform / in process from first stage": (
            figures["platform, s"] / figures["in process from its first stage, s"]
        ),
        "platform CPU / in process CPU": figures["platform CPU, s"] / figures["in process CPU, s"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasource", type=Path)
    parser.add_argument("task")
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--idle", type=float, default=12.0)
    parser.add_argument("--niceness", type=int, default=NICENESS, help="below 0 takes turns from others: needs root")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = repeat_photos(arguments.datasource, arguments.task, times=arguments.repeat, folder=folder / "photos")
        _build_models(folder)
        bench = Bench(folder / "photos", arguments.task, folder, idle_s=arguments.idle, niceness=arguments.niceness)
        rounds: list[Figures] = []
        for number in range(arguments.rounds):
            kinds: list[Any] = [bench.in_process, bench.platform]
            figures: Figures = {}
            for measure in kinds if number % 2 == 0 else reversed(kinds):
                figures |= measure()
            rounds.append(figures | _ratios(figures))
            told = ", ".join(f"{key} {value:.2f}" for key, value in rounds[-1].items())
            print(f"round {number + 1}: {told}", flush=True)
        print(f"{count} images; median (least to most) of {len(rounds)} rounds")
        _show(rounds)


def _build_models(folder: Path) -> None:
    """Built at first use, which is no part of what is compared."""
    from swath.adapters.embedders import load_embedder

    load_embedder("efficientnet-lite0", models_folder=folder / "models")


if __name__ == "__main__":
    main()
