from __future__ import annotations

import base64
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.store import schema
from swath.store.credentials import (
    MASK,
    Purpose,
    Vault,
    credentials_stamp,
    keep_credentials,
    masked,
    read_credentials,
)
from swath.store.database import Store
from swath.store.home import Home, open_home
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun

SECRET = {"access_key_id": "AKIA", "secret_access_key": "wJalrXUtnFEMI"}
KEY = base64.b64encode(bytes(range(200, 232))).decode()


@pytest.fixture
def dataset_ids(store: Store, commit_run: Fixture) -> tuple[str, str]:
    commit_run(make_additions({"a.jpg": 1}))
    with store.reading() as connection:
        first, second = connection.execute(sa.select(schema.datasets.c.id)).scalars()
    return first, second


def test_credentials_come_back_as_they_were_kept(store: Store, home: Home, dataset_ids: tuple[str, str]) -> None:
    vault = Vault.open(home)
    with store.writing() as connection:
        keep_credentials(connection, vault, dataset_ids[0], "input", {"old": "one"})
        keep_credentials(connection, vault, dataset_ids[0], "input", SECRET)
        keep_credentials(connection, vault, dataset_ids[0], "output", {"token": "ü"})
    with store.reading() as connection:
        again = Vault.open(home)
        assert read_credentials(connection, again, dataset_ids[0], "input") == SECRET
        assert read_credentials(connection, again, dataset_ids[0], "output") == {"token": "ü"}
        assert read_credentials(connection, again, dataset_ids[1], "input") is None


def test_credentials_of_none_are_kept_as_such(store: Store, home: Home, dataset_ids: tuple[str, str]) -> None:
    vault = Vault.open(home)
    with store.writing() as connection:
        keep_credentials(connection, vault, dataset_ids[0], "input", {})
        assert read_credentials(connection, vault, dataset_ids[0], "input") == {}


def test_the_stamp_of_credentials_changes_with_every_renewal(
    store: Store, home: Home, dataset_ids: tuple[str, str]
) -> None:
    vault = Vault.open(home)
    stamps = []
    with store.writing() as connection:
        stamps.append(credentials_stamp(connection, dataset_ids[0]))
        purposes: tuple[Purpose, ...] = ("input", "output", "output")
        for purpose in purposes:
            keep_credentials(connection, vault, dataset_ids[0], purpose, SECRET)
            stamps.append(credentials_stamp(connection, dataset_ids[0]))
        assert credentials_stamp(connection, dataset_ids[0]) == stamps[-1]
    assert len(set(stamps)) == len(stamps)


def test_no_credentials_remove_what_was_kept(store: Store, home: Home, dataset_ids: tuple[str, str]) -> None:
    vault = Vault.open(home)
    with store.writing() as connection:
        keep_credentials(connection, vault, dataset_ids[0], "input", SECRET)
        keep_credentials(connection, vault, dataset_ids[0], "input", None)
        assert connection.execute(sa.select(schema.datasource_credentials)).all() == []


def test_the_database_holds_no_value_and_no_name_of_a_credential(
    store: Store, home: Home, dataset_ids: tuple[str, str]
) -> None:
    vault = Vault.open(home)
    with store.writing() as connection:
        keep_credentials(connection, vault, dataset_ids[0], "input", SECRET)
        [kept] = connection.execute(sa.select(schema.datasource_credentials.c.secret)).scalars()
    for text in (*SECRET, *SECRET.values(), home.secret_key_file.read_text().strip()):
        assert text.encode() not in kept
    assert "Fernet" not in repr(vault)


def test_another_key_is_told_apart_without_a_word_of_the_secret(
    store: Store, home: Home, dataset_ids: tuple[str, str]
) -> None:
    with store.writing() as connection:
        keep_credentials(connection, Vault.open(home), dataset_ids[0], "input", SECRET)
        with pytest.raises(SourceUnavailable, match="encrypted under another key") as caught:
            read_credentials(connection, Vault.open(home, KEY), dataset_ids[0], "input")
    assert not any(text in str(caught.value) for text in (*SECRET, *SECRET.values(), KEY))


def test_credentials_copied_to_another_dataset_are_not_read(
    store: Store, home: Home, dataset_ids: tuple[str, str]
) -> None:
    vault = Vault.open(home)
    with store.writing() as connection:
        keep_credentials(connection, vault, dataset_ids[0], "input", SECRET)
        connection.execute(sa.update(schema.datasource_credentials).values(dataset_id=dataset_ids[1]))
        with pytest.raises(SourceUnavailable, match="those of another dataset"):
            read_credentials(connection, vault, dataset_ids[1], "input")


def test_a_mask_tells_only_the_names_of_what_is_secret() -> None:
    kept = {"access_key_id": "x", "sas_token": "a much longer one", "region": "eu-west-1"}
    assert masked(kept) == {"access_key_id": MASK, "sas_token": MASK, "region": "eu-west-1"}


def test_the_key_file_is_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    Vault.open(home)
    key = home.secret_key_file.read_bytes()
    assert stat.S_IMODE(home.secret_key_file.stat().st_mode) == 0o600
    Vault.open(home)
    assert home.secret_key_file.read_bytes() == key
    assert [path.name for path in tmp_path.iterdir() if "secret" in path.name] == ["secret.key"]


def test_of_keys_made_at_once_one_is_everybodys(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    start = threading.Barrier(8)
    vaults: list[Vault] = []

    def open_vault() -> None:
        start.wait()
        vaults.append(Vault.open(home))

    threads = [threading.Thread(target=open_vault) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = vaults[0].encrypt(b"secret")
    assert [vault.decrypt(kept) for vault in vaults] == [b"secret"] * 8


def test_a_key_from_outside_is_used_and_no_file_made(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    kept = Vault.open(home, KEY).encrypt(b"secret")
    assert not home.secret_key_file.exists()
    # Both alphabets of base64 mean the same key.
    url_safe = KEY.replace("+", "-").replace("/", "_")
    assert url_safe != KEY
    assert Vault.open(home, f" {url_safe}\n").decrypt(kept) == b"secret"


@pytest.mark.parametrize("key", ["secret", "a" * 43, KEY[:-4], KEY + "AAAA", "ä" * 44, "?" * 44])
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidConfig, match="32 bytes in base64") as caught:
        Vault.open(open_home(tmp_path), key)
    assert caught.value.field == "secret_key"
    assert key not in caught.value.message.replace("`SWATH_SECRET_KEY`", "")


def test_a_key_file_without_a_key_is_named(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    home.secret_key_file.write_text("\n")
    with pytest.raises(SourceUnavailable, match=r"secret\.key` holds no key"):
        Vault.open(home)


def test_keys_for_other_purposes_follow_from_the_key_and_the_purpose_alone(home: Home, tmp_path: Path) -> None:
    links = Vault.open(home).derive_key("links")
    assert len(links) == 32
    assert Vault.open(home).derive_key("links") == links
    assert Vault.open(home).derive_key("cursors") != links
    assert Vault.open(home, KEY).derive_key("links") not in (links, base64.b64decode(KEY))
