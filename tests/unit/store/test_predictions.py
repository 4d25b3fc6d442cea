from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.errors import NotFound
from swath.core.objects import BoxOutcome
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.store import predictions as stored_predictions
from swath.store.catalog import describe_dataset, iter_predictions, iter_samples, task_schemas
from swath.store.database import Store
from swath.store.predictions import record_task
from swath.testing.session_contract import make_additions, make_schema

Fixture = Any  # of conftest.py: CommitRun


def links(store: Store, task: str = "wheels") -> list[tuple[int, int, str | None, str | None]]:
    found = iter_predictions(store, "vehicles", task=task)
    return [(one.sample_index, one.position, one.crop_dataset_id, one.crop_sample_id) for one in found]


def test_predictions_and_crops_name_each_other(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 2}, selected=[("a.jpg", 1), ("b.jpg", 0)]))
    crops_id = describe_dataset(store, "vehicles-crops").id
    one, two = iter_samples(store, "vehicles-crops")
    assert links(store) == [(0, 0, None, None), (0, 1, crops_id, one.id), (1, 0, crops_id, two.id), (1, 1, None, None)]


def test_all_predictions_of_a_kept_image_come_back(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 3}, selected=[("a.jpg", 0)])
    assert additions.predictions is not None
    outcome = np.array([BoxOutcome.CLIPPED, BoxOutcome.OUTSIDE, BoxOutcome.USED], np.uint8)
    commit_run(replace(additions, predictions=replace(additions.predictions, outcome=outcome)))
    found = list(iter_predictions(store, "vehicles", task="wheels"))
    assert [one.outcome for one in found] == [BoxOutcome.CLIPPED, BoxOutcome.OUTSIDE, BoxOutcome.USED]
    assert [one.score for one in found] == [0.5, 0.5, None]
    assert [one.category_id for one in found] == [0, 1, 0]
    assert found[1].box == (1.0, 1.0, 21.5, 11.5)
    assert [one.object_key for one in found] == [key.tobytes() for key in additions.predictions.key]


def test_the_default_crops_dataset_is_named_before_others(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 1})
    commit_run(additions, crop_dataset_name="first crops")
    commit_run(additions, crop_dataset_name="second crops")
    assert links(store)[0][2] == describe_dataset(store, "first crops").id
    commit_run(additions)
    assert links(store)[0][2] == describe_dataset(store, "vehicles-crops").id


def test_predictions_of_an_image_that_changed_are_replaced(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 1}))
    commit_run(make_additions({"a.jpg": 2}, task="doors"), task="doors")
    commit_run(make_additions({"a.jpg": 1}, selected=[], versions={"a.jpg": 2}))
    # The new box has no crop: that of the old bytes is of another object.
    wheels = links(store)
    assert [link[:2] for link in wheels] == [(0, 0), (1, 0)]
    assert wheels[0][2:] == (None, None)
    assert wheels[1][2] is not None
    # Boxes of the other task were drawn on bytes that are gone.
    assert links(store, "doors") == []


def test_tasks_keep_their_schemas(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1}, task="doors"), task="doors")
    assert task_schemas(store, "vehicles") == [make_schema("doors"), make_schema("wheels")]
    assert task_schemas(store, "vehicles-crops") == [make_schema("wheels")]
    with pytest.raises(NotFound, match="`weels`") as caught:
        list(iter_predictions(store, "vehicles", task="weels"))
    assert "`wheels`" in caught.value.hint


def test_a_schema_with_keypoints_comes_back_and_the_newest_wins(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    pose = TaskSchema(
        task_name="wheels",
        task_type=TaskType.KEYPOINT_DETECTION,
        categories=(Category(id=7, name="späte Ä", keypoint_names=("a", "b"), keypoint_skeleton=((0, 1), (1, 0))),),
    )
    with store.writing() as connection:
        record_task(connection, describe_dataset(store, "vehicles").id, pose, now=0)
    assert task_schemas(store, "vehicles") == [pose]


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_pages_leave_nothing_out(
    store: Store, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 0, "c.jpg": 3}))
    monkeypatch.setattr(stored_predictions, "PAGE_SIZE", page_size)
    assert [link[:2] for link in links(store)] == [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]
