"""Which client asks: a few answers depend on its version, as the meaning of a path changed over the years."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Request

Version = tuple[int, int, int]

OLD_GENERATOR = "Swagger-Codegen/"
"""What clients up to 1.2.43 call themselves; which of them it is they do not say."""

OLD_GENERATOR_VERSION: Version = (1, 2, 25)

NEWEST: Version = (9999, 0, 0)

_NAMED = re.compile(r"Lightly/(\d{1,6})\.(\d{1,6})\.(\d{1,6})")


def client_version(user_agent: str) -> Version:
    """The version of a client; anything that is none counts as the newest."""
    if user_agent.startswith(OLD_GENERATOR):
        return OLD_GENERATOR_VERSION
    named = _NAMED.match(user_agent)
    return NEWEST if named is None else (int(named[1]), int(named[2]), int(named[3]))


async def _version_of(request: Request) -> Version:
    return client_version(request.headers.get("user-agent", ""))


ClientVersion = Annotated[Version, Depends(_version_of)]
"""The version of the client that asks."""
