from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from swath.core.errors import Conflict, NotAllowed, NotFound
from swath.store.catalog import describe_dataset, iter_samples, list_datasets, list_runs
from swath.store.database import Store
from swath.store.datasets import create_empty_dataset
from swath.store.deletion import delete_dataset
from swath.store.home import Home
from swath.store.sharing import (
    find_dataset,
    find_own,
    find_visible,
    list_shares,
    sees_dataset,
    share_dataset,
    share_only_with,
    unshare_dataset,
    visible_datasets,
)
from swath.store.users import User, create_user, local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


@dataclass(frozen=True)
class Team:
    local: User
    anna: User
    bert: User


@pytest.fixture
def team(store: Store, commit_run: Fixture) -> Team:
    """The local user and Anna have `vehicles` each, with crops."""
    with store.writing() as connection:
        team = Team(local_user(connection), create_user(connection, "anna"), create_user(connection, "bert"))
    commit_run(make_additions({"a.jpg": 1}))
    commit_run(make_additions({"b.jpg": 2, "c.jpg": 1}), owner_id=team.anna.id)
    return team


def share(store: Store, name: str, *, owner: User, user: User) -> None:
    with store.writing() as connection:
        share_dataset(connection, find_visible(connection, name, owner.id), user)


def seen(store: Store, user: User) -> list[str]:
    with store.reading() as connection:
        return [dataset.name for dataset in visible_datasets(connection, user.id)]


def test_two_users_have_datasets_of_one_name_and_each_sees_their_own(store: Store, team: Team) -> None:
    for user, samples in ((team.local, 1), (team.anna, 2)):
        assert seen(store, user) == ["vehicles", "vehicles-crops"]
        details = describe_dataset(store, "vehicles", user_id=user.id)
        assert (details.sample_count, details.owner, details.owner_id) == (samples, user.name, user.id)
        assert [child.owner for child in details.children] == [user.name]
    assert seen(store, team.bert) == []


def test_what_one_cannot_see_is_not_there_by_name_or_id_and_no_hint_tells_of_it(store: Store, team: Team) -> None:
    with store.reading() as connection:
        hidden = find_visible(connection, "vehicles", team.anna.id).id
        for name_or_id in ("vehicles", hidden, "vehicels"):
            with pytest.raises(NotFound) as caught:
                find_visible(connection, name_or_id, team.bert.id)
            assert caught.value.hint == "There is no dataset yet."
        assert not sees_dataset(connection, hidden, team.bert.id)
        assert not sees_dataset(connection, "f" * 24, team.anna.id)
        assert sees_dataset(connection, hidden, team.anna.id)


def test_a_shared_dataset_is_seen_with_its_crops(store: Store, team: Team) -> None:
    share(store, "vehicles", owner=team.anna, user=team.bert)
    assert seen(store, team.bert) == ["vehicles", "vehicles-crops"]
    for name, files in (("vehicles", 2), ("vehicles-crops", 3)):
        assert len(list(iter_samples(store, name, user_id=team.bert.id))) == files
    assert describe_dataset(store, "vehicles-crops", user_id=team.bert.id).parent == "vehicles"
    assert [one.name for one in list_datasets(store, user_id=team.bert.id)] == ["vehicles", "vehicles-crops"]
    with store.reading() as connection:
        assert sees_dataset(connection, find_visible(connection, "vehicles-crops", team.anna.id).id, team.bert.id)


def test_crops_datasets_that_come_later_are_shared_too(store: Store, team: Team, commit_run: Fixture) -> None:
    share(store, "vehicles", owner=team.anna, user=team.bert)
    commit_run(make_additions({"b.jpg": 1}, task="doors"), task="doors", owner_id=team.anna.id)
    assert seen(store, team.bert)[-1] == "vehicles-doors-crops"


def test_of_one_name_the_own_dataset_is_found_and_the_shared_one_by_its_id(store: Store, team: Team) -> None:
    share(store, "vehicles", owner=team.anna, user=team.local)
    with store.reading() as connection:
        own = find_visible(connection, "vehicles", team.local.id)
        other = find_visible(connection, "vehicles", team.anna.id)
        assert (own.owner_id, other.owner_id) == (team.local.id, team.anna.id)
        assert find_visible(connection, other.id, team.local.id) == other


def test_of_shared_datasets_of_one_name_the_oldest_is_found(store: Store, team: Team) -> None:
    share(store, "vehicles", owner=team.anna, user=team.bert)
    share(store, "vehicles", owner=team.local, user=team.bert)
    with store.reading() as connection:
        assert find_visible(connection, "vehicles", team.bert.id).owner_id == team.local.id


