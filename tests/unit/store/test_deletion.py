from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, NotFound
from swath.store import schema
from swath.store.catalog import describe_dataset, iter_predictions, list_datasets, list_runs
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: StartRun or CommitRun


def test_a_crops_dataset_goes_and_its_images_stay(
    store: Store, home: Home, start_run: Fixture, commit_run: Fixture
) -> None:
    additions = make_additions({"a.jpg": 2})
    commit_run(additions)
    assert additions.crops is not None
    [deleted] = delete_dataset(store, home, "vehicles-crops")
    assert (deleted.name, deleted.output_uri) == ("vehicles-crops", "/data")
    assert deleted.crop_files == additions.crops.file_names
    assert deleted.thumbnails == ()
    assert [path.exists() for path in deleted.home_files] == [True]
    assert [dataset.name for dataset in list_datasets(store)] == ["vehicles"]
    assert [one.crop_sample_id for one in iter_predictions(store, "vehicles", task="wheels")] == [None, None]
    # What was used for it is work again.
    assert start_run().used_files() == {}


def test_an_image_dataset_with_crops_goes_with_cascade_only(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    commit_run(make_additions({"b.jpg": 1}), crop_dataset_name="rare wheels")
    commit_run(make_additions({"c.jpg": 1}), "bicycles")
    with pytest.raises(Conflict, match="has crops datasets: `vehicles-crops`, `rare wheels`"):
        delete_dataset(store, home, "vehicles")
    deleted = delete_dataset(store, home, describe_dataset(store, "vehicles").id, cascade=True)
    assert [one.name for one in deleted] == ["vehicles-crops", "rare wheels", "vehicles"]
    # The images belong to the user.
    assert deleted[2].crop_files == ()
    assert deleted[2].thumbnails == (".lightly/thumbnails/a.jpg", ".lightly/thumbnails/b.jpg")
    assert [dataset.name for dataset in list_datasets(store)] == ["bicycles", "bicycles-crops"]
    assert len(list_runs(store)) == 3
    with store.reading() as connection:
        left = {
            table.name: set(connection.execute(sa.select(table.c.dataset_id)).scalars())
            for table in schema.metadata.sorted_tables
            if "dataset_id" in table.c
        }
    bicycles, crops = (dataset.id for dataset in list_datasets(store))
    assert left["samples"] == left["tags"] == left["vector_segments"] == {bicycles, crops}
    assert left["predictions"] == left["prediction_tasks"] == {bicycles}
    assert left["crops"] == left["used_files"] == {crops}


def test_what_is_not_there_cannot_be_deleted(store: Store, home: Home) -> None:
    with pytest.raises(NotFound, match="`vehicles`") as caught:
        delete_dataset(store, home, "vehicles")
    assert caught.value.hint == "There is no dataset yet."
