from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.browsing import PcaBasis
from swath.core.errors import NotFound, SourceUnavailable
from swath.store import projections
from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.datasets import create_empty_dataset
from swath.store.home import Home
from swath.store.projections import (
    Projection,
    ensure_projection,
    find_projection,
    forget_projections,
    list_projections,
    read_points,
)
from swath.store.session import open_run
from swath.store.sharing import find_dataset
from swath.store.sweep import sweep
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: StartRun or CommitRun


def names(first: int, count: int) -> dict[str, int]:
    """Images with one object each, in the order of their names."""
    return {f"{number:04d}.jpg": 1 for number in range(first, first + count)}


def projection_of(store: Store, dataset: str = "vehicles") -> Projection:
    with store.reading() as connection:
        [projection] = list_projections(connection, find_dataset(connection, dataset).id)
        assert find_projection(connection, projection.id) == projection
    return projection


def points_of(store: Store, home: Home, projection: Projection) -> NDArray[np.float32]:
    with store.reading() as connection:
        return read_points(connection, home, projection)


def forget(store: Store, dataset: str) -> str:
    """As if an earlier version had made the dataset. Returns its id."""
    with store.writing() as connection:
        dataset_id = find_dataset(connection, dataset).id
        forget_projections(connection, dataset_id)
    return dataset_id


@pytest.mark.parametrize("dataset", ["vehicles", "vehicles-crops"])
def test_a_commit_makes_a_point_of_every_vector(store: Store, home: Home, commit_run: Fixture, dataset: str) -> None:
    commit_run(make_additions(names(0, 20)))
    projection = projection_of(store, dataset)
    assert (projection.method, projection.version) == ("pca", 1)
    points = points_of(store, home, projection)
    vectors = read_vectors(store, home, dataset)
    assert points.dtype == np.float32
    assert np.array_equal(points, PcaBasis.fit(vectors).project(vectors))
    assert len(np.unique(points, axis=0)) == 20


def test_points_stay_where_they_were_when_a_few_come_in(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions(names(0, 20)))
    before = points_of(store, home, projection_of(store))
    commit_run(make_additions(names(20, 10)))
    projection = projection_of(store)
    assert projection.version == 2
    after = points_of(store, home, projection)
    assert np.array_equal(after[:20], before)
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(after, PcaBasis.fit(vectors[:20]).project(vectors))


def test_directions_of_few_vectors_are_fitted_anew_once_they_have_doubled(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions(names(0, 10)))
    first = projection_of(store)
    commit_run(make_additions(names(10, 4)))
    commit_run(make_additions(names(14, 6)))
    projection = projection_of(store)
    assert (projection.id, projection.version) == (first.id, 3)
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(points_of(store, home, projection), PcaBasis.fit(vectors).project(vectors))
    # Who still looks at an earlier version sees it as it was.
    assert np.array_equal(points_of(store, home, first), PcaBasis.fit(vectors[:10]).project(vectors[:10]))


def test_directions_of_enough_vectors_are_kept_for_good(
    store: Store, home: Home, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "ENOUGH_ROWS", 10)
    commit_run(make_additions(names(0, 10)))
    commit_run(make_additions(names(10, 40)))
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(points_of(store, home, projection_of(store)), PcaBasis.fit(vectors[:10]).project(vectors))


def test_an_image_that_changed_has_another_point_at_its_place(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions(names(0, 20)))
    before = points_of(store, home, projection_of(store))
    commit_run(make_additions({"0007.jpg": 1, "0020.jpg": 1}, versions={"0007.jpg": 2}))
    projection = projection_of(store)
    after = points_of(store, home, projection)
    assert projection.version == 3
    assert np.flatnonzero((after[:20] != before).any(axis=1)).tolist() == [7]
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(after, PcaBasis.fit(points_basis_rows(vectors, before_change=7)).project(vectors))


def points_basis_rows(vectors: NDArray[np.float16], *, before_change: int) -> NDArray[np.float16]:
    """The first 20 vectors as they were before one of them changed."""
    rows = vectors[:20].copy()
    rows[before_change] = make_additions(names(before_change, 1)).images.vectors[0]
    return rows


def test_a_commit_that_adds_nothing_leaves_the_version(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions(names(0, 3)))
    commit_run(make_additions(names(0, 3)))
    assert projection_of(store).version == 1


def test_a_dataset_of_an_earlier_version_gets_its_points_from_who_looks_first(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions(names(0, 10)))
    commit_run(make_additions(names(10, 5)))
    dataset_id = forget(store, "vehicles")
    projection = ensure_projection(store, home, dataset_id)
    assert projection == projection_of(store) == ensure_projection(store, home, dataset_id)
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(points_of(store, home, projection), PcaBasis.fit(vectors).project(vectors))


def test_a_dataset_of_an_earlier_version_gets_its_points_with_the_next_commit(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions(names(0, 10)))
    forget(store, "vehicles")
    commit_run(make_additions({"0003.jpg": 1, **names(10, 5)}, versions={"0003.jpg": 2}))
    vectors = read_vectors(store, home, "vehicles")
    assert np.array_equal(points_of(store, home, projection_of(store)), PcaBasis.fit(vectors).project(vectors))


def test_a_commit_does_not_read_all_of_a_large_dataset_of_an_earlier_version(
    store: Store, home: Home, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "MOST_ROWS_READ", 9)
    commit_run(make_additions(names(0, 10)))
    dataset_id = forget(store, "vehicles")
    commit_run(make_additions(names(10, 5)))
    with store.reading() as connection:
        assert list_projections(connection, dataset_id) == []
    projection = ensure_projection(store, home, dataset_id)
    assert projection is not None
    assert len(points_of(store, home, projection)) == 15


def test_a_dataset_without_vectors_has_no_projection(store: Store, home: Home) -> None:
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=local_user(connection).id, name="vehicles")
    assert ensure_projection(store, home, dataset.id) is None
    assert ensure_projection(store, home, "f" * 24) is None


def test_who_looks_while_a_run_commits_is_in_nobodys_way(store: Store, home: Home, start_run: Fixture) -> None:
    run = start_run()
    run.commit(make_additions(names(0, 10)))
    dataset_id = forget(store, "vehicles")

    def look(point: str) -> None:
        if point == "before_transaction":
            ensure_projection(store, home, dataset_id)

    second = open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri="/data",
        output_uri="/data",
        task="wheels",
        at_point=look,
    )
    second.commit(make_additions(names(10, 5)))
    projection = projection_of(store)
    vectors = read_vectors(store, home, "vehicles")
    assert projection.version == 2
    assert np.array_equal(points_of(store, home, projection), PcaBasis.fit(vectors).project(vectors))


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_a_damaged_file_is_named(store: Store, home: Home, commit_run: Fixture, damage: bytes | None) -> None:
    commit_run(make_additions(names(0, 3)))
    projection = projection_of(store)
    [path] = home.projections.glob(f"{projection.dataset_id}-*")
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(SourceUnavailable, match=path.name):
        points_of(store, home, projection)


def test_a_projection_that_is_not_there_is_not_found(store: Store) -> None:
    with store.reading() as connection, pytest.raises(NotFound, match="no projection `nope`"):
        find_projection(connection, "nope")


def test_files_of_points_that_no_row_names_are_swept(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions(names(0, 3)))
    named = sorted(home.projections.iterdir())
    assert len(named) == 2
    (home.projections / "left.xy").write_bytes(b"x")
    (home.projections / "notes.txt").write_bytes(b"mine")
    assert sweep(store, home) == [home.projections / "left.xy"]
    assert sorted(home.projections.iterdir()) == sorted([*named, home.projections / "notes.txt"])
