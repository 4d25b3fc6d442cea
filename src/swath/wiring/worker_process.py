"""The one worker of `swath up`: a child process that is started again when it dies, and dies with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

NICENESS = 5
"""So far below the server, so that pages stay quick while a run uses every core."""

SECONDS_TO_STOP = 8.0
"""How long a worker may take to hand its run back before it is killed."""

LONGEST_PAUSE_S = 30.0
LONG_LIFE_S = 60.0
"""A worker that lived so long did not die of what it was started with: the next one starts at once."""


class WorkerProcess:
    """Between `start` and `stop` a worker runs. Its standard input stays open as long as this process lives."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, note: Callable[[str], None]
    ) -> None:
        self._command = [sys.executable, "-m", "swath", "worker", *arguments]
        self._environment = dict(environment)
        self._note = note
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="swath-worker-process", daemon=True)

    @property
    def process_id(self) -> int | None:
        """Of the latest worker; None if there was none yet."""
        with self._turn:
            return None if self._process is None else self._process.pid

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the worker: asked to first, killed if it takes too long. A second call does nothing."""
        self._stopping.set()
        with self._turn:
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self._note("the worker did not stop in time and was killed; its run goes back to the queue")
                process.kill()
                process.wait()
        if self._thread.is_alive():
            self._thread.join()

    def _keep_running(self) -> None:
        pause = 1.0
        while True:
            started = time.monotonic()
            process = self._start()
            if process is None:
                return
            code = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - started > LONG_LIFE_S else min(pause * 2, LONGEST_PAUSE_S)
            self._note(f"the worker ended ({_how(code)}) and starts again in {pause:.0f} s")
            if self._stopping.wait(pause):
                return

    def _start(self) -> subprocess.Popen[bytes] | None:
        """The new worker; None if there shall be none any more."""
        with self._turn:
            if self._stopping.is_set():
                return None
            # A session of its own: Ctrl-C goes to the server, which stops the worker first and then itself.
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            # It may be gone already.
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
            return self._process


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
