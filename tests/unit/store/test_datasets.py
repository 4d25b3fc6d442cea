from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.datasets import DatasetKind, create_empty_dataset, rename_dataset, set_datasource
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.queue import schedule_run
from swath.store.runs import list_runs, request_cancel
from swath.store.sharing import find_dataset
from swath.store.tags import list_tags
from swath.store.users import create_user, local_user
from swath.testing.session_contract import make_additions, make_image_additions
from swath.wire.runs import RunKind

Fixture = Any  # of conftest.py: StartRun or CommitRun


def crops_dataset_of(start_run: Fixture, **arguments: Any) -> str:
    run = start_run(**arguments)
    name = run.target.crop_dataset_name
    run.finish(RunState.FAILED, "only asked", "{}")
    return str(name)


def test_a_name_that_breaks_the_rule_is_refused_and_no_run_recorded(store: Store, start_run: Fixture) -> None:
    with pytest.raises(InvalidConfig, match="a/b"):
        start_run("a/b")
    with pytest.raises(InvalidConfig) as caught:
        start_run("vehicles", crop_dataset_name="x")
    assert caught.value.field == "object_level.crop_dataset_name"
    with store.reading() as connection:
        assert list_runs(connection) == []


def test_the_same_name_with_another_datasource_is_refused(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with pytest.raises(Conflict, match="`vehicles` reads from `/data`, this run from `/elsewhere`"):
        start_run(input_uri="/elsewhere")
    with pytest.raises(Conflict, match="`vehicles` lie in `/data`, this run would write to `/elsewhere`"):
        start_run(output_uri="/elsewhere")


def test_a_run_on_a_crops_dataset_is_refused_with_the_image_dataset_to_use(
    start_run: Fixture, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with pytest.raises(Conflict, match="`vehicles-crops` holds crops of `vehicles`") as caught:
        start_run("vehicles-crops")
    assert caught.value.hint == "Run on image dataset `vehicles`."


def test_an_image_dataset_is_not_told_to_be_another_kind(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["a.jpg"]), "bicycles", task=None)
    with pytest.raises(Conflict, match=r"cannot go to dataset `bicycles`: it is an image dataset \(of `/data`\)"):
        start_run(crop_dataset_name="bicycles")
    with pytest.raises(Conflict, match="it is the image dataset of this run"):
        start_run(crop_dataset_name="vehicles")


def test_unset_finds_the_default_again(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    run = start_run()
    assert (run.target.crop_dataset_name, run.target.crop_samples) == ("vehicles-crops", 1)


def test_another_task_gets_a_crops_dataset_of_its_own(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1}, task="doors"), task="doors")
    assert crops_dataset_of(start_run, task="doors") == "vehicles-doors-crops"
    assert crops_dataset_of(start_run) == "vehicles-crops"
    assert crops_dataset_of(start_run, task="a/b") == "vehicles-a-b-crops"


def test_a_custom_name_is_never_found_by_unset(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}), crop_dataset_name="rare wheels")
    run = start_run()
    assert (run.target.crop_dataset_name, run.target.crop_samples) == ("vehicles-crops", 0)
    run.finish(RunState.FAILED, "only asked", "{}")
    run = start_run(crop_dataset_name="rare wheels")
    assert (run.target.crop_dataset_name, run.target.crop_samples) == ("rare wheels", 2)


def test_giving_the_derived_name_means_the_default(store: Store, start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}), crop_dataset_name="vehicles-crops")
    assert describe_dataset(store, "vehicles-crops").is_default
    run = start_run()
    assert (run.target.crop_dataset_name, run.target.crop_samples) == ("vehicles-crops", 1)


def test_a_given_name_of_another_task_or_parent_is_refused(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}), crop_dataset_name="rare wheels")
    with pytest.raises(Conflict, match=r"`rare wheels`: it holds crops of `vehicles` \(task `wheels`\)"):
        start_run(task="doors", crop_dataset_name="rare wheels")
    with pytest.raises(Conflict, match=r"`rare wheels`: it holds crops of `vehicles` \(task `wheels`\)"):
        start_run("bicycles", crop_dataset_name="rare wheels")


def test_an_unrelated_dataset_of_the_derived_name_is_an_error(start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["a.jpg"]), "vehicles-crops", task=None)
    with pytest.raises(Conflict, match="cannot go to dataset `vehicles-crops`: it is an image dataset") as caught:
        start_run()
    assert "crop_dataset_name" in caught.value.hint


