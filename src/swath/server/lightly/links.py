"""Links that stand for themselves: whoever has one can load (or upload) one thing for a while, without a token.

    url = link_url(services, request, Link(kind="sample-file", name=sample_id), file_name="a.jpg", expires_in_s=3600)

A link is signed with a key that is derived from the home's secret key; nothing about it is stored. Each kind has a
handler, registered by the module that knows how to answer it. The file name at the end of a link is for people and
for programs that look at extensions; it opens nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from swath.server.byte_ranges import UnsatisfiableRange
from swath.server.dependencies import ServicesDep
from swath.server.file_answers import AskedPart, ServedFile, file_answer
from swath.server.lightly.errors import ErrorCode, FacadeError, error_response
from swath.server.services import Services
from swath.store.credentials import Vault
from swath.store.files import naming_failures
from swath.store.ids import new_id

DEFAULT_EXPIRY_S = 7 * 24 * 3600

KEY_PURPOSE = "links"

ASK_AGAIN_AND_KEEP_AS_IS = "private, no-cache, no-transform"
"""Official clients copy the bytes of an answer to disk as they come: compressed ones would stay compressed."""

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing. `kind` names its handler; `name` is what that needs: a sample's id, a key of a datasource."""

    kind: str
    dataset_id: str = ""
    name: str = ""
    detail: str = ""  # purpose of a datasource, say
    method: str = "GET"  # HEAD too, then; or PUT


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
        # Routes match no line breaks, and no program wants them in the name of a file.
        name = (file_name or link.name.rpartition("/")[2]).replace("\n", " ").replace("\r", " ")
        return f"{self._base}/v1/links/{_token(self._key, link, expires_at)}/{quote(name, safe='')}"


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
    """The link that a token opens. Raises FacadeError (403) for a token that was not made here or has expired."""
    payload, _, signature = token.partition(".")
    # The text is compared, not what it decodes to: one link has one spelling.
    if not hmac.compare_digest(_signature(vault.derive_key(KEY_PURPOSE), payload).encode(), signature.encode()):
        raise _refused("the link is not one of this server, or was changed")
    kind, dataset_id, name, detail, method, expires_at = json.loads(_decoded(payload))
    if expires_at is not None and time.time() >= expires_at:
        raise _refused("the link has expired")
    return Link(kind=kind, dataset_id=dataset_id, name=name, detail=detail, method=method)


def body_file(request: Request) -> Path:
    """The file that holds the body of a PUT, for as long as its handler runs."""
    path = request.state.body_file
    assert isinstance(path, Path)
    return path


def linked_file(file: ServedFile, request: Request) -> Response:
    """The answer of a handler that gives out a file: all of it, a part, or its head."""
    try:
        response = file_answer(file, AskedPart.of(request), cache_control=ASK_AGAIN_AND_KEEP_AS_IS)
    except UnsatisfiableRange:
        message = f"`{file.name}` has {file.size:,} bytes"
        response = error_response(416, ErrorCode.BAD_REQUEST, message)
        response.headers["Content-Range"] = f"bytes */{file.size}"
    return for_anybody(response)


def for_anybody(response: Response) -> Response:
    """Let pages of other sites use what a link opens: labelling tools show images of exports, and no cookie counts."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@router.api_route("/links/{token}", methods=["GET", "HEAD"])
@router.api_route("/links/{token}/{file_name:path}", methods=["GET", "HEAD"])
async def get_link(services: ServicesDep, request: Request, token: str) -> Response:
    """What a link opens, or its headers."""
    link = read_link(services.vault, token)
    handler = _handler(link, "GET")
    # Beside pictures: an export whose links are all loaded at once must not hold up everything else.
    return await asyncio.get_running_loop().run_in_executor(
        services.thumbnails.threads, partial(handler, services, request, link)
    )


@router.put("/links/{token}")
@router.put("/links/{token}/{file_name:path}")
async def put_link(services: ServicesDep, request: Request, token: str) -> Response:
    """Take what a link is for. The body is written down as it comes, however large."""
    link = read_link(services.vault, token)
    handler = _handler(link, "PUT")
    path = services.home.arriving / new_id()
    try:
        await _write_down(request, path)
        request.state.body_file = path
        return await run_in_threadpool(handler, services, request, link)
    finally:
        path.unlink(missing_ok=True)


async def _write_down(request: Request, path: Path) -> None:
    with naming_failures("write", path):
        path.parent.mkdir(exist_ok=True)
        file = path.open("xb")
    with file:
        async for piece in request.stream():
            with naming_failures("write", path):
                await run_in_threadpool(file.write, piece)


def _handler(link: Link, method: str) -> LinkHandler:
    if link.method != method:
        raise _refused(f"the link is for {link.method}, not for {method}")
    handler = LINK_HANDLERS.get(link.kind)
    if handler is None:
        raise _refused("the link is for something that this version does not have")
    return handler


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


def _refused(why: str) -> FacadeError:
    return FacadeError(403, ErrorCode.JWT_INVALID, why)
