"""A client of one server."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from swath.client.access import Tokens, Users
from swath.client.datasets import Datasets
from swath.client.previews import Previews
from swath.client.runs import Runs
from swath.client.transport import Transport
from swath.client.workers import Workers


class Client:
    """A server's datasets, previews, runs, workers, tokens and users.

    Everything it raises on purpose is a SwathError: NotFound, Conflict, InvalidConfig (naming the field), NotLoggedIn
    for a token that is not good, SourceUnavailable for a server that does not answer.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._transport = Transport(self.url, token)
        self.datasets = Datasets(self._transport)
        self.previews = Previews(self._transport)
        self.runs = Runs(self._transport)
        self.workers = Workers(self._transport)
        self.tokens = Tokens(self._transport)
        self.users = Users(self._transport)

    def health(self) -> dict[str, Any]:
        """Whether the server is there, and its version; wants no token."""
        return dict(self._transport.get("/health"))

    def close(self) -> None:
        """Close the connections; a client is a context manager, too."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<swath.Client of {self.url}>"