def test_a_derived_name_that_is_too_long_must_be_given(start_run: Fixture) -> None:
    with pytest.raises(InvalidConfig, match="too long") as caught:
        start_run("v" * 125)
    assert caught.value.field == "object_level.crop_dataset_name"
    assert start_run("v" * 125, crop_dataset_name="short crops").target.crop_dataset_name == "short crops"


def test_a_crops_dataset_needs_a_task(start_run: Fixture) -> None:
    with pytest.raises(InvalidConfig, match="no prediction task"):
        start_run(task=None, crop_dataset_name="rare wheels")


def test_planned_datasets_come_into_being_with_the_commit(store: Store, start_run: Fixture) -> None:
    run = start_run()
    with pytest.raises(NotFound, match="there is no dataset `vehicles`"), store.reading() as connection:
        find_dataset(connection, "vehicles")
    run.commit(make_additions({"a.jpg": 1}))
    with store.reading() as connection:
        assert find_dataset(connection, "vehicles").id == run.target.image_dataset_id
        assert find_dataset(connection, run.target.crop_dataset_id or "").name == "vehicles-crops"


def test_a_failed_run_hands_its_ids_on_but_not_to_another_target(start_run: Fixture) -> None:
    first = start_run()
    first.finish(RunState.FAILED, "no", "{}")
    other = start_run(crop_dataset_name="rare wheels")
    other.finish(RunState.FAILED, "no", "{}")
    assert other.target.image_dataset_id == first.target.image_dataset_id
    assert other.target.crop_dataset_id != first.target.crop_dataset_id
    again = start_run()
    assert again.target.crop_dataset_id == first.target.crop_dataset_id


def test_ids_of_deleted_datasets_are_not_used_again(
    store: Store, home: Home, start_run: Fixture, commit_run: Fixture
) -> None:
    start_run().finish(RunState.FAILED, "no", "{}")
    commit_run(make_additions({"a.jpg": 1}))
    start_run().finish(RunState.FAILED, "no", "{}")
    before = describe_dataset(store, "vehicles-crops").id
    delete_dataset(store, home, "vehicles-crops")
    run = start_run()
    assert run.target.crop_dataset_id != before
    assert run.target.image_samples == 1
    assert run.used_files() == {}


def test_names_spelt_alike_are_named(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with store.reading() as connection:
        with pytest.raises(NotFound) as caught:
            find_dataset(connection, "vehicels-crops")
        assert "`vehicles-crops`" in caught.value.hint
        with pytest.raises(NotFound) as caught:
            find_dataset(connection, "zzz")
        assert caught.value.hint == "There are `vehicles`, `vehicles-crops`."


def test_a_run_needs_the_lock_of_its_home(store: Store, home: Home, start_run: Fixture) -> None:
    home.lock_file.unlink()  # the lock is on the file that is gone now
    with pytest.raises(RuntimeError, match=r"home\.lock"):
        start_run()


def test_plans_and_ids_of_failed_runs_are_their_owners(store: Store, start_run: Fixture, commit_run: Fixture) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna").id
    failed = start_run()
    failed.finish(RunState.FAILED, "no", "{}")
    of_anna = start_run(owner_id=anna, input_uri="/hers")
    assert of_anna.target.image_dataset_id != failed.target.image_dataset_id
    of_anna.commit(make_additions({"b.jpg": 1}))
    of_anna.finish(RunState.COMPLETED, "done", "{}")
    commit_run(make_additions({"a.jpg": 1}))
    # Neither her datasource nor her crops dataset is in the way of his, and the other way round.
    assert start_run().target.image_dataset_id == failed.target.image_dataset_id
    again = start_run(owner_id=anna, input_uri="/hers").target
    assert again.image_dataset_id == of_anna.target.image_dataset_id
    assert again.crop_dataset_id == of_anna.target.crop_dataset_id


@pytest.fixture
def owner_id(store: Store) -> str:
    with store.reading() as connection:
        return local_user(connection).id


def test_an_empty_dataset_has_no_datasource_and_its_first_tag(store: Store, owner_id: str) -> None:
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=owner_id, name="vehicles")
        assert (dataset.kind, dataset.sample_count, dataset.input_uri) == (DatasetKind.IMAGES, 0, "")
        assert dataset.is_confined
        assert [tag.name for tag in list_tags(connection, dataset.id)] == ["initial-tag"]
    assert describe_dataset(store, "vehicles").input_uri == ""


