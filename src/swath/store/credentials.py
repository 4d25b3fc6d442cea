"""Credentials of datasources: encrypted in the database, under a key that is not in it."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.engine import Connection

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import upsert_columns
from swath.store.files import flush_folder, naming_failures
from swath.store.home import Home
from swath.store.ids import new_id
from swath.wire.datasource_access import SHOWN

Purpose = Literal["input", "output"]

MASK = "********"

KEY_BYTES = 32

_table = schema.datasource_credentials


@dataclass(frozen=True, slots=True)
class Vault:
    """Encrypts and decrypts with one key, which it never shows, and derives others from it."""

    _key: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Home, key: str = "") -> Vault:
        """The vault of a home: under `key` (32 bytes as base64), else under that of its key file, made if absent.

        Raises InvalidConfig for a key that is none, SourceUnavailable for a file that cannot be read or made or
        holds none.
        """
        if key:
            if not _is_key(key.strip()):
                raise InvalidConfig(
                    "`SWATH_SECRET_KEY` is not 32 bytes in base64",
                    field="secret_key",
                    hint="`openssl rand -base64 32` makes one.",
                )
            return cls(_key_bytes(key.strip()))
        text = _key_of(home.secret_key_file)
        if not _is_key(text):
            raise SourceUnavailable(
                f"the key file `{home.secret_key_file}` holds no key",
                hint="Restore it from a backup; without it the credentials of datasources cannot be read any more.",
            )
        return cls(_key_bytes(text))

    def encrypt(self, data: bytes) -> bytes:
        return _fernet_of(self._key).encrypt(data)

    def decrypt(self, data: bytes) -> bytes:
        """Raises SourceUnavailable for what was encrypted under another key, or changed since."""
        try:
            return _fernet_of(self._key).decrypt(data)
        except InvalidToken:
            raise SourceUnavailable(
                "the credentials of the datasource were encrypted under another key",
                hint="Bring back the key file `secret.key` of the home, or the `SWATH_SECRET_KEY` of that time; "
                "else set the credentials anew.",
            ) from None

    def derive_key(self, purpose: str) -> bytes:
        """A key (32 bytes) of its own for a purpose, such as signing; nothing follows from it about this one."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)


def keep_credentials(
    connection: Connection, vault: Vault, dataset_id: str, purpose: Purpose, credentials: Mapping[str, str] | None
) -> None:
    """Replace the credentials of a dataset's input or output.

    None forgets them; an empty document is kept: it says that none are needed, as for a public bucket.
    """
    if credentials is None:
        connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id, _table.c.purpose == purpose))
        return
    # With whose they are, so that nobody reads them by copying the row to a dataset of their own.
    document = {"dataset_id": dataset_id, "purpose": purpose, "credentials": dict(credentials)}
    columns = {
        "dataset_id": dataset_id,
        "purpose": purpose,
        "secret": vault.encrypt(json.dumps(document).encode()),
        "modified_at": now_ms(),
    }
    upsert_columns(connection, _table, columns, 1)


def read_credentials(connection: Connection, vault: Vault, dataset_id: str, purpose: Purpose) -> dict[str, str] | None:
    """The credentials of a dataset's input or output, None where none are kept. Raises SourceUnavailable."""
    query = sa.select(_table.c.secret).where(_table.c.dataset_id == dataset_id, _table.c.purpose == purpose)
    secret = connection.execute(query).scalar()
    if secret is None:
        return None
    document = json.loads(vault.decrypt(secret))
    if (document["dataset_id"], document["purpose"]) != (dataset_id, purpose):
        raise SourceUnavailable(
            "the credentials of the datasource are those of another dataset", hint="Set the credentials anew."
        )
    return {str(name): str(value) for name, value in document["credentials"].items()}


def credentials_stamp(connection: Connection, dataset_id: str) -> tuple[tuple[str, bytes], ...]:
    """Another value whenever the credentials of a dataset are others; tells nothing about them."""
    query = sa.select(_table.c.purpose, _table.c.secret).where(_table.c.dataset_id == dataset_id)
    return tuple((purpose, secret) for purpose, secret in connection.execute(query.order_by(_table.c.purpose)))


def masked(credentials: Mapping[str, str]) -> dict[str, str]:
    """Credentials with nothing of the secret ones but their names, not even their length."""
    return {name: value if name in SHOWN else MASK for name, value in credentials.items()}


def _key_of(path: Path) -> str:
    """What the key file holds. Made whole and for its owner alone; of two that make it at once, one is taken."""
    with naming_failures("make the key file", path):
        if not path.exists():
            temporary = path.with_name(f".{path.name}.{new_id()}.partial")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(Fernet.generate_key() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(temporary, path)  # unlike a renaming, it never replaces a key
            finally:
                temporary.unlink()
            flush_folder(path.parent)
    with naming_failures("read the key file", path):
        return path.read_bytes().decode("ascii", "replace").strip()


def _fernet_of(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def _is_key(text: str) -> bool:
    try:
        return len(_key_bytes(text)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _key_bytes(text: str) -> bytes:
    """Either alphabet of base64 will do, but nothing else."""
    return base64.b64decode(text.replace("-", "+").replace("_", "/").encode("ascii"), validate=True)
