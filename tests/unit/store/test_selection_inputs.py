from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.candidates import NumberValues, VectorValues
from swath.core.errors import Conflict, InvalidConfig, NotFound, SwathError
from swath.store import embedders, runs, schema, scores, tags
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.store.selection_runs import SelectionPlan, schedule_selection, unit_of, with_inputs
from swath.store.selection_session import StoreSelectionSession
from swath.store.sharing import find_visible, share_dataset
from swath.store.users import create_user, local_user
from swath.store.vector_sets import forget_vectors
from swath.testing.session_contract import OTHER_EMBEDDER, make_additions, make_image_additions
from swath.wire.run_config import SelectionConfig

Fixture = Any  # of conftest.py: CommitRun

PREDICTIONS = {"type": "predictions", "name": "category_count"}


@pytest.fixture(autouse=True)
def dataset(store: Store, commit_run: Fixture) -> None:
    """`vehicles` of three images, `vehicles-crops` of five crops, `people` of another embedder."""
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 2, "c.jpg": 0}))
    commit_run(make_additions({"x.jpg": 1}, embedder=OTHER_EMBEDDER), name="people")
    with store.writing() as connection:
        crops, images = own(connection, "vehicles-crops"), own(connection, "vehicles")
        tags.create_tag(connection, crops.id, name="first two", members=np.array([0, 1]))
        tags.create_tag(connection, images.id, name="empty", members=np.array([], dtype=np.int64))
        for index, document in enumerate(({"sky": "grey", "speed": 3, "level": 1.5}, {"sky": "blue", "speed": "fast"})):
            keep_sample_metadata(connection, images.id, index, SampleMetadata(custom=document))
        for index in range(5):
            found = SampleMetadata(scores={"wheels": {"uncertainty_margin": 0.5}}, custom={"name": f"crop {index}"})
            keep_sample_metadata(connection, crops.id, index, found)


def own(connection: Any, name: str) -> Any:
    return find_visible(connection, name, local_user(connection).id)


def plan_of(store: Store, *strategies: dict[str, Any], dataset: str = "vehicles-crops", **more: Any) -> SelectionPlan:
    with store.writing() as connection:
        found = own(connection, dataset)
    selection = {"n_samples": 1, "unit": unit_of(found), "strategies": strategies, **more}
    return SelectionPlan(
        dataset=found,
        selection=SelectionConfig.model_validate(selection),
        members=None,
        input_tag=None,
        preselected_tag=None,
        new_tag=None,
        dry_run=True,
    )


def schedule(store: Store, plan: SelectionPlan) -> str:
    with store.writing() as connection:
        return schedule_selection(connection, plan, owner_id=local_user(connection).id)


def refused(store: Store, *strategies: dict[str, Any], dataset: str = "vehicles-crops", **more: Any) -> SwathError:
    """The error for a selection that cannot be; nothing is kept of it."""
    plan = plan_of(store, *strategies, dataset=dataset, **more)
    with store.reading() as connection:
        before = len(runs.list_runs(connection))
    with store.reading() as connection, pytest.raises(SwathError) as caught:
        with_inputs(connection, plan, owner_id=local_user(connection).id)
    with pytest.raises(type(caught.value)) as again:
        schedule(store, plan)
    assert again.value.message == caught.value.message
    with store.reading() as connection:
        assert len(runs.list_runs(connection)) == before
    assert caught.value.hint
    return caught.value


def weights(**given: Any) -> dict[str, Any]:
    return {"type": "weights", "input": given}


def balance(target: dict[str, float] | None = None, **given: Any) -> dict[str, Any]:
    return {"type": "balance", "input": given, "target": target}


