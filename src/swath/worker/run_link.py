"""A claimed run's line to the server while it is executed: signs of life, progress, and what the run is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from swath.core.errors import StaleLease
from swath.wire.runs import Assignment, Progress
from swath.worker.progress import ProgressBoard
from swath.worker.run_watch import RunWatch
from swath.worker.server_line import ServerLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """`board` is the run's observer, by which it also learns that it has to end; `watch` beats."""

    board: ProgressBoard
    watch: RunWatch


@contextmanager
def run_link(line: ServerLine, assignment: Assignment, *, stopping: threading.Event) -> Iterator[RunLink]:
    """Hold the lease of a run for as long as this is entered."""

    def beat() -> bool:
        answer = line.beat(assignment)
        if assignment.run_id in answer.lost:
            raise StaleLease(f"run `{assignment.run_id}` is not this worker's any more")
        return assignment.run_id in answer.cancelled

    def report() -> None:
        latest = board.take()
        if latest is not None:
            line.report(
                assignment,
                Progress(state=latest.state, done=latest.done, total=latest.total, unit=latest.unit, rate=latest.rate),
            )

    watch = RunWatch(beat=beat, report=report, timeout_s=assignment.lease_seconds, stopping=stopping)
    board = ProgressBoard(watch.check)
    with watch:
        yield RunLink(board=board, watch=watch)
