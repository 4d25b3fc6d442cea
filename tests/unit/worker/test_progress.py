from __future__ import annotations

import pytest

from swath.core.errors import RunCancelled
from swath.core.runs import RunState
from swath.worker.progress import ProgressBoard, StageProgress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_latest_numbers_are_taken_once() -> None:
    clock = Clock()
    board = ProgressBoard(lambda: None, clock=clock)
    assert board.take() is None
    board.stage(RunState.EMBEDDING_OBJECT_CROPS, total=10, unit="images")
    clock.now += 2.0
    board.advance(3)
    board.advance()
    expected = StageProgress(state=RunState.EMBEDDING_OBJECT_CROPS, done=4, total=10, unit="images", rate=2.0)
    assert board.take() == expected
    assert board.take() is None
    board.advance(0)
    assert board.take() is None


def test_a_new_stage_starts_anew() -> None:
    clock = Clock()
    board = ProgressBoard(lambda: None, clock=clock)
    board.stage(RunState.LOADING_DATASET, total=None, unit="images")
    board.advance(7)
    clock.now += 60.0
    board.stage(RunState.SAMPLING, total=None, unit="objects")
    assert board.take() == StageProgress(state=RunState.SAMPLING, done=0, total=None, unit="objects", rate=0.0)
    clock.now += 1.0
    board.advance(5)
    latest = board.take()
    assert latest is not None
    assert latest.rate == 5.0


def test_a_run_ends_at_its_next_step_when_it_has_to() -> None:
    def check() -> None:
        raise RunCancelled("somebody cancelled the run")

    board = ProgressBoard(check)
    with pytest.raises(RunCancelled):
        board.stage(RunState.SAMPLING, total=None, unit="objects")
    with pytest.raises(RunCancelled):
        board.advance(0)
