"""What a worker says to the server, apart from what the session of a run says."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from swath.client.documents import read
from swath.client.transport import Transport
from swath.wire.runs import (
    LEASE_HEADER,
    Assignment,
    ClaimAnswer,
    ClaimRequest,
    Heartbeat,
    HeartbeatAnswer,
    HeldLease,
    Progress,
    WorkerDocument,
    WorkerList,
    WorkerRegistration,
)

BEAT_TIMEOUT_S = 10.0
"""The next sign of life is better than one that waits."""


class ServerLine:
    """The line of one worker. Calls raise SourceUnavailable when the server cannot be reached, NotLoggedIn when it
    does not know the token (any more), NotFound when it does not know the worker.

    `patient` retries for minutes; `quick` is for what is said again soon anyway, or must not wait.
    """

    def __init__(self, *, patient: Transport, quick: Transport) -> None:
        self._patient = patient
        self._quick = quick
        self._worker_id = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patient.close()
        self._quick.close()

    def workers(self) -> tuple[WorkerDocument, ...]:
        """The workers of this token's user."""
        return read(WorkerList, self._patient.get("/workers")).items

    def find(self, worker_id: str) -> WorkerDocument:
        return read(WorkerDocument, self._patient.get(f"/workers/{worker_id}"))

    def register(self, registration: WorkerRegistration) -> WorkerDocument:
        """Become this worker."""
        answer = self._patient.post("/workers", registration.model_dump(mode="json"), may_repeat=True)
        worker = read(WorkerDocument, answer)
        self._worker_id = worker.id
        return worker

    def claim(self, run_id: str | None = None) -> Assignment | None:
        """The next run for this worker (or that one), None if there is none now."""
        request = ClaimRequest(run_id=run_id).model_dump(mode="json")
        # A claim whose answer got lost is noticed by the server: nobody beats for that run.
        answer = self._quick.post(f"/workers/{self._worker_id}/claim", request, may_repeat=True)
        return read(ClaimAnswer, answer).assignment

    def beat(self, assignment: Assignment) -> HeartbeatAnswer:
        held = HeldLease(run_id=assignment.run_id, lease=assignment.lease)
        beat = Heartbeat(held=(held,)).model_dump(mode="json")
        path = f"/workers/{self._worker_id}/heartbeat"
        answer = self._quick.post(path, beat, may_repeat=True, timeout_s=BEAT_TIMEOUT_S)
        return read(HeartbeatAnswer, answer)

    def report(self, assignment: Assignment, progress: Progress) -> None:
        self._quick.put(
            f"/runs/{assignment.run_id}/progress", progress.model_dump(mode="json"), headers=lease_headers(assignment)
        )

    def release(self, assignment: Assignment) -> None:
        """Give a run back to the queue."""
        self._quick.post(f"/runs/{assignment.run_id}/release", {}, headers=lease_headers(assignment))


def lease_headers(assignment: Assignment) -> Mapping[str, str]:
    return {LEASE_HEADER: str(assignment.lease)}
