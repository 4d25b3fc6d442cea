"""Servers that speak like the stores, as processes of the tests' own: on loopback, and gone with the tests."""

from __future__ import annotations

import atexit
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

INSTALLED_IN = Path(__file__).parents[3] / ".tools" / "bucket-servers"
"""Where `make bucket-servers` puts them."""

START_TIMEOUT_S = 90

# The server ends when the pipe to this script does, so also when the tests are killed.
RUN_UNTIL_PIPE_ENDS = '"$@" </dev/null >/dev/null 2>&1 & server=$!; cat >/dev/null; kill -KILL "$server"'


class NotInstalled(Exception):
    """A server program is not where it should be."""


def program(*parts: str) -> str:
    """The path of a program that was installed. Raises NotInstalled."""
    path = INSTALLED_IN.joinpath(*parts)
    if not path.exists():
        raise NotInstalled(f"`{path.name}` is not installed: run `make bucket-servers`")
    return str(path)


def start(
    command_for: Callable[[int], Sequence[str]], environment: dict[str, str] | None = None, ready: str = "/"
) -> int:
    """Start a server; returns its port once it answers at the path `ready`, whatever it answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    process = subprocess.Popen(
        ["/bin/sh", "-c", RUN_UNTIL_PIPE_ENDS, "sh", *command_for(port)],
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    _RUNNING.append(process)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _answers(f"http://127.0.0.1:{port}{ready}"):
        assert time.monotonic() < deadline, f"`{command_for(port)[0]}` did not start"
        time.sleep(0.02)
    return port


_RUNNING: list[subprocess.Popen[bytes]] = []
"""Kept, for a process that is forgotten closes the pipe that keeps its server alive."""


@atexit.register
def _stop_all() -> None:
    for process in _RUNNING:
        process.communicate()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
