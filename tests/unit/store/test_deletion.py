from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, NotFound
from swath.core.runs import RunState
from swath.store import runs, schema
from swath.store.catalog import describe_dataset, iter_predictions, list_datasets, list_runs
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.ids import new_id
from swath.store.queue import schedule_run
from swath.store.sharing import find_dataset
from swath.store.tags import INITIAL_TAG, find_tag
from swath.store.users import create_user
from swath.testing.session_contract import make_additions
from swath.wire.runs import RunKind

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
    assert [path.exists() for path in deleted.home_files] == [True, True]
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


def platform_rows(dataset_id: str, user_id: str, tag_id: str) -> dict[str, dict[str, Any]]:
    """A row of the dataset in every table that is not filled by a commit; parents before children."""
    times = {"created_at": 1, "modified_at": 1}
    return {
        "dataset_shares": {"dataset_id": dataset_id, "user_id": user_id, "created_at": 1},
        "datasource_credentials": {
            "dataset_id": dataset_id,
            "purpose": "input",
            "secret": b"x",
            "modified_at": 1,
        },
        "operations": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "user_id": user_id,
            "summary": "",
            "is_undone": False,
            **times,
        },
        "selections": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "user_id": user_id,
            "selector": "{}",
            "members": b"",
            "member_count": 0,
            "created_at": 1,
        },
        "views": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "user_id": user_id,
            "name": "all",
            "rule": "{}",
            **times,
        },
        "exports": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "user_id": user_id,
            "request": "{}",
            "state": "READY",
            "message": "",
            "sample_count": 1,
            "byte_length": 1,
            "created_at": 1,
        },
        "datasource_documents": {
            "dataset_id": dataset_id,
            "purpose": "INPUT",
            "id": new_id(),
            "document": "{}",
            "secret": b"x",
            "sequence": 1,
            "modified_at": 1,
        },
        "sample_metadata": {"dataset_id": dataset_id, "sample_index": 0, "custom": "{}"},
        "metadata_configurations": {"id": new_id(), "dataset_id": dataset_id, "name": "x", "entries": "[]", **times},
        "uploaded_embeddings": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "name": "default",
            "file_name": "x.csv",
            "created_at": 1,
        },
        "active_learning_scores": {
            "id": new_id(),
            "dataset_id": dataset_id,
            "tag_id": tag_id,
            "name": "uncertainty",
            "scores": b"",
            "created_at": 1,
        },
    }


def test_all_that_people_made_of_a_dataset_goes_with_it(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    commit_run(make_additions({"b.jpg": 1}), "bicycles")
    of_dataset: dict[str, dict[str, dict[str, Any]]] = {}
    with store.writing() as connection:
        anna = create_user(connection, "anna")
        for name in ("vehicles", "bicycles"):
            dataset = find_dataset(connection, name)
            initial = find_tag(connection, dataset.id, INITIAL_TAG)
            of_dataset[name] = platform_rows(dataset.id, anna.id, initial.id)
            for table, row in of_dataset[name].items():
                connection.execute(sa.insert(schema.metadata.tables[table]).values(row))
            change = {"operation_id": of_dataset[name]["operations"]["id"], "tag_id": new_id()}
            connection.execute(sa.insert(schema.operation_changes).values(change))
    file = home.exports / f"{of_dataset['vehicles']['exports']['id']}.zip"
    file.write_bytes(b"x")
    deleted = delete_dataset(store, home, "vehicles", cascade=True)
    assert file in deleted[1].home_files
    assert all(path.exists() for one in deleted for path in one.home_files)
    left = {dataset.id for dataset in list_datasets(store)}
    with store.reading() as connection:
        for table in schema.metadata.sorted_tables:
            if "dataset_id" in table.c:
                found = set(connection.execute(sa.select(table.c.dataset_id)).scalars())
                assert found, table.name
                assert found <= left, table.name
        assert connection.execute(sa.select(schema.operation_changes.c.operation_id)).scalars().all() == [
            of_dataset["bicycles"]["operations"]["id"]
        ]
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.users)).scalar() == 2


def test_a_dataset_stays_while_a_run_on_it_waits_or_a_worker_has_it(
    store: Store, home: Home, start_run: Fixture, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles")
        run_id = schedule_run(
            connection,
            owner_id=dataset.owner_id,
            kind=RunKind.SELECTION,
            config_json="{}",
            dataset=find_dataset(connection, "vehicles-crops"),
            task=None,
            now=1,
        )
    for state in (RunState.QUEUED, RunState.SAMPLING):
        with store.writing() as connection:
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == run_id).values(state=state.value))
        for name, cascade in (("vehicles", True), ("vehicles-crops", False)):
            with pytest.raises(Conflict, match=f"run `{run_id}` on dataset `vehicles-crops` is not over") as caught:
                delete_dataset(store, home, name, cascade=cascade)
            assert caught.value.hint == "Cancel it, or wait until it is over, to delete the dataset."
    with store.writing() as connection:
        runs.finish_run(connection, run_id, RunState.FAILED, message="no", result=None)
    assert len(delete_dataset(store, home, "vehicles", cascade=True)) == 2


def test_a_run_whose_process_is_gone_keeps_no_dataset(store: Store, home: Home, start_run: Fixture) -> None:
    run = start_run()
    run.commit(make_additions({"a.jpg": 1}))
    # The test holds the home's lock, which no run of another process can hold then.
    assert len(delete_dataset(store, home, "vehicles", cascade=True)) == 2
