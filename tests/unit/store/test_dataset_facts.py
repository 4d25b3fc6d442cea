from __future__ import annotations

from typing import Any

from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.dataset_facts import (
    byte_sizes_of,
    datasource_ids_of,
    embedding_counts_of,
    first_samples_of,
    tag_counts_of,
)
from swath.store.datasets import create_empty_dataset
from swath.store.sharing import find_dataset
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


def test_facts_are_told_for_many_datasets_at_once(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 1}))
    with store.writing() as connection:
        empty = create_empty_dataset(connection, owner_id=local_user(connection).id, name="empty")
        images, crops = (find_dataset(connection, name) for name in ("vehicles", "vehicles-crops"))
        datasets = [images, crops, empty]
        ids = [dataset.id for dataset in datasets]

        sizes = byte_sizes_of(connection, ids)
        assert [sizes[images.id], sizes[empty.id]] == [describe_dataset(store, "vehicles").byte_size, 0]
        assert [len(samples) for samples in first_samples_of(connection, ids, count=2).values()] == [2, 2, 0]
        counts = embedding_counts_of(connection, datasets)
        assert [counts[dataset_id] for dataset_id in ids] == [1, 1, 0]
        assert tag_counts_of(connection, ids)[empty.id] == 1
        assert datasource_ids_of(connection, ids) == dict.fromkeys(ids, ())


def test_of_no_dataset_there_is_nothing_to_tell(store: Store) -> None:
    with store.reading() as connection:
        assert (byte_sizes_of(connection, []), datasource_ids_of(connection, [])) == ({}, {})
