"""What a transaction is for, which both databases must know when it begins."""

from __future__ import annotations

from enum import Enum

from sqlalchemy.engine import Connection

_OPTION = "swath_purpose"


class Purpose(Enum):
    """Reading sees one state and changes nothing; of all others one at a time has its turn."""

    READ = "read"
    WRITE = "write"
    NOTE = "note"  # a write that may be lost when the power goes, but not when a process is killed
    MIGRATE = "migrate"


def with_purpose(connection: Connection, purpose: Purpose) -> Connection:
    return connection.execution_options(**{_OPTION: purpose})


def purpose_of(connection: Connection) -> Purpose:
    purpose = connection.get_execution_options().get(_OPTION, Purpose.READ)
    assert isinstance(purpose, Purpose)
    return purpose
