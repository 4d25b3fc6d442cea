"""`swath worker`: execute the runs of a server."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from types import FrameType
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.worker_arguments import WorkerArguments, parse_worker_arguments
from swath.settings import Settings, load_settings

SECONDS_TO_END = 9.0
"""After the server is gone with whoever held standard input open, nothing is worth waiting longer for."""


def worker_command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="For example token=… worker.worker_id=…")
    ] = None,
) -> int:
    """Execute the runs of a server, one after another, until it is stopped.

    Keys: server, token, worker.worker_id, worker.force_start, name, labels, home, root, sanity_check, trust_server,
    stop_with_stdin.
    """
    from swath.wiring.worker import WorkerOptions, check_worker, run_worker

    given = parse_worker_arguments(arguments or ())
    settings = _settings(given)
    if given.token is not None:
        _note("hint: other users of this machine can see the token; `SWATH_TOKEN` hides it.")
    options = WorkerOptions(
        name=given.name or "", labels=given.labels, force=given.force_start, trusts_server=given.trust_server
    )
    if given.sanity_check:
        checks = check_worker(settings, options)
        for check in checks:
            print(f"{'ok' if check.ok else 'BAD':>4}  {check.name:<10} {check.detail}")
        return exit_codes.OK if all(check.ok for check in checks) else exit_codes.FAILED
    stopping = _stop_when_told()
    if given.stop_with_stdin:
        _stop_with_stdin(stopping)
    run_worker(settings, options, stopping=stopping, note=_note)
    return exit_codes.OK


def _settings(given: WorkerArguments) -> Settings:
    settings = load_settings(home=given.home)
    return replace(
        settings,
        server=(given.server or settings.server).rstrip("/"),
        token=given.token or settings.token,
        worker_id=given.worker_id or settings.worker_id,
        roots=settings.roots + given.roots,
    )


def _stop_when_told() -> threading.Event:
    """Set by SIGTERM or SIGINT; a second one ends the process at once."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(exit_codes.INTERRUPTED)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


def _stop_with_stdin(stopping: threading.Event) -> None:
    """Stop when whoever holds standard input open is gone, however it went."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        stopping.set()
        time.sleep(SECONDS_TO_END)
        os._exit(exit_codes.FAILED)

    threading.Thread(target=wait, name="swath-stdin", daemon=True).start()


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
