"""Which part of the server an address belongs to, and what the layers around the endpoints do differently for it."""

from __future__ import annotations

import re

from starlette.types import Scope

FACADE = "/v1"
"""Below it the official clients are answered, below `/api` everybody else."""

LINKS = "/v1/links/"
"""Below it links are answered, those that the native interface gives out too: they stand for themselves."""

OPEN_PATHS = frozenset({"/api/health", "/api/login"})
"""All of `/api` that wants no token."""

_REDIRECTS = re.compile(r"/v1/datasets/[^/]+/(samples/[^/]+|datasource)/readurlRedirect")


def is_api(path: str) -> bool:
    """Whether programs talk here; everything else is pages."""
    return path == "/api" or path.startswith("/api/") or is_facade(path)


def is_facade(path: str) -> bool:
    """Whether the official clients talk here."""
    return path == FACADE or path.startswith(f"{FACADE}/")


def is_link(path: str) -> bool:
    """Whether an address can stand for itself: it says what it opens, and holds the proof that it may be opened."""
    return path.startswith(LINKS) or _REDIRECTS.fullmatch(path) is not None


def is_open(scope: Scope) -> bool:
    """Whether a request of the interfaces wants no token; the endpoint of a link looks at the proof itself."""
    path = scope["path"]
    if path in OPEN_PATHS or path.startswith(("/v1/versions/", LINKS)):
        return True
    return is_link(path) and b"publicToken=" in scope["query_string"]


def loggable(path: str) -> str:
    """A path as it may stand in a log: links are secrets."""
    return f"{LINKS}…" if path.startswith(LINKS) else path
