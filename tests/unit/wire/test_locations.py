"""Places as people name them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.wire.datasource_access import FIELDS, SHOWN, check_access
from swath.wire.locations import Scheme, is_bucket_uri, parse_location


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("s3://photos", "s3://photos"),
        ("S3://photos/", "s3://photos"),
        ("s3a://photos/2026/may/", "s3://photos/2026/may"),
        ("s3://Photos.2026/a b#c?d%20e", "s3://Photos.2026/a b#c?d%20e"),
        ("gs://photos/写真", "gs://photos/写真"),
        ("gcs://photos", "gs://photos"),
        ("obs://photos/a", "obs://photos/a"),
        ("az://photos/a", "az://photos/a"),
        ("azure://photos@account/a", "az://photos@account/a"),
        ("abfss://photos@account.dfs.core.windows.net/a", "az://photos@account/a"),
        ("abfs://photos@account.blob.core.chinacloudapi.cn", "az://photos@account"),
    ],
)
def test_a_bucket_has_one_spelling(text: str, uri: str) -> None:
    assert parse_location(text).uri == uri
    assert is_bucket_uri(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/data/photos", "/data/photos"),
        ("photos", "photos"),
        ("file:///data/a%20b", "/data/a b"),
        ("file://localhost/data", "/data"),
        ("12:30", "12:30"),
    ],
)
def test_anything_else_is_a_folder(text: str, path: str) -> None:
    place = parse_location(text)
    assert (place.scheme, place.path, place.is_bucket) == (Scheme.FOLDER, path, False)
    assert not is_bucket_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ftp://photos",
        "http://example.com/photos",
        "s3:/photos",
        "s3://",
        "s3:///photos",
        "s3://-photos",
        "s3://pho tos",
        "s3://photos/a//b",
        "s3://photos/../a",
        "s3://photos/./a",
        "s3://photos/a\\b",
        "s3://photos/a\0b",
        "az://photos@",
        "az://@account",
        "az://photos@acc.ount",
        "file://elsewhere/data",
    ],
)
def test_what_names_no_place_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_location(text, field="datasource.input")
    assert caught.value.field == "datasource.input"


def test_keys_in_a_location_are_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidConfig, match="keys and passwords") as caught:
        parse_location("s3://AKIA:secret@photos")
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        place = parse_location(text)
    except InvalidConfig:
        return
    if place.is_bucket:
        assert parse_location(place.uri) == place


def test_an_access_is_taken_without_what_is_empty_and_without_spaces_around() -> None:
    access = {"access_key_id": " AKIA\n", "secret_access_key": "x", "session_token": "", "region": " "}
    assert check_access(Scheme.S3, access) == {"access_key_id": "AKIA", "secret_access_key": "x"}


@pytest.mark.parametrize(
    ("scheme", "access", "field"),
    [
        (Scheme.S3, {"acces_key_id": "s3cret"}, "credentials.acces_key_id"),
        (Scheme.S3, {"access_key_id": "s3cret"}, "credentials.secret_access_key"),
        (Scheme.S3, {"secret_access_key": "s3cret"}, "credentials.access_key_id"),
        (Scheme.S3, {"region": "s3cret.example.com/#"}, "credentials.region"),
        (Scheme.S3, {"kms_key": "arn:s3cret\r\nX-Other: header"}, "credentials.kms_key"),
        (Scheme.S3, {"access_key_id": "s3cret-ü", "secret_access_key": "x"}, "credentials.access_key_id"),
        (Scheme.GCS, {"account_key": "s3cret"}, "credentials.account_key"),
        (Scheme.AZURE, {"account_name": "s3cret.example.com"}, "credentials.account_name"),
        (Scheme.AZURE, {"sas_token": "sig=s3cret\0"}, "credentials.sas_token"),
        (Scheme.FOLDER, {"region": "s3cret"}, "credentials.region"),
    ],
)
def test_an_access_that_cannot_be_is_named_and_its_values_are_not(
    scheme: Scheme, access: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidConfig) as caught:
        check_access(scheme, access)
    assert caught.value.field == field
    assert "s3cret" not in str(caught.value)


def test_what_is_shown_of_an_access_is_no_secret() -> None:
    named = {name for fields in FIELDS.values() for name in fields}
    assert named >= SHOWN
    assert not [name for name in SHOWN if any(word in name for word in ("secret", "token", "account_key", "service"))]
