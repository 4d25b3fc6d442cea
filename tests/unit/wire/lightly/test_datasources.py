"""Configurations of datasources: what is made of them, and what is told about them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from swath.core.errors import InvalidConfig
from swath.wire.lightly.datasources import (
    MASK,
    REGIONS,
    DatasourcePurpose,
    ProcessedUntilTimestampRequest,
    describe_place,
    read_datasource_config,
)
from swath.wire.locations import Scheme, parse_location

KEYS = {"s3AccessKeyId": "AKIA", "s3SecretAccessKey": "secret"}
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/a"

EXAMPLES: list[dict[str, Any]] = [
    {"type": "S3", "fullPath": "b/p", "s3Region": "eu-central-1", **KEYS},
    {"type": "S3DelegatedAccess", "fullPath": "b/p", "s3ARN": "arn", "s3ExternalId": "external"},
    {"type": "GCS", "fullPath": "b/p", "gcsProjectId": "p", "gcsCredentials": "{}"},
    {"type": "AZURE", "fullPath": "b/p", "accountName": "a", "accountKey": "?sv=1&sig=2"},
    {"type": "OBS", "fullPath": "b/p", "obsEndpoint": "https://e", "obsAccessKeyId": "i", "obsSecretAccessKey": "s"},
    {"type": "LOCAL", "fullPath": "p", "webServerLocation": "http://localhost:3456"},
    {"type": "LIGHTLY", "fullPath": ""},
]


def place_of(path: str, kind: str = "S3", **more: Any) -> str:
    location = read_datasource_config({"type": kind, "fullPath": path, **more}).location()
    assert location is not None
    return location.uri


@pytest.mark.parametrize("document", EXAMPLES, ids=lambda document: str(document["type"]))
def test_a_configuration_is_whole_again_after_its_secrets_were_kept_apart(document: dict[str, Any]) -> None:
    config = read_datasource_config({**document, "purpose": "INPUT", "thumbSuffix": "[filename].[extension]"})
    kept = config.without_secrets()
    assert not set(kept) & set(config.secrets())
    assert read_datasource_config({**kept, **config.secrets()}) == config
    assert set(config.secrets().values()) == {document[name] for name in document if re.search("Key|Cred|Ext", name)}


@pytest.mark.parametrize("document", EXAMPLES, ids=lambda document: str(document["type"]))
def test_nothing_but_the_type_has_to_be_there(document: dict[str, Any]) -> None:
    nulls = dict.fromkeys((*document, "purpose", "thumbSuffix"), None)
    config = read_datasource_config({**nulls, "type": document["type"], "anything": 1})
    assert config.purpose is DatasourcePurpose.INPUT_OUTPUT
    answer = config.answer("a" * 24)
    assert {name for name, value in answer.items() if not value} <= {"fullPath"}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("bucket", "s3://bucket"),
        ("bucket/", "s3://bucket"),
        ("/bucket/a/", "s3://bucket/a"),
        ("s3://bucket/a b/ü#?%", "s3://bucket/a b/ü#?%"),
        (" s3a://bucket/a ", "s3://bucket/a"),
    ],
)
def test_a_bucket_may_be_named_with_or_without_its_scheme(path: str, uri: str) -> None:
    assert place_of(path) == uri


def test_a_container_gets_the_account_beside_it() -> None:
    assert place_of("box/a/", "AZURE", accountName="one") == "az://box@one/a"
    assert place_of("box", "AZURE", accountName="one") == "az://box@one"
    assert place_of("az://box@two/a", "AZURE", accountName="one") == "az://box@two/a"
    assert place_of("box/a", "AZURE") == "az://box/a"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("", "."),
        ("a/b", "a/b"),
        ("/a/b/", "a/b"),
        ("http://localhost:1234/a%20b/", "a b"),
        ("https://h", "."),
    ],
)
def test_a_local_path_is_relative(path: str, folder: str) -> None:
    location = read_datasource_config({"type": "LOCAL", "fullPath": path}).location()
    assert location is not None
    assert (location.scheme, location.path) == (Scheme.FOLDER, folder)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("S3", ""),
        ("S3", "gs://bucket"),
        ("S3", "bucket/../other"),
        ("GCS", "s3://bucket"),
        ("AZURE", "https://a.blob.core.windows.net/box"),
        ("LOCAL", "file:///etc"),
    ],
)
def test_what_is_no_place_of_its_kind_is_refused(kind: str, path: str) -> None:
    with pytest.raises(InvalidConfig):
        place_of(path, kind)


@pytest.mark.parametrize(
    ("secret", "name", "kept"),
    [
        (ACCOUNT_KEY, "account_key", ACCOUNT_KEY),
        ("?sv=2022&sig=a%2Bb", "sas_token", "sv=2022&sig=a%2Bb"),
        ("sig=abc", "sas_token", "sig=abc"),
        ("SAS-TOKEN", "sas_token", "SAS-TOKEN"),
    ],
)
def test_the_key_of_an_account_is_told_from_a_token(secret: str, name: str, kept: str) -> None:
    config = read_datasource_config({"type": "AZURE", "fullPath": "b", "accountName": "a", "accountKey": secret})
    assert config.access() == {"account_name": "a", name: kept}


def test_access_is_what_opens_the_place() -> None:
    accesses = {document["type"]: read_datasource_config(document).access() for document in EXAMPLES}
    assert accesses == {
        "S3": {"region": "eu-central-1", "access_key_id": "AKIA", "secret_access_key": "secret"},
        "S3DelegatedAccess": {"role_arn": "arn", "external_id": "external"},
        "GCS": {"service_account": "{}", "project_id": "p"},
        "AZURE": {"account_name": "a", "sas_token": "sv=1&sig=2"},
        "OBS": {"endpoint": "https://e", "access_key_id": "i", "secret_access_key": "s"},
        "LOCAL": None,
        "LIGHTLY": None,
    }


def test_the_key_file_of_a_service_account_may_come_as_an_object() -> None:
    config = read_datasource_config({"type": "GCS", "fullPath": "b", "gcsCredentials": {"private_key": "k"}})
    access = config.access()
    assert access is not None
    assert access["service_account"] == '{"private_key": "k"}'


@pytest.mark.parametrize(
    ("given", "told"), [("eu-central-1", "eu-central-1"), ("us-gov-east-1", "us-east-1"), ("garage", "us-east-1")]
)
def test_strict_clients_are_told_of_no_region_they_do_not_know(given: str, told: str) -> None:
    config = read_datasource_config({"type": "S3", "fullPath": "b", "s3Region": given, **KEYS})
    access = config.access()
    assert access is not None
    assert access["region"] == given
    assert config.answer("a" * 24)["s3Region"] == told
    assert told in REGIONS


def test_a_key_for_encryption_is_used_and_told() -> None:
    config = read_datasource_config({**EXAMPLES[0], "s3ServerSideEncryptionKMSKey": KMS_KEY})
    access = config.access()
    assert access is not None
    assert access["kms_key"] == config.answer("a" * 24)["s3ServerSideEncryptionKMSKey"] == KMS_KEY


def test_a_mask_satisfies_every_pattern_of_strict_clients() -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_+=,.@:\/-]{10,}", MASK)


def test_errors_do_not_repeat_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        read_datasource_config({"type": "S3", "s3SecretAccessKey": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "access"),
    [("s3://b/p", {"region": "eu-west-1"}), ("gs://b", {}), ("az://b@a/p", {}), ("obs://b/p", {}), ("/data/a", {})],
)
def test_a_place_that_is_described_is_the_same_place_again(uri: str, access: dict[str, str]) -> None:
    config = describe_place(parse_location(uri), access, DatasourcePurpose.INPUT)
    location = config.location()
    assert location is not None
    assert location.uri == uri.removeprefix("/" if location.scheme is Scheme.FOLDER else "")
    assert config.purpose is DatasourcePurpose.INPUT
    assert set(config.secrets().values()) <= {""}


@pytest.mark.parametrize(
    ("given", "seconds"), [(0, 0), (1_660_000_000, 1_660_000_000), (1_660_000_000_999, 1_660_000_000)]
)
def test_times_are_seconds_unless_they_cannot_be(given: int, seconds: int) -> None:
    assert ProcessedUntilTimestampRequest(processed_until_timestamp=given).seconds == seconds
