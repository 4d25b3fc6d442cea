"""What requests of the official clients pass before anything else sees them, and their errors last.

Those clients put the token into the address, double the slash before `v1` if the server's address ends with one, and
know errors of one shape only, whichever layer says them.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swath.server.lightly.errors import response_of_problem
from swath.server.paths import is_facade
from swath.wire.problems import MEDIA_TYPE, Problem

DROPPED_HEADERS = frozenset({b"cookie", b"idempotency-key"})
"""Of a browser, whose session is good for `/api` only, and of native clients."""

REPLACED = frozenset({"content-type", "content-length", "cache-control"})
"""Headers that an error of the facade has of its own."""


class FacadeDoorMiddleware:
    """Around all others but compression; lets requests that are not for `/v1` through as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_facade(_collapsed(scope["path"])):
            await self._app(scope, receive, send)
            return
        await self._app(_plain(scope), receive, _FacadeErrors(scope, receive, send).send)


def _collapsed(path: str) -> str:
    """`//v1/datasets` → `/v1/datasets`. Only the slashes in front: further ones may belong to a name."""
    return f"/{path.lstrip('/')}" if path.startswith("//") else path


def _plain(scope: Scope) -> Scope:
    """The request as the rest of the server knows requests: the token in a header, and nowhere else."""
    path = _collapsed(scope["path"])
    raw_path = scope.get("raw_path")
    query, token = _without_token(scope["query_string"])
    headers = [(name, value) for name, value in scope["headers"] if name not in DROPPED_HEADERS]
    if token is not None and not any(name == b"authorization" for name, _ in headers):
        headers.append((b"authorization", b"Bearer " + token))
    changes = {"path": path, "query_string": query, "headers": headers}
    if raw_path is not None:
        changes["raw_path"] = b"/" + raw_path.lstrip(b"/")
    return {**scope, **changes}


def _without_token(query: bytes) -> tuple[bytes, bytes | None]:
    """A query without its `token=`, and the token. The rest stays byte by byte what it was."""
    kept: list[bytes] = []
    token: bytes | None = None
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name == b"token":
            token = unquote_to_bytes(value.replace(b"+", b" "))
        else:
            kept.append(part)
    return b"&".join(kept), token


class _FacadeErrors:
    """Turns answers that are problems of the native interface into errors of the facade."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            kept = {name: value for name, value in Headers(raw=self._start["headers"]).items() if name not in REPLACED}
            response = response_of_problem(Problem.model_validate_json(self._body), kept)
            await response(self._scope, self._receive, self._send)


def _is_problem(message: Message) -> bool:
    return Headers(raw=message.get("headers", [])).get("content-type", "").startswith(MEDIA_TYPE)
