from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from swath.adapters.datasource import open_datasource
from swath.core.errors import NotFound, SourceUnavailable
from swath.pipeline.ports import Datasource
from swath.server.datasources import open_files_of, opener_of_outputs, place_of, read_url, rights_of
from swath.server.services import ServerOptions, Services
from swath.store import schema
from swath.store.credentials import keep_credentials
from swath.store.database import Store
from swath.store.datasets import Dataset, create_empty_dataset
from swath.store.datasources import apply_datasource
from swath.store.sharing import find_dataset
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.endpoints import Endpoints

Fixture = Any  # of conftest.py: CommitRun

KEYS = {"access_key_id": "AKIAUSER", "secret_access_key": "hush"}
ROLE = {"role_arn": "arn:aws:iam::1:role/readers"}


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """A folder that holds the buckets of `gs://`, of which there is one: `photos`."""
    (tmp_path / "buckets" / "photos" / "in").mkdir(parents=True)
    (tmp_path / "buckets" / "photos" / "in" / "a.jpg").write_bytes(b"an image")
    return tmp_path / "buckets"


@pytest.fixture
def options(buckets: Path) -> ServerOptions:
    return ServerOptions(endpoints=Endpoints.parse(f"gs://={buckets}"))


class CountingOpener:
    """Opens datasources, and keeps what it was asked for."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._open = partial(open_datasource, endpoints=endpoints)
        self.asked: list[tuple[str, dict[str, str] | None]] = []

    def __call__(self, location: str, access: Mapping[str, str] | None = None) -> Datasource:
        self.asked.append((location, None if access is None else dict(access)))
        return self._open(location, access)


@pytest.fixture
def opener(options: ServerOptions) -> CountingOpener:
    return CountingOpener(options.endpoints)


@pytest.fixture
def services(services: Services, opener: CountingOpener) -> Services:
    return replace(services, open_datasource=opener)


class MakeDataset:
    def __init__(self, services: Services) -> None:
        self._services = services

    def __call__(
        self, input_uri: str, output_uri: str = "", *, is_confined: bool = True, **access: dict[str, str]
    ) -> Dataset:
        """A dataset with `input_access` and `output_access`, whatever it was before."""
        with self._services.store.writing() as connection:
            connection.execute(sa.delete(schema.tags))
            connection.execute(sa.delete(schema.datasource_credentials))
            connection.execute(sa.delete(schema.datasets))
            made = create_empty_dataset(connection, owner_id=local_user(connection).id, name="vehicles")
            return apply_datasource(
                connection,
                self._services.vault,
                made,
                input_uri=input_uri,
                output_uri=output_uri,
                is_confined=is_confined,
                **access,
            )


@pytest.fixture
def make_dataset(services: Services) -> MakeDataset:
    return MakeDataset(services)


def test_a_bucket_is_opened_with_what_the_dataset_keeps(
    services: Services, opener: CountingOpener, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset("s3://photos/in", "s3://crops", input_access=KEYS, output_access={**KEYS, "region": "x"})
    assert "AKIAUSER" in (open_files_of(services, dataset, "input").read_url("a.jpg", expires_s=60) or "")
    open_files_of(services, dataset, "output")
    assert opener.asked == [("s3://photos/in", KEYS), ("s3://crops", {**KEYS, "region": "x"})]


def test_a_bucket_stays_open_until_its_credentials_change(
    services: Services, opener: CountingOpener, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset("s3://photos", input_access=KEYS)
    first = open_files_of(services, dataset, "input")
    assert open_files_of(services, dataset, "input") is first
    renewed = {**KEYS, "secret_access_key": "other"}
    with services.store.writing() as connection:
        keep_credentials(connection, services.vault, dataset.id, "input", renewed)
    assert open_files_of(services, dataset, "input") is not first
    assert [access for _, access in opener.asked] == [KEYS, renewed]


def test_requests_do_not_wait_long_for_a_store_that_fails(
    services: Services, opener: CountingOpener, options: ServerOptions, make_dataset: MakeDataset
) -> None:
    quick = CountingOpener(options.endpoints)
    services = replace(services, open_quickly=quick)
    dataset = make_dataset("s3://photos", input_access=KEYS)
    open_files_of(services, dataset, "input")
    assert (len(quick.asked), len(opener.asked)) == (1, 0)
    open_files_of(services, dataset, "input", is_waited_for=False)
    assert (len(quick.asked), len(opener.asked)) == (1, 1)


def test_what_the_machine_has_opens_buckets_of_its_owner_alone(
    services: Services, opener: CountingOpener, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    owners = make_dataset("s3://photos", is_confined=False)
    assert "AKIAMACHINE" in (read_url(services, owners, "a.jpg") or "")
    others = make_dataset("s3://photos", is_confined=True)
    assert "AKIAMACHINE" not in (read_url(services, others, "a.jpg") or "")
    assert [access for _, access in opener.asked] == [None, {}]


def test_what_a_confined_dataset_may_not_use_any_more_is_not_opened(
    services: Services, opener: CountingOpener, make_dataset: MakeDataset
) -> None:
    for access in (ROLE, {**KEYS, "endpoint": "https://127.0.0.1"}):
        dataset = make_dataset("s3://photos", input_access=access)
        with pytest.raises(NotFound, match="the files of dataset `vehicles` cannot be read"):
            open_files_of(services, dataset, "input")
    assert opener.asked == []
    listed = replace(services, options=ServerOptions(delegated_roles=("arn:aws:iam::1:role/*",)))
    dataset = make_dataset("s3://photos", input_access=ROLE, is_confined=True)
    with listed.store.reading() as connection:
        assert place_of(listed, connection, dataset, "input").access == ROLE


def test_a_folder_that_the_operator_put_in_place_of_a_bucket_is_read_as_one(
    services: Services, make_dataset: MakeDataset, buckets: Path
) -> None:
    dataset = make_dataset("gs://photos/in")
    assert open_files_of(services, dataset, "input").read("a.jpg") == b"an image"
    assert read_url(services, dataset, "a.jpg") is None
    assert rights_of(services, dataset, "input").list is None
    with services.store.reading() as connection:
        handed = place_of(services, connection, dataset, "input")
    assert (handed.access, handed.endpoint) == ({}, (buckets / "photos" / "in").as_uri())


def test_the_endpoint_of_an_account_that_only_the_credentials_name_is_handed_out(
    services: Services, make_dataset: MakeDataset
) -> None:
    endpoints = Endpoints.parse("az://@acme=http://azurite:10000/acme")
    services = replace(services, options=ServerOptions(endpoints=endpoints))
    dataset = make_dataset("az://photos", input_access={"account_name": "acme", "sas_token": "sig=hush"})
    with services.store.reading() as connection:
        assert place_of(services, connection, dataset, "input").endpoint == "http://azurite:10000/acme"


def test_a_place_that_cannot_be_opened_gives_no_rights(services: Services, make_dataset: MakeDataset) -> None:
    rights = rights_of(services, make_dataset("gs://nowhere"), "output")
    reasons = {rights.list, rights.read, rights.write, rights.overwrite}
    assert len(reasons) == 1
    assert "stands for `gs://nowhere`" in (rights.list or "")


def test_credentials_that_cannot_be_decrypted_are_told(services: Services, make_dataset: MakeDataset) -> None:
    dataset = make_dataset("s3://photos", input_access=KEYS)
    with services.store.writing() as connection:
        connection.execute(sa.update(schema.datasource_credentials).values(secret=b"torn"))
    with pytest.raises(SourceUnavailable, match="encrypted under another key"):
        open_files_of(services, dataset, "input")


def test_crops_are_opened_with_what_their_images_have(
    services: Services, store: Store, opener: CountingOpener, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 1}), input_uri="s3://photos", output_uri="s3://photos/crops")
    with store.writing() as connection:
        images = find_dataset(connection, "vehicles")
        keep_credentials(connection, services.vault, images.id, "input", KEYS)
        crops = find_dataset(connection, "vehicles-crops")
    open_files_of(services, crops, "output")
    assert opener.asked == [("s3://photos/crops", KEYS)]


def test_outputs_are_opened_with_what_datasets_had_before_they_were_deleted(
    services: Services, opener: CountingOpener, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset("s3://photos", input_access=KEYS)
    open_output = opener_of_outputs(services, [dataset])
    with services.store.writing() as connection:
        keep_credentials(connection, services.vault, dataset.id, "input", None)
    open_output("s3://photos")
    assert opener.asked == [("s3://photos", KEYS)]
    torn = make_dataset("s3://photos", input_access=KEYS)
    with services.store.writing() as connection:
        connection.execute(sa.update(schema.datasource_credentials).values(secret=b"torn"))
    open_output = opener_of_outputs(services, [torn])
    with pytest.raises(SourceUnavailable, match="encrypted under another key"):
        open_output("s3://photos")
