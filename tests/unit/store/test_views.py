from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import views
from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    commit_run(make_additions({"a.jpg": 2}))
    return describe_dataset(store, "vehicles-crops").id


def make(store: Store, dataset_id: str, name: str, rule: str = "{}") -> views.View:
    with store.writing() as connection:
        user_id = local_user(connection).id
        return views.create_view(connection, dataset_id=dataset_id, user_id=user_id, name=name, rule=rule)


def test_a_view_is_saved_listed_replaced_and_deleted(store: Store, dataset_id: str) -> None:
    vans = make(store, dataset_id, " vans at night ", '{"filter": {}}')
    make(store, dataset_id, "Boats")
    assert (vans.name, vans.user_name, vans.rule) == ("vans at night", "local", '{"filter": {}}')
    with store.writing() as connection:
        assert [view.name for view in views.list_views(connection, dataset_id)] == ["Boats", "vans at night"]
        vans = views.replace_view(connection, vans, name="vans", rule="{}")
        assert (vans.name, vans.rule) == ("vans", "{}")
        vans = views.replace_view(connection, vans, name="vans", rule='{"sort": {}}')
        assert views.find_view(connection, vans.id) == vans
        views.delete_view(connection, vans)
        with pytest.raises(NotFound, match="there is no view"):
            views.find_view(connection, vans.id)
        assert [view.name for view in views.list_views(connection, dataset_id)] == ["Boats"]


def test_a_name_is_taken_once_per_dataset(store: Store, dataset_id: str) -> None:
    make(store, dataset_id, "vans")
    boats = make(store, dataset_id, "boats")
    with pytest.raises(Conflict, match="there is a view `vans` already"):
        make(store, dataset_id, "vans")
    with store.writing() as connection, pytest.raises(Conflict, match="there is a view `vans` already"):
        views.replace_view(connection, boats, name="vans", rule="{}")
    make(store, describe_dataset(store, "vehicles").id, "vans")


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a" * 129])
def test_a_name_that_nobody_could_read_is_refused(store: Store, dataset_id: str, name: str) -> None:
    with pytest.raises(InvalidConfig, match="a view cannot be called"):
        make(store, dataset_id, name)


def test_views_are_limited_in_number_and_size(store: Store, dataset_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_VIEWS", 1)
    monkeypatch.setattr(views, "MAX_RULE_BYTES", 2)
    make(store, dataset_id, "vans", "{}")
    with pytest.raises(Conflict, match="has 1 views, which is the limit"):
        make(store, dataset_id, "boats")
    with pytest.raises(InvalidConfig, match="the rule of a view"):
        make(store, dataset_id, "boats", "{ }")


def test_views_of_a_dataset_can_be_forgotten(store: Store, dataset_id: str) -> None:
    make(store, dataset_id, "vans")
    with store.writing() as connection:
        views.forget_views(connection, dataset_id)
        assert views.list_views(connection, dataset_id) == []


def test_a_dataset_that_was_deleted_meanwhile_gets_no_view(store: Store, dataset_id: str) -> None:
    with pytest.raises(NotFound, match="the dataset was deleted meanwhile"):
        make(store, "0" * 24, "vans")
