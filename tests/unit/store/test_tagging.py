from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import operations, schema, tagging, tags
from swath.store.catalog import describe_dataset, tag_indices
from swath.store.database import Store
from swath.store.tagging import Editor
from swath.store.users import create_user, local_user
from swath.testing.session_contract import make_additions
from swath.wire.tags import TagExpression

Fixture = Any  # of conftest.py: CommitRun

Editing = Callable[..., Any]


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    """A crops dataset of ten samples."""
    commit_run(make_additions({"a.jpg": 10}))
    return describe_dataset(store, "vehicles-crops").id


@pytest.fixture
def editing(store: Store, dataset_id: str) -> Editing:
    @contextmanager
    def edit(user: str | None = None) -> Iterator[Editor]:
        with store.writing() as connection:
            user_id = user or local_user(connection).id
            yield Editor(connection=connection, dataset_id=dataset_id, user_id=user_id)

    return edit


def indices(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def members(store: Store, name: str) -> list[int]:
    return tag_indices(store, "vehicles-crops", name).tolist()


def history(store: Store, dataset_id: str) -> list[operations.Operation]:
    with store.reading() as connection:
        return operations.list_operations(connection, dataset_id=dataset_id, user_id=local_user(connection).id)


def test_one_application_adds_to_some_tags_and_removes_from_others(store: Store, editing: Editing) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="kept", members=indices(0, 1))
        tagging.create_tag(editor, name="left out", members=indices(2, 3, 4))
        done = tagging.apply_tags(editor, indices(1, 2, 3), add=["kept", "brand new"], remove=["left out"])
    assert done.changed == {"kept": 2, "brand new": 3, "left out": 2}
    assert [tag.name for tag in done.tags] == ["kept", "brand new", "left out"]
    assert members(store, "kept") == [0, 1, 2, 3]
    assert members(store, "brand new") == [1, 2, 3]
    assert members(store, "left out") == [4]
    assert done.operation is not None
    assert done.operation.summary == (
        "added 2 samples to `kept`, added 3 samples to `brand new`, removed 2 samples from `left out`"
    )


def test_what_changes_nothing_is_no_operation_and_no_new_revision(
    store: Store, editing: Editing, dataset_id: str
) -> None:
    with editing() as editor:
        tag, _ = tagging.create_tag(editor, name="kept", members=indices(0, 1))
        done = tagging.apply_tags(editor, indices(1), add=["kept"])
    assert done.operation is None
    assert done.changed == {"kept": 0}
    assert done.tags[0].revision == tag.revision
    assert len(history(store, dataset_id)) == 1


def test_initial_tag_is_refused_and_nothing_of_the_application_stays(
    store: Store, editing: Editing, dataset_id: str
) -> None:
    for asked in ({"add": ["fresh", "initial-tag"]}, {"add": ["fresh"], "remove": ["initial-tag"]}):
        with pytest.raises(Conflict, match="`initial-tag` always holds all samples"), editing() as editor:
            tagging.apply_tags(editor, indices(1), **asked)
    assert [tag.name for tag in describe_dataset(store, dataset_id).tags] == ["initial-tag"]
    assert history(store, dataset_id) == []


def test_removing_from_a_tag_that_is_not_there_is_refused(editing: Editing) -> None:
    with pytest.raises(NotFound, match="there is no tag `vans`"), editing() as editor:
        tagging.apply_tags(editor, indices(1), remove=["vans"])


def test_adding_to_a_tag_with_a_name_that_cannot_be_is_refused(editing: Editing) -> None:
    with pytest.raises(InvalidConfig, match="a tag cannot be called `a`"), editing() as editor:
        tagging.apply_tags(editor, indices(1), add=["a"])


def test_a_change_on_top_of_an_unseen_one_is_refused(store: Store, editing: Editing) -> None:
    with editing() as editor:
        seen, _ = tagging.create_tag(editor, name="ours", members=indices(0))
        tagging.apply_tags(editor, indices(1), add=["ours"])
    attempts: list[Callable[[Editor], object]] = [
        lambda editor: tagging.apply_tags(editor, indices(2), add=["ours"], expected_revisions={"ours": seen.revision}),
        lambda editor: tagging.change_tag(editor, "ours", name="mine", expected_revision=seen.revision),
        lambda editor: tagging.change_tag(editor, "ours", members=indices(2), expected_revision=seen.revision),
        lambda editor: tagging.delete_tag(editor, "ours", expected_revision=seen.revision),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict, match="`ours` was changed by somebody else"), editing() as editor:
            attempt(editor)
    assert members(store, "ours") == [0, 1]


