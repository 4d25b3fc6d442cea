"""Links that stand for themselves: whoever has one can load (or upload) one thing for a while, without a token.

    url = link_url(services, request, Link(kind="sample", dataset_id=…, name=sample_id), expires_in_s=3600)

A link is signed with a key that is derived from the home's secret key; nothing about it is stored. Each kind has a
handler, registered by the module that knows how to answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from swath.server.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing. `kind` names its handler; `name` is what that needs: a sample's id, a key of a datasource."""

    kind: str
    dataset_id: str = ""
    name: str = ""
    detail: str = ""  # purpose of a datasource, say
    method: str = "GET"  # or PUT


LinkHandler = Callable[[Services, Request, Link], Response]

LINK_HANDLERS: dict[str, LinkHandler] = {}
"""By kind. Handlers block: they run in the thread pool. A PUT handler gets its body as `request.state.body_file`."""
