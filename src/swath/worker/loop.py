"""The life of a worker: claim a run, execute it, claim the next, until it is told to stop."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from swath.core.errors import NotAllowed, NotFound, StaleLease, SwathError
from swath.pipeline.ports import KillPoint
from swath.wire.runs import Assignment
from swath.worker.progress import ProgressBoard
from swath.worker.run_link import run_link
from swath.worker.server_line import ServerLine

SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 5.0
"""Between two questions for work; the pause grows while there is none."""

SECONDS_TO_STOP = 6.0
"""A run that has not reached its next step by then is handed back over its head, and the process ends."""

Execute = Callable[[Assignment, ProgressBoard], str]
"""Does a run to its end and answers its message. Raises StaleLease when it is to be dropped, and SwathError when it
cannot go on and cannot say so to the server either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLife:
    """One worker. `execute` comes from wiring, which knows the adapters; `note` tells its operator what it does."""

    line: ServerLine
    execute: Execute
    at_point: KillPoint
    note: Callable[[str], None]
    stopping: threading.Event

    def serve(self) -> None:
        """Serve runs until `stopping` is set. Raises NotAllowed or NotFound if the server knows it no more."""
        pause = SHORTEST_PAUSE_S
        is_lost = False
        while not self.stopping.is_set():
            try:
                assignment = self.line.claim()
            except (NotAllowed, NotFound):
                raise
            except SwathError as exc:
                if not is_lost:
                    self.note(f"{exc.message}; trying again")
                is_lost = True
                assignment = None
            else:
                if is_lost:
                    self.note("the server answers again")
                is_lost = False
            if assignment is None:
                self.stopping.wait(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE_S)
                continue
            pause = SHORTEST_PAUSE_S
            self.do(assignment)

    def do(self, assignment: Assignment) -> None:
        """Do one run that was claimed. Raises NotAllowed if the worker's token was revoked meanwhile."""
        self.at_point("after_claim")
        self.note(f"run {assignment.run_id} starts")
        with (
            run_link(self.line, assignment, stopping=self.stopping) as link,
            _Deadline(self.stopping, lambda: self._hand_back(assignment)),
        ):
            try:
                message = self.execute(assignment, link.board)
            except StaleLease as exc:
                if self.stopping.is_set():
                    self._hand_back(assignment)
                message = f"dropped: {exc.message}"
            except SwathError as exc:
                message = f"dropped: {exc.message}"
            except Exception:
                # A bug. The pipeline has closed the run as FAILED with it; the next one may fare better.
                message = traceback.format_exc()
        self.note(f"run {assignment.run_id}: {message}")
        if link.watch.locked_out is not None:
            raise link.watch.locked_out

    def _hand_back(self, assignment: Assignment) -> None:
        try:
            self.line.release(assignment)
        except SwathError as exc:
            # The server takes it back by itself when it hears nothing.
            self.note(f"run {assignment.run_id} could not be handed back: {exc.message}")


class _Deadline:
    """Ends the process when a run does not come to its next step in time after the worker was told to stop.

    A selection of millions is one step of minutes. The run loses nothing by it: it starts anew elsewhere.
    """

    def __init__(self, stopping: threading.Event, hand_back: Callable[[], None]) -> None:
        self._stopping = stopping
        self._hand_back = hand_back
        self._over = threading.Event()

    def __enter__(self) -> None:
        threading.Thread(target=self._wait, name="swath-deadline", daemon=True).start()

    def __exit__(self, *reason: object) -> None:
        self._over.set()

    def _wait(self) -> None:
        while not self._stopping.wait(1.0):
            if self._over.is_set():
                return
        if not self._over.wait(SECONDS_TO_STOP):
            self._hand_back()
            os._exit(0)
