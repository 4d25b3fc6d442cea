"""Files that runs leave for people, below `artifacts/<run id>/`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store, upsert_columns
from swath.store.files import naming_failures, write_whole
from swath.store.home import Home

_table = schema.artifacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    name: str
    byte_length: int
    created_at: int  # ms


def keep_artifact(store: Store, home: Home, run_id: str, name: str, data: bytes | memoryview) -> Path:
    """Keep a file with a run, replacing one of the same name. `name` may have folders. Returns where it is."""
    path = artifact_path(home, run_id, name)
    with naming_failures("make the folder", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    columns = {
        "run_id": run_id,
        "name": name,
        "byte_length": memoryview(data).nbytes,
        "sha256": hashlib.sha256(data).digest(),
        "created_at": now_ms(),
    }
    with store.writing() as connection:
        upsert_columns(connection, _table, columns, 1)
    return path


def artifact_path(home: Home, run_id: str, name: str) -> Path:
    """Where a run's file lies. Raises InvalidConfig for a name that would leave the run's folder."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name or "\\" in name:
        raise InvalidConfig(f"an artifact cannot be called `{name}`", field="name")
    return home.artifacts / run_id / PurePosixPath(name)


def list_artifacts(connection: Connection, run_id: str) -> list[Artifact]:
    query = (
        sa.select(_table.c.name, _table.c.byte_length, _table.c.created_at)
        .where(_table.c.run_id == run_id)
        .order_by(_table.c.created_at, _table.c.name)
    )
    return [Artifact(**row._mapping) for row in connection.execute(query)]


def read_artifact(connection: Connection, home: Home, run_id: str, name: str) -> bytes:
    """The bytes of a run's file. Raises NotFound, SourceUnavailable."""
    names = [artifact.name for artifact in list_artifacts(connection, run_id)]
    if name not in names:
        listed = ", ".join(f"`{other}`" for other in names) or "none"
        raise NotFound(f"run `{run_id}` has no artifact `{name}`", hint=f"Its artifacts: {listed}.")
    path = artifact_path(home, run_id, name)
    with naming_failures("read", path):
        return path.read_bytes()
