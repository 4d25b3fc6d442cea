"""What the lines of a worker's runs on the samples of a dataset to the server have in common: state, log and end."""

from __future__ import annotations

from typing import Any

from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint
from swath.wire.runs import LEASE_HEADER


def do_nothing(point: str) -> None:
    """The kill point of every worker outside tests."""


class RemoteRunLine:
    """A run that a worker holds under a lease.

    Every method raises StaleLease once the run is another worker's, and SourceUnavailable when the server did not
    answer for as long as the transport is patient.
    """

    def __init__(self, transport: Transport, run_id: str, lease: int, at_point: KillPoint = do_nothing) -> None:
        self._transport = transport
        self._path = f"/runs/{run_id}"
        self._headers = {LEASE_HEADER: str(lease)}
        self._at_point = at_point
        # States, log and end are those of any run.
        self._run = RemoteRunSession(transport, run_id, lease, at_point)

    def enter(self, state: RunState) -> None:
        self._run.enter(state)

    def log(self, level: str, message: str) -> None:
        self._run.log(level, message)

    def finish(self, state: RunState, message: str, result: str) -> None:
        self._run.finish(state, message, result)

    def _hand_in(self, what: str, document: bytes) -> Any:
        """Hand in what the run has found out, after all lines of its log; returns the answer."""
        self._run.flush_log()
        self._at_point("before_finish")
        return self._transport.put_bytes(f"{self._path}/{what}", document, headers=self._headers)
