from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from swath.core.errors import InvalidConfig
from swath.wire.run_config import parse_run_config
from swath.wiring.places import read_given_access
from swath.wiring.runs import name_and_folder_of

KEYS = {"access_key_id": "AKIA", "secret_access_key": "hush"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return written(tmp_path / "keys.json", KEYS)


def written(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_credentials_of_a_file_open_the_input_and_an_output_in_the_same_bucket(keys: Path) -> None:
    location = "s3://photos/images"
    given = read_given_access(location, None, keys, None)
    assert (given.input, given.output) == (KEYS, None)
    for output, access in ((None, KEYS), ("s3://photos/crops", KEYS), ("s3://other", None), ("/data/crops", None)):
        assert given.for_output(location, output) == access
    assert read_given_access(location, None, None, None).input is None
    assert "hush" not in repr(given)


def test_the_output_may_have_credentials_of_its_own(keys: Path, tmp_path: Path) -> None:
    sas = written(tmp_path / "sas.json", {"sas_token": "sig=hush", "account_key": ""})
    given = read_given_access("/data/photos", "az://crops@acme", None, sas)
    assert given.input is None
    assert given.for_output("/data/photos", "az://crops@acme") == {"sas_token": "sig=hush"}
    given = read_given_access("s3://photos", None, None, keys)
    assert (given.input, given.for_output("s3://photos", None)) == (None, KEYS)


def test_the_key_file_of_a_service_account_is_taken_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "key.json", {"type": "service_account", "private_key": "hush"})
    given = read_given_access("gs://photos", None, path, None)
    assert given.input == {"service_account": path.read_text()}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (["hush"], "is not a JSON object with a text under each name"),
        ({"access_key_id": 7}, "is not a JSON object with a text under each name"),
        ({"access_key": "hush"}, "`credentials.access_key` is not known for `s3://`"),
        ({"access_key_id": "hush"}, "`credentials.access_key_id` needs `credentials.secret_access_key`"),
        ({**KEYS, "region": "eu/@elsewhere"}, "`credentials.region` cannot be such a name"),
    ],
)
def test_a_file_that_holds_no_credentials_is_named_and_not_repeated(
    tmp_path: Path, document: object, message: str
) -> None:
    path = written(tmp_path / "keys.json", document)
    with pytest.raises(InvalidConfig) as caught:
        read_given_access("s3://photos", None, path, None)
    assert message in caught.value.message
    assert "hush" not in str(caught.value)
    assert "elsewhere" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "torn.json").write_text('{"access_key_id": "hush')
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    for name in ("nowhere.json", "torn.json", "binary.json", "."):
        with pytest.raises(InvalidConfig, match="which `--output-credentials` names, cannot be read") as caught:
            read_given_access("/data", "s3://photos", None, tmp_path / name)
        assert "hush" not in str(caught.value)
    with pytest.raises(InvalidConfig, match="`--credentials` is for buckets, and `/data` is a folder"):
        read_given_access("/data", None, keys, None)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("s3://street-photos", "street-photos"),
        ("s3://street-photos/2026/june", "june"),
        ("az://photos@acme", "photos"),
        ("gs://b/all photos #1/", "all photos 1"),
    ],
)
def test_a_dataset_is_named_after_the_end_of_the_place(location: str, name: str) -> None:
    config: dict[str, Any] = {"datasource": {"location": location}, "selection": {"n_samples": 1, "unit": "images"}}
    found, folder = name_and_folder_of(parse_run_config(config))
    assert folder is None
    assert found.replace("-", " ").replace("_", " ").split() == name.replace("-", " ").split()
