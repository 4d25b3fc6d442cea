"""Links that stand for themselves: whoever has one can load (or upload) one thing for a while, without a token.

    url = link_url(services, request, Link(kind="sample-file", name=sample_id), file_name="a.jpg", expires_in_s=3600)

A link is signed with a key that is derived from the home's secret key; nothing about it is stored. Each kind has a
handler, registered by the module that knows how to answer it. The file name at the end of a link is for people and
for programs that look at extensions; it opens nothing. Links of both interfaces have one address
(`swath.server.lightly.links` answers there).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from swath.core.errors import NotAllowed
from swath.server.paths import LINKS
from swath.server.services import Services
from swath.store.credentials import Vault

DEFAULT_EXPIRY_S = 7 * 24 * 3600

KEY_PURPOSE = "links"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing. `kind` names its handler; `name` is what that needs: a sample's id, a key of a datasource."""

    kind: str
    dataset_id: str = ""
    name: str = ""
    detail: str = ""  # purpose of a datasource, say
    method: str = "GET"  # HEAD too, then; or PUT


class LinkRefused(NotAllowed):
    """A link that opens nothing: expired, changed, or of another server."""


LinkHandler = Callable[[Services, Request, Link], Response]

LINK_HANDLERS: dict[str, LinkHandler] = {}
"""By kind. Handlers block: they run in a thread pool. A PUT handler finds its body in a file, `body_file(request)`,
which it may move away; what it leaves is removed."""


def link_url(
    services: Services,
    request: Request,
    link: Link,
    *,
    file_name: str = "",
    expires_in_s: int | None = DEFAULT_EXPIRY_S,
) -> str:
    """An absolute URL that opens `link`; it ends in `file_name` (default: the last part of the link's name).

    Without `expires_in_s` it holds until the server gets another secret key.
    """
    return link_maker(services, request)(link, file_name=file_name, expires_in_s=expires_in_s)


class LinkMaker:
    """Makes many links: what they have in common is worked out once."""

    def __init__(self, vault: Vault, base: str) -> None:
        self._key = vault.derive_key(KEY_PURPOSE)
        self._base = base

    def __call__(self, link: Link, *, file_name: str = "", expires_in_s: int | None = DEFAULT_EXPIRY_S) -> str:
        expires_at = None if expires_in_s is None else int(time.time()) + expires_in_s
        return self.until(expires_at, link, file_name=file_name)

    def until(self, expires_at_s: int | None, link: Link, *, file_name: str = "") -> str:
        """As above, good until a moment (unix time); None: for ever."""
        # Routes match no line breaks, and no program wants them in the name of a file.
        name = (file_name or link.name.rpartition("/")[2]).replace("\n", " ").replace("\r", " ")
        return f"{self._base}{LINKS}{_token(self._key, link, expires_at_s)}/{quote(name, safe='')}"


def link_maker(services: Services, request: Request) -> LinkMaker:
    return LinkMaker(services.vault, base_url(services, request))


def base_url(services: Services, request: Request) -> str:
    """The URL of this server, without a slash at its end: what its operator says, else what this request came by."""
    return services.options.public_url or f"{request.url.scheme}://{request.url.netloc}"


class TokenMaker:
    """Makes what proves that somebody may open a link, for as many links as are wanted."""

    def __init__(self, vault: Vault) -> None:
        self._key = vault.derive_key(KEY_PURPOSE)

    def __call__(self, link: Link, *, expires_at_s: int | None = None) -> str:
        """Good until `expires_at_s` (unix time); None: for ever."""
        return _token(self._key, link, expires_at_s)


def read_link(vault: Vault, token: str) -> Link:
    """The link that a token opens. Raises LinkRefused for a token that was not made here or has expired."""
    payload, _, signature = token.partition(".")
    # The text is compared, not what it decodes to: one link has one spelling.
    if not hmac.compare_digest(_signature(vault.derive_key(KEY_PURPOSE), payload).encode(), signature.encode()):
        raise LinkRefused("the link is not one of this server, or was changed")
    kind, dataset_id, name, detail, method, expires_at = json.loads(_decoded(payload))
    if expires_at is not None and time.time() >= expires_at:
        raise LinkRefused("the link has expired")
    return Link(kind=kind, dataset_id=dataset_id, name=name, detail=detail, method=method)


def body_file(request: Request) -> Path:
    """The file that holds the body of a PUT, for as long as its handler runs."""
    path = request.state.body_file
    assert isinstance(path, Path)
    return path


def for_anybody(response: Response) -> Response:
    """Let pages of other sites use what a link opens: labelling tools show images of exports, and no cookie counts."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _token(key: bytes, link: Link, expires_at: int | None) -> str:
    fields = [link.kind, link.dataset_id, link.name, link.detail, link.method, expires_at]
    payload = _encoded(orjson.dumps(fields))
    return f"{payload}.{_signature(key, payload)}"


def _signature(key: bytes, payload: str) -> str:
    return _encoded(hmac.digest(key, payload.encode(), hashlib.sha256)[:24])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
