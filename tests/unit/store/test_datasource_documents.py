from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from swath.core.errors import SourceUnavailable
from swath.store import schema
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.datasets import create_empty_dataset
from swath.store.datasource_documents import (
    for_purpose,
    forget_datasources,
    record_datasource,
    recorded_datasources,
)
from swath.store.home import Home
from swath.store.users import local_user
from swath.wire.lightly.datasources import DatasourcePurpose, read_datasource_config

BOTH, INPUT, OUTPUT = DatasourcePurpose.INPUT_OUTPUT, DatasourcePurpose.INPUT, DatasourcePurpose.LIGHTLY


class Datasources:
    """The configurations of one dataset."""

    def __init__(self, store: Store, home: Home, name: str) -> None:
        self.store = store
        self.vault = Vault.open(home)
        with store.writing() as connection:
            owner = local_user(connection)
            self.dataset_id = create_empty_dataset(connection, owner_id=owner.id, name=name).id

    def record(self, purpose: DatasourcePurpose, path: str) -> None:
        config = read_datasource_config(
            {"type": "S3", "purpose": purpose, "fullPath": path, "s3AccessKeyId": "AKIA", "s3SecretAccessKey": "hidden"}
        )
        with self.store.writing() as connection:
            record_datasource(
                connection, self.vault, self.dataset_id, config, uri=f"s3://{path}", is_confined=path == "b"
            )

    def recorded(self) -> list[Any]:
        with self.store.reading() as connection:
            return list(recorded_datasources(connection, self.vault, self.dataset_id))

    def paths(self) -> dict[DatasourcePurpose, str | None]:
        found = {purpose: for_purpose(self.recorded(), purpose) for purpose in (BOTH, INPUT, OUTPUT)}
        return {purpose: one and one.config.full_path for purpose, one in found.items()}


@pytest.fixture
def datasources(store: Store, home: Home) -> Datasources:
    return Datasources(store, home, "vehicles")


def test_a_configuration_comes_back_whole(datasources: Datasources) -> None:
    assert datasources.recorded() == []
    datasources.record(INPUT, "a")
    datasources.record(OUTPUT, "b")
    first, second = datasources.recorded()
    assert (first.uri, first.is_confined, second.is_confined) == ("s3://a", False, True)
    assert first.config.access() == {"access_key_id": "AKIA", "secret_access_key": "hidden"}


def test_the_last_one_for_a_purpose_counts_and_has_another_id(datasources: Datasources) -> None:
    datasources.record(INPUT, "a")
    [before] = datasources.recorded()
    datasources.record(INPUT, "b")
    [after] = datasources.recorded()
    assert after.config.full_path == "b"
    assert after.id != before.id


def test_one_for_both_and_a_pair_exclude_each_other(datasources: Datasources) -> None:
    datasources.record(INPUT, "a")
    assert datasources.paths() == {BOTH: "a", INPUT: "a", OUTPUT: None}
    datasources.record(OUTPUT, "b")
    assert datasources.paths() == {BOTH: "a", INPUT: "a", OUTPUT: "b"}
    datasources.record(BOTH, "c")
    assert datasources.paths() == {BOTH: "c", INPUT: "c", OUTPUT: "c"}
    datasources.record(OUTPUT, "d")
    assert datasources.paths() == {BOTH: "d", INPUT: None, OUTPUT: "d"}


def test_no_secret_is_readable_in_the_database(datasources: Datasources, store: Store) -> None:
    datasources.record(BOTH, "a")
    with store.reading() as connection:
        row = connection.execute(sa.select(schema.datasource_documents)).one()
    assert "hidden" not in str(row)
    assert "AKIA" not in str(row)


def test_a_row_copied_to_another_dataset_opens_nothing(datasources: Datasources, store: Store, home: Home) -> None:
    datasources.record(BOTH, "a")
    other = Datasources(store, home, "boats")
    with store.writing() as connection:
        connection.execute(sa.update(schema.datasource_documents).values(dataset_id=other.dataset_id))
    with pytest.raises(SourceUnavailable, match="another dataset"):
        other.recorded()


def test_what_is_forgotten_is_gone(datasources: Datasources, store: Store) -> None:
    datasources.record(BOTH, "a")
    with store.writing() as connection:
        forget_datasources(connection, datasources.dataset_id)
    assert datasources.recorded() == []
