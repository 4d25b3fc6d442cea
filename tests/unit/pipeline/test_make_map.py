from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import NotFound, RunCancelled, StaleLease
from swath.core.runs import RunState
from swath.pipeline.make_map import execute_projection_run, layout_of
from swath.wire.maps import MapParameters, ProjectionRunConfig, ProjectionRunResult

RUN = "f" * 24


@dataclass
class Session:
    """A session in memory; `fails_at` names the step at which it raises `error`."""

    rows: NDArray[np.float16]
    there: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), dtype=np.float32))
    error: BaseException | None = None
    fails_at: str = ""
    states: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    kept: tuple[int, NDArray[np.float32]] | None = None
    end: tuple[RunState, str, str] | None = None

    def _step(self, name: str) -> None:
        if self.error is not None and name == self.fails_at:
            raise self.error

    def vectors(self) -> NDArray[np.float16]:
        self._step("vectors")
        return self.rows

    def points(self) -> NDArray[np.float32]:
        return self.there

    def enter(self, state: RunState) -> None:
        self.states.append(state.value)
        self._step(state.value)

    def log(self, level: str, message: str) -> None:
        self.lines.append(message)

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        self._step("keep")
        self.kept = (first_index, points)
        return ProjectionRunResult(run=RUN, state="COMPLETED", message="done", points=first_index + len(points))

    def finish(self, state: RunState, message: str, result: str) -> None:
        self.end = (state, message, result)


class Observer:
    """Raises `error`, where one is given, once the first step of a stage is told."""

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error
        self.done: dict[tuple[str, str], int] = {}
        self._at = ("", "")

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self._at = (state.value, unit)
        self.done[self._at] = 0

    def advance(self, count: int = 1) -> None:
        self.done[self._at] += count
        if self._error is not None and self._at == ("TRAINING", "steps"):
            raise self._error

    def note(self, level: str, message: str) -> None: ...


def config(method: str = "umap", *, extends: bool = False, **parameters: float) -> ProjectionRunConfig:
    return ProjectionRunConfig(
        dataset_id="a" * 24,
        dataset_name="cars",
        projection_id="b" * 24,
        method=ProjectionMethod(method),
        parameters=MapParameters.model_validate(parameters),
        extends=extends,
    )


def vectors(count: int = 20) -> NDArray[np.float16]:
    return np.random.default_rng(0).normal(size=(count, 6)).astype(np.float16)


def execute(
    session: Session, asked: ProjectionRunConfig | None = None, observer: Observer | None = None
) -> ProjectionRunResult:
    return execute_projection_run(RUN, asked or config(), session, observer or Observer(), threads=2)


def test_a_map_is_handed_in_whole() -> None:
    session, observer = Session(vectors()), Observer()
    assert execute(session, observer=observer).points == 20
    assert session.states == ["LOADING_DATASET", "TRAINING", "SAVING_RESULTS"]
    assert session.kept is not None
    assert session.kept[0] == 0
    assert session.kept[1].shape == (20, 2)
    assert session.end is None
    assert observer.done == {
        ("LOADING_DATASET", "samples"): 20,
        ("TRAINING", "samples"): 20,
        ("TRAINING", "steps"): 500,
        ("SAVING_RESULTS", "samples"): 0,
    }
    assert session.lines[0].startswith("20 samples were laid out by umap in ")


def test_an_extension_hands_in_what_is_missing() -> None:
    there = np.random.default_rng(1).normal(size=(15, 2)).astype(np.float32)
    session = Session(vectors(), there)
    execute(session, config(extends=True))
    assert session.kept is not None
    assert session.kept[0] == 15
    assert np.isfinite(session.kept[1]).all(axis=1).tolist() == [True] * 5
    assert session.lines[0].startswith("5 samples were placed among their neighbours in ")


@pytest.mark.parametrize(
    ("fails_at", "error", "state"),
    [
        ("vectors", NotFound("dataset `cars` is not there any more", hint="Look."), RunState.FAILED),
        ("TRAINING", RunCancelled("somebody cancelled the run"), RunState.ABORTED),
    ],
)
def test_a_run_that_cannot_go_on_is_closed_and_says_why(
    fails_at: str, error: NotFound | RunCancelled, state: RunState
) -> None:
    session = Session(vectors(), error=error, fails_at=fails_at)
    result = execute(session)
    assert (result.state, result.message, result.hint) == (state.value, error.message, error.hint)
    assert session.end is not None
    assert session.end[:2] == (state, error.message)
    assert json.loads(session.end[2])["projection"] == "b" * 24
    assert session.kept is None


def test_a_run_is_cancelled_amid_its_steps() -> None:
    session = Session(vectors())
    assert execute(session, observer=Observer(RunCancelled("somebody cancelled the run"))).state == "ABORTED"
    assert session.kept is None


def test_a_run_that_is_another_workers_is_dropped() -> None:
    session = Session(vectors(), error=StaleLease("lease 1 is over"), fails_at="keep")
    with pytest.raises(StaleLease):
        execute(session)
    assert session.end is None


def test_a_bug_closes_the_run_and_is_raised() -> None:
    session = Session(vectors(), error=ZeroDivisionError("oh"), fails_at="keep")
    with pytest.raises(ZeroDivisionError):
        execute(session)
    assert session.end is not None
    assert session.end[:2] == (RunState.FAILED, "ZeroDivisionError: oh")


def test_ctrl_c_aborts_the_run_and_is_raised() -> None:
    session = Session(vectors())
    with pytest.raises(KeyboardInterrupt):
        execute(session, observer=Observer(KeyboardInterrupt()))
    assert session.end is not None
    assert session.end[:2] == (RunState.ABORTED, "stopped by a person")


def test_parameters_reach_the_layout() -> None:
    assert layout_of(config("tsne", perplexity=12, seed=4)).perplexity == 12
    assert layout_of(config("tsne", seed=4)).seed == 4
    umap = layout_of(config("umap", neighbors=5, min_distance=0.0))
    assert (umap.neighbors, umap.min_distance) == (5, 0.0)
    assert layout_of(config("pacmap")).neighbors == 10
    assert layout_of(config("umap")).neighbors == 15
