from __future__ import annotations

import sys
from typing import Any

import pytest

from swath.cli import progress
from swath.cli.progress import PlainObserver, TerminalObserver, progress_observer, stage_name
from swath.core.runs import RunState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_every_stage_begins_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    observer = PlainObserver()
    observer.stage(RunState.LOADING_DATASET, total=None, unit="files")
    observer.stage(RunState.EMBEDDING_OBJECT_CROPS, total=12000, unit="images")
    observer.note("WARNING", "something is odd")
    assert lines(capsys) == ["list images", "crop and embed objects: 12,000 images", "warning: something is odd"]


def test_progress_is_said_every_ten_seconds_with_rate_and_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    observer = PlainObserver()
    observer.start("draw", total=3000, unit="images")
    for _ in range(25):
        clock.now += 1
        observer.advance(50)
    assert lines(capsys) == [
        "draw: 3,000 images",
        "draw: 500 of 3,000 images (50/s, about 50 s left)",
        "draw: 1,000 of 3,000 images (50/s, about 40 s left)",
    ]


def test_without_a_total_there_is_no_time_left(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    observer = PlainObserver()
    observer.start("list", total=None, unit="files")
    clock.now += 10
    observer.advance(40)
    assert lines(capsys) == ["list", "list: 40 files (4/s)"]


def test_waiting_for_the_first_one_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    observer = PlainObserver()
    observer.start("list", total=5, unit="files")
    clock.now += 100
    observer.advance(0)
    assert lines(capsys) == ["list: 5 files"]


def test_a_new_stage_counts_from_zero(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    observer = PlainObserver()
    observer.start("one", total=5, unit="files")
    observer.advance(5)
    observer.start("two", total=9, unit="files")
    clock.now += 10
    observer.advance(1)
    assert lines(capsys)[-1] == "two: 1 of 9 files (0/s, about 80 s left)"


def test_stages_have_names_for_people() -> None:
    assert stage_name(RunState.SAMPLING) == "select"
    assert stage_name(RunState.GENERATING_REPORT) == "generating report"


@pytest.mark.parametrize(("terminal", "kind"), [(True, TerminalObserver), (False, PlainObserver)])
def test_a_live_display_needs_a_terminal(monkeypatch: pytest.MonkeyPatch, terminal: bool, kind: type[Any]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert isinstance(progress_observer(), kind)


def test_the_live_display_takes_stages_notes_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with TerminalObserver() as observer:
            observer.advance(3)  # before any stage
            observer.stage(RunState.SAMPLING, total=None, unit="objects")
            observer.stage(RunState.EMBEDDING, total=10, unit="images")
            observer.advance(4)
            observer.note("WARNING", "a name with [brackets] stays as it is")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "warning: a name with [brackets] stays as it is" in captured.err
    assert "4/10" in captured.err


def test_the_live_display_completes_its_last_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalObserver() as observer:
        observer.stage(RunState.EMBEDDING, total=10, unit="images")
        observer.advance(4)
    assert "10/10" in capsys.readouterr().err
