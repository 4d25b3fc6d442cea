from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from swath.core.errors import NotFound
from swath.server.dataset_details import describe_dataset
from swath.server.services import Services
from swath.store import catalog, schema
from swath.store.database import Store
from swath.store.datasets import mark_changed
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def me(store: Store, commit_run: Fixture) -> str:
    """The id of the user whose datasets `vehicles` and `vehicles-crops` are."""
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 2}))
    with store.writing() as connection:
        return local_user(connection).id


def test_details_are_those_of_the_catalogue(services: Services, me: str) -> None:
    for name in ("vehicles", "vehicles-crops"):
        expected = catalog.describe_dataset(services.store, name, user_id=me)
        assert expected.byte_size
        assert expected.categories
        for _ in range(2):
            assert describe_dataset(services, name, me) == expected


def test_rows_are_counted_once_for_each_version(services: Services, me: str, store: Store) -> None:
    before = describe_dataset(services, "vehicles-crops", me)
    with store.writing() as connection:
        connection.execute(schema.samples.update().values(byte_size=0))
    assert describe_dataset(services, "vehicles-crops", me).byte_size == before.byte_size
    with store.writing() as connection:
        mark_changed(connection, before.id)
    assert describe_dataset(services, "vehicles-crops", me).byte_size == 0


def test_a_run_is_seen_at_once(services: Services, me: str, commit_run: Fixture) -> None:
    def crops() -> int:
        return sum(category.count for category in describe_dataset(services, "vehicles-crops", me).categories)

    before = crops()
    commit_run(make_additions({"c.jpg": 4}))
    assert crops() == before + 4


def test_stale_crops_are_counted_when_their_images_change(services: Services, me: str, store: Store) -> None:
    assert describe_dataset(services, "vehicles-crops", me).stale_crops == 0
    with store.writing() as connection:
        connection.execute(schema.crops.update().where(schema.crops.c.sample_index < 2).values(stale=True))
        images = connection.execute(sa.select(schema.datasets.c.id).where(schema.datasets.c.name == "vehicles"))
        mark_changed(connection, images.scalar_one())
    assert describe_dataset(services, "vehicles-crops", me).stale_crops == 2


def test_a_dataset_that_is_not_seen_does_not_exist(services: Services, me: str) -> None:
    with pytest.raises(NotFound):
        describe_dataset(services, "vehicles", "0" * 24)
