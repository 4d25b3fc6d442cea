"""Artifacts of runs as the official clients know them: made of the log and of what a run left when they are loaded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from swath.core.outcomes import FileOutcome
from swath.server.file_answers import media_type_of
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.links import linked_file
from swath.server.links import LINK_HANDLERS, Link
from swath.server.services import Services
from swath.store import runs
from swath.store.artifacts import Artifact, read_artifact
from swath.store.runs import LogLine, Run
from swath.wire.lightly.runs import FILE_NAMES, ArtifactType, RunArtifactData, artifact_id

KIND = "run-artifact"

FILE_OUTCOMES = "files.json"
"""The artifact of ours that lists every image that was not used, and why."""


def artifact_documents(run: Run, left: Sequence[Artifact]) -> tuple[RunArtifactData, ...]:
    """The artifacts of a run that has begun and `left` these files."""
    made_at = {ArtifactType.LOG: run.finished_at or run.created_at}
    for artifact in left:
        if artifact.name == FILE_OUTCOMES:
            made_at[ArtifactType.CORRUPTNESS_CHECK_INFORMATION] = artifact.created_at
    return tuple(
        RunArtifactData(id=artifact_id(run.id, kind), type=kind, file_name=FILE_NAMES[kind], created_at=created_at)
        for kind, created_at in made_at.items()
    )


def artifact_link(run_id: str, kind: ArtifactType) -> Link:
    """What opens an artifact of a run."""
    return Link(kind=KIND, name=run_id, detail=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MadeFile:
    """A file that was made here."""

    name: str
    etag: str
    data: bytes

    @property
    def media_type(self) -> str:
        return media_type_of(self.name)

    @property
    def size(self) -> int:
        return len(self.data)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        yield self.data[start:end]


def _answer(services: Services, request: Request, link: Link) -> Response:
    kind = ArtifactType(link.detail)
    with services.store.reading() as connection:
        run = runs.find_run(connection, link.name)
        data = _MAKERS[kind](services, connection, run)
    etag = f"{artifact_id(run.id, kind)}-{len(data)}"
    return linked_file(_MadeFile(name=FILE_NAMES[kind], etag=etag, data=data), request)


LINK_HANDLERS[KIND] = _answer


def _log(services: Services, connection: Connection, run: Run) -> bytes:
    """A line per line of the log, then how the run ended."""
    lines = [_log_line(line) for line in runs.read_log(connection, run.id)]
    if run.state.is_final:
        lines.append(f"{_moment(run.finished_at or run.created_at)} {run.state}: {run.message}\n")
    return "".join(lines).encode()


def _log_line(line: LogLine) -> str:
    return f"{_moment(line.logged_at)} {line.level}: {line.message}\n"


def _moment(milliseconds: int) -> str:
    """As `2026-03-24T12:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


def _corruptness(services: Services, connection: Connection, run: Run) -> bytes:
    """The images that could not be read, each with the reason."""
    outcomes = json.loads(read_artifact(connection, services.home, run.id, FILE_OUTCOMES))
    unreadable = {row["file"]: row["reason"] for row in outcomes if row["outcome"] == FileOutcome.UNREADABLE}
    return json.dumps({"corrupt_samples": unreadable, "corrupt_videos": {}}, indent=1).encode()


_Maker = Callable[[Services, Connection, Run], bytes]

_MAKERS: Mapping[ArtifactType, _Maker] = {
    ArtifactType.LOG: _log,
    ArtifactType.CORRUPTNESS_CHECK_INFORMATION: _corruptness,
}


def kind_of_artifact(run: Run, left: Sequence[Artifact], wanted_id: str) -> ArtifactType:
    """The type of a run's artifact of this id. Raises FacadeError 404."""
    for document in artifact_documents(run, left):
        if document.id == wanted_id:
            return document.type
    raise FacadeError(404, ErrorCode.DOCKER_RUN_ARTIFACT_UNKNOWN, f"run `{run.id}` has no artifact `{wanted_id}`")