def test_a_dataset_without_datasource_takes_no_run(store: Store, start_run: Fixture, owner_id: str) -> None:
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=owner_id, name="vehicles")
    with pytest.raises(InvalidConfig, match="dataset `vehicles` has no datasource"):
        start_run()
    with store.writing() as connection:
        set_datasource(connection, dataset, input_uri="/data", is_confined=False)
    assert start_run().target.image_dataset_id == dataset.id


def test_a_dataset_is_made_once_and_by_the_rule(store: Store, owner_id: str) -> None:
    with store.writing() as connection:
        create_empty_dataset(connection, owner_id=owner_id, name="vehicles")
        with pytest.raises(Conflict, match="there is a dataset `vehicles` already"):
            create_empty_dataset(connection, owner_id=owner_id, name="vehicles")
        with pytest.raises(InvalidConfig) as caught:
            create_empty_dataset(connection, owner_id=owner_id, name="v")
        assert caught.value.field == "name"
        with pytest.raises(InvalidConfig, match="made by the run"):
            create_empty_dataset(connection, owner_id=owner_id, name="crops", kind=DatasetKind.CROPS)


def test_a_renamed_dataset_goes_on_under_its_new_name(store: Store, start_run: Fixture, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles")
        renamed = rename_dataset(connection, dataset, "cars")
        assert (renamed.id, renamed.name) == (dataset.id, "cars")
        assert rename_dataset(connection, renamed, "cars") == renamed
        with pytest.raises(Conflict, match="`vehicles-crops`"):
            rename_dataset(connection, renamed, "vehicles-crops")
        with pytest.raises(InvalidConfig):
            rename_dataset(connection, renamed, "c/d")
    target = start_run("cars").target
    assert (target.image_dataset_id, target.crop_dataset_name) == (dataset.id, "vehicles-crops")
    assert describe_dataset(store, "vehicles-crops").parent == "cars"


def test_the_datasource_of_an_empty_dataset_can_change_and_that_of_a_full_one_cannot(
    store: Store, commit_run: Fixture, owner_id: str
) -> None:
    with store.writing() as connection:
        empty = create_empty_dataset(connection, owner_id=owner_id, name="empty", input_uri="/a")
        changed = set_datasource(connection, empty, input_uri="/b", output_uri="/c", is_confined=False)
        assert (changed.input_uri, changed.output_uri, changed.is_confined) == ("/b", "/c", False)
        changed = set_datasource(connection, changed, input_uri="/b", is_confined=False)
        assert changed.output_uri == "/b"
    commit_run(make_additions({"a.jpg": 1}))
    with store.writing() as connection:
        full = find_dataset(connection, "vehicles")
        for input_uri, output_uri in (("/elsewhere", "/data"), ("/data", "/elsewhere")):
            with pytest.raises(Conflict, match="`vehicles` has samples, whose files are in `/data`"):
                set_datasource(connection, full, input_uri=input_uri, output_uri=output_uri, is_confined=False)
        with pytest.raises(Conflict, match="`vehicles-crops` reads from where its image dataset does"):
            set_datasource(connection, find_dataset(connection, "vehicles-crops"), input_uri="/data", is_confined=False)
        # The same again says who may read it, and crops are read as their images are.
        set_datasource(connection, full, input_uri="/data", is_confined=True)
        assert [find_dataset(connection, name).is_confined for name in ("vehicles", "vehicles-crops")] == [True, True]


def test_the_datasource_stays_while_a_run_waits(store: Store, owner_id: str) -> None:
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=owner_id, name="vehicles", input_uri="/a")
        run_id = schedule_run(
            connection,
            owner_id=owner_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json="{}",
            dataset=dataset,
            task="wheels",
            now=1,
        )
        with pytest.raises(Conflict, match=f"run `{run_id}` on dataset `vehicles` is not over"):
            set_datasource(connection, dataset, input_uri="/b", is_confined=False)
        set_datasource(connection, dataset, input_uri="/a", is_confined=False)
        request_cancel(connection, run_id)
        assert set_datasource(connection, dataset, input_uri="/b", is_confined=False).input_uri == "/b"
