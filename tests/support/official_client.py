"""The official clients, unmodified, each in an environment of its own (`make clients`), driven from tests.

    with OfficialClient("1.2.25", url, token) as client:
        client("client.create_dataset('photos')")
        assert client("client.dataset_id") == …

Importing a client takes seconds, so that one process is kept and given one piece of a script after the other.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

VERSIONS = ("1.2.25", "1.5.23")

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).parent / "official_clients"
STUBS = SOURCES / "stubs"

WITHOUT_TORCH = frozenset({"1.2.25"})
"""Versions that import torch and its like, in place of which they get `STUBS`."""

only_old = pytest.mark.parametrize("client_process", ["1.2.25"], indirect=True)
only_new = pytest.mark.parametrize("client_process", ["1.5.23"], indirect=True)
"""For tests of methods that one of them has not."""

BEGINNING = """
import lightly
from lightly.api import ApiWorkflowClient
client = ApiWorkflowClient(token=token)
"""


def installed_python(version: str) -> Path:
    """The Python of a client's environment. Skips the test without it, which fails the build in CI."""
    python = ROOT / ".tools" / "clients" / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"the official client {version} is not installed (make clients)")
    return python


class ClientRaised(Exception):
    """What a piece of a script raised: the class's name, its words, and of an HTTP error status and body."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['type']}: {error['message']}\n{error['trace']}")
        self.type: str = error["type"]
        self.message: str = error["message"]
        self.status: int | None = error["status"]
        self.body: str | None = error["body"]

    @property
    def code(self) -> str | None:
        """The code in the body of an HTTP error."""
        return None if not self.body else str(json.loads(self.body)["code"])


class OfficialClient:
    """One process with one version of the client. `output` and `warnings` are what the last piece printed."""

    def __init__(self, version: str, url: str, token: str, *, folder: Path) -> None:
        """Start the process, which works in `folder`; `lightly` is imported when the first piece comes."""
        self.version = version
        self.output = ""
        self.warnings: Sequence[str] = ()
        self._log = folder / f"official-client-{version}.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [installed_python(version), SOURCES / "driver.py"],
                env=environment(version, url, token),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.start_anew(url, token)

    @property
    def is_old(self) -> bool:
        """Whether it is of the time before clients checked what they are answered."""
        return self.version in WITHOUT_TORCH

    def start_anew(self, url: str, token: str) -> None:
        """Forget all names; the next piece finds a new `client` of this server, with this token."""
        self._environment = {"LIGHTLY_SERVER_LOCATION": url, "LIGHTLY_TOKEN": token}
        self._is_fresh = True

    def __call__(self, code: str, *, timeout_s: float = 120.0, **names: Any) -> Any:
        """Run a piece of a script that may use `client`, `lightly`, `token`, what earlier pieces assigned, and `names`.

        Returns the value of its last line, with the documents of clients as dictionaries. Raises ClientRaised.
        """
        if self._is_fresh:
            self._is_fresh = False
            self._ask(BEGINNING, {"token": self._environment["LIGHTLY_TOKEN"]}, timeout_s, self._environment)
        return self._ask(code, names, timeout_s)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def __enter__(self) -> OfficialClient:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def _ask(
        self, code: str, names: Mapping[str, Any], timeout_s: float, fresh: Mapping[str, str] | None = None
    ) -> Any:
        assert self._process.stdin is not None
        request = {"code": code, "names": dict(names), "fresh": fresh}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._line(timeout_s))
        self.output, self.warnings = answer["output"], answer["warnings"]
        if answer["error"] is not None:
            raise ClientRaised(answer["error"])
        return answer["value"]

    def _line(self, timeout_s: float) -> bytes:
        assert self._process.stdout is not None
        deadline = time.monotonic() + timeout_s
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                assert selector.select(deadline - time.monotonic()), f"no answer within {timeout_s:g} s"
                piece = os.read(self._process.stdout.fileno(), 1 << 16)
                assert piece, f"the client's process died\n{self._log.read_text(errors='replace')}"
                line += piece
        return line


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptOutcome:
    """How a script ended."""

    code: int
    stdout: str
    stderr: str


def run_script(
    version: str,
    url: str,
    token: str,
    script: Path,
    *arguments: str | Path,
    folder: Path,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 120.0,
) -> ScriptOutcome:
    """Run a script file as a user would: with nothing but the two variables that name the server and the token."""
    ended = subprocess.run(
        [installed_python(version), script, *arguments],
        env={**environment(version, url, token), **(env or {})},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return ScriptOutcome(code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)


def environment(version: str, url: str, token: str) -> dict[str, str]:
    """The variables of a process with a client: those of this process without proxies, and the two of the client."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    # What this process imports must not get into the other.
    kept.pop("PYTHONPATH", None)
    stubs = {"PYTHONPATH": str(STUBS)} if version in WITHOUT_TORCH else {}
    return {**kept, **stubs, "LIGHTLY_SERVER_LOCATION": url, "LIGHTLY_TOKEN": token}