@pytest.mark.parametrize(
    ("strategy", "field", "message", "hint"),
    [
        (weights(type="metadata", key="sped"), "key", "nothing is known under `sped` of any of the 5", "`speed`"),
        (weights(type="metadata", key="lightly.weight"), "key", "`lightly.weight`", "`lightly.height`"),
        (weights(type="metadata", key="sky"), "key", "expected numbers, but `sky` of `.*` is `grey`", "balanced"),
        (balance(type="metadata", key="skies"), "key", "under `skies`", "`sky`"),
        (balance(type="metadata", key="level"), "key", "`level` of `.*` is `1.5`", "thresholds"),
        (weights(type="scores", score="entropy"), "score", "no scores `entropy`", "uncertainty_margin"),
        (weights(type="scores", score="uncertainty_margin", task="doors"), "score", "of task `doors`", "task wheels"),
        (weights(type="scores", score="uncertainty_margin", min_score=0.5), "min_score", "`0.9`, got `0.5`", "run"),
        (weights(**PREDICTIONS, task="doors"), "task", "are of task `wheels`, got `doors`", "Leave it out"),
        (
            weights(**PREDICTIONS, categories=["big wheel", "small wheels"]),
            "categories",
            "no category `small wheels` in task `wheels`",
            "`small wheel`",
        ),
        (balance({"big wheels": 1.0}, type="predictions"), None, "no category `big wheels`", "`big wheel`"),
    ],
)  # fmt: skip
def test_what_nobody_knows_is_refused_when_the_run_is_asked_for(
    store: Store, strategy: dict[str, Any], field: str | None, message: str, hint: str
) -> None:
    error = refused(store, {"type": "random"}, strategy)
    assert isinstance(error, InvalidConfig)
    place = "selection.strategies[1].target" if field is None else f"selection.strategies[1].input.{field}"
    assert error.field == place
    assert f"`{place}`" in error.message
    with pytest.raises(InvalidConfig, match=message):
        raise error
    assert hint in error.hint


def test_what_names_samples_is_no_category(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swath.store.selection_numbers.MOST_DISTINCT", 4)
    error = refused(store, balance(type="metadata", key="name"))
    assert "`name` has more than 4 different values" in error.message


def test_quotas_are_of_categories_that_there_are(store: Store) -> None:
    error = refused(store, {"type": "random"}, quotas={"big wheel": {"at_most": 1}, "wheel": {"at_most": 1}})
    assert isinstance(error, InvalidConfig)
    assert error.field == "selection.quotas"
    assert "`wheel`" in error.message


@pytest.mark.parametrize(
    ("task", "message"),
    [("wheel", "no prediction task `wheel`"), ("doors", "have no crops of task `doors`")],
)
def test_a_task_that_nobody_knows_is_named(store: Store, task: str, message: str) -> None:
    if task == "wheel":
        error = refused(store, weights(**PREDICTIONS, task=task), dataset="vehicles")
    else:
        objects = {"type": "embeddings", "of": "objects", "task": task}
        error = refused(store, {"type": "diversity", "input": objects}, dataset="vehicles")
    assert isinstance(error, NotFound)
    assert message in error.message
    assert "`wheels`" in error.hint


def test_which_task_is_meant_must_be_said_where_there_are_several(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}, task="doors"), task="doors")
    objects = {"type": "embeddings", "of": "objects"}
    for strategy in (weights(**PREDICTIONS), {"type": "typicality", "input": objects}):
        error = refused(store, strategy, dataset="vehicles")
        assert isinstance(error, InvalidConfig)
        assert error.field == "selection.strategies[0].input.task"
        assert "`doors`, `wheels`" in error.hint
    for task in ("doors", "wheels"):
        said = {"type": "typicality", "input": {**objects, "task": task}}
        schedule(store, plan_of(store, weights(**PREDICTIONS, task=task), said, dataset="vehicles"))


def test_images_without_objects_cannot_be_compared_by_them(store: Store) -> None:
    plan = plan_of(store, {"type": "diversity", "input": {"type": "embeddings", "of": "objects"}}, dataset="vehicles")
    with pytest.raises(Conflict, match="none of the 1 images to choose from has a crop in `vehicles-crops`"):
        schedule(store, replace(plan, members=np.array([2])))


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        (("nobody", "initial-tag"), NotFound, "no dataset `nobody`"),
        (("vehicles", "nobody"), NotFound, "no tag `nobody`"),
        (("vehicles", "empty"), Conflict, "has no samples"),
        (("people", "initial-tag"), Conflict, "they cannot be compared"),
    ],
)
def test_a_query_that_cannot_be_compared_is_refused(
    store: Store, query: tuple[str, str], error: type[SwathError], message: str
) -> None:
    found = refused(store, {"type": "similarity", "query": {"dataset": query[0], "tag": query[1]}})
    assert isinstance(found, error)
    assert message in found.message


