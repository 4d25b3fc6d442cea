from __future__ import annotations

import pytest

from swath.core.errors import NotFound
from swath.store.database import Store
from swath.store.users import create_user
from swath.store.workers import (
    announce_worker,
    find_worker,
    list_workers,
    record_sign_of_life,
    register_worker,
    remove_worker,
    set_draining,
)


def test_a_worker_that_registers_again_is_the_same_worker(store: Store) -> None:
    with store.writing() as connection:
        owner_id = create_user(connection, "ann").id
        first = register_worker(connection, owner_id=owner_id, name="w", labels=["b", "a", "b"], now=1)
        set_draining(connection, first.id, True)
        again = register_worker(connection, owner_id=owner_id, name="w", labels=[], details={"cores": 2}, now=5)
    assert first.labels == ("a", "b")
    assert (again.id, again.labels, again.details) == (first.id, (), {"cores": 2})
    assert (again.created_at, again.last_seen_at, again.is_draining) == (1, 5, False)


def test_an_announced_worker_was_never_seen_and_becomes_the_one_that_starts(store: Store) -> None:
    with store.writing() as connection:
        owner_id = create_user(connection, "ann").id
        announced = announce_worker(connection, owner_id=owner_id, name="w", labels=["gpu"], now=1)
        assert (announced.labels, announced.last_seen_at) == (("gpu",), None)
        assert announce_worker(connection, owner_id=owner_id, name="w", now=2) == announced
        changed = announce_worker(connection, owner_id=owner_id, name="w", labels=[], now=2)
        assert (changed.id, changed.labels) == (announced.id, ())
        started = register_worker(connection, owner_id=owner_id, name="w", labels=["big"], now=3)
        assert started.id == announced.id
        assert announce_worker(connection, owner_id=owner_id, name="w", labels=["gpu"], now=4) == started


def test_workers_of_two_users_may_have_one_name(store: Store) -> None:
    with store.writing() as connection:
        ann, ben = create_user(connection, "ann").id, create_user(connection, "ben").id
        of_ann = register_worker(connection, owner_id=ann, name="w", now=1)
        of_ben = register_worker(connection, owner_id=ben, name="w", now=1)
        assert of_ann.id != of_ben.id
        assert list_workers(connection, owner_id=ann) == [of_ann]
        assert len(list_workers(connection)) == 2
        with pytest.raises(NotFound):
            find_worker(connection, of_ann.id, owner_id=ben)


def test_a_sign_of_life_is_remembered(store: Store) -> None:
    with store.writing() as connection:
        worker = register_worker(connection, owner_id=create_user(connection, "ann").id, name="w", now=1)
        record_sign_of_life(connection, worker.id, now=9)
        assert find_worker(connection, worker.id).last_seen_at == 9


def test_a_removed_worker_is_not_found(store: Store) -> None:
    with store.writing() as connection:
        worker = register_worker(connection, owner_id=create_user(connection, "ann").id, name="w", now=1)
        remove_worker(connection, worker.id)
        with pytest.raises(NotFound, match="register again"):
            find_worker(connection, worker.id)
