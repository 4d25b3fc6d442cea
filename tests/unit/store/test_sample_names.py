from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.store import sample_names
from swath.store.database import Store
from swath.store.sample_names import FileNames, indices_by_id, iter_file_names, iter_ids, iter_ids_and_names
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_image_additions

Fixture = Any  # of conftest.py: CommitRun

COUNT = 11
NAMES = [f"{number:02d}.jpg" for number in range(COUNT)]


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch) -> str:
    """Eleven images, read in pages of three."""
    monkeypatch.setattr(sample_names, "PAGE_SIZE", 3)
    commit_run(make_image_additions(NAMES), task=None)
    with store.reading() as connection:
        return find_dataset(connection, "vehicles").id


def test_columns_come_in_pages_by_index(store: Store, dataset_id: str) -> None:
    assert list(iter_file_names(store, dataset_id, range(2, 9))) == [NAMES[2:5], NAMES[5:8], NAMES[8:9]]
    assert list(iter_file_names(store, dataset_id, range(0))) == []
    ids = [sample_id for page in iter_ids(store, dataset_id, range(COUNT)) for sample_id in page]
    assert len(set(ids)) == COUNT
    pairs = [pair for page in iter_ids_and_names(store, dataset_id, np.arange(COUNT)) for pair in page]
    assert pairs == list(zip(ids, NAMES, strict=True))


@pytest.mark.parametrize("indices", [[0, 1, 3, 10], [10, 0, 9], [5], [2, 99, 4], []])
def test_pairs_come_in_the_order_asked_for_without_those_that_are_not_there(
    store: Store, dataset_id: str, indices: list[int]
) -> None:
    pages = list(iter_ids_and_names(store, dataset_id, np.array(indices, dtype=np.int64)))
    assert all(len(page) <= 3 for page in pages)
    assert [name for page in pages for _, name in page] == [NAMES[index] for index in indices if index < COUNT]


def test_file_names_are_a_sequence(store: Store, dataset_id: str) -> None:
    names = FileNames(store, dataset_id, COUNT)
    assert (len(names), list(names)) == (COUNT, NAMES)
    assert (names[-1], names[4], names[3:8:2]) == (NAMES[-1], NAMES[4], NAMES[3:8:2])
    with pytest.raises(IndexError):
        names[COUNT]


def test_indices_are_ordered_by_ids(store: Store, dataset_id: str) -> None:
    ids = [sample_id for page in iter_ids(store, dataset_id, range(COUNT)) for sample_id in page]
    with store.reading() as connection:
        found = indices_by_id(connection, dataset_id)
    assert [ids[index] for index in found] == sorted(ids)
