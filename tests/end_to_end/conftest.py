"""The command line as a user runs it, in this process or its own, and small photo folders to run it on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from swath.adapters.embedders import load_embedder
from swath.cli.app import run_app
from swath.formats.lightly.locations import prediction_key
from swath.wiring.client import Client

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
TASK = "vehicles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended. `document` is the one JSON document on its standard output."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def document(self) -> Any:
        return json.loads(self.stdout)


class Swath:
    """`swath` with one home. Calling it runs the command in this process; `process` and `start` in one of its own."""

    def __init__(self, home: Path, models: Path) -> None:
        home.mkdir(parents=True)
        shutil.copytree(models, home / "models", copy_function=os.link)
        self.home = home

    def __call__(self, *arguments: str | Path | float, env: dict[str, str] | None = None) -> Outcome:
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["swath", *map(str, arguments)])
            for name, value in self._environment(env or {}).items():
                patch.setenv(name, value)
            try:
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
                    run_app()
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        out.flush()
        assert isinstance(out.buffer, io.BytesIO)
        code = end.value.code
        assert isinstance(code, int)
        return Outcome(code=code, stdout=out.buffer.getvalue(), stderr=err.getvalue())

    def run(self, folder: Path, *options: str | Path | float, env: dict[str, str] | None = None) -> Any:
        """The result of a run that succeeds, on the task of `PhotoFolder` unless options name another."""
        outcome = self.try_run(folder, *options, env=env)
        assert outcome.code == 0, outcome.stderr
        return outcome.document

    def try_run(self, folder: Path, *options: str | Path | float, env: dict[str, str] | None = None) -> Outcome:
        return self(*self.run_arguments(folder, *options), env=env)

    def run_arguments(self, folder: Path, *options: str | Path | float) -> tuple[str | Path | float, ...]:
        task = () if "--task" in options or "--unit" in options else ("--task", TASK)
        amount = () if "--n-samples" in options or "--min-distance" in options else ("--n-samples", "0.5")
        return ("run", folder, *task, *amount, *options, "--json")

    def show(self, dataset: str) -> Any:
        outcome = self("show", dataset, "--json")
        assert outcome.code == 0, outcome.stderr
        return outcome.document

    def names(self, dataset: str, tag: str | None = None) -> list[str]:
        outcome = self("export", dataset, "--format", "filenames", *(("--tag", tag) if tag else ()))
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout.decode().splitlines()

    def process(
        self, *arguments: str | Path | float, env: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.command(*arguments),
            env={**os.environ, **self._environment(env or {})},
            capture_output=True,
            timeout=120,
            check=False,
            **options,
        )

    def start(self, *arguments: str | Path | float, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **self._environment(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def command(self, *arguments: str | Path | float) -> list[str]:
        return [sys.executable, "-m", "swath", *map(str, arguments)]

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Rows of the database, read as it lies there."""
        with contextlib.closing(sqlite3.connect(self.home / "swath.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def _environment(self, extra: dict[str, str]) -> dict[str, str]:
        return {"SWATH_HOME": str(self.home), **extra}


class Platform:
    """A server with a home of its own on a free port, and workers, each a process; `stop` ends what is left of them."""

    def __init__(self, swath: Swath, logs: Path) -> None:
        self.swath = swath
        self.login_url = ""
        self._logs = logs
        self._processes: list[subprocess.Popen[bytes]] = []
        logs.mkdir(exist_ok=True)

    def serve(self, command: str = "server", *arguments: str, env: dict[str, str] | None = None) -> Any:
        """Start `swath server` (or `up`) and wait until it answers; returns the process."""
        process = self.begin(command, *arguments, env=env)
        self.wait_until_served(process)
        return process

    def begin(self, command: str = "server", *arguments: str, env: dict[str, str] | None = None) -> Any:
        """Start a server, without waiting for it."""
        return self._start([command, "--port", "0", *arguments], {"SWATH_WORKER_TIMEOUT": "1.5", **(env or {})})

    def wait_until_served(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.login_url = process.stdout.readline().decode().strip()
        assert self.login_url, self.errors(process)

    @property
    def url(self) -> str:
        return self.login_url.split("/login")[0]

    def client(self, token: str | None = None) -> Any:
        return Client(self.url, token, home=self.swath.home)

    def work(self, *arguments: str, token: str | None = None, env: dict[str, str] | None = None) -> Any:
        """Start a worker with the models of the home, but caches of its own."""
        home = self._logs / f"worker-{len(self._processes)}"
        home.mkdir()
        shutil.copytree(self.swath.home / "models", home / "models", copy_function=os.link)
        token = token or (self.swath.home / "token").read_text().strip()
        secrets = {"SWATH_TOKEN": token, "SWATH_SERVER": self.url}
        return self._start(["worker", f"home={home}", "trust_server=True", *arguments], {**secrets, **(env or {})})

    def errors(self, process: subprocess.Popen[bytes]) -> str:
        """What a process has written to standard error by now."""
        return (self._logs / f"{self._processes.index(process)}.txt").read_text()

    def wait_for(self, process: subprocess.Popen[bytes], text: str, *, seconds: float = 60) -> None:
        """Until a process has written some text to standard error."""
        self.wait_until(lambda: text in self.errors(process), seconds=seconds, what=lambda: self.errors(process))

    @staticmethod
    def wait_until(
        is_so: Callable[[], bool], *, seconds: float = 60, what: Callable[[], Any] = lambda: "what is waited for"
    ) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, what()
            time.sleep(0.05)

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _start(self, arguments: Sequence[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._logs / f"{len(self._processes)}.txt").open("wb") as errors:
            process = subprocess.Popen(
                self.swath.command(*arguments),
                env={**os.environ, "SWATH_HOME": str(self.swath.home), **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._processes.append(process)
        return process


class PhotoFolder:
    """A datasource of small drawn photos; every box is filled with a texture of its own."""

    def __init__(self, root: Path, *, task: str = TASK) -> None:
        self.root = root
        self.task = task
        root.mkdir(parents=True, exist_ok=True)
        self.write_tasks([task])
        self.write_schema(["car", "truck", "bus"])

    @property
    def predictions(self) -> Path:
        return self.root / ".lightly" / "predictions"

    def write_tasks(self, document: Any) -> None:
        self._write_json(self.predictions / "tasks.json", document)

    def write_schema(self, names: Iterable[str], *, task: str | None = None, kind: str = "object-detection") -> None:
        categories = [{"id": place, "name": name} for place, name in enumerate(names)]
        self._write_json(
            self.predictions / (task or self.task) / "schema.json", {"task_type": kind, "categories": categories}
        )

    def add(
        self,
        name: str,
        boxes: Sequence[Sequence[float]] = ((4, 6, 40, 30), (60, 40, 50, 44), (90, 8, 36, 28)),
        *,
        size: tuple[int, int] = (128, 96),
        seed: int | None = None,
        predicted: bool = True,
    ) -> Path:
        """An image with a texture in each box (x, y, width, height) and, if `predicted`, a prediction for each."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(list(name.encode()) if seed is None else seed)
        pixels = np.full((size[1], size[0], 3), rng.integers(60, 200, 3), dtype=np.uint8)
        for x, y, width, height in boxes:
            area = pixels[max(0, int(y)) : int(y + height), max(0, int(x)) : int(x + width)]
            if area.size:
                cells = rng.integers(0, 255, (rng.integers(1, 7), rng.integers(1, 7), 3), dtype=np.uint8)
                texture = Image.fromarray(cells).resize((area.shape[1], area.shape[0]), Image.Resampling.BILINEAR)
                area[:] = np.asarray(texture)
        Image.fromarray(pixels).save(path, quality=95) if path.suffix == ".jpg" else Image.fromarray(pixels).save(path)
        if predicted:
            self.predict(name, boxes)
        return path

    def add_many(self, count: int, prefix: str = "image") -> None:
        for number in range(count):
            self.add(f"{prefix}_{number:03d}.jpg")

    def predict(self, name: str, boxes: Sequence[Sequence[Any]], *, task: str | None = None, **fields: Any) -> None:
        """One prediction per box; category and score go round, `fields` come before them."""
        found = [
            {"category_id": place % 3, "bbox": list(box), "score": round(0.9 - 0.1 * (place % 5), 2), **fields}
            for place, box in enumerate(boxes)
        ]
        self.predict_document(name, {"file_name": name, "predictions": found}, task=task)

    def predict_document(self, name: str, document: Any, *, task: str | None = None) -> None:
        self._write_json(self.prediction_file(name, task=task), document)

    def prediction_file(self, name: str, *, task: str | None = None) -> Path:
        return self.root / prediction_key(task or self.task, name)

    def files_below(self, folder: str) -> set[str]:
        """Files below a folder of `.lightly`, relative to the datasource."""
        top = self.root / ".lightly" / folder
        return {str(path.relative_to(self.root)) for path in top.rglob("*") if path.is_file()}

    @staticmethod
    def _write_json(path: Path, document: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models folder with the default embedder built once; building it anew in every home takes seconds."""
    folder = tmp_path_factory.mktemp("models")
    load_embedder("efficientnet-lite0", models_folder=folder)
    return folder


@pytest.fixture(scope="session")
def open_swath(models: Path) -> Any:
    """Makes the `Swath` of a home that is not there yet."""

    def open_home(home: Path) -> Swath:
        return Swath(home, models)

    return open_home


@pytest.fixture(scope="session")
def open_photos() -> Any:
    """Makes an empty `PhotoFolder`."""
    return PhotoFolder


@pytest.fixture
def make_swath(tmp_path: Path, open_swath: Any) -> Any:
    """Makes `Swath`s with homes of their own, by name."""

    def make(name: str = "home") -> Any:
        return open_swath(tmp_path / name)

    return make


@pytest.fixture
def swath(make_swath: Any) -> Any:
    return make_swath()


@pytest.fixture
def platform(swath: Any, tmp_path: Path) -> Iterator[Any]:
    """A `Platform` on the home of `swath`, nothing of which is started yet."""
    platform = Platform(swath, tmp_path / "logs")
    try:
        yield platform
    finally:
        platform.stop()


@pytest.fixture
def make_photos(tmp_path: Path) -> Any:
    """Makes empty `PhotoFolder`s, by name."""

    def make(name: str) -> PhotoFolder:
        return PhotoFolder(tmp_path / name)

    return make


@pytest.fixture
def photos(make_photos: Any) -> Any:
    """An empty photo folder called `photos`."""
    return make_photos("photos")


@pytest.fixture
def coco128(tmp_path: Path) -> Path:
    """A copy of 128 real photos with predictions, where they are at hand."""
    source = SHARED_DATA / "coco128"
    if not source.is_dir():
        pytest.skip(f"the photos of coco128 are not at {source}")
    target = tmp_path / "coco128"
    shutil.copytree(source, target)
    return target
