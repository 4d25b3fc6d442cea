from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import Conflict, InvalidConfig, NotFound, StaleLease
from swath.core.runs import RunState
from swath.pipeline.make_map import execute_projection_run
from swath.store import queue, runs
from swath.store.database import Store
from swath.store.datasets import Dataset
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.projection_runs import (
    delete_map,
    projection_config_of,
    schedule_due_extensions,
    schedule_extension,
    schedule_map,
    standing,
)
from swath.store.projection_session import StoreProjectionSession, open_projection
from swath.store.projections import Projection, list_projections, point_files, projection_of, read_points
from swath.store.sharing import find_dataset
from swath.store.sweep import sweep
from swath.store.users import local_user
from swath.store.workers import Worker, register_worker
from swath.testing.session_contract import make_additions
from swath.wire.maps import MapParameters, ProjectionRunResult, ProjectionState, complete_parameters

Fixture = Any  # of conftest.py: CommitRun

UMAP = ProjectionMethod.UMAP


class Quiet:
    """Watches a run and says nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


@pytest.fixture(autouse=True)
def dataset(commit_run: Fixture) -> None:
    """`vehicles-crops` with twelve samples."""
    commit_run(make_additions({"a.jpg": 7, "b.jpg": 5}))


def crops(store: Store) -> Dataset:
    with store.reading() as connection:
        return find_dataset(connection, "vehicles-crops")


def umap_of(store: Store) -> Projection:
    with store.reading() as connection:
        found = projection_of(connection, find_dataset(connection, "vehicles-crops").id, UMAP)
    assert found is not None
    return found


def points_of(store: Store, home: Home) -> NDArray[np.float32]:
    with store.reading() as connection:
        return read_points(connection, home, umap_of(store))


def how(store: Store) -> tuple[ProjectionState, str, str | None]:
    with store.reading() as connection:
        found = standing(connection, umap_of(store))
    return found.state, found.message, found.run_id


def schedule(store: Store, **parameters: Any) -> str:
    complete = complete_parameters(UMAP, MapParameters(**parameters))
    with store.writing() as connection:
        owner_id = local_user(connection).id
        return schedule_map(connection, find_dataset(connection, "vehicles-crops"), UMAP, complete, owner_id=owner_id)


def extend(store: Store) -> str:
    with store.writing() as connection:
        return schedule_extension(connection, umap_of(store), owner_id=local_user(connection).id)


def claim(store: Store, *, now: int = 0, lease_ms: int = 60_000) -> tuple[str, int]:
    """Id and lease of the next run, for a worker that is registered if absent."""
    with store.writing() as connection:
        worker: Worker = register_worker(connection, owner_id=local_user(connection).id, name="w1", now=now)
        claimed = queue.claim_run(connection, worker, serves_everybody=True, now=now, lease_ms=lease_ms)
    assert claimed.claim is not None
    return claimed.claim.run.id, claimed.claim.run.lease


def work(store: Store, home: Home) -> ProjectionRunResult:
    """Do the next run to its end."""
    session = StoreProjectionSession(store, home, *claim(store))
    return execute_projection_run(session.run_id, session.config, session, Quiet(), threads=1)


def make(store: Store, home: Home, **parameters: Any) -> ProjectionRunResult:
    schedule(store, **parameters)
    return work(store, home)


def test_a_map_is_pending_until_its_run_has_handed_in_points(store: Store, home: Home) -> None:
    run_id = schedule(store, neighbors=5)
    assert how(store) == (ProjectionState.PENDING, "", run_id)
    assert umap_of(store).version == 0
    result = work(store, home)
    assert (result.state, result.placed, result.points) == ("COMPLETED", 12, 12)
    assert result.message == "placed 12 samples of vehicles-crops on its umap map"
    assert how(store) == (ProjectionState.READY, "", None)
    assert umap_of(store).version == 1
    assert umap_of(store).parameters == '{"neighbors":5,"min_distance":0.1,"seed":0}'
    points = points_of(store, home)
    assert points.shape == (12, 2)
    assert len(np.unique(points, axis=0)) == 12
    with store.reading() as connection:
        run = runs.find_run(connection, run_id)
        assert (run.kind, run.state, run.message) == ("projection", RunState.COMPLETED, result.message)
        assert ProjectionRunResult.model_validate_json(run.result or "") == result
        assert {found.method for found in list_projections(connection, umap_of(store).dataset_id)} == {
            ProjectionMethod.PCA,
            UMAP,
        }


def test_a_map_is_made_in_this_process_too(store: Store, home: Home) -> None:
    def asked(connection: Any) -> str:
        owner_id = local_user(connection).id
        parameters = complete_parameters(UMAP, MapParameters())
        return schedule_map(connection, find_dataset(connection, "vehicles-crops"), UMAP, parameters, owner_id=owner_id)

    session = open_projection(store, home, asked)
    result = execute_projection_run(session.run_id, session.config, session, Quiet(), threads=2)
    assert result.state == "COMPLETED"
    assert how(store)[0] is ProjectionState.READY


def test_handing_in_twice_is_handing_in_once(store: Store, home: Home) -> None:
    schedule(store)
    session = StoreProjectionSession(store, home, *claim(store))
    points = np.arange(24, dtype=np.float32).reshape(12, 2)
    first = session.keep(0, points)
    assert session.keep(0, points) == first
    assert umap_of(store).version == 1
    np.testing.assert_array_equal(points_of(store, home), points)


def test_a_map_has_fewer_points_than_samples_while_the_dataset_grows(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    schedule(store)
    commit_run(make_additions({"c.jpg": 3}))
    # Of a worker that read the vectors before.
    StoreProjectionSession(store, home, *claim(store)).keep(0, np.zeros((12, 2), dtype=np.float32))
    assert (len(points_of(store, home)), crops(store).sample_count) == (12, 15)
    with store.writing() as connection:
        [run] = schedule_due_extensions(connection, crops(store).id)
    assert projection_config_of(run).extends


def test_an_extension_adds_points_and_moves_none(store: Store, home: Home, commit_run: Fixture) -> None:
    make(store, home, seed=3)
    before = points_of(store, home)
    commit_run(make_additions({"c.jpg": 4, "d.jpg": 2}))
    run_id = extend(store)
    assert how(store) == (ProjectionState.READY, "", run_id)
    np.testing.assert_array_equal(points_of(store, home), before)
    result = work(store, home)
    assert (result.message, result.placed, result.points) == (
        "placed 6 new samples of vehicles-crops on its umap map",
        6,
        18,
    )
    after = points_of(store, home)
    assert after[:12].tobytes() == before.tobytes()
    assert np.isfinite(after[12:]).all()
    assert umap_of(store).version == 2
    assert umap_of(store).parameters == '{"neighbors":15,"min_distance":0.1,"seed":3}'


def test_a_map_made_anew_has_other_points_and_parameters_all_at_once(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    make(store, home)
    commit_run(make_additions({"c.jpg": 4}))
    before, old = points_of(store, home), umap_of(store)
    schedule(store, neighbors=4)
    assert umap_of(store).parameters == old.parameters
    work(store, home)
    new = umap_of(store)
    assert (new.id, new.version) == (old.id, 2)
    assert '"neighbors":4' in new.parameters
    assert points_of(store, home).shape == (16, 2)
    # Who still looks at the version before sees it as it was.
    with store.reading() as connection:
        np.testing.assert_array_equal(read_points(connection, home, old), before)


@pytest.mark.parametrize("has_points", [False, True])
def test_a_run_that_fails_or_is_cancelled_leaves_the_map_as_it_was(store: Store, home: Home, has_points: bool) -> None:
    if has_points:
        make(store, home)
    before = umap_of(store) if has_points else None
    run_id = schedule(store)
    with store.writing() as connection:
        runs.request_cancel(connection, run_id)
    state, message, told = how(store)
    if before is None:
        assert (state, message, told) == (ProjectionState.FAILED, "cancelled before it began", run_id)
    else:
        assert (state, told) == (ProjectionState.READY, None)
        assert message.startswith("it is as it was: the run that was to change it ended as ABORTED")
        assert umap_of(store).version == before.version
    # And it can be asked for again.
    assert make(store, home).state == "COMPLETED"
    assert how(store) == (ProjectionState.READY, "", None)


def test_a_run_cancelled_under_way_hands_nothing_in(store: Store, home: Home) -> None:
    schedule(store)
    session = StoreProjectionSession(store, home, *claim(store))
    with store.writing() as connection:
        runs.request_cancel(connection, session.run_id)
    result = execute_projection_run(session.run_id, session.config, session, Quiet(), threads=1)
    assert result.state == "ABORTED"
    assert how(store)[0] is ProjectionState.FAILED
    assert umap_of(store).version == 0


def test_the_run_of_a_dead_worker_waits_again_and_the_dead_hand_nothing_in(store: Store, home: Home) -> None:
    schedule(store)
    dead = StoreProjectionSession(store, home, *claim(store, lease_ms=-1))
    with store.writing() as connection:
        queue.requeue_dead(connection, now=1)
    assert how(store)[0] is ProjectionState.PENDING
    named = set()
    with store.reading() as connection:
        named = point_files(connection)
    with pytest.raises(StaleLease):
        dead.keep(0, np.zeros((12, 2), dtype=np.float32))
    assert {path.name for path in home.projections.iterdir()} == named
    assert work(store, home).state == "COMPLETED"


@pytest.mark.parametrize(
    ("first", "points", "message"),
    [
        (1, np.zeros((11, 2)), "begin at sample 1, not at 0"),
        (0, np.zeros((13, 2)), "points up to sample 13, and dataset `vehicles-crops` has 12 samples"),
        (0, np.full((12, 2), np.inf), "neither two finite numbers nor none"),
        (0, np.array([[1.0, np.nan]] * 12), "neither two finite numbers nor none"),
    ],
)
def test_points_that_fit_no_samples_are_refused(
    store: Store, home: Home, first: int, points: NDArray[np.float64], message: str
) -> None:
    schedule(store)
    session = StoreProjectionSession(store, home, *claim(store))
    with pytest.raises(InvalidConfig, match=message):
        session.keep(first, points.astype(np.float32))
    assert umap_of(store).version == 0


def test_samples_without_a_place_are_counted(store: Store, home: Home) -> None:
    schedule(store)
    points = np.zeros((12, 2), dtype=np.float32)
    points[[2, 5]] = np.nan
    result = StoreProjectionSession(store, home, *claim(store)).keep(0, points)
    assert result.message.endswith("; 2 have embeddings that are not finite and no place")
    assert result.placed == 10


def test_one_run_at_a_time_is_on_a_map(store: Store, home: Home, commit_run: Fixture) -> None:
    run_id = schedule(store)
    with pytest.raises(Conflict, match=f"run `{run_id}` is already on the umap map"):
        schedule(store)
    work(store, home)
    with pytest.raises(Conflict, match="every sample of dataset `vehicles-crops` is on its umap map"):
        extend(store)
    commit_run(make_additions({"c.jpg": 1}))
    extend(store)
    with pytest.raises(Conflict, match="already on the umap map"):
        extend(store)
    with store.writing() as connection:
        assert schedule_due_extensions(connection, crops(store).id) == []


def test_extensions_are_due_for_every_map_but_that_of_pca(store: Store, home: Home, commit_run: Fixture) -> None:
    with store.writing() as connection:
        assert schedule_due_extensions(connection, crops(store).id) == []
        assert schedule_due_extensions(connection, "0" * 24) == []
    make(store, home)
    commit_run(make_additions({"c.jpg": 1}))
    with store.writing() as connection:
        [run] = schedule_due_extensions(connection, crops(store).id)
    assert (run.kind, run.priority, run.state) == ("projection", -1, RunState.QUEUED)
    assert work(store, home).placed == 1
    with store.writing() as connection:
        assert schedule_due_extensions(connection, crops(store).id) == []


def test_a_map_that_never_had_points_is_not_extended(store: Store, home: Home, commit_run: Fixture) -> None:
    run_id = schedule(store)
    with store.writing() as connection:
        runs.request_cancel(connection, run_id)
    commit_run(make_additions({"c.jpg": 1}))
    with store.writing() as connection:
        assert schedule_due_extensions(connection, crops(store).id) == []
    with pytest.raises(Conflict, match="has no points yet"):
        extend(store)


def test_a_deleted_map_cancels_its_run_and_leaves_no_file(store: Store, home: Home) -> None:
    make(store, home)
    schedule(store)
    session = StoreProjectionSession(store, home, *claim(store))
    with store.writing() as connection:
        cancelled = delete_map(connection, umap_of(store))
        assert cancelled is not None
        assert (cancelled.id, cancelled.cancel_requested) == (session.run_id, True)
    with pytest.raises(NotFound, match="the umap map of dataset `vehicles-crops` is gone"):
        session.keep(0, np.zeros((12, 2), dtype=np.float32))
    sweep(store, home)
    with store.reading() as connection:
        assert {path.name for path in home.projections.iterdir()} == point_files(connection)
        [pca] = list_projections(connection, crops(store).id)
    with store.writing() as connection, pytest.raises(Conflict, match="cannot be deleted"):
        delete_map(connection, pca)


def test_a_retry_takes_the_map_over(store: Store, home: Home) -> None:
    run_id = schedule(store)
    with store.writing() as connection:
        runs.request_cancel(connection, run_id)
    with store.writing() as connection:
        again = queue.retry_run(connection, runs.find_run(connection, run_id), now=1)
    assert how(store) == (ProjectionState.PENDING, "", again)
    with pytest.raises(Conflict, match="another run has taken it up"), store.writing() as connection:
        queue.retry_run(connection, runs.find_run(connection, run_id), now=1)
    assert work(store, home).state == "COMPLETED"


def test_a_dataset_is_deleted_while_a_map_waits(store: Store, home: Home) -> None:
    run_id = schedule(store)
    delete_dataset(store, home, "vehicles-crops")
    with store.writing() as connection:
        worker = register_worker(connection, owner_id=local_user(connection).id, name="w1", now=0)
        claimed = queue.claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=1000)
    assert claimed.claim is None
    assert [run.id for run in claimed.closed] == [run_id]
    with store.reading() as connection:
        assert runs.find_run(connection, run_id).state is RunState.FAILED


def test_maps_disturb_no_other_run_of_the_dataset(store: Store, home: Home, start_run: Fixture) -> None:
    schedule(store)
    start_run()
    run_id, _ = claim(store)
    with store.reading() as connection:
        run = runs.find_run(connection, run_id)
        assert run.kind == "projection"
        assert queue.run_in_the_way(run, runs.runs_under_way(connection)) is None


def test_a_dataset_without_embeddings_has_nothing_to_map(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"x.jpg": 2}, selected=[]), name="empty")
    with store.writing() as connection:
        empty = find_dataset(connection, "empty-crops")
        assert empty.sample_count == 0
        parameters = complete_parameters(UMAP, MapParameters())
        with pytest.raises(Conflict, match="dataset `empty-crops` has no embeddings to make a map of"):
            schedule_map(connection, empty, UMAP, parameters, owner_id=local_user(connection).id)
