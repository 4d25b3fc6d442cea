from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import tags
from swath.store.catalog import describe_dataset, tag_indices
from swath.store.database import Store
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    """A crops dataset of five samples."""
    commit_run(make_additions({"a.jpg": 5}))
    return describe_dataset(store, "vehicles-crops").id


def test_initial_tag_is_everything_at_any_time(store: Store, commit_run: Fixture, dataset_id: str) -> None:
    assert tag_indices(store, "vehicles-crops", "initial-tag").tolist() == [0, 1, 2, 3, 4]
    commit_run(make_additions({"b.jpg": 2}))
    assert tag_indices(store, "vehicles-crops", "initial-tag").tolist() == [0, 1, 2, 3, 4, 5, 6]
    with store.reading() as connection:
        initial = tags.find_tag(connection, dataset_id, "initial-tag")
    assert (initial.member_count, initial.total_size, initial.parent_id) == (7, 7, None)


def test_what_a_later_run_added_is_tagged_and_nothing_else(store: Store, commit_run: Fixture, dataset_id: str) -> None:
    receipt = commit_run(make_additions({"b.jpg": 2}))
    image_tag, crop_tag = receipt.tag_names
    for name, added in ((image_tag, 1), (crop_tag, 2)):
        assert re.fullmatch(rf"run \d{{4}}-\d\d-\d\d \d\dh\d\dm\d\d {added} added", name)
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9 .:;=@_-]+", name)
    assert tag_indices(store, "vehicles-crops", crop_tag).tolist() == [5, 6]
    assert tag_indices(store, "vehicles", image_tag).tolist() == [1]
    details = describe_dataset(store, "vehicles-crops")
    assert [(tag.name, tag.size, tag.total_size) for tag in details.tags] == [("initial-tag", 7, 7), (crop_tag, 2, 7)]
    assert details.tags[1].parent_id == details.tags[0].id
    assert details.tags[1].run_id == details.runs[0].id


def test_two_runs_within_a_second_get_two_names(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        names = [
            tags.tag_added_samples(connection, dataset_id, first_index=3, added=2, run_id="r" * 24, now=0)
            for _ in range(3)
        ]
    assert len(set(names)) == 3
    assert all(name is not None and tags.check_tag_name(name) for name in names)


def test_a_run_that_added_nothing_leaves_no_tag(store: Store, commit_run: Fixture, dataset_id: str) -> None:
    assert commit_run(make_additions({"a.jpg": 5})).tag_names == ()
    assert len(describe_dataset(store, "vehicles-crops").tags) == 1


def test_a_tag_is_made_changed_renamed_and_deleted(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        tag = tags.create_tag(connection, dataset_id, name="my favourites", members=np.array([4, 0, 4]))
        assert (tag.member_count, tag.total_size, tag.revision) == (2, 5, 0)
        tag = tags.set_tag_members(connection, tag, np.array([1, 2, 3]), expected_revision=0)
        tag = tags.rename_tag(connection, tag, "second thoughts")
        assert tag.revision == 2
    assert tag_indices(store, "vehicles-crops", "second thoughts").tolist() == [1, 2, 3]
    assert tag_indices(store, "vehicles-crops", tag.id).tolist() == [1, 2, 3]
    with store.writing() as connection:
        child = tags.create_tag(connection, dataset_id, name="child", members=np.array([1]), parent=tag.name)
        assert child.parent_id == tag.id
        tags.delete_tag(connection, tag)
        initial = tags.find_tag(connection, dataset_id, "initial-tag")
        assert tags.find_tag(connection, dataset_id, "child").parent_id == initial.id
    with pytest.raises(NotFound, match="second thoughts") as caught:
        tag_indices(store, "vehicles-crops", "second thoughts")
    assert caught.value.hint == "There are `initial-tag`, `child`."


def test_an_empty_tag_is_a_tag(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        tags.create_tag(connection, dataset_id, name="none of them", members=np.array([], dtype=np.int64))
    assert tag_indices(store, "vehicles-crops", "none of them").tolist() == []


def test_a_change_on_top_of_an_unseen_one_is_refused(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        mine = tags.create_tag(connection, dataset_id, name="ours", members=np.array([0]))
        tags.set_tag_members(connection, mine, np.array([1]), expected_revision=mine.revision)
        with pytest.raises(Conflict, match="`ours` was changed by somebody else"):
            tags.set_tag_members(connection, mine, np.array([2]), expected_revision=mine.revision)
        assert tags.tag_members(connection, mine).tolist() == [1]


def test_a_name_can_be_taken_or_wrong(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        tag = tags.create_tag(connection, dataset_id, name="taken", members=np.array([0]))
        with pytest.raises(Conflict, match="taken"):
            tags.create_tag(connection, dataset_id, name="taken", members=np.array([0]))
        with pytest.raises(Conflict, match="initial-tag"):
            tags.rename_tag(connection, tag, "initial-tag")
        for name in ("", "ab", "-abc", "a+b+c", "abc\n", "a" * 129):
            with pytest.raises(InvalidConfig):
                tags.create_tag(connection, dataset_id, name=name, members=np.array([0]))


@pytest.mark.parametrize(("members", "named"), [([0, 5], "5"), ([-1, 3], "-1")])
def test_a_tag_holds_samples_of_its_dataset_only(store: Store, dataset_id: str, members: list[int], named: str) -> None:
    with store.writing() as connection, pytest.raises(InvalidConfig, match=f"sample {named}: the dataset has 5"):
        tags.create_tag(connection, dataset_id, name="beyond", members=np.array(members))


def test_initial_tag_stays_as_it_is(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        initial = tags.find_tag(connection, dataset_id, "initial-tag")
        with pytest.raises(Conflict, match="cannot be deleted"):
            tags.delete_tag(connection, initial)
        with pytest.raises(Conflict, match="cannot be renamed"):
            tags.rename_tag(connection, initial, "everything")
        with pytest.raises(Conflict, match="cannot be set"):
            tags.set_tag_members(connection, initial, np.array([0]), expected_revision=0)
