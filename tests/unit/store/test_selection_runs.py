from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.errors import Conflict, InvalidConfig, NotFound, StaleLease
from swath.core.runs import RunState
from swath.pipeline.select_again import execute_selection_run
from swath.store import catalog, queue, runs, selection_runs, selections, tags
from swath.store.database import Store
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.selection_runs import SelectionPlan
from swath.store.selection_session import StoreSelectionSession, open_selection
from swath.store.sharing import find_visible
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.testing.session_contract import make_additions
from swath.wire.run_config import SelectionConfig
from swath.wire.selection_run import Choice, SelectionRunResult

Fixture = Any  # of conftest.py: CommitRun


class Quiet:
    """Watches a run and says nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


@pytest.fixture
def plan(store: Store, commit_run: Fixture) -> SelectionPlan:
    """Choose three of the ten crops of `vehicles-crops`, five of them big wheels; two are tagged `kept`."""
    commit_run(make_additions({"a.jpg": 6, "b.jpg": 4}))
    with store.writing() as connection:
        dataset = find_visible(connection, "vehicles-crops", local_user(connection).id)
        tags.create_tag(connection, dataset.id, name="kept", members=np.array([0, 1]))
    return SelectionPlan(
        dataset=dataset,
        selection=SelectionConfig(n_samples=3, unit=selection_runs.unit_of(dataset)),
        members=None,
        input_tag=None,
        preselected_tag=None,
        new_tag=None,
        dry_run=False,
    )


def open_here(store: Store, home: Home, plan: SelectionPlan) -> StoreSelectionSession:
    with store.writing() as connection:
        owner_id = local_user(connection).id
    return open_selection(store, home, plan, owner_id=owner_id)


def select_here(store: Store, home: Home, plan: SelectionPlan) -> SelectionRunResult:
    session = open_here(store, home, plan)
    return execute_selection_run(session.run_id, session.config, session, Quiet(), threads=1)


def choice_of(*indices: int, available: int = 10) -> Choice:
    return Choice(sample_indices=np.array(indices), available=available, asked=3, stopped_by="count")


def test_what_is_chosen_becomes_a_tag_of_the_run(store: Store, home: Home, plan: SelectionPlan) -> None:
    result = select_here(store, home, replace(plan, new_tag="best three"))
    assert (result.state, result.selected, result.candidates, result.tag) == ("COMPLETED", 3, 10, "best three")
    assert result.message == "selected 3 of 10 objects of vehicles-crops; they are tag best three"
    assert len(catalog.tag_indices(store, "vehicles-crops", "best three")) == 3
    with store.reading() as connection:
        run = runs.find_run(connection, result.run)
        tag = tags.find_tag(connection, plan.dataset.id, "best three")
    assert (run.state, run.kind, run.message) == (RunState.COMPLETED, "selection", result.message)
    assert SelectionRunResult.model_validate_json(run.result or "") == result
    assert tag.run_id == run.id


def test_a_tag_gets_a_name_where_none_is_given(store: Store, home: Home, plan: SelectionPlan) -> None:
    result = select_here(store, home, plan)
    assert result.tag is not None
    assert tags.check_tag_name(result.tag).endswith("3 selected")


def test_a_dry_run_makes_no_tag_and_counts_before_and_after(store: Store, home: Home, plan: SelectionPlan) -> None:
    before = [tag.name for tag in catalog.describe_dataset(store, "vehicles-crops").tags]
    result = select_here(store, home, replace(plan, dry_run=True, preselected_tag="kept"))
    assert [tag.name for tag in catalog.describe_dataset(store, "vehicles-crops").tags] == before
    assert (result.candidates, result.preselected, result.selected, result.tag) == (8, 2, 3, None)
    with store.reading() as connection:
        assert result.selection_id is not None
        selection = selections.find_selection(connection, result.selection_id)
        chosen = selections.selection_members(connection, selection)
    big = int(np.count_nonzero(np.isin(chosen, [0, 2, 4, 6, 8])))
    assert not set(chosen.tolist()) & {0, 1}
    counts = {name: (c.available, c.before, c.after) for name, c in result.categories.items()}
    assert counts == {"big wheel": (4, 1, 1 + big), "small wheel": (4, 1, 1 + 3 - big)}


def test_images_are_chosen_by_what_their_predictions_are_counted_for(
    store: Store, home: Home, plan: SelectionPlan
) -> None:
    with store.writing() as connection:
        images = find_visible(connection, "vehicles", local_user(connection).id)
    selection = SelectionConfig(n_samples=1, unit=selection_runs.unit_of(images))
    result = select_here(store, home, replace(plan, dataset=images, selection=selection, dry_run=True))
    assert (result.candidates, result.selected) == (2, 1)
    assert result.message == "selected 1 of 2 images of vehicles"
    assert sum(counts.available for counts in result.categories.values()) == 10
    assert sum(counts.after for counts in result.categories.values()) in (6, 4)


def test_only_given_samples_are_candidates(store: Store, home: Home, plan: SelectionPlan) -> None:
    session = open_here(store, home, replace(plan, members=np.array([1, 3, 5, 7]), preselected_tag="kept"))
    candidates = session.candidates()
    vectors = catalog.read_vectors(store, home, "vehicles-crops")
    assert candidates.sample_indices.tolist() == [3, 5, 7]
    assert (candidates.vectors == vectors[[3, 5, 7]]).all()
    assert (candidates.preselected == vectors[[0, 1]]).all()
    samples = list(catalog.iter_samples(store, "vehicles-crops"))
    assert [bytes(key) for key in candidates.keys] == [
        samples[index].crop.object_key  # type: ignore[union-attr]
        for index in (3, 5, 7)
    ]


def test_what_there_is_to_choose_from_is_settled_when_the_run_is_asked_for(
    store: Store, home: Home, plan: SelectionPlan, commit_run: Fixture
) -> None:
    with store.writing() as connection:
        owner_id = local_user(connection).id
        run_id = selection_runs.schedule_selection(connection, replace(plan, preselected_tag="kept"), owner_id=owner_id)
    commit_run(make_additions({"c.jpg": 2}))
    with store.writing() as connection:
        tags.delete_tag(connection, tags.find_tag(connection, plan.dataset.id, "kept"))
    assert StoreSelectionSession(store, home, run_id).candidates().sample_indices.tolist() == list(range(2, 10))


def test_a_name_that_is_taken_meanwhile_costs_no_work(store: Store, home: Home, plan: SelectionPlan) -> None:
    session = open_here(store, home, replace(plan, new_tag="best three"))
    with store.writing() as connection:
        tags.create_tag(connection, plan.dataset.id, name="best three", members=np.array([9]))
    result = session.keep(choice_of(4, 5, 6))
    assert result.tag == "best three 2"
    assert "(best three was taken by then)" in result.message
    assert catalog.tag_indices(store, "vehicles-crops", "best three").tolist() == [9]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"new_tag": "kept"}, Conflict, "there is a tag `kept` already"),
        ({"new_tag": "x"}, InvalidConfig, "a tag cannot be called `x`"),
        ({"preselected_tag": "nobody"}, NotFound, "there is no tag `nobody`"),
        ({"preselected_tag": "initial-tag"}, Conflict, "there is nothing to choose from"),
        ({"members": np.array([], dtype=np.int64)}, Conflict, "there is nothing to choose from"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_recorded(
    store: Store, home: Home, plan: SelectionPlan, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        open_here(store, home, replace(plan, **changes))
    with store.reading() as connection:
        assert [run.kind for run in runs.list_runs(connection)] == ["object-level"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [(choice_of(4, 4), "chosen twice"), (choice_of(4, 10), "sample 10"), (choice_of(-1), "sample -1")],
)
def test_a_choice_of_what_was_no_candidate_is_refused(
    store: Store, home: Home, plan: SelectionPlan, choice: Choice, message: str
) -> None:
    session = open_here(store, home, plan)
    with pytest.raises(InvalidConfig, match=message):
        session.keep(choice)
    with store.reading() as connection:
        assert runs.find_run(connection, session.run_id).state is RunState.STARTED


def test_keeping_twice_is_keeping_once(store: Store, home: Home, plan: SelectionPlan) -> None:
    session = open_here(store, home, replace(plan, new_tag="once"))
    first = session.keep(choice_of(1, 2))
    assert session.keep(choice_of(1, 2)) == first
    assert len(catalog.describe_dataset(store, "vehicles-crops").tags) == 3


def test_a_worker_whose_lease_is_over_keeps_nothing(store: Store, home: Home, plan: SelectionPlan) -> None:
    with store.writing() as connection:
        owner_id = local_user(connection).id
        run_id = selection_runs.schedule_selection(connection, replace(plan, new_tag="theirs"), owner_id=owner_id)
        worker = register_worker(connection, owner_id=owner_id, name="w1", now=0)
    for lease_ms in (-1, 60_000):
        with store.writing() as connection:
            claimed = queue.claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=lease_ms)
            assert claimed.claim is not None
            lease = claimed.claim.run.lease
            if lease == 1:
                queue.requeue_dead(connection, now=1)
    assert lease == 2
    with pytest.raises(StaleLease):
        StoreSelectionSession(store, home, run_id, 1).keep(choice_of(1))
    result = StoreSelectionSession(store, home, run_id, 2).keep(choice_of(2))
    assert StoreSelectionSession(store, home, run_id, 2).keep(choice_of(2)) == result
    with pytest.raises(Conflict):
        StoreSelectionSession(store, home, run_id, 1).keep(choice_of(1))
    assert catalog.tag_indices(store, "vehicles-crops", "theirs").tolist() == [2]


def test_a_run_that_was_cancelled_ends_without_a_tag(store: Store, home: Home, plan: SelectionPlan) -> None:
    session = open_here(store, home, replace(plan, new_tag="never"))
    with store.writing() as connection:
        runs.request_cancel(connection, session.run_id)
    result = execute_selection_run(session.run_id, session.config, session, Quiet(), threads=1)
    assert result.state == "ABORTED"
    with store.reading() as connection:
        assert runs.find_run(connection, session.run_id).state is RunState.ABORTED
    assert len(catalog.describe_dataset(store, "vehicles-crops").tags) == 2


def test_a_run_whose_dataset_is_gone_fails_and_says_so(store: Store, home: Home, plan: SelectionPlan) -> None:
    session = open_here(store, home, plan)
    config = session.config
    delete_dataset(store, home, "vehicles-crops")
    result = execute_selection_run(session.run_id, config, session, Quiet(), threads=1)
    assert (result.state, result.message) == ("FAILED", "dataset `vehicles-crops` is not there any more")


def test_runs_at_once_do_not_disturb_each_other(store: Store, home: Home, plan: SelectionPlan) -> None:
    asked = [replace(plan, dry_run=True), replace(plan, dry_run=True, members=np.array([5, 6, 7, 8]))]
    alone = [select_here(store, home, one) for one in asked]
    sessions = open_two(store, home, asked)
    together: dict[int, SelectionRunResult] = {}

    def work(number: int) -> None:
        session = sessions[number]
        together[number] = execute_selection_run(session.run_id, session.config, session, Quiet(), threads=1)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, result in together.items():
        assert result.state == "COMPLETED"
        assert result.categories == alone[number].categories
        assert members_of(store, result) == members_of(store, alone[number])
    assert together[0].selection_id != together[1].selection_id


def open_two(store: Store, home: Home, plans: list[SelectionPlan]) -> list[StoreSelectionSession]:
    """Two runs that two workers hold."""
    sessions: list[StoreSelectionSession] = []
    for number, plan in enumerate(plans):
        with store.writing() as connection:
            owner_id = local_user(connection).id
            run_id = selection_runs.schedule_selection(connection, plan, owner_id=owner_id)
            worker = register_worker(connection, owner_id=owner_id, name=f"w{number}", now=0)
            claimed = queue.claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=60_000)
        assert claimed.claim is not None
        sessions.append(StoreSelectionSession(store, home, run_id, claimed.claim.run.lease))
    return sessions


def members_of(store: Store, result: SelectionRunResult) -> list[int]:
    with store.reading() as connection:
        selection = selections.find_selection(connection, result.selection_id or "")
        return selections.selection_members(connection, selection).tolist()
