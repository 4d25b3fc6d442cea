"""Datasources as scripts of the official clients configure them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope
from swath.core.errors import SourceUnavailable
from swath.pipeline.ports import Datasource
from swath.server.lightly.datasources import effective_datasource
from swath.server.lightly.errors import FacadeError
from swath.server.services import ServerOptions, Services
from swath.store.credentials import read_credentials
from swath.store.database import Store
from swath.store.datasets import Dataset, dataset_by_id
from swath.testing.memory_datasource import MemoryDatasource
from swath.testing.session_contract import make_additions

Config = dict[str, Any]

SECRETS = ("AKIASECRET", "wJalrSECRET", "SASSECRET", "PRIVATESECRET", "EXTERNALSECRET")


def s3(path: str = "bucket/input/", **more: Any) -> Config:
    keys = {"s3Region": "eu-central-1", "s3AccessKeyId": "AKIASECRET", "s3SecretAccessKey": "wJalrSECRET"}
    return {"type": "S3", "fullPath": path, "purpose": "INPUT_OUTPUT", **keys, **more}


def gcs(path: str = "bucket/input/", **more: Any) -> Config:
    keys = {"gcsProjectId": "project", "gcsCredentials": '{"private_key": "PRIVATESECRET"}'}
    return {"type": "GCS", "fullPath": path, "purpose": "INPUT_OUTPUT", **keys, **more}


def azure(path: str = "my-container/input/", **more: Any) -> Config:
    keys = {"accountName": "ACCOUNT-NAME", "accountKey": "SASSECRET"}
    return {"type": "AZURE", "fullPath": path, "purpose": "INPUT_OUTPUT", **keys, **more}


def delegated(path: str = "bucket/input/", **more: Any) -> Config:
    role = {"s3Region": "eu-central-1", "s3ARN": "arn:aws:iam::123456789012:role/x", "s3ExternalId": "EXTERNALSECRET"}
    return {"type": "S3DelegatedAccess", "fullPath": path, "purpose": "INPUT_OUTPUT", **role, **more}


def obs(path: str = "bucket/input/", **more: Any) -> Config:
    keys = {"obsEndpoint": "https://obs.example", "obsAccessKeyId": "AKIASECRET", "obsSecretAccessKey": "wJalrSECRET"}
    return {"type": "OBS", "fullPath": path, "purpose": "INPUT_OUTPUT", **keys, **more}


def local(path: str = "photos", **more: Any) -> Config:
    return {"type": "LOCAL", "fullPath": path, "purpose": "INPUT_OUTPUT", **more}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "photos").mkdir(parents=True)
    (folder / "written").mkdir()
    return folder


@pytest.fixture
def options(root: Path) -> ServerOptions:
    return ServerOptions(roots=(root,))


@pytest.fixture
def buckets() -> dict[str, Datasource]:
    """What stands in for buckets, by URI; any other one cannot be reached."""
    return {}


@pytest.fixture
def opened_with() -> dict[str, Mapping[str, str] | None]:
    """What each bucket was opened with last."""
    return {}


@pytest.fixture
def services(
    services: Services,
    buckets: dict[str, Datasource],
    opened_with: dict[str, Mapping[str, str] | None],
) -> Services:
    open_folder = services.open_datasource

    def open_datasource(location: str, access: Mapping[str, str] | None = None) -> Datasource:
        if "://" not in location:
            return open_folder(location)
        opened_with[location] = access
        if location not in buckets:
            raise SourceUnavailable(f"`{location}` cannot be reached", hint="Is the name right?")
        return buckets[location]

    return Services(
        store=services.store,
        home=services.home,
        vault=services.vault,
        open_datasource=open_datasource,
        codec=services.codec,
        options=services.options,
        tables=services.tables,
    )


@pytest.fixture
def dataset(facade: TestClient) -> str:
    return str(facade.post("/datasets", json={"name": "vehicles"}).json()["id"])


def put(facade: TestClient, dataset: str, config: Config) -> None:
    answer = facade.put(f"/datasets/{dataset}/datasource", json=config)
    assert 200 <= answer.status_code < 300, answer.text


def get(facade: TestClient, dataset: str, purpose: str | None = None) -> Config:
    params = {} if purpose is None else {"purpose": purpose}
    answer = facade.get(f"/datasets/{dataset}/datasource", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def stored(store: Store, dataset: str) -> Dataset:
    with store.reading() as connection:
        found = dataset_by_id(connection, dataset)
    assert found is not None
    return found


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


BUCKETS: list[tuple[Config, str, dict[str, str]]] = [
    (
        s3(),
        "s3://bucket/input",
        {"access_key_id": "AKIASECRET", "secret_access_key": "wJalrSECRET", "region": "eu-central-1"},
    ),
    (gcs("gs://bucket/a b#?%/ü"), "gs://bucket/a b#?%/ü", {"project_id": "project", "service_account": "…"}),
    (azure(), "az://my-container@ACCOUNT-NAME/input", {"account_name": "ACCOUNT-NAME", "sas_token": "SASSECRET"}),
    (azure("/my-container"), "az://my-container@ACCOUNT-NAME", {"account_name": "ACCOUNT-NAME"}),
    (s3("s3://bucket"), "s3://bucket", {"region": "eu-central-1"}),
    (s3(s3Region="us-gov-east"), "s3://bucket/input", {"region": "us-gov-east-1"}),
]


def test_a_bucket_is_used_at_once_with_what_opens_it(facade: TestClient, services: Services, dataset: str) -> None:
    for config, uri, kept in BUCKETS:
        put(facade, dataset, config)

        found = stored(services.store, dataset)
        assert (found.input_uri, found.output_uri) == (uri, uri)
        with services.store.reading() as connection:
            for purpose in ("input", "output"):
                access = read_credentials(connection, services.vault, dataset, purpose)
                assert access is not None
                assert kept.keys() <= access.keys()
                assert all(access[name] == value for name, value in kept.items() if value != "…")


def test_the_key_of_an_account_is_told_from_a_token(facade: TestClient, services: Services, dataset: str) -> None:
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    put(facade, dataset, azure(accountKey=key))
    with services.store.reading() as connection:
        access = read_credentials(connection, services.vault, dataset, "input")
    assert access == {"account_name": "ACCOUNT-NAME", "account_key": key}


LOCAL_PATHS: list[str] = ["photos", "photos/", "http://localhost:1234/photos", "HTTPS://h/pho%74os/"]


def test_a_local_path_is_below_the_first_root(facade: TestClient, services: Services, dataset: str, root: Path) -> None:
    for path in LOCAL_PATHS:
        put(facade, dataset, local(path))
        assert stored(services.store, dataset).input_uri == str(root / "photos")
        assert get(facade, dataset)["fullPath"] == path


IMPOSSIBLE_PATHS: list[str] = ["../elsewhere", "nothing-here", "ftp://host/photos", "/etc"]


def test_a_local_path_that_cannot_be_is_refused(facade: TestClient, dataset: str) -> None:
    for path in IMPOSSIBLE_PATHS:
        answer = facade.put(f"/datasets/{dataset}/datasource", json=local(path))
        assert error_of(answer) == (422, "DATASET_DATASOURCE_INVALID")
        assert facade.get(f"/datasets/{dataset}/datasource").status_code == 404


S3_KEYS = {"id", "purpose", "type", "thumbSuffix", "fullPath", "s3Region", "s3AccessKeyId", "s3SecretAccessKey"}


SHOWN_KEYS: list[tuple[Config, set[str]]] = [
    (s3(thumbSuffix=".lightly/thumbnails/[filename]_thumb.[extension]"), S3_KEYS),
    (s3(thumbSuffix=None), S3_KEYS - {"thumbSuffix"}),
    (
        s3(s3ServerSideEncryptionKMSKey="arn:aws:kms:eu-central-1:123456789012:key/a", unknown=1),
        S3_KEYS - {"thumbSuffix"} | {"s3ServerSideEncryptionKMSKey"},
    ),
    (delegated(), {"id", "purpose", "type", "fullPath", "s3Region", "s3ARN", "s3ExternalId"}),
    (gcs(), {"id", "purpose", "type", "fullPath", "gcsProjectId", "gcsCredentials"}),
    (azure(), {"id", "purpose", "type", "fullPath", "accountName", "accountKey"}),
    (
        obs(),
        {"id", "purpose", "type", "fullPath", "obsEndpoint", "obsAccessKeyId", "obsSecretAccessKey"},
    ),
    (local(), {"id", "purpose", "type", "fullPath"}),
    (
        local(webServerLocation="http://localhost:3456"),
        {"id", "purpose", "type", "fullPath", "webServerLocation"},
    ),
    ({"type": "LIGHTLY", "fullPath": "", "purpose": "INPUT_OUTPUT"}, {"id", "purpose", "type", "fullPath"}),
]


def test_a_configuration_comes_back_with_its_secrets_masked(facade: TestClient, dataset: str) -> None:
    for config, keys in SHOWN_KEYS:
        put(facade, dataset, config)
        shown = get(facade, dataset)
        assert shown.keys() == keys
        assert re.fullmatch("[a-f0-9]{24}", shown["id"])
        assert not any(secret in str(shown) for secret in SECRETS)
        assert all(shown.values()) or config["type"] == "LIGHTLY"
        plain = {name for name in config.keys() & keys if not any(secret in str(config[name]) for secret in SECRETS)}
        assert {name: shown[name] for name in plain} == {name: config[name] for name in plain}


def test_a_role_that_is_none_is_taken_and_shown_as_strict_clients_want_it(facade: TestClient, dataset: str) -> None:
    put(facade, dataset, delegated(s3ARN="YOUR-ARN", s3ExternalId="x", s3ServerSideEncryptionKMSKey="nonsense"))
    shown = get(facade, dataset)
    assert re.fullmatch("arn:aws:iam::[0-9]{12}:role.+", shown["s3ARN"])
    assert re.fullmatch(r"[a-zA-Z0-9_+=,.@:\/-]{10,}", shown["s3ExternalId"])
    assert "s3ServerSideEncryptionKMSKey" not in shown


def test_a_role_that_only_the_owner_of_the_machine_may_take_on_is_refused_when_it_is_needed(
    facade: TestClient, services: Services, dataset: str
) -> None:
    put(facade, dataset, delegated())
    assert stored(services.store, dataset).input_uri == ""
    answer = facade.get(f"/datasets/{dataset}/datasource/list")
    assert error_of(answer) == (422, "DATASET_DATASOURCE_CREDENTIALS_ERROR")
    with pytest.raises(FacadeError, match="SWATH_DELEGATED_ROLES"):
        effective_datasource(services, stored(services.store, dataset))


def test_each_purpose_has_a_configuration_of_its_own_and_the_last_one_counts(
    facade: TestClient, services: Services, dataset: str
) -> None:
    for make, name in ((s3, "first"), (gcs, "second"), (azure, "third")):
        put(facade, dataset, make(f"{name}/input/", purpose="INPUT"))
        put(facade, dataset, make(f"{name}/output/", purpose="LIGHTLY"))

    assert get(facade, dataset, "INPUT")["fullPath"] == "third/input/"
    assert get(facade, dataset, "LIGHTLY")["fullPath"] == "third/output/"
    assert get(facade, dataset)["type"] == "AZURE"
    every = facade.get(f"/datasets/{dataset}/datasource/all").json()
    assert [one["purpose"] for one in every] == ["INPUT", "LIGHTLY"]
    found = stored(services.store, dataset)
    assert found.input_uri == "az://third@ACCOUNT-NAME/input"
    assert found.output_uri == "az://third@ACCOUNT-NAME/output"


def test_one_storage_for_both_takes_the_place_of_a_pair_and_the_other_way_round(
    facade: TestClient, dataset: str
) -> None:
    put(facade, dataset, s3(purpose="INPUT"))
    put(facade, dataset, s3("bucket/output", purpose="LIGHTLY"))
    put(facade, dataset, gcs())
    assert [one["type"] for one in facade.get(f"/datasets/{dataset}/datasource/all").json()] == ["GCS"]
    assert get(facade, dataset, "INPUT")["purpose"] == "INPUT_OUTPUT"
    put(facade, dataset, azure(purpose="LIGHTLY"))
    assert [one["type"] for one in facade.get(f"/datasets/{dataset}/datasource/all").json()] == ["AZURE"]
    answer = facade.get(f"/datasets/{dataset}/datasource", params={"purpose": "INPUT"})
    assert error_of(answer) == (404, "DATASET_DATASOURCE_UNKNOWN")


def test_without_a_datasource_there_is_none(facade: TestClient, dataset: str) -> None:
    for path in ("", "/verify", "/list", "/list/dnc", "/predictions/file", "/fileHEAD"):
        answer = facade.get(f"/datasets/{dataset}/datasource{path}", params={"fileName": "tasks.json"})
        assert error_of(answer) == (404, "DATASET_DATASOURCE_UNKNOWN")
    assert facade.get(f"/datasets/{dataset}/datasource/all").json() == []


def test_a_run_needs_both_halves_of_a_pair(facade: TestClient, services: Services, dataset: str) -> None:
    with pytest.raises(FacadeError, match="no datasource"):
        effective_datasource(services, stored(services.store, dataset))
    put(facade, dataset, s3(purpose="INPUT"))
    with pytest.raises(FacadeError, match="LIGHTLY"):
        effective_datasource(services, stored(services.store, dataset))
    put(facade, dataset, {"type": "LIGHTLY", "fullPath": "", "purpose": "LIGHTLY"})
    with pytest.raises(FacadeError, match="cannot stay with the server"):
        effective_datasource(services, stored(services.store, dataset))
    put(facade, dataset, s3("bucket/output", purpose="LIGHTLY"))
    assert effective_datasource(services, stored(services.store, dataset)).output_uri == "s3://bucket/output"


def test_a_script_may_name_other_places_on_its_way_to_that_of_the_samples(
    facade: TestClient, services: Services, commit_run: CommitRun, opened_with: dict[str, Any]
) -> None:
    uri = "az://my-container@ACCOUNT-NAME/input"
    commit_run(make_additions({"a.jpg": 1}), user="anna", input_uri=uri, output_uri=uri)
    found = {one["name"]: one["id"] for one in facade.get("/datasets").json()}
    images, crops = found["vehicles"], found["vehicles-crops"]

    put(facade, images, s3())
    assert stored(services.store, images).input_uri == uri
    with pytest.raises(FacadeError, match="has samples") as caught:
        effective_datasource(services, stored(services.store, images))
    assert caught.value.status == 422
    assert error_of(facade.get(f"/datasets/{images}/datasource/list")) == (422, "DATASET_DATASOURCE_ILLEGAL_ACTION")

    put(facade, images, azure(accountKey="RENEWED"))
    assert effective_datasource(services, stored(services.store, images)).input_uri == uri
    with services.store.reading() as connection:
        access = read_credentials(connection, services.vault, images, "input")
    assert access == {"account_name": "ACCOUNT-NAME", "sas_token": "RENEWED"}
    assert get(facade, crops)["type"] == "AZURE"
    answer = facade.put(f"/datasets/{crops}/datasource", json=s3())
    assert error_of(answer) == (422, "DATASET_DATASOURCE_ILLEGAL_ACTION")


def test_what_the_native_interface_sets_later_counts(
    facade: TestClient, user_client: UserClient, services: Services, dataset: str
) -> None:
    put(facade, dataset, s3())
    answer = user_client().put("/api/datasets/vehicles/datasource", json={"location": "photos"})
    assert answer.status_code == 200, answer.text
    assert effective_datasource(services, stored(services.store, dataset)).input_uri.endswith("/photos")
    assert get(facade, dataset)["type"] == "LOCAL"


OTHER_PLACES: list[tuple[str, dict[str, str], Config]] = [
    (
        "s3://bucket/input",
        {"access_key_id": "AKIASECRET", "secret_access_key": "wJalrSECRET", "region": "eu-west-1"},
        {"type": "S3", "fullPath": "bucket/input", "s3Region": "eu-west-1"},
    ),
    ("gs://bucket", {}, {"type": "GCS", "fullPath": "bucket/", "gcsProjectId": "unknown"}),
    (
        "az://box@account/input",
        {"sas_token": "SASSECRET"},
        {"type": "AZURE", "fullPath": "box/input", "accountName": "account"},
    ),
    ("obs://bucket/a", {}, {"type": "OBS", "fullPath": "bucket/a"}),
]


def test_places_that_were_set_in_another_way_are_told_as_scripts_would_have(
    facade: TestClient, user_client: UserClient, dataset: str
) -> None:
    for location, credentials, expected in OTHER_PLACES:
        body = {"location": location, "output": "photos", "credentials": credentials}
        answer = user_client().put("/api/datasets/vehicles/datasource", json=body)
        assert answer.status_code == 200, answer.text
        images, written = facade.get(f"/datasets/{dataset}/datasource/all").json()
        assert images.items() >= {**expected, "purpose": "INPUT"}.items()
        assert (written["type"], written["purpose"]) == ("LOCAL", "LIGHTLY")
        assert "SECRET" not in str(images)
        assert all(images.values())
        assert get(facade, dataset) == images


def test_uploads_that_the_server_keeps_are_storage_of_its_own(facade: TestClient, dataset: str) -> None:
    body = {"fileName": "a.jpg", "metaData": {}, "exif": {}}
    assert facade.post(f"/datasets/{dataset}/samples", json=body).status_code == 201
    assert get(facade, dataset) == {"type": "LIGHTLY", "purpose": "INPUT_OUTPUT", "fullPath": dataset}


MALFORMED: list[Any] = [
    {},
    [],
    {"type": "FTP", "fullPath": "a"},
    s3(purpose="OTHER"),
    s3(3),  # type: ignore[arg-type]
    s3(thumbSuffix=["a"]),
    s3(s3SecretAccessKey={"a": "wJalrSECRET"}),
]


def test_what_is_no_configuration_is_refused_without_repeating_it(facade: TestClient, dataset: str) -> None:
    for config in MALFORMED:
        answer = facade.put(f"/datasets/{dataset}/datasource", json=config)
        assert error_of(answer) == (400, "MALFORMED_REQUEST")
        assert "SECRET" not in answer.text


NO_PLACES: list[Config] = [
    s3(""),
    s3("gs://bucket"),
    s3("bucket/a//b"),
    azure(accountName="a b"),
    s3(s3SecretAccessKey=""),
]


def test_what_names_no_place_is_refused(facade: TestClient, dataset: str) -> None:
    for config in NO_PLACES:
        answer = facade.put(f"/datasets/{dataset}/datasource", json=config)
        assert error_of(answer) == (422, "DATASET_DATASOURCE_INVALID")
        assert "SECRET" not in answer.text


def test_only_the_owner_sets_a_datasource(facade: TestClient, facade_client: FacadeClient, dataset: str) -> None:
    other, reader = facade_client(user="bert"), facade_client(Scope.READ_ONLY)
    assert error_of(other.put(f"/datasets/{dataset}/datasource", json=s3())) == (404, "DATASET_UNKNOWN")
    assert error_of(reader.put(f"/datasets/{dataset}/datasource", json=s3())) == (403, "FORBIDDEN")
    for unknown in ("f" * 24, "vehicles", "x"):
        answer = facade.get(f"/datasets/{unknown}/datasource")
        assert error_of(answer) == (404, "DATASET_UNKNOWN")


def test_rights_are_tried(facade: TestClient, dataset: str, root: Path) -> None:
    put(facade, dataset, local())
    rights = {"canRead": True, "canWrite": True, "canList": True, "canOverwrite": True}
    assert facade.get(f"/datasets/{dataset}/datasource/verify").json() == rights
    assert list(root.rglob("*.*")) == []


def test_a_right_that_is_missing_is_named(
    facade: TestClient, dataset: str, buckets: dict[str, Datasource], opened_with: dict[str, Any]
) -> None:
    source = buckets["s3://bucket/input"] = MemoryDatasource({"a.jpg": b"a"}, uri="s3://bucket/input")
    source.not_writable = "`s3://bucket/input`: writing is denied"
    put(facade, dataset, s3())
    found = facade.get(f"/datasets/{dataset}/datasource/verify").json()
    assert (found["canRead"], found["canList"], found["canWrite"], found["canOverwrite"]) == (True, True, False, False)
    assert found["errors"].keys() == {"canWrite", "canOverwrite"}
    assert "`s3://bucket/input`" in found["errors"]["canWrite"]
    assert opened_with["s3://bucket/input"]["secret_access_key"] == "wJalrSECRET"


def test_a_bucket_that_cannot_be_reached_is_no_reason_to_ask_again(facade: TestClient, dataset: str) -> None:
    put(facade, dataset, s3())
    verified = facade.get(f"/datasets/{dataset}/datasource/verify").json()
    assert not any(verified[name] for name in ("canRead", "canWrite", "canList", "canOverwrite"))
    assert "s3://bucket/input" in verified["errors"]["canList"]
    answer = facade.get(f"/datasets/{dataset}/datasource/list")
    assert error_of(answer) == (422, "DATASET_DATASOURCE_INVALID")
    assert "SECRET" not in answer.text + str(verified)


def test_no_secret_is_in_the_database(facade: TestClient, services: Services, dataset: str) -> None:
    for config in (s3(), gcs(), azure(), obs(), delegated()):
        put(facade, dataset, config)
        with services.store.reading() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM datasource_documents").all()
        assert len(rows) == 1
        assert not any(secret in str(row) for row in rows for secret in SECRETS)