def test_a_tag_that_was_seen_and_deleted_is_not_made_again(store: Store, editing: Editing, dataset_id: str) -> None:
    with pytest.raises(Conflict, match="`ours` was deleted"), editing() as editor:
        tagging.apply_tags(editor, indices(2), add=["ours"], expected_revisions={"ours": 0})
    assert len(describe_dataset(store, dataset_id).tags) == 1


def test_people_who_tag_at_once_lose_nothing(store: Store, editing: Editing, dataset_id: str) -> None:
    def tag_one(index: int) -> None:
        with editing() as editor:
            tagging.apply_tags(editor, indices(index), add=["together"])

    people = [threading.Thread(target=tag_one, args=(index,)) for index in range(10)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert members(store, "together") == list(range(10))
    assert len(history(store, dataset_id)) == 10


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"tag": "low"}, [0, 1, 2, 3, 4]),
        ({"all_of": [{"tag": "low"}, {"tag": "even"}]}, [0, 2, 4]),
        ({"any_of": [{"tag": "low"}, {"tag": "even"}]}, [0, 1, 2, 3, 4, 6, 8]),
        ({"none_of": [{"tag": "low"}, {"tag": "even"}]}, [5, 7, 9]),
        ({"difference": [{"tag": "low"}, {"tag": "even"}]}, [1, 3]),
        ({"difference": [{"tag": "initial-tag"}, {"tag": "even"}, {"tag": "low"}]}, [5, 7, 9]),
        ({"all_of": [{"tag": "even"}, {"none_of": [{"tag": "low"}]}]}, [6, 8]),
        ({"all_of": [{"none_of": [{"tag": "initial-tag"}]}]}, []),
    ],
)
def test_tags_are_combined_by_set_algebra(
    store: Store, editing: Editing, expression: dict[str, Any], expected: list[int]
) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="low", members=indices(0, 1, 2, 3, 4))
        tagging.create_tag(editor, name="even", members=indices(0, 2, 4, 6, 8))
        tagging.combine_tags(editor, name="combined", expression=TagExpression.model_validate(expression))
    assert members(store, "combined") == expected
    assert members(store, "low") == [0, 1, 2, 3, 4]
    assert members(store, "even") == [0, 2, 4, 6, 8]


def test_merging_puts_samples_into_one_tag_and_deletes_the_others_as_one_operation(
    store: Store, editing: Editing, dataset_id: str
) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="cars", members=indices(0, 1))
        tagging.create_tag(editor, name="autos", members=indices(1, 2))
        tagging.create_tag(editor, name="motors", members=indices(7))
        _, operation = tagging.merge_tags(editor, into="cars", sources=["autos", "motors", "cars"])
    assert operation is not None
    assert operation.summary == "merged `autos`, `motors` into `cars`"
    assert members(store, "cars") == [0, 1, 2, 7]
    assert [tag.name for tag in describe_dataset(store, dataset_id).tags] == ["initial-tag", "cars"]
    with store.writing() as connection:
        operations.undo(connection, operation)
    assert [members(store, name) for name in ("cars", "autos", "motors")] == [[0, 1], [1, 2], [7]]


def test_tags_may_be_merged_into_a_new_one(store: Store, editing: Editing, dataset_id: str) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="cars", members=indices(0, 1))
        tagging.create_tag(editor, name="autos", members=indices(1, 2))
        tagging.merge_tags(editor, into="vehicles", sources=["autos", "cars"])
    assert members(store, "vehicles") == [0, 1, 2]
    assert len(describe_dataset(store, dataset_id).tags) == 2


def test_what_was_made_from_a_deleted_tag_is_made_from_it_again_when_that_is_undone(
    store: Store, editing: Editing
) -> None:
    with editing() as editor:
        parent, _ = tagging.create_tag(editor, name="parent", members=indices(0, 1))
        tags.create_tag(editor.connection, editor.dataset_id, name="child", members=indices(1), parent="parent")
        operation = tagging.delete_tag(editor, "parent")
        assert editor.find("child").parent_id == editor.find("initial-tag").id
        operations.undo(editor.connection, operation)
        assert editor.find("child").parent_id == parent.id
        assert editor.find("parent").id == parent.id


