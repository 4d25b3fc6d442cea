from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import Conflict
from swath.store.credentials import Vault, read_credentials
from swath.store.database import Store
from swath.store.datasets import Dataset, create_empty_dataset, dataset_by_id
from swath.store.datasources import apply_datasource, is_same_bucket, read_access
from swath.store.home import Home
from swath.store.queue import schedule_run
from swath.store.sharing import find_dataset
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.runs import RunKind

Fixture = Any  # of conftest.py: CommitRun

FIRST = {"access_key_id": "AKIA-1", "secret_access_key": "one"}
SECOND = {"access_key_id": "AKIA-2", "secret_access_key": "two"}


@pytest.fixture
def vault(home: Home) -> Vault:
    return Vault.open(home)


@pytest.fixture
def owner_id(store: Store) -> str:
    with store.writing() as connection:
        return local_user(connection).id


@pytest.fixture
def dataset(store: Store, owner_id: str) -> Dataset:
    with store.writing() as connection:
        return create_empty_dataset(connection, owner_id=owner_id, name="bucket")


def test_places_and_what_opens_them_are_set_at_once(store: Store, vault: Vault, dataset: Dataset) -> None:
    with store.writing() as connection:
        changed = apply_datasource(
            connection,
            vault,
            dataset,
            input_uri="s3://photos/a",
            output_uri="gs://crops",
            input_access=FIRST,
            output_access={"service_account": "{}"},
            is_confined=True,
        )
        assert (changed.input_uri, changed.output_uri, changed.is_confined) == ("s3://photos/a", "gs://crops", True)
        assert read_access(connection, vault, changed, "input") == FIRST
        assert read_access(connection, vault, changed, "output") == {"service_account": "{}"}


def test_an_output_in_the_same_bucket_is_opened_like_the_input(store: Store, vault: Vault, dataset: Dataset) -> None:
    with store.writing() as connection:
        changed = apply_datasource(
            connection, vault, dataset, input_uri="s3://b/in", output_uri="s3://b/out", input_access=FIRST,
            is_confined=True,
        )  # fmt: skip
        assert read_access(connection, vault, changed, "output") == FIRST
        changed = apply_datasource(
            connection, vault, changed, input_uri="s3://b/in", output_uri="s3://other", is_confined=True
        )
        assert read_access(connection, vault, changed, "output") is None
        assert read_access(connection, vault, changed, "input") == FIRST


def test_credentials_stay_with_their_place_and_never_follow_to_another(
    store: Store, vault: Vault, dataset: Dataset
) -> None:
    def apply(uri: str, access: dict[str, str] | None) -> dict[str, str] | None:
        with store.writing() as connection:
            found = dataset_by_id(connection, dataset.id)
            assert found is not None
            changed = apply_datasource(connection, vault, found, input_uri=uri, input_access=access, is_confined=True)
            return read_access(connection, vault, changed, "input")

    assert apply("s3://b", FIRST) == FIRST
    assert apply("s3://b", None) == FIRST
    assert apply("s3://b", {}) == {}
    assert apply("s3://b", SECOND) == SECOND
    assert apply("s3://elsewhere", None) is None


def test_credentials_of_a_full_dataset_are_renewed_and_its_place_is_not_changed(
    store: Store, vault: Vault, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    with store.writing() as connection:
        full = find_dataset(connection, "vehicles")
        renewed = apply_datasource(
            connection, vault, full, input_uri=full.input_uri, input_access=FIRST, is_confined=full.is_confined
        )
        crops = find_dataset(connection, "vehicles-crops")
        # Crops are read with what their images are.
        assert read_access(connection, vault, renewed, "input") == FIRST
        assert read_access(connection, vault, crops, "input") == FIRST
    with pytest.raises(Conflict, match="has samples"), store.writing() as connection:
        apply_datasource(connection, vault, full, input_uri="s3://b", input_access=SECOND, is_confined=True)
    with store.reading() as connection:
        assert read_credentials(connection, vault, full.id, "input") == FIRST


def test_credentials_of_a_dataset_are_renewed_while_a_run_waits_for_them(
    store: Store, vault: Vault, owner_id: str
) -> None:
    with store.writing() as connection:
        waiting = create_empty_dataset(connection, owner_id=owner_id, name="vehicles", input_uri="s3://b")
        schedule_run(
            connection,
            owner_id=owner_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json="{}",
            dataset=waiting,
            task="wheels",
            now=1,
        )
        apply_datasource(connection, vault, waiting, input_uri="s3://b", input_access=FIRST, is_confined=True)
        assert read_access(connection, vault, waiting, "input") == FIRST
        with pytest.raises(Conflict, match="is not over"):
            apply_datasource(connection, vault, waiting, input_uri="s3://c", input_access=FIRST, is_confined=True)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("s3://b/in", "s3://b/out", True),
        ("s3://b", "s3://c", False),
        ("s3://b", "obs://b", False),
        ("az://c@one", "az://c@two", False),
        ("/data", "/data", False),
        ("", "", False),
    ],
)
def test_a_bucket_is_the_same_whatever_the_prefix(one: str, other: str, is_same: bool) -> None:
    assert is_same_bucket(one, other) is is_same
