"""The servers that stand in for the stores end with the tests, however these end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.gcs_server import GcsServer

START_AND_WAIT = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from tests.support.gcs_server import shared_gcs_server
print(shared_gcs_server().endpoint, flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_the_tests_that_were_killed(gcs_server: GcsServer, how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", START_AND_WAIT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        endpoint = tests.stdout.readline().strip()
        port = int(endpoint.rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
        tests.send_signal(how)
        tests.wait()
    deadline = time.monotonic() + 10
    while is_open(port):
        assert time.monotonic() < deadline, "the server outlived the tests"
        time.sleep(0.02)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
