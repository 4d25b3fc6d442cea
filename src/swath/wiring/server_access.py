"""A server and the token to show it, and the lines of a worker to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from swath.client.transport import WORKER_PATIENCE_S, Transport
from swath.worker.server_line import ServerLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """Where a server answers, and as whom."""

    url: str
    token: str = field(repr=False)

    def transport(self) -> Transport:
        """For what must not get lost: outlasts a restart of the server."""
        return Transport(self.url, self.token, patience_s=WORKER_PATIENCE_S)

    def line(self) -> ServerLine:
        return ServerLine(patient=self.transport(), quick=Transport(self.url, self.token, patience_s=0.0))
