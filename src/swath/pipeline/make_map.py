"""The run that makes or extends a map: read vectors, give each a place in two dimensions, hand the points in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.projections import ProjectionMethod
from swath.core.maps.layout import Layout, extend_map, make_map
from swath.core.maps.parallel import Parallel
from swath.core.maps.steps import Step
from swath.core.runs import RunState
from swath.pipeline.closing import closed_at_its_end
from swath.pipeline.ports import ProjectionSession, RunObserver
from swath.wire.maps import ProjectionRunConfig, ProjectionRunResult


def execute_projection_run(
    run_id: str, config: ProjectionRunConfig, session: ProjectionSession, observer: RunObserver, *, threads: int
) -> ProjectionRunResult:
    """Do the whole run and close it. Raises nothing a person could cause: the result's state says how it ended. What
    else may be raised, `closed_at_its_end` says."""

    def close(state: RunState, message: str, hint: str = "") -> ProjectionRunResult:
        result = ProjectionRunResult(
            run=run_id,
            state=state.value,
            message=message,
            hint=hint,
            projection=config.projection_id,
            method=config.method.value,
        )
        session.log("ERROR", message)
        session.finish(state, message, result.model_dump_json())
        return result

    return closed_at_its_end(lambda: _make(config, session, observer, threads), close)


def layout_of(config: ProjectionRunConfig) -> Layout:
    """What a map is asked to be laid out by."""
    parameters = config.parameters
    seed = parameters.seed or 0
    match config.method:
        case ProjectionMethod.TSNE:
            return Layout(method=config.method, seed=seed, perplexity=parameters.perplexity or 30.0)
        case ProjectionMethod.UMAP:
            min_distance = 0.1 if parameters.min_distance is None else parameters.min_distance
            return Layout(
                method=config.method, seed=seed, neighbors=parameters.neighbors or 15, min_distance=min_distance
            )
        case _:
            return Layout(method=config.method, seed=seed, neighbors=parameters.neighbors or 10)


def _make(
    config: ProjectionRunConfig, session: ProjectionSession, observer: RunObserver, threads: int
) -> ProjectionRunResult:
    session.enter(RunState.LOADING_DATASET)
    observer.stage(RunState.LOADING_DATASET, total=None, unit="samples")
    there = session.points()
    vectors = session.vectors()
    observer.advance(len(vectors))
    session.enter(RunState.TRAINING)
    started = time.monotonic()
    progress = _Progress(observer)
    points: NDArray[np.float32]
    with ThreadPoolExecutor(threads, thread_name_prefix="swath-map") as pool:
        parallel = Parallel(threads=threads, map_chunks=pool.map)
        if config.extends:
            points = extend_map(vectors, there, parallel=parallel, on_step=progress)
        else:
            points = make_map(vectors, layout_of(config), parallel=parallel, on_step=progress)
    how = "placed among their neighbours" if config.extends else f"laid out by {config.method.value}"
    session.log("INFO", f"{len(points):,} samples were {how} in {time.monotonic() - started:.1f} s")
    session.enter(RunState.SAVING_RESULTS)
    observer.stage(RunState.SAVING_RESULTS, total=None, unit="samples")
    return session.keep(len(there), points)


class _Progress:
    """Tells an observer about steps; it answers, when the run was cancelled, by raising."""

    def __init__(self, observer: RunObserver) -> None:
        self._observer = observer
        self._shown: tuple[str, int] | None = None

    def __call__(self, step: Step) -> None:
        if self._shown is None or self._shown[0] != step.unit:
            self._observer.stage(RunState.TRAINING, total=step.total, unit=step.unit)
            self._shown = (step.unit, 0)
        self._observer.advance(step.done - self._shown[1])
        self._shown = (step.unit, step.done)