def test_undo_is_refused_when_a_tag_is_not_as_the_operation_left_it(store: Store, editing: Editing) -> None:
    with editing() as editor:
        _, made = tagging.create_tag(editor, name="vans", members=indices(0))
        later = tagging.apply_tags(editor, indices(1), add=["vans"]).operation
    assert later is not None
    with store.writing() as connection, pytest.raises(Conflict, match="tag `vans` was changed since"):
        operations.undo(connection, made)
    with store.writing() as connection:
        operations.undo(connection, later)
        operations.undo(connection, made)
        with pytest.raises(Conflict, match="is undone already"):
            operations.undo(connection, made)
        operations.redo(connection, made)
        operations.redo(connection, later)
        with pytest.raises(Conflict, match="is not undone"):
            operations.redo(connection, later)
    assert members(store, "vans") == [0, 1]


def test_undo_is_refused_when_another_tag_has_the_name_by_now(store: Store, editing: Editing) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="vans", members=indices(0))
        deleted = tagging.delete_tag(editor, "vans")
        tagging.create_tag(editor, name="vans", members=indices(5))
    with store.writing() as connection, pytest.raises(Conflict, match="there is another tag `vans` by now"):
        operations.undo(connection, deleted)
    assert members(store, "vans") == [5]


def test_undoing_a_tag_from_which_another_was_made_is_refused(store: Store, editing: Editing) -> None:
    with editing() as editor:
        _, made = tagging.create_tag(editor, name="parent", members=indices(0, 1))
        tags.create_tag(editor.connection, editor.dataset_id, name="child", members=indices(1), parent="parent")
    with store.writing() as connection, pytest.raises(Conflict, match="tag `child` was made from `parent` by now"):
        operations.undo(connection, made)


def test_a_tag_that_was_made_again_is_not_taken_for_the_one_that_was_seen(store: Store, editing: Editing) -> None:
    with editing() as editor:
        seen, made = tagging.create_tag(editor, name="vans", members=indices(0))
        seen = tags.set_tag_members(editor.connection, seen, indices(0), expected_revision=seen.revision)
        operations.undo(editor.connection, made)
        operations.redo(editor.connection, made)
        with pytest.raises(Conflict, match="changed by somebody else"):
            tags.set_tag_members(editor.connection, seen, indices(1), expected_revision=seen.revision)


def test_operations_are_of_their_user_alone(store: Store, editing: Editing, dataset_id: str) -> None:
    with store.writing() as connection:
        other = create_user(connection, "ada").id
    with editing(other) as editor:
        _, operation = tagging.create_tag(editor, name="hers", members=indices(0))
    assert history(store, dataset_id) == []
    with store.reading() as connection:
        assert operations.list_operations(connection, dataset_id=dataset_id, user_id=other) == [operation]
        with pytest.raises(NotFound, match="there is no operation"):
            operations.find_operation(connection, operation.id, user_id=local_user(connection).id)


def test_the_log_keeps_a_hundred_operations_of_each_user_in_their_order(
    store: Store, editing: Editing, dataset_id: str
) -> None:
    with store.writing() as connection:
        other = create_user(connection, "ada").id
    with editing(other) as editor:
        tagging.create_tag(editor, name="hers", members=indices(0))
    with editing() as editor:
        for number in range(105):
            tagging.create_tag(editor, name=f"tag {number}", members=indices(0))
    kept = history(store, dataset_id)
    assert [operation.summary for operation in kept] == [
        f"made tag `tag {number}` of 1 sample" for number in range(104, 4, -1)
    ]
    with store.reading() as connection:
        count = sa.select(sa.func.count()).select_from(schema.operation_changes)
        assert connection.execute(count).scalar_one() == 101
        assert len(operations.list_operations(connection, dataset_id=dataset_id, user_id=other)) == 1


def test_the_log_of_a_dataset_can_be_forgotten(store: Store, editing: Editing, dataset_id: str) -> None:
    with editing() as editor:
        tagging.create_tag(editor, name="vans", members=indices(0))
        operations.forget_operations(editor.connection, dataset_id)
    assert history(store, dataset_id) == []
    with store.reading() as connection:
        assert connection.execute(sa.select(schema.operation_changes)).all() == []
