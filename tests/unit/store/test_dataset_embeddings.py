from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swath.store.database import Store
from swath.store.dataset_embeddings import (
    DatasetEmbedding,
    embedding_id_of_runs,
    find_embedding,
    list_embeddings,
)
from swath.store.datasets import create_empty_dataset
from swath.store.home import Home
from swath.store.ids import is_id
from swath.store.sharing import find_dataset
from swath.store.uploaded_embeddings import announce_embedding, receive_embeddings
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


def embeddings_of(store: Store, name: str) -> list[DatasetEmbedding]:
    with store.reading() as connection:
        return list_embeddings(connection, find_dataset(connection, name))


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    """An image dataset of two images."""
    commit_run(make_additions({"a.jpg": 1, "b.jpg": 1}))
    with store.reading() as connection:
        return find_dataset(connection, "vehicles").id


def hand_in(store: Store, home: Home, dataset_id: str, name: str, folder: Path) -> str:
    with store.writing() as connection:
        announced = announce_embedding(connection, dataset_id, name)
    file = folder / name
    file.write_text("filenames,embedding_0,labels\na.jpg,1,0\nb.jpg,2,0\n")
    receive_embeddings(store, home, announced, file)
    return announced.id


def test_the_vectors_of_runs_keep_their_id_whoever_adds_to_them(
    store: Store, commit_run: Fixture, dataset_id: str
) -> None:
    (before,) = embeddings_of(store, "vehicles")
    commit_run(make_additions({"c.jpg": 1}))
    (after,) = embeddings_of(store, "vehicles")
    assert before.id == after.id == embedding_id_of_runs(dataset_id)
    assert is_id(before.id)
    assert before.projection is not None
    assert before.uploaded is None
    (of_crops,) = embeddings_of(store, "vehicles-crops")
    assert of_crops.id != before.id


def test_files_are_listed_beside_them_by_time_once_they_are_there(
    store: Store, home: Home, dataset_id: str, tmp_path: Path
) -> None:
    with store.writing() as connection:
        announce_embedding(connection, dataset_id, "never arrived")
    ids = [hand_in(store, home, dataset_id, name, tmp_path) for name in ("one", "two")]
    of_runs, *files = embeddings_of(store, "vehicles")
    assert of_runs.name.startswith("default_")
    assert [(file.id, file.name, file.projection) for file in files] == [(ids[0], "one", None), (ids[1], "two", None)]
    with store.reading() as connection:
        dataset = find_dataset(connection, dataset_id)
        assert find_embedding(connection, dataset, ids[1]) == files[1]
        assert find_embedding(connection, dataset, "0" * 24) is None


def test_a_dataset_without_vectors_has_none(store: Store) -> None:
    with store.writing() as connection:
        create_empty_dataset(connection, owner_id=local_user(connection).id, name="empty")
    assert embeddings_of(store, "empty") == []
