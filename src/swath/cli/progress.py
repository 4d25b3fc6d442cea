"""Progress on standard error: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from swath.core.runs import RunState

STAGE_NAMES = {
    RunState.LOADING_DATASET: "list images",
    RunState.LOADING_PREDICTION: "read predictions",
    RunState.CHECKING_CORRUPTNESS: "look up image sizes",
    RunState.EMBEDDING_OBJECT_CROPS: "crop and embed objects",
    RunState.EMBEDDING: "embed images",
    RunState.SAMPLING: "select",
    RunState.EMBEDDING_FULL_IMAGES: "write crops, embed kept images",
    RunState.SAVING_RESULTS: "save",
}

SECONDS_BETWEEN_LINES = 10.0
"""How often plain progress says something while a stage is under way."""


def stage_name(state: RunState) -> str:
    """What a stage is called for a person."""
    return STAGE_NAMES.get(state, state.value.lower().replace("_", " "))


class TerminalObserver(AbstractContextManager["TerminalObserver"]):
    """A line per stage with count, rate and time left."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._current: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._complete()
        self._progress.stop()

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.start(stage_name(state), total=total, unit=unit)

    def start(self, name: str, *, total: int | None, unit: str) -> None:
        """Begin something that is not a stage of a run."""
        self._complete()
        self._current = self._progress.add_task(name, total=total, unit=unit)

    def advance(self, count: int = 1) -> None:
        if self._current is not None and count:
            self._progress.advance(self._current, count)

    def note(self, level: str, message: str) -> None:
        style = {"WARNING": "yellow", "ERROR": "red"}.get(level, "dim")
        self._progress.console.print(Text(f"{level.lower()}: {message}", style=style))

    def _complete(self) -> None:
        if self._current is None:
            return
        task = next(task for task in self._progress.tasks if task.id == self._current)
        total = task.total if task.total is not None else max(task.completed, 1)
        self._progress.update(self._current, total=total, completed=total)


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        unit = task.fields.get("unit", "")
        return Text("" if not speed or task.total in (None, 1) else f"{speed:,.0f} {unit}/s", style="cyan")


class PlainObserver(AbstractContextManager["PlainObserver"]):
    """Lines that read well in a log: one when a stage starts, one every ten seconds, none that overwrites another."""

    def __init__(self) -> None:
        self._name = ""
        self._unit = ""
        self._total: int | None = None
        self._done = 0
        self._started = self._said = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.start(stage_name(state), total=total, unit=unit)

    def start(self, name: str, *, total: int | None, unit: str) -> None:
        """Begin something that is not a stage of a run."""
        self._name = name
        self._unit, self._total, self._done = unit, total, 0
        self._started = self._said = time.monotonic()
        self._say(self._name if total is None else f"{self._name}: {total:,} {unit}")

    def advance(self, count: int = 1) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._said < SECONDS_BETWEEN_LINES or not self._done:
            return
        self._said = now
        rate = self._done / (now - self._started)
        left = "" if self._total is None else f", about {(self._total - self._done) / rate:,.0f} s left"
        of = "" if self._total is None else f" of {self._total:,}"
        self._say(f"{self._name}: {self._done:,}{of} {self._unit} ({rate:,.0f}/s{left})")

    def note(self, level: str, message: str) -> None:
        self._say(f"{level.lower()}: {message}")

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def progress_observer() -> TerminalObserver | PlainObserver:
    """The observer that fits where standard error goes."""
    return TerminalObserver() if sys.stderr.isatty() else PlainObserver()
