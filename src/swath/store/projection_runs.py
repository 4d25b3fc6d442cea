"""Runs that make or extend maps: asking for one, answering for it, and keeping the points it hands in.

What became of the run is told by the run alone, and the state of a map follows from it: nothing has to be set back when
a worker dies or somebody cancels, and the points that are there stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing import ProjectionMethod
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.store import runs, schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.embeddings import read_vectors
from swath.store.home import Home
from swath.store.projections import (
    Projection,
    add_version,
    create_projection,
    find_projection,
    forget_projection,
    list_projections,
    point_rows,
    projection_of,
    read_points,
    write_point_file,
)
from swath.store.queue import schedule_run
from swath.store.runs import Run
from swath.wire.maps import MapParameters, ProjectionRunConfig, ProjectionRunResult, ProjectionState
from swath.wire.run_result import DatasetResult
from swath.wire.runs import RunKind

EXTENDING_PRIORITY = -1
"""Of runs that nobody asked for: after those that somebody did."""

_table = schema.projections


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a projection stands: what `swath.wire.maps.ProjectionDocument` says of it."""

    state: ProjectionState
    message: str
    run_id: str | None


def standing(connection: Connection, projection: Projection) -> Standing:
    """Follows from its points and from the run that was last asked to make or extend it."""
    run = _last_run(connection, projection)
    has_points = projection.version > 0
    if run is None or run.state is RunState.COMPLETED:
        return Standing(state=ProjectionState.READY, message="", run_id=None)
    if not run.state.is_final:
        state = ProjectionState.READY if has_points else ProjectionState.PENDING
        return Standing(state=state, message="", run_id=run.id)
    if has_points:
        message = f"it is as it was: the run that was to change it ended as {run.state} ({run.message})"
        return Standing(state=ProjectionState.READY, message=message, run_id=None)
    return Standing(state=ProjectionState.FAILED, message=run.message, run_id=run.id)


def schedule_map(
    connection: Connection,
    dataset: Dataset,
    method: ProjectionMethod,
    parameters: MapParameters,
    *,
    owner_id: str,
    priority: int = 0,
    runs_on: Sequence[str] = (),
) -> str:
    """Let a run wait that makes the map of a method, anew if there is one. Returns the id of the run.

    The method is not PCA, and `parameters` are complete. Raises Conflict for a dataset without samples or embeddings
    and while a run is on this map.
    """
    if not dataset.sample_count or dataset.embedder_id is None:
        raise Conflict(
            f"dataset `{dataset.name}` has no embeddings to make a map of",
            hint="They come with the run that adds samples." if not dataset.sample_count else "Upload them first.",
        )
    parameters_json = parameters.model_dump_json(exclude_none=True)
    projection = projection_of(connection, dataset.id, method)
    if projection is None:
        projection = create_projection(
            connection,
            dataset.id,
            method,
            embedder_id=dataset.embedder_id,
            parameters_json=parameters_json,
            now=now_ms(),
        )
    else:
        _refuse_while_made(connection, projection)
        if not projection.version:
            _change(connection, projection, parameters=parameters_json)
    return _schedule(connection, dataset, projection, parameters, False, owner_id, priority, runs_on)


def schedule_extension(
    connection: Connection, projection: Projection, *, owner_id: str, priority: int = 0, runs_on: Sequence[str] = ()
) -> str:
    """Let a run wait that puts the samples that are missing onto a map. Returns the id of the run.

    Raises Conflict for PCA, a map without points, one that misses nobody, and while a run is on it.
    """
    if projection.method is ProjectionMethod.PCA:
        raise Conflict("the map of method `pca` is extended by every commit")
    _refuse_while_made(connection, projection)
    if not projection.version:
        raise Conflict(f"projection `{projection.id}` has no points yet", hint="Make it first.")
    dataset = _dataset(connection, projection.dataset_id, projection.dataset_id)
    if point_rows(connection, projection) >= dataset.sample_count:
        raise Conflict(f"every sample of dataset `{dataset.name}` is on its {projection.method.value} map")
    return _extend(connection, dataset, projection, owner_id, priority, runs_on)


def schedule_due_extensions(connection: Connection, dataset_id: str) -> list[Run]:
    """Let a run wait for every map of a dataset that misses samples and has no run yet. Returns these runs."""
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        return []
    due = [
        projection
        for projection in list_projections(connection, dataset_id)
        if projection.method is not ProjectionMethod.PCA
        and projection.version
        and not _is_under_way(_last_run(connection, projection))
        and point_rows(connection, projection) < dataset.sample_count
    ]
    ids = [
        _extend(connection, dataset, projection, dataset.owner_id, EXTENDING_PRIORITY, _labels(connection, projection))
        for projection in due
    ]
    return [runs.find_run(connection, run_id) for run_id in ids]