def test_without_a_viewer_names_are_the_local_users_and_ids_reach_everything(store: Store, team: Team) -> None:
    with store.reading() as connection:
        of_anna = find_visible(connection, "vehicles", team.anna.id)
        assert find_dataset(connection, "vehicles").owner_id == team.local.id
        assert find_dataset(connection, of_anna.id) == of_anna
        with pytest.raises(NotFound):
            find_dataset(connection, of_anna.id, team.bert.id)
        with pytest.raises(NotFound):
            find_dataset(connection, "f" * 24)
    assert {one.owner for one in list_datasets(store)} == {"local"}


def test_shares_are_listed_kept_once_and_taken_back(store: Store, team: Team) -> None:
    with store.writing() as connection:
        dataset = find_visible(connection, "vehicles", team.anna.id)
        crops = find_visible(connection, "vehicles-crops", team.anna.id)
        for user in (team.local, team.bert, team.bert):
            share_dataset(connection, dataset, user)
        for one in (dataset, crops):
            assert sorted(share.user_name for share in list_shares(connection, one)) == ["bert", "local"]
        for _ in range(2):
            unshare_dataset(connection, dataset, team.bert)
        assert [(share.user_id, share.user_name) for share in list_shares(connection, dataset)] == [
            (team.local.id, "local")
        ]
    assert seen(store, team.bert) == []


def test_a_dataset_is_not_shared_with_its_owner_nor_crops_alone(store: Store, team: Team) -> None:
    with store.writing() as connection:
        with pytest.raises(Conflict, match="`vehicles` belongs to `anna`"):
            share_dataset(connection, find_visible(connection, "vehicles", team.anna.id), team.anna)
        crops = find_visible(connection, "vehicles-crops", team.anna.id)
        for change in (share_dataset, unshare_dataset):
            with pytest.raises(Conflict, match="as its image dataset `vehicles` is"):
                change(connection, crops, team.bert)


def test_what_is_shared_stays_the_owners(store: Store, home: Home, team: Team) -> None:
    share(store, "vehicles", owner=team.anna, user=team.bert)
    with store.reading() as connection:
        with pytest.raises(NotAllowed, match="`vehicles` is shared with you; only its owner `anna` may rename it"):
            find_own(connection, "vehicles", team.bert.id, to="rename it")
        assert find_own(connection, "vehicles", team.anna.id, to="rename it").owner_id == team.anna.id
    for name in ("vehicles", "vehicles-crops"):
        with pytest.raises(NotAllowed, match="only its owner `anna` may delete it"):
            delete_dataset(store, home, name, cascade=True, user_id=team.bert.id)
    with pytest.raises(NotFound):
        delete_dataset(store, home, describe_dataset(store, "vehicles").id, user_id=team.bert.id)
    assert seen(store, team.anna) == ["vehicles", "vehicles-crops"]


def test_of_two_datasets_of_one_name_the_users_own_is_deleted(store: Store, home: Home, team: Team) -> None:
    delete_dataset(store, home, "vehicles", cascade=True, user_id=team.anna.id)
    assert seen(store, team.anna) == []
    assert seen(store, team.local) == ["vehicles", "vehicles-crops"]


def test_runs_are_seen_by_who_made_them_and_who_sees_their_dataset(store: Store, team: Team) -> None:
    def runs_of(user: User) -> int:
        return len(list_runs(store, user_id=user.id))

    assert [runs_of(user) for user in (team.local, team.anna, team.bert)] == [1, 1, 0]
    share(store, "vehicles", owner=team.anna, user=team.bert)
    assert runs_of(team.bert) == 1
    assert len(list_runs(store)) == 1


def test_an_empty_dataset_can_be_shared(store: Store, team: Team) -> None:
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=team.anna.id, name="later")
        share_dataset(connection, dataset, team.bert)
    assert seen(store, team.bert) == ["later"]


def test_a_dataset_is_shared_with_those_who_are_named_and_nobody_else(store: Store, team: Team) -> None:
    with store.writing() as connection:
        cleo = create_user(connection, "cleo")
        vehicles = find_own(connection, "vehicles", team.local.id, to="share it")
        share_only_with(connection, vehicles, [team.anna, team.bert])
        first = {share.user_id: share.created_at for share in list_shares(connection, vehicles)}
        share_only_with(connection, vehicles, [team.bert, cleo, team.local, cleo])
        second = {share.user_id: share.created_at for share in list_shares(connection, vehicles)}
        assert set(second) == {team.bert.id, cleo.id}
        assert second[team.bert.id] == first[team.bert.id]
        share_only_with(connection, vehicles, [])
        assert list_shares(connection, vehicles) == []


def test_crops_are_not_shared_apart_from_their_images(store: Store, team: Team) -> None:
    with store.writing() as connection:
        crops = find_own(connection, "vehicles-crops", team.local.id, to="share it")
        with pytest.raises(Conflict):
            share_only_with(connection, crops, [])
