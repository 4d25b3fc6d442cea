from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from swath.core.browsing import SampleColumns, SampleFilter, SortKey
from swath.core.errors import Conflict, NotFound
from swath.server import browsing
from swath.server.browsing import BrowsedDataset, Browser, NamedFilter
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun

EVERYTHING = NamedFilter(key="", filter=SampleFilter())


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    """Of `vehicles-crops`, with 12 samples."""
    commit_run(make_additions({"a.jpg": 5, "b.jpg": 7}))
    with store.reading() as connection:
        return find_dataset(connection, "vehicles-crops").id


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The datasets whose columns were read, in turn."""
    read: list[str] = []

    def load_columns(connection: Any, dataset: Any) -> SampleColumns:
        read.append(dataset.id)
        return original(connection, dataset)

    original = browsing.load_columns
    monkeypatch.setattr(browsing, "load_columns", load_columns)
    return read


def test_columns_are_read_once_however_many_look(store: Store, home: Home, dataset_id: str, loads: list[str]) -> None:
    browser = Browser()
    begin = threading.Barrier(8)

    def look() -> BrowsedDataset:
        begin.wait(10)
        return browser.open(store, home, dataset_id)

    with ThreadPoolExecutor(8) as threads:
        opened = [future.result(30) for future in [threads.submit(look) for _ in range(8)]]
    assert loads == [dataset_id]
    assert len({id(one.columns) for one in opened}) == 1


def test_a_dataset_that_has_changed_is_read_anew_and_the_old_one_let_go(
    store: Store, home: Home, dataset_id: str, loads: list[str], commit_run: Fixture
) -> None:
    browser = Browser()
    before = browser.open(store, home, dataset_id)
    before.order(EVERYTHING, SortKey.NAME, descending=False)
    held = browser.byte_count
    commit_run(make_additions({"c.jpg": 1}))
    after = browser.open(store, home, dataset_id)
    assert (len(before), len(after)) == (12, 13)
    assert loads == [dataset_id, dataset_id]
    after.order(EVERYTHING, SortKey.NAME, descending=False)
    assert browser.byte_count == pytest.approx(held * 13 / 12, abs=16)
    # Whoever still holds the old one finds nothing of the new one in it.
    assert len(before.order(EVERYTHING, SortKey.NAME, descending=False)) == 12


def test_a_commit_that_only_makes_crops_stale_is_seen(
    store: Store, home: Home, dataset_id: str, commit_run: Fixture
) -> None:
    browser = Browser()
    assert not browser.open(store, home, dataset_id).columns.stale.any()
    commit_run(make_additions({"a.jpg": 5}, selected=[], versions={"a.jpg": 2}))
    assert browser.open(store, home, dataset_id).columns.stale.tolist() == [True] * 5 + [False] * 7


def test_orders_and_masks_are_made_once(store: Store, home: Home, dataset_id: str) -> None:
    browsed = Browser().open(store, home, dataset_id)
    asked = NamedFilter(key="small", filter=SampleFilter(categories=frozenset({1})))
    assert browsed.mask(asked) is browsed.mask(asked)
    for descending in (False, True):
        order = browsed.order(asked, SortKey.NAME, descending=descending)
        assert order is browsed.order(asked, SortKey.NAME, descending=descending)
        whole = browsed.order(EVERYTHING, SortKey.NAME, descending=descending)
        assert order.tolist() == [index for index in whole if browsed.columns.category[index] == 1]


def test_everything_works_without_room_to_keep_anything(
    store: Store, home: Home, dataset_id: str, loads: list[str]
) -> None:
    browser = Browser(max_bytes=1)
    for _ in range(2):
        browsed = browser.open(store, home, dataset_id)
        assert len(browsed.order(EVERYTHING, SortKey.NAME, descending=False)) == 12
        rows, _ = browsed.neighbor_index().query(browsed.vectors()[3].astype(np.float64), 1)
        assert rows.tolist() == [3]
    assert loads == [dataset_id] * 2


def test_a_neighbour_index_is_kept_in_a_file_and_replaced(
    store: Store, home: Home, dataset_id: str, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files() -> list[str]:
        return [path.name for path in (home.cache / "neighbors").iterdir()]

    Browser().open(store, home, dataset_id).neighbor_index()
    first = files()
    assert len(first) == 1
    with monkeypatch.context() as patched:
        patched.setattr(browsing.NeighborIndex, "build", lambda vectors: pytest.fail("it is in a file"))
        assert len(Browser().open(store, home, dataset_id).neighbor_index().table) == 12
    commit_run(make_additions({"c.jpg": 1}))
    assert len(Browser().open(store, home, dataset_id).neighbor_index().table) == 13
    assert len(files()) == 1
    assert files() != first


def test_a_dataset_that_is_gone_is_not_found(store: Store, home: Home, dataset_id: str) -> None:
    browser = Browser()
    browser.open(store, home, dataset_id)
    delete_dataset(store, home, "vehicles-crops")
    with pytest.raises(NotFound, match=dataset_id):
        browser.open(store, home, dataset_id)


def test_without_embeddings_there_is_no_distance(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}, selected=[]))
    with store.reading() as connection:
        empty = find_dataset(connection, "vehicles-crops").id
    browsed = Browser().open(store, home, empty)
    assert len(browsed) == 0
    assert browsed.vectors().shape == (0, 0)
    with pytest.raises(Conflict, match="has no embeddings"):
        browsed.neighbor_index()
