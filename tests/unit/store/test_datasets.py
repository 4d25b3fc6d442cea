from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.runs import list_runs
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions, make_image_additions

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
