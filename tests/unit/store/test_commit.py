from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swath.core.additions import CommitReceipt
from swath.core.errors import Conflict
from swath.core.runs import RunState
from swath.store.catalog import describe_dataset
from swath.store.commit import RunPlan, commit_additions
from swath.store.database import Store
from swath.store.datasets import plan_crop_dataset, plan_image_dataset
from swath.store.home import Home
from swath.store.runs import create_run
from swath.store.users import local_user
from swath.testing.session_contract import make_additions, make_image_additions

Fixture = Any  # of conftest.py: CommitRun

# Two commits at once cannot happen under the home's lock; a server that lends runs to workers will see them.


def plan_run(store: Store) -> RunPlan:
    with store.writing() as connection:
        owner = local_user(connection).id
        images = plan_image_dataset(connection, owner_id=owner, name="vehicles", input_uri="/data", output_uri="/data")
        crops = plan_crop_dataset(connection, images, task="wheels", given_name=None)
        run_id = create_run(
            connection,
            config="{}",
            image_dataset=(images.id, images.name),
            crop_dataset=(crops.id, crops.name),
            task="wheels",
            input_uri="/data",
            output_uri="/data",
        )
    return RunPlan(run_id=run_id, images=images, crops=crops, task="wheels")


def nothing(_point: str) -> None:
    pass


def test_a_run_committed_twice_at_once_is_committed_once(store: Store, home: Home) -> None:
    plan = plan_run(store)
    additions = make_additions({"a.jpg": 2})
    receipts: list[CommitReceipt] = []

    def commit_meanwhile(point: str) -> None:
        if point == "before_transaction":
            receipts.append(commit_additions(store, home, plan, additions, nothing))

    receipts.append(commit_additions(store, home, plan, additions, commit_meanwhile))
    assert receipts[0] == receipts[1]
    assert describe_dataset(store, "vehicles-crops").sample_count == 2


def test_a_run_overtaken_by_another_is_refused(store: Store, home: Home) -> None:
    first, second = plan_run(store), plan_run(store)

    def overtake(point: str) -> None:
        if point == "before_transaction":
            commit_additions(store, home, second, make_additions({"b.jpg": 1}), nothing)

    with pytest.raises(Conflict, match="`vehicles` had 0 samples when the run began to commit and has 1 now"):
        commit_additions(store, home, first, make_additions({"a.jpg": 2}), overtake)
    assert describe_dataset(store, "vehicles-crops").sample_count == 1


@pytest.mark.parametrize("part", ["names", "digests", "image rows", "prediction rows", "task", "no task"])
def test_additions_that_contradict_themselves_are_refused(store: Store, home: Home, part: str) -> None:
    additions = make_additions({"a.jpg": 2, "b.jpg": 1})
    assert additions.crops is not None
    images, crops = additions.images, additions.crops
    broken = {
        "names": replace(additions, images=replace(images, file_names=("a.jpg", "a.jpg"))),
        "digests": replace(additions, images=replace(images, digests=images.digests[:1])),
        "image rows": replace(additions, crops=replace(crops, image_row=crops.image_row[::-1])),
        "prediction rows": replace(additions, crops=replace(crops, prediction_row=crops.prediction_row + 1)),
        "task": make_additions({"a.jpg": 2}, task="doors"),
        "no task": make_image_additions(["a.jpg"]),
    }[part]
    with pytest.raises(ValueError, match="additions of a run: "):
        commit_additions(store, home, plan_run(store), broken, nothing)
    assert list(home.vectors.iterdir()) == []


def test_vectors_that_are_not_numbers_are_refused(store: Store, home: Home) -> None:
    additions = make_additions({"a.jpg": 2})
    additions.images.vectors[0, 3] = float("nan")
    with pytest.raises(ValueError, match="vectors of images hold NaN"):
        commit_additions(store, home, plan_run(store), additions, nothing)


def test_a_run_that_is_over_adds_nothing(store: Store, start_run: Fixture) -> None:
    run = start_run()
    run.finish(RunState.ABORTED, "cancelled", "{}")
    with pytest.raises(Conflict, match="ABORTED"):
        run.commit(make_additions({"a.jpg": 1}))


def test_the_receipt_can_be_had_again_when_the_run_is_over(start_run: Fixture) -> None:
    run = start_run()
    receipt = run.commit(make_additions({"a.jpg": 1}))
    run.finish(RunState.COMPLETED, "done", "{}")
    assert run.commit(make_additions({"a.jpg": 1})) == receipt