def delete_map(connection: Connection, projection: Projection) -> Run | None:
    """Forget a map that a run has made or is making; that run is cancelled. Returns it, if there was one.

    Raises Conflict for PCA.
    """
    if projection.method is ProjectionMethod.PCA:
        raise Conflict("the map of method `pca` belongs to the dataset and cannot be deleted")
    run = _last_run(connection, projection)
    is_under_way = _is_under_way(run)
    if run is not None and is_under_way:
        runs.request_cancel(connection, run.id)
    forget_projection(connection, projection)
    return runs.find_run(connection, run.id) if run is not None and is_under_way else None


def projection_config_of(run: Run) -> ProjectionRunConfig:
    """What a projection run is asked. Raises Conflict for a run of another kind."""
    if run.kind != RunKind.PROJECTION:
        raise Conflict(f"run `{run.id}` makes no map: its kind is `{run.kind}`")
    return ProjectionRunConfig.model_validate_json(run.config)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorRows:
    """Vectors (n, D) of some of `total` samples by index."""

    total: int
    vectors: NDArray[np.float16]


def read_vector_rows(connection: Connection, home: Home, run: Run, *, first: int, count: int | None) -> VectorRows:
    """Vectors of the samples [first, first + count) of the dataset of a run, as it is now."""
    config = projection_config_of(run)
    _dataset(connection, config.dataset_id, config.dataset_name)
    vectors = read_vectors(connection, home, config.dataset_id)
    page = vectors[first:] if count is None else vectors[first : first + count]
    return VectorRows(total=len(vectors), vectors=np.asarray(page))


def read_placed_points(connection: Connection, home: Home, run: Run) -> NDArray[np.float32]:
    """The points (n, 2) that are on the map that a run extends; (0, 2) for one that makes it."""
    config = projection_config_of(run)
    projection = _projection_of_run(connection, run)
    if not config.extends:
        return np.empty((0, 2), dtype=np.float32)
    return read_points(connection, home, projection)


def keep_points(
    store: Store, home: Home, run_id: str, lease: int | None, first_index: int, points: NDArray[np.float32]
) -> ProjectionRunResult:
    """Keep the points (n, 2) of the samples from `first_index` on as the next version of the map, and close the run.

    NaN stands for a sample that has no place. All of it or nothing; a second call for the same run and lease answers
    the same and changes nothing. Raises StaleLease or Conflict if the run is another worker's or over or its map has
    other points by now, NotFound if it is gone, InvalidConfig for points that fit no samples.
    """
    with store.reading() as connection:
        run = runs.find_run(connection, run_id)
        done = _result_of(run, lease)
        if done is not None:
            return done
        config = projection_config_of(run)
        _check_points(connection, run, first_index, points)
    file = write_point_file(home, config.dataset_id, points, first_index=first_index)
    is_kept = False
    try:
        with store.writing() as connection:
            run = runs.find_run(connection, run_id)
            done = _result_of(run, lease)
            if done is not None:
                return done
            if lease is not None:
                runs.check_lease(connection, run_id, lease)
            dataset, projection = _check_points(connection, run, first_index, points)
            if not config.extends:
                _change(connection, projection, parameters=config.parameters.model_dump_json(exclude_none=True))
            add_version(connection, projection, file, run_id=run_id, now=now_ms())
            result = _result(run, config, dataset, first_index, points)
            runs.append_log(connection, run_id, "INFO", result.message)
            runs.finish_run(
                connection, run_id, RunState.COMPLETED, message=result.message, result=result.model_dump_json()
            )
        is_kept = True
    finally:
        if not is_kept:
            (home.projections / file.file_name).unlink(missing_ok=True)
    return result


def _schedule(
    connection: Connection,
    dataset: Dataset,
    projection: Projection,
    parameters: MapParameters,
    extends: bool,
    owner_id: str,
    priority: int,
    runs_on: Sequence[str],
) -> str:
    config = ProjectionRunConfig(
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        projection_id=projection.id,
        method=projection.method,
        parameters=parameters,
        extends=extends,
    )
    run_id = schedule_run(
        connection,
        owner_id=owner_id,
        kind=RunKind.PROJECTION,
        config_json=config.model_dump_json(exclude_none=True),
        dataset=dataset,
        task=dataset.task,
        priority=priority,
        runs_on=runs_on,
        now=now_ms(),
    )
    _change(connection, projection, run_id=run_id)
    return run_id