def test_a_query_is_compared_with_what_stands_for_the_samples(store: Store, commit_run: Fixture) -> None:
    query = {"type": "similarity", "query": {"dataset": "people-crops", "tag": "initial-tag"}}
    commit_run(make_image_additions(["y.jpg"]), name="whole", task=None)
    whole = {"type": "similarity", "query": {"dataset": "whole", "tag": "initial-tag"}}
    for compared in ("objects", "images", "units"):
        given = {"type": "embeddings", "of": compared}
        schedule(store, plan_of(store, {**whole, "input": given}, dataset="vehicles"))
        schedule(store, plan_of(store, {**whole, "input": given}))
        assert "they cannot be compared" in refused(store, {**query, "input": given}, dataset="vehicles").message


def test_only_datasets_that_one_sees_are_queries(store: Store, commit_run: Fixture) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
    commit_run(make_additions({"z.jpg": 1}), name="theirs", owner_id=anna.id)
    similar = {"type": "similarity", "query": {"dataset": "theirs-crops", "tag": "initial-tag"}}
    assert isinstance(refused(store, similar), NotFound)
    with store.writing() as connection:
        share_dataset(connection, find_visible(connection, "theirs", anna.id), local_user(connection))
    schedule(store, plan_of(store, similar))


def values_of(store: Store, home: Home, run_id: str) -> list[float]:
    values = StoreSelectionSession(store, home, run_id).candidates().inputs[0].values
    assert isinstance(values, NumberValues)
    return values.values.tolist()


def test_uploaded_scores_are_of_every_candidate_and_of_the_tag_as_it_was(store: Store, home: Home) -> None:
    given = weights(type="scores", score="gut feeling")
    with store.writing() as connection:
        crops = own(connection, "vehicles-crops")
        tag = tags.find_tag(connection, crops.id, "first two")
        scores.keep_scores(connection, tag, "gut feeling", np.array([0.25, 0.75]))
    assert "not of all samples to choose from" in refused(store, given).message
    plan = replace(plan_of(store, given), members=np.array([1]))
    run_id = schedule(store, plan)
    assert values_of(store, home, run_id) == [0.75]
    with store.writing() as connection:
        tags.set_tag_members(connection, tag, np.array([1, 2]), expected_revision=tag.revision)
        connection.execute(schema.active_learning_scores.update().values(created_at=1))
    with pytest.raises(InvalidConfig, match="their tag was changed since"):
        schedule(store, plan)
    # The run that waits knows whose they are.
    assert values_of(store, home, run_id) == [0.75]
    with store.writing() as connection:
        tag = tags.set_tag_members(connection, tag, np.array([1]), expected_revision=tag.revision + 1)
        scores.keep_scores(connection, tag, "gut feeling", np.array([9.0]))
    with pytest.raises(Conflict, match="were replaced or deleted"):
        values_of(store, home, run_id)


def test_the_newest_scores_of_a_name_count(store: Store, home: Home) -> None:
    with store.writing() as connection:
        crops = own(connection, "vehicles-crops")
        for number, name in enumerate(("initial-tag", "first two")):
            tag = tags.find_tag(connection, crops.id, name)
            scores.keep_scores(connection, tag, "gut feeling", np.full(tag.member_count, float(number)))
        ids = schema.active_learning_scores.c.tag_id == tags.find_tag(connection, crops.id, "initial-tag").id
        connection.execute(schema.active_learning_scores.update().where(ids).values(created_at=1))
    plan = plan_of(store, weights(type="scores", score="gut feeling"))
    assert values_of(store, home, schedule(store, replace(plan, members=np.array([0, 1])))) == [1, 1]
    assert values_of(store, home, schedule(store, replace(plan, members=np.array([0, 2])))) == [0, 0]


