from __future__ import annotations

from typing import Any

import pytest

from swath.core.objects import BoxOutcome
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.store.database import Store
from swath.store.datasets import Dataset
from swath.store.given_predictions import GivenPrediction, give_predictions, give_task
from swath.store.predictions import count_before_task, task_schemas
from swath.store.sample_lookup import ImagePrediction, ids_at, predictions_of_image
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun

CARS = TaskSchema(task_name="cars", task_type=TaskType.OBJECT_DETECTION, categories=(Category(id=1, name="car"),))


@pytest.fixture
def dataset(store: Store, commit_run: Fixture) -> Dataset:
    """An image of 640 × 480 px with two objects of task `wheels`, both cropped, and an image without any."""
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 0}))
    with store.writing() as connection:
        found = find_dataset(connection, "vehicles")
        give_task(connection, found, CARS)
        return found


def given(*corners: float, category_id: int = 1, score: float = 0.5) -> GivenPrediction:
    x0, y0, x1, y1 = corners
    return GivenPrediction(category_id=category_id, score=score, corners=(x0, y0, x1, y1), details="{}")


def give(store: Store, dataset: Dataset, index: int, *predictions: GivenPrediction, task: str = "cars") -> None:
    with store.writing() as connection:
        give_predictions(connection, dataset, index, task=task, predictions=predictions)


def predictions(store: Store, dataset: Dataset, index: int, task: str = "cars") -> list[ImagePrediction]:
    with store.reading() as connection:
        (sample_id,) = ids_at(connection, dataset.id, [index])
        found = predictions_of_image(connection, dataset.id, sample_id=sample_id, index=index)
    return [one for one in found if one.task == task]


def test_a_task_that_is_given_again_is_replaced(store: Store, dataset: Dataset) -> None:
    with store.writing() as connection:
        give_task(connection, dataset, TaskSchema(task_name="cars", task_type=TaskType.CLASSIFICATION, categories=()))
        assert [(task.task_name, task.task_type) for task in task_schemas(connection, dataset.id)] == [
            ("cars", TaskType.CLASSIFICATION),
            ("wheels", TaskType.OBJECT_DETECTION),
        ]


def test_boxes_are_judged_by_the_image(store: Store, dataset: Dataset) -> None:
    give(store, dataset, 1, given(1, 1, 9, 9), given(-9, 1, 9, 9), given(700, 1, 709, 9), given(0, 0, 0, 0))
    assert [one.outcome for one in predictions(store, dataset, 1)] == [
        BoxOutcome.USED,
        BoxOutcome.CLIPPED,
        BoxOutcome.OUTSIDE,
        BoxOutcome.ZERO_AREA,
    ]


def test_what_an_image_had_for_the_task_is_replaced_and_nothing_else(store: Store, dataset: Dataset) -> None:
    wheels = predictions(store, dataset, 0, "wheels")
    give(store, dataset, 0, given(1, 1, 9, 9), given(2, 2, 9, 9))
    give(store, dataset, 0, given(3, 3, 9, 9))
    (one,) = predictions(store, dataset, 0)
    assert (one.box, one.position, one.score, one.details) == ((3, 3, 9, 9), 0, 0.5, "{}")
    assert predictions(store, dataset, 0, "wheels") == wheels


def test_a_prediction_like_the_one_a_crop_was_made_of_has_that_crop(store: Store, dataset: Dataset) -> None:
    second = predictions(store, dataset, 0, "wheels")[1]
    give(store, dataset, 0, given(*second.box, category_id=second.category_id), task="wheels")
    (again,) = predictions(store, dataset, 0, "wheels")
    assert again.crops == second.crops != ()
    give(store, dataset, 0, given(5, 5, 6, 6, category_id=second.category_id), task="wheels")
    assert predictions(store, dataset, 0, "wheels")[0].crops == ()


def test_every_change_is_told_to_whoever_keeps_the_dataset_in_memory(store: Store, dataset: Dataset) -> None:
    seen = set()
    for _ in range(3):
        give(store, dataset, 0, given(1, 1, 9, 9))
        with store.reading() as connection:
            seen.add(find_dataset(connection, dataset.id).modified_at)
    assert len(seen) == 3


def test_predictions_of_earlier_tasks_are_counted_by_image(store: Store, dataset: Dataset) -> None:
    give(store, dataset, 1, given(1, 1, 9, 9), given(2, 2, 9, 9))
    with store.reading() as connection:
        ids = ids_at(connection, dataset.id, [0, 1])
        assert count_before_task(connection, dataset.id, ids, task="wheels") == {ids[1]: 2}
        assert count_before_task(connection, dataset.id, ids, task="cars") == {}