def _extend(
    connection: Connection,
    dataset: Dataset,
    projection: Projection,
    owner_id: str,
    priority: int,
    runs_on: Sequence[str],
) -> str:
    parameters = MapParameters.model_validate_json(projection.parameters)
    return _schedule(connection, dataset, projection, parameters, True, owner_id, priority, runs_on)


def _change(connection: Connection, projection: Projection, **values: str) -> None:
    connection.execute(sa.update(_table).where(_table.c.id == projection.id).values(modified_at=now_ms(), **values))


def _last_run(connection: Connection, projection: Projection) -> Run | None:
    return None if projection.run_id is None else runs.find_run(connection, projection.run_id)


def _labels(connection: Connection, projection: Projection) -> tuple[str, ...]:
    """What the last run asked of its worker."""
    run = _last_run(connection, projection)
    return () if run is None else tuple(run.labels)


def _is_under_way(run: Run | None) -> bool:
    return run is not None and not run.state.is_final


def _refuse_while_made(connection: Connection, projection: Projection) -> None:
    run = _last_run(connection, projection)
    if run is not None and _is_under_way(run):
        raise Conflict(
            f"run `{run.id}` is already on the {projection.method.value} map (state `{run.state}`)",
            hint="Wait until it is over, or cancel it.",
        )


def _result_of(run: Run, lease: int | None) -> ProjectionRunResult | None:
    """The result of a run that was closed under this lease."""
    if run.state is RunState.COMPLETED and run.lease == (lease or 0) and run.result is not None:
        return ProjectionRunResult.model_validate_json(run.result)
    return None


def _projection_of_run(connection: Connection, run: Run) -> Projection:
    """Raises NotFound if it is gone, Conflict if another run has taken it up."""
    config = projection_config_of(run)
    try:
        projection = find_projection(connection, config.projection_id)
    except NotFound as exc:
        raise NotFound(f"the {config.method.value} map of dataset `{config.dataset_name}` is gone") from exc
    if projection.run_id != run.id:
        raise Conflict(f"another run, `{projection.run_id}`, has taken up the map of run `{run.id}`")
    return projection


def _check_points(
    connection: Connection, run: Run, first_index: int, points: NDArray[np.float32]
) -> tuple[Dataset, Projection]:
    """The dataset and the map that the points of a run are of."""
    config = projection_config_of(run)
    dataset = _dataset(connection, config.dataset_id, config.dataset_name)
    projection = _projection_of_run(connection, run)
    there = point_rows(connection, projection) if config.extends else 0
    if first_index != there:
        raise InvalidConfig(f"the points begin at sample {first_index}, not at {there}", field="first_index")
    end = first_index + len(points)
    if end > dataset.sample_count or end < (0 if config.extends else point_rows(connection, projection)):
        raise InvalidConfig(
            f"there are points up to sample {end}, and dataset `{dataset.name}` has {dataset.sample_count} samples",
            field="point",
        )
    if np.isinf(points).any() or (np.isnan(points[:, 0]) != np.isnan(points[:, 1])).any():
        raise InvalidConfig("a point is neither two finite numbers nor none", field="point")
    return dataset, projection


def _result(
    run: Run, config: ProjectionRunConfig, dataset: Dataset, first_index: int, points: NDArray[np.float32]
) -> ProjectionRunResult:
    placed = int(np.count_nonzero(~np.isnan(points[:, 0])))
    counted = DatasetResult(id=dataset.id, name=dataset.name, samples=dataset.sample_count, added=0)
    is_crops = dataset.kind is DatasetKind.CROPS
    noun = "sample" if placed == 1 else "samples"
    new = "new " if config.extends else ""
    message = f"placed {placed:,} {new}{noun} of {dataset.name} on its {config.method.value} map"
    without = len(points) - placed
    if without:
        message += f"; {without:,} have embeddings that are not finite and no place"
    return ProjectionRunResult(
        run=run.id,
        state=RunState.COMPLETED.value,
        message=message,
        image_dataset=None if is_crops else counted,
        crop_dataset=counted if is_crops else None,
        candidates=len(points),
        projection=config.projection_id,
        method=config.method.value,
        placed=placed,
        points=first_index + len(points),
    )


def _dataset(connection: Connection, dataset_id: str, name: str) -> Dataset:
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        raise NotFound(f"dataset `{name}` is not there any more")
    return dataset
