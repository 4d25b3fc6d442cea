"""Files that runs leave for people, below `artifacts/<run id>/`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
from swath.store.incoming import IncomingFile

_table = schema.artifacts


MAX_ARTIFACT_BYTES = 16 << 30
MAX_NAME_BYTES = 500

RUNS_PER_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    name: str
    byte_length: int
    sha256: bytes  # 32 bytes
    created_at: int  # ms


def keep_artifact(store: Store, home: Home, run_id: str, name: str, data: bytes | memoryview) -> Path:
    """Keep a file with a run, replacing one of the same name. `name` may have folders. Returns where it is."""
    path = artifact_path(home, run_id, name)
    with naming_failures("make the folder", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    with store.writing() as connection:
        record_artifact(
            connection, run_id, name, byte_length=memoryview(data).nbytes, sha256=hashlib.sha256(data).digest()
        )
    return path


def receive_artifact(home: Home, run_id: str, name: str) -> IncomingFile:
    """An artifact on its way; it is one once it is kept and recorded. Raises InvalidConfig as above."""
    return IncomingFile(artifact_path(home, run_id, name), most_bytes=MAX_ARTIFACT_BYTES)


def record_artifact(connection: Connection, run_id: str, name: str, *, byte_length: int, sha256: bytes) -> None:
    """Name a file that lies in its place, instead of what had the name before."""
    columns = {
        "run_id": run_id,
        "name": name,
        "byte_length": byte_length,
        "sha256": sha256,
        "created_at": now_ms(),
    }
    upsert_columns(connection, _table, columns, 1)


def artifact_path(home: Home, run_id: str, name: str) -> Path:
    """Where a run's file lies. Raises InvalidConfig for a name that would leave the run's folder.

    Names that only look like a path there (`a//b`, `./a`) are refused too: one file has one name.
    """
    pure = PurePosixPath(name)
    is_plain = name.isprintable() and "\\" not in name and str(pure) == name and not pure.is_absolute()
    if not is_plain or ".." in pure.parts or name == "." or len(name.encode()) > MAX_NAME_BYTES:
        shown = name[:MAX_NAME_BYTES].encode("utf-8", "backslashreplace").decode()
        raise InvalidConfig(f"an artifact cannot be called `{shown}`", field="name")
    return home.artifacts / run_id / pure


def list_artifacts(connection: Connection, run_id: str) -> list[Artifact]:
    query = (
        sa.select(_table.c.name, _table.c.byte_length, _table.c.sha256, _table.c.created_at)
        .where(_table.c.run_id == run_id)
        .order_by(_table.c.created_at, _table.c.name)
    )
    return [Artifact(**row._mapping) for row in connection.execute(query)]


def artifacts_of_runs(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Artifact]]:
    """Run id -> its artifacts, of those runs that left any."""
    found: dict[str, list[Artifact]] = {}
    for first in range(0, len(run_ids), RUNS_PER_QUERY):
        query = (
            sa.select(_table)
            .where(_table.c.run_id.in_(run_ids[first : first + RUNS_PER_QUERY]))
            .order_by(_table.c.created_at, _table.c.name)
        )
        for row in connection.execute(query):
            values = dict(row._mapping)
            found.setdefault(values.pop("run_id"), []).append(Artifact(**values))
    return found


def read_artifact(connection: Connection, home: Home, run_id: str, name: str) -> bytes:
    """The bytes of a run's file. Raises NotFound, SourceUnavailable."""
    find_artifact(connection, run_id, name)
    path = artifact_path(home, run_id, name)
    with naming_failures("read", path):
        return path.read_bytes()


def find_artifact(connection: Connection, run_id: str, name: str) -> Artifact:
    """A file of a run. Raises NotFound, naming those there are."""
    artifacts = list_artifacts(connection, run_id)
    for artifact in artifacts:
        if artifact.name == name:
            return artifact
    listed = ", ".join(f"`{other.name}`" for other in artifacts[:20]) or "none"
    raise NotFound(f"run `{run_id}` has no artifact `{name}`", hint=f"Its artifacts: {listed}.")
