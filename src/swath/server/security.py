"""What every request and answer goes through: names the server answers to, origins, sizes, headers, compression."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipResponder
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swath.core.errors import SwathError, TooLarge
from swath.server.auth import origin_host
from swath.server.paths import is_api, is_link, loggable
from swath.server.problems import error_response, fault_response, named_response
from swath.server.services import ServerOptions

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

MAX_URI_LENGTH = 8192

BODY_PAUSE_S = 60.0
"""A body of which nothing arrives for so long is given up."""

HEADERS = {
    # Parts of pages set styles of their own (where a bar ends, where a tile lies); scripts come from files alone.
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; worker-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

LINK_HEADERS = {
    **HEADERS,
    # What shows an image by its link (a labelling tool, say) is a page of another site, and the link is all it has.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}

COMPRESSED_TYPES = frozenset(
    {
        "application/json",
        "application/problem+json",
        "application/javascript",
        "text/javascript",
        "text/css",
        "text/html",
        "image/svg+xml",
    }
)
"""Pixels, vectors and bitmaps are compact already, and events must not wait in a compressor."""

_UPLOADS = re.compile(r"/api/runs/[^/]+/(parts|artifacts)/.+|/v1/links/.+")
_REPORTS = re.compile(
    r"/api/runs/[^/]+/(log|selection|projection|commit|finish)|/v1/datasets/[^/]+/(tags/[^/]+|predictions)/scores"
)
_SELECTORS = re.compile(
    r"/api/(datasets/[^/]+/(selections|exports(:preview)?|metadata|neighbors|tags(:[a-z]+|/[^/]+)?|samples:[a-z]+)"
    r"|runs:(select|dry_run)|runs/[^/]+/selection)"
    r"|/v1/datasets/[^/]+/(tags(/.*)?|embeddings/[^/]+/(2d|sampling)|predictions/.*)"
)


class GuardMiddleware:
    """The first that judges: checks Host, Origin and address, limits the body, and adds headers to every answer."""

    def __init__(self, app: ASGIApp, *, options: ServerOptions) -> None:
        self._app = app
        self._options = options
        # Links begin with the public address, so the server has to answer to it.
        public = urlsplit(options.public_url).netloc.lower()
        self._hosts = LOCAL_HOSTS | {host.lower() for host in (*options.hosts, public) if host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._body_limit(scope["path"])
        answer = self._refusal(scope, headers, limit)
        app = self._app if answer is None else answer
        await app(scope, _limited(receive, limit), _with_headers(send, scope["path"]))

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> ASGIApp | None:
        host = headers.get("host", "").lower()
        if not self._knows(host):
            return named_response(
                "wrong-host",
                f"this server does not answer to `{host[:100]}`",
                hint="Its operator can name more in `SWATH_HOSTS`.",
            )
        origin = headers.get("origin")
        path = scope["path"]
        if origin is not None and is_api(path) and not is_link(path) and origin_host(origin) != host:
            return named_response("foreign-origin", f"pages of `{origin[:100]}` may not use this server")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URI_LENGTH:
            return named_response("uri-too-long", f"an address has at most {MAX_URI_LENGTH} bytes")
        if "\0" in path or b"%00" in scope["query_string"]:
            return named_response("invalid-request", "an address holds no NUL character")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > limit:
            return error_response(_too_large(limit))
        return None

    def _knows(self, host: str) -> bool:
        name = host.rpartition(":")[0] if re.search(r":\d{1,5}$", host) else host
        return name in self._hosts or host in self._hosts

    def _body_limit(self, path: str) -> int:
        if is_upload(path):
            return self._options.max_upload_bytes
        if _REPORTS.fullmatch(path):
            return self._options.max_report_bytes
        if _SELECTORS.fullmatch(path):
            return self._options.max_selector_bytes
        return self._options.max_body_bytes


def is_upload(path: str) -> bool:
    """Whether the body is a file, which is written down as it comes."""
    return _UPLOADS.fullmatch(path) is not None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit:,} bytes, which is all that is taken here")


def _limited(receive: Receive, limit: int) -> Receive:
    """`receive` that counts the body as it comes, with or without a Content-Length, and gives up on one that stops."""
    received = 0
    is_complete = False

    async def receive_limited() -> Message:
        nonlocal received, is_complete
        if is_complete:
            return await receive()  # waits for the disconnect: as long as the answer takes
        try:
            message = await asyncio.wait_for(receive(), BODY_PAUSE_S)
        except TimeoutError:
            # HTTPException, since reading a body turns any other error into one of its own.
            raise HTTPException(408, f"no byte of the body came for {BODY_PAUSE_S:.0f} seconds") from None
        received += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if received > limit:
            raise HTTPException(413, _too_large(limit).message)
        return message

    return receive_limited


def _with_headers(send: Send, path: str) -> Send:
    added = LINK_HEADERS if is_link(path) else HEADERS

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers.setdefault(name, value)
            if is_api(path):
                # Somebody's data: nobody in between keeps it, and a browser asks whether it still holds.
                headers.setdefault("Cache-Control", "private, no-cache")
        await send(message)

    return send_with_headers


class FaultMiddleware:
    """Answers what nobody else caught: errors of ours raised between the layers, and bugs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_noticing(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noticing)
        except SwathError as error:
            if has_started:
                raise
            await error_response(error)(scope, receive, send)
        except HTTPException as error:
            if has_started:
                raise
            name = "too-large" if error.status_code == 413 else "too-slow"
            await named_response(name, error.detail)(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to hear an answer
        except Exception as fault:
            if has_started:
                raise
            # The path alone: a query may hold what belongs in no log.
            await fault_response(f"{scope['method']} {loggable(scope['path'])}", fault)(scope, receive, send)


class CompressionMiddleware:
    """Compresses answers that are text and may be transformed, for clients that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            await _TextCompressor(self._app, minimum_size=1024, compresslevel=5)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _TextCompressor(GZipResponder):
    async def send_with_compression(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message.get("headers", []))
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            is_compressed = kind in COMPRESSED_TYPES and "no-transform" not in headers.get("cache-control", "")
            self.exclude_content_types = () if is_compressed else (kind,)
        await super().send_with_compression(message)
