"""Whether a server uses the home: then what a person asks for goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from swath.settings import Settings
from swath.store.home import Home, ServerAddress

if TYPE_CHECKING:
    from swath.client import Client


def server_address(settings: Settings) -> ServerAddress | None:
    """Where the server that uses the home answers; None if no server does."""
    return Home(root=settings.home.absolute()).server_address()


@contextmanager
def server_of_home(settings: Settings) -> Iterator[Client | None]:
    """A client of the server that uses the home now, as its owner; None if no server does."""
    address = server_address(settings)
    if address is None:
        yield None
        return
    from swath.client import Client

    with Client(address.url, address.token) as client:
        yield client
