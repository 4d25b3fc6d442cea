"""`swath.Client`, which finds its server by itself where it can."""

from __future__ import annotations

from pathlib import Path

from swath import client
from swath.core.errors import InvalidConfig
from swath.settings import load_settings
from swath.wiring.served import server_address


class Client(client.Client):
    """A server's datasets, runs, tags, workers and tokens.

    What is not given is taken from the environment (`SWATH_SERVER`, `SWATH_TOKEN`), then from the server that uses
    the home folder on this machine. Raises InvalidConfig if no server can be found so.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, home: Path | str | None = None) -> None:
        settings = load_settings(home=None if home is None else Path(home))
        url, token = url or settings.server, token or settings.token
        address = server_address(settings)
        if address is not None and (not url or url.rstrip("/") == address.url):
            url, token = address.url, token or address.token
        if not url:
            raise InvalidConfig(
                "no server is known",
                field="url",
                hint=f"Start one with `swath up`, give its URL, or set `SWATH_SERVER`; none uses `{settings.home}`.",
            )
        if not token:
            raise InvalidConfig(
                f"there is no token for the server {url}",
                field="token",
                hint="`swath token create` makes one, on the server's machine; give it here or set `SWATH_TOKEN`.",
            )
        super().__init__(url, token)
