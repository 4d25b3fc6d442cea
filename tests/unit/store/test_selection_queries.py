from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.errors import Conflict, NotFound
from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.home import Home
from swath.store.selection_queries import query_vectors
from swath.store.sharing import find_dataset, share_dataset
from swath.store.tags import create_tag, find_tag
from swath.store.users import create_user, local_user
from swath.testing.session_contract import EMBEDDER, OTHER_EMBEDDER, make_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def owner_id(store: Store, commit_run: Fixture) -> str:
    """The owner of `vehicles-crops`, six crops in vectors of two runs, three of them tagged `rare`."""
    commit_run(make_additions({"a.jpg": 4}))
    commit_run(make_additions({"b.jpg": 2}))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        create_tag(connection, dataset.id, name="rare", members=np.array([5, 0, 3]))
        create_tag(connection, dataset.id, name="nothing", members=np.array([], dtype=np.int64))
        return local_user(connection).id


def test_a_query_is_the_vectors_of_a_tag(store: Store, home: Home, owner_id: str) -> None:
    everything = read_vectors(store, home, "vehicles-crops")
    with store.reading() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        tag = find_tag(connection, dataset.id, "rare")
        by_name = query_vectors(connection, home, "vehicles-crops", "rare", owner_id, EMBEDDER)
        by_id = query_vectors(connection, home, dataset.id, tag.id, owner_id, EMBEDDER)
        of_all = query_vectors(connection, home, "vehicles-crops", "initial-tag", owner_id, EMBEDDER)
    assert np.array_equal(by_name, everything[[0, 3, 5]])
    assert np.array_equal(by_id, by_name)
    assert np.array_equal(of_all, everything)


def test_another_embedder_of_the_same_name_is_another(store: Store, home: Home, owner_id: str) -> None:
    with store.reading() as connection:
        for embedder in (OTHER_EMBEDDER, replace(EMBEDDER, digest="7" * 64)):
            with pytest.raises(Conflict, match="they cannot be compared") as caught:
                query_vectors(connection, home, "vehicles-crops", "rare", owner_id, embedder)
            assert caught.value.hint


def test_a_query_that_is_not_there_is_named(store: Store, home: Home, owner_id: str) -> None:
    with store.reading() as connection:
        for dataset, tag, error, message in (
            ("vehicle-crops", "rare", NotFound, "no dataset `vehicle-crops`"),
            ("vehicles-crops", "rarer", NotFound, "no tag `rarer`"),
            ("vehicles-crops", "nothing", Conflict, "tag `nothing` of dataset `vehicles-crops` has no samples"),
        ):
            with pytest.raises(error, match=message):
                query_vectors(connection, home, dataset, tag, owner_id, EMBEDDER)


def test_what_a_user_does_not_see_is_no_query(store: Store, home: Home, owner_id: str) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
    with store.reading() as connection, pytest.raises(NotFound, match="no dataset `vehicles-crops`"):
        query_vectors(connection, home, "vehicles-crops", "rare", anna.id, EMBEDDER)
    with store.writing() as connection:
        share_dataset(connection, find_dataset(connection, "vehicles"), anna)
    with store.reading() as connection:
        assert len(query_vectors(connection, home, "vehicles-crops", "rare", anna.id, EMBEDDER)) == 3
