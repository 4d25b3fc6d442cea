"""A server and workers as processes that a test kills, stops and starts again.

The processes are forked from one that has imported everything already: a test of many deaths then spends its time on
these, and not on imports. None of them outlives the process that runs the tests.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from swath.client import Client
from swath.client.runs import Run
from swath.core.runs import RunState
from swath.store.home import Home

WORKER_TIMEOUT_S = 2.5

FORKED_SWATH = Path(__file__).with_name("forked_swath.py")

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "swath.cli.app",
        "swath.cli.server_commands",
        "swath.cli.worker_command",
        "swath.wiring.up",
        "swath.wiring.worker",
        "swath.core.selection",
        "swath.adapters.embedders.onnx_file",
        "swath.pipeline.make_map",
        "swath.pipeline.run",
        "swath.testing.tiny_onnx",
        "onnx",
        "onnxruntime",
        "uvicorn.protocols.http.auto",
        "uvicorn.loops.auto",
        "uvicorn.lifespan.on",
    ]
)


class Deployment:
    """One home, the server on it and its workers. `close` kills whatever is left of them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.home = Home(root=folder / "home")
        self.database_url = database_url
        self.worker_timeout_s = WORKER_TIMEOUT_S
        self.environment: dict[str, str] = {}  # what else its processes are told
        self.port = 0
        self._processes: list[BaseProcess] = []
        self._client: Client | None = None
        folder.mkdir(parents=True, exist_ok=True)

    # --- processes --------------------------------------------------------------------------------------------------

    def start_server(self, command: str = "server", *arguments: str, kill_at: str = "") -> BaseProcess:
        """Start a server, on the port of the one before it, and wait until it answers."""
        if not self.port:
            self.port = _free_port()
        server = self.start(command, "--port", str(self.port), *arguments, kill_at=kill_at)
        wait_until(lambda: self.is_served_by(server) or not server.is_alive(), what=self.output)
        assert server.is_alive(), self.output()
        return server

    def start_worker(self, name: str = "worker", *, kill_at: str = "") -> BaseProcess:
        """Start a worker; one of the same name is the same worker, with the same home of its own."""
        home = f"home={self.folder / name}"
        return self.start("worker", f"name={name}", home, "trust_server=True", kill_at=kill_at)

    def start(self, *arguments: str, kill_at: str = "") -> BaseProcess:
        """Start `swath` with these arguments and the environment of this home."""
        environment = {
            **os.environ,
            "SWATH_HOME": str(self.home.root),
            "SWATH_DATABASE": self.database_url,
            "SWATH_WORKER_TIMEOUT": str(self.worker_timeout_s),
            "SWATH_ROOTS": str(self.folder),
            "SWATH_THREADS": "2",
            "SWATH_KILL_AT": kill_at,
            **self.environment,
        }
        if arguments[0] == "worker":
            environment |= {"SWATH_SERVER": self.url, "SWATH_TOKEN": self.token}
        given = {"arguments": arguments, "environment": environment, "output": self._log}
        # Of this package a forked process could import nothing: only pytest knows where it is.
        process = _FORKS.Process(target=runpy.run_path, args=(str(FORKED_SWATH), given), daemon=True)
        process.start()
        self._processes.append(process)
        return process

    def is_served_by(self, server: BaseProcess) -> bool:
        """Whether the home says that this server has it, and it answers there."""
        address = self.home.server_address()
        return address is not None and address.process == server.pid and address.url == self.url and self.is_healthy()

    def is_healthy(self, *, timeout_s: float = 2.0) -> bool:
        """Whether the server answers within this time."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as line:
                line.settimeout(timeout_s)
                line.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return line.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def stop(self, process: BaseProcess) -> None:
        """Ask a process to end, as an operator would."""
        process.terminate()
        process.join(20)
        assert process.exitcode == 0, f"exit code {process.exitcode}\n{self.output()}"

    def kill_all(self) -> None:
        """Kill whatever runs, at once."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()

    def close(self) -> None:
        self.kill_all()
        if self._client is not None:
            self._client.close()

    def output(self) -> str:
        """What all processes have said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / "output.txt"

    # --- the interface ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return self.home.token_file.read_text().strip()

    @property
    def client(self) -> Client:
        """A client of the owner, which outlasts every restart."""
        if self._client is None:
            self._client = Client(self.url, self.token)
        return self._client

    def schedule(self, photos: Any, model: Path, *, dataset: str = "photos", **options: Any) -> Run:
        """Ask for a run on a `PhotoFolder`, making its dataset if it is not there."""
        names = {known.name for known in self.client.datasets.list()}
        if dataset not in names:
            self.client.datasets.create(dataset, datasource=photos.root)
        return self.client.runs.create(
            dataset,
            object_level={"task_name": photos.task},
            selection={"n_samples": 0.5},
            embedder=str(model),
            **options,
        )

    def complete(self, run: Run, *, seconds: float = 60) -> None:
        """Wait until a run is over; it must have COMPLETED."""

        def is_over() -> bool:
            return run.refresh().is_over

        wait_until(is_over, seconds=seconds, what=lambda: f"{run!r}\n{self.story(run)}\n{self.output()}")
        assert run.state is RunState.COMPLETED, f"{run.message}\n{self.story(run)}\n{self.output()}"

    def story(self, run: Run) -> str:
        """The log of a run, for a person who looks for what went wrong."""
        return "\n".join(f"{line.level} {line.message}" for line in run.log())


class Sampler:
    """Calls a function again and again from a thread and keeps what it answered."""

    def __init__(self, look: Callable[[], Any], *, every_s: float = 0.2) -> None:
        self.answers: list[Any] = []
        self._over = threading.Event()

        def watch() -> None:
            while not self._over.wait(every_s):
                self.answers.append(look())

        self._thread = threading.Thread(target=watch, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._over.set()
        self._thread.join()


def wait_until(is_so: Callable[[], Any], *, seconds: float = 60, what: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s\n{what()}"
        time.sleep(0.01)


def killed(process: BaseProcess, *, seconds: float = 60, what: Callable[[], str] = lambda: "") -> bool:
    """Wait for the death of a process; whether it was by SIGKILL."""
    process.join(seconds)
    assert process.exitcode is not None, f"not killed within {seconds:g} s\n{what()}"
    return process.exitcode == -signal.SIGKILL


def send(process: BaseProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
