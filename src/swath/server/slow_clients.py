"""Connections on which no request comes are given up: the server library waits for the first one without end."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""How long a client may take for the first line and the headers of a request. Bodies are watched by `security`."""


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection whose next request does not arrive whole, up to its body, in time."""

    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """One deadline per request: bytes that trickle in do not put it off."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._giving_up is None:
            self._giving_up = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_watching(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
