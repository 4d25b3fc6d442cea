"""Whether a server uses the home: then what a person asks for goes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath.settings import Settings
from swath.store.home import Home, ServerAddress

if TYPE_CHECKING:
    from swath.client import Client


def server_address(settings: Settings) -> ServerAddress | None:
    """Where the server that uses the home answers; None if no server does."""
    return Home(root=settings.home.absolute()).server_address()


def server_of_home(settings: Settings) -> Client | None:
    """A client of the server that uses the home now, as its owner; None if no server does."""
    address = server_address(settings)
    if address is None:
        return None
    from swath.client import Client

    return Client(address.url, address.token)