def test_which_samples_a_strategy_reads_is_settled_when_the_run_is_asked_for(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    similar = {"type": "similarity", "query": {"dataset": "vehicles-crops", "tag": "first two"}}
    objects = {"type": "diversity", "input": {"type": "embeddings", "of": "objects"}}
    crops_run = schedule(store, plan_of(store, similar))
    images_run = schedule(store, plan_of(store, objects, dataset="vehicles"))

    def read() -> tuple[bytes, list[int]]:
        query = StoreSelectionSession(store, home, crops_run).candidates().inputs[0].query
        values = StoreSelectionSession(store, home, images_run).candidates().inputs[0].values
        assert query is not None
        assert isinstance(values, VectorValues)
        assert values.unit_of_row is not None
        return query.tobytes(), values.unit_of_row.tolist()

    before = read()
    with store.writing() as connection:
        crops = own(connection, "vehicles-crops")
        tags.delete_tag(connection, tags.find_tag(connection, crops.id, "first two"))
    commit_run(make_additions({"a.jpg": 5, "c.jpg": 2}))
    assert read() == before


def test_what_is_known_of_samples_is_read_when_the_run_is_done(store: Store, home: Home) -> None:
    run_id = schedule(store, replace(plan_of(store, weights(type="metadata", key="speed")), members=np.array([0])))
    assert values_of(store, home, run_id) == [3]
    for speed, expected in ((7, [7.0]), (True, [1.0])):
        attach_speed(store, speed)
        assert values_of(store, home, run_id) == expected
    attach_speed(store, "slow")
    with pytest.raises(InvalidConfig, match=r"expected numbers, but `speed` of `.*` is `slow`"):
        values_of(store, home, run_id)


def attach_speed(store: Store, speed: object) -> None:
    with store.writing() as connection:
        images = own(connection, "vehicles")
        keep_sample_metadata(connection, images.id, 0, SampleMetadata(custom={"speed": speed}))


def test_a_query_whose_dataset_is_gone_fails_the_run(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["y.jpg"]), name="whole", task=None)
    run_id = schedule(
        store, plan_of(store, {"type": "similarity", "query": {"dataset": "whole", "tag": "initial-tag"}})
    )
    delete_dataset(store, home, "whole")
    with pytest.raises(NotFound, match="is not there any more"):
        StoreSelectionSession(store, home, run_id).candidates()


def test_vectors_that_were_replaced_meanwhile_are_not_compared(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["y.jpg"]), name="whole", task=None)
    similar = {"type": "similarity", "query": {"dataset": "whole", "tag": "initial-tag"}}
    run_id = schedule(
        store, plan_of(store, similar, {"type": "diversity", "input": {"type": "embeddings", "of": "images"}})
    )
    session = StoreSelectionSession(store, home, run_id)
    assert session.candidates().inputs[0].query is not None
    with store.writing() as connection:
        whole = own(connection, "whole")
        other = embedders.ensure_embedder(connection, OTHER_EMBEDDER)
        connection.execute(schema.datasets.update().where(schema.datasets.c.id == whole.id).values(embedder_id=other))
    with pytest.raises(Conflict, match="they cannot be compared"):
        session.candidates()
    with store.writing() as connection:
        connection.execute(schema.datasets.update().values(embedder_id=other))
        forget_vectors(connection, own(connection, "vehicles").id)
    with pytest.raises(Conflict, match="has no vector"):
        session.candidates()


def test_a_run_that_was_asked_for_before_strategies_read_anything_is_still_understood(store: Store, home: Home) -> None:
    run_id = schedule(store, plan_of(store, {"type": "diversity"}, {"type": "random"}))
    with store.writing() as connection:
        config = json.loads(runs.find_run(connection, run_id).config)
        del config["inputs"]
        connection.execute(schema.runs.update().where(schema.runs.c.id == run_id).values(config=json.dumps(config)))
    candidates = StoreSelectionSession(store, home, run_id).candidates()
    assert [(one.values, one.query) for one in candidates.inputs] == [(None, None)] * 2
