from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.core.runs import RunState
from swath.store import runs, schema, selections, tags, views
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.export_jobs import create_export, members_of
from swath.store.home import Home
from swath.store.selection_pruning import KEPT_DAYS, prune_selections
from swath.store.selection_runs import SelectionPlan, schedule_selection
from swath.store.selection_session import StoreSelectionSession, open_selection
from swath.store.sharing import find_visible
from swath.store.sweep import sweep
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportFormat
from swath.wire.run_config import SelectionConfig
from swath.wire.selection_run import Choice

Fixture = Any  # of conftest.py: CommitRun

LATER = KEPT_DAYS * 24 * 60 * 60 * 1000 + 60_000
"""Milliseconds after which what is stored now is old."""


@pytest.fixture
def plan(store: Store, commit_run: Fixture) -> SelectionPlan:
    commit_run(make_additions({"a.jpg": 4}))
    with store.writing() as connection:
        dataset = find_visible(connection, "vehicles-crops", local_user(connection).id)
        tags.create_tag(connection, dataset.id, name="kept", members=np.array([0]))
    return SelectionPlan(
        dataset=dataset,
        selection=SelectionConfig(n_samples=1),
        members=None,
        input_tag=None,
        preselected_tag="kept",
        new_tag=None,
        dry_run=True,
    )


def stored(connection: Connection, plan: SelectionPlan) -> str:
    return selections.create_selection(
        connection,
        dataset_id=plan.dataset.id,
        user_id=local_user(connection).id,
        selector=None,
        members=np.array([1, 2]),
    ).id


def all_stored(store: Store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(schema.selections.select()).scalars())


def test_what_nobody_names_goes_once_it_is_old(store: Store, home: Home, plan: SelectionPlan) -> None:
    with store.writing() as connection:
        alone = stored(connection, plan)
        assert prune_selections(connection, now=now_ms()) == 0
        assert prune_selections(connection, now=now_ms() + LATER) == 1
        with pytest.raises(NotFound):
            selections.find_selection(connection, alone)


def test_what_views_and_exports_name_stays(store: Store, plan: SelectionPlan) -> None:
    with store.writing() as connection:
        user_id = local_user(connection).id
        in_view = stored(connection, plan)
        rule = json.dumps({"selector": {"all_of": [{"selection_id": in_view}]}})
        views.create_view(connection, dataset_id=plan.dataset.id, user_id=user_id, name="mine", rule=rule)
        job = create_export(
            connection,
            dataset_id=plan.dataset.id,
            user_id=user_id,
            export_format=ExportFormat.FILENAMES,
            download_name="x",
            members=np.array([3]),
            sample_count=1,
        )
        stored(connection, plan)
        assert prune_selections(connection, now=now_ms() + LATER) == 1
        assert selections.find_selection(connection, in_view).member_count == 2
        members = members_of(connection, job)
        assert members is not None
        assert members.tolist() == [3]


def test_a_run_that_may_still_be_done_has_what_it_reads(store: Store, home: Home, plan: SelectionPlan) -> None:
    similar = {"type": "similarity", "query": {"dataset": "vehicles-crops", "tag": "kept"}}
    selection = SelectionConfig.model_validate({"n_samples": 1, "strategies": [similar]})
    with store.writing() as connection:
        owner_id = local_user(connection).id
        waiting = schedule_selection(connection, replace(plan, selection=selection), owner_id=owner_id)
        failed = schedule_selection(connection, plan, owner_id=owner_id)
        runs.finish_run(connection, failed, RunState.FAILED, message="no", result="{}")
        assert prune_selections(connection, now=now_ms() + LATER) == 0
    candidates = StoreSelectionSession(store, home, waiting).candidates()
    assert candidates.sample_indices.tolist() == [1, 2, 3]
    assert candidates.inputs[0].query is not None
    assert StoreSelectionSession(store, home, failed).candidates().sample_indices.tolist() == [1, 2, 3]


def test_what_a_completed_run_read_and_chose_goes_with_the_next_sweep(
    store: Store, home: Home, plan: SelectionPlan
) -> None:
    with store.reading() as connection:
        owner_id = local_user(connection).id
    session = open_selection(store, home, plan, owner_id=owner_id)
    result = session.keep(Choice(sample_indices=np.array([2]), available=3, asked=1, stopped_by="count"))
    sweep(store, home)
    assert len(all_stored(store)) == 3
    with store.writing() as connection:
        connection.execute(schema.selections.update().values(created_at=now_ms() - LATER))
    sweep(store, home)
    assert all_stored(store) == set()
    assert result.selection_id is not None
