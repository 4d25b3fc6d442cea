"""A server and the token to show it, and the lines of a worker to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from swath.client.transport import WORKER_PATIENCE_S, Transport
from swath.core.errors import StaleLease
from swath.worker.server_line import ServerLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """Where a server answers, and as whom."""

    url: str
    token: str = field(repr=False)

    def run_transport(self) -> Transport:
        """For the session of a run: outlasts a restart of the server.

        A run whose server is gone for longer is lost, not failed: it is one of the queue when the server comes back.
        """
        return Transport(self.url, self.token, patience_s=WORKER_PATIENCE_S, out_of_reach=StaleLease)

    def line(self) -> ServerLine:
        patient = Transport(self.url, self.token, patience_s=WORKER_PATIENCE_S)
        return ServerLine(patient=patient, quick=Transport(self.url, self.token, patience_s=0.0))
