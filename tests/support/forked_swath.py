"""Run in a forked process, which it makes `swath`; globals say with which arguments and environment, and where to."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

given = globals()
arguments: tuple[str, ...] = given["arguments"]
environment: dict[str, str] = given["environment"]
output: Path = given["output"]

PR_SET_PDEATHSIG = 1


def end_with_the_tests() -> None:
    """Outlive them in no case, nor let the process from which all are forked: one that is stopped dies with that."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(1)


if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
threading.Thread(target=end_with_the_tests, daemon=True).start()
os.environ.clear()
os.environ.update(environment)
descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for stream in (1, 2):
    os.dup2(descriptor, stream)
sys.argv = ["swath", *arguments]

from swath.cli.app import run_app  # noqa: E402, it looks at the environment

run_app()
