"""Workers that serve the server's runs."""

from __future__ import annotations

from swath.client.documents import read, segment
from swath.client.transport import Transport
from swath.wire.runs import WorkerDocument, WorkerList


class Workers:
    """`client.workers`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list[WorkerDocument]:
        """The workers that have registered, by name, with what they are doing."""
        return list(read(WorkerList, self._transport.get("/workers")).items)

    def drain(self, worker_id: str, *, is_draining: bool = True) -> WorkerDocument:
        """Let a worker take no new run (or take runs again)."""
        answer = self._transport.patch(f"/workers/{segment(worker_id)}", {"is_draining": is_draining})
        return read(WorkerDocument, answer)

    def delete(self, worker_id: str) -> None:
        """Forget a worker. Raises Conflict while it works on a run."""
        self._transport.delete(f"/workers/{segment(worker_id)}")
