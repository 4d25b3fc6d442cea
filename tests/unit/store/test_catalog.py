from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import NotFound
from swath.store.catalog import describe_dataset, iter_samples, list_datasets
from swath.store.database import Store
from swath.testing.session_contract import EMBEDDER, make_additions, make_image_additions

Fixture = Any  # of conftest.py: CommitRun


def test_an_empty_home_has_no_datasets(store: Store) -> None:
    assert list_datasets(store) == []


def test_datasets_are_listed_with_what_they_belong_to(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    commit_run(make_image_additions(["a.jpg"]), "bicycles", task=None)
    listed = [(one.name, one.kind, one.sample_count, one.parent, one.task) for one in list_datasets(store)]
    assert listed == [
        ("vehicles", "images", 1, None, None),
        ("vehicles-crops", "crops", 2, "vehicles", "wheels"),
        ("bicycles", "images", 1, None, None),
    ]


def test_an_image_dataset_is_described(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 2}, selected=[("a.jpg", 0)]))
    details = describe_dataset(store, "vehicles")
    assert [child.name for child in details.children] == ["vehicles-crops"]
    assert (details.sample_count, details.byte_size, details.input_uri) == (2, 2000, "/data")
    assert [(one.name, one.count) for one in details.categories] == [("big wheel", 3), ("small wheel", 2)]
    assert details.embedder is not None
    assert (details.embedder.name, details.embedder.digest, details.embedder.dimension) == (
        EMBEDDER.name,
        EMBEDDER.digest,
        8,
    )
    assert [(run.state, run.message, run.crop_dataset) for run in details.runs] == [
        ("COMPLETED", "done", "vehicles-crops")
    ]
    assert describe_dataset(store, details.id) == details


def test_a_crops_dataset_is_described(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 3}))
    commit_run(make_additions({"a.jpg": 1}, versions={"a.jpg": 2}))
    details = describe_dataset(store, "vehicles-crops")
    assert (details.parent, details.task, details.is_default, details.children) == ("vehicles", "wheels", True, ())
    assert (details.sample_count, details.stale_crops) == (4, 3)
    assert [(one.task, one.name, one.count) for one in details.categories] == [
        ("wheels", "big wheel", 3),
        ("wheels", "small wheel", 1),
    ]
    assert len(details.runs) == 2
    assert details.model_dump_json().startswith('{"id":"')


def test_what_is_not_there_is_said_at_the_first_step(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with pytest.raises(NotFound, match="`vehicle`"):
        next(iter_samples(store, "vehicle"))
    with pytest.raises(NotFound, match="`my tag`"):
        next(iter_samples(store, "vehicles", "my tag"))
