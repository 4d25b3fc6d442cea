"""Where links are answered, those of the native interface too: whoever has one can load (or upload) one thing for a
while, without a token."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from swath.server.byte_ranges import UnsatisfiableRange
from swath.server.dependencies import ServicesDep
from swath.server.file_answers import AskedPart, ServedFile, file_answer
from swath.server.lightly.errors import ErrorCode, error_response
from swath.server.links import LINK_HANDLERS, Link, LinkHandler, LinkRefused, for_anybody, read_link
from swath.store.files import naming_failures
from swath.store.ids import new_id

ASK_AGAIN_AND_KEEP_AS_IS = "private, no-cache, no-transform"
"""Official clients copy the bytes of an answer to disk as they come: compressed ones would stay compressed."""

router = APIRouter()


def linked_file(file: ServedFile, request: Request) -> Response:
    """The answer of a handler that gives out a file: all of it, a part, or its head."""
    try:
        response = file_answer(file, AskedPart.of(request), cache_control=ASK_AGAIN_AND_KEEP_AS_IS)
    except UnsatisfiableRange:
        message = f"`{file.name}` has {file.size:,} bytes"
        response = error_response(416, ErrorCode.BAD_REQUEST, message)
        response.headers["Content-Range"] = f"bytes */{file.size}"
    return for_anybody(response)


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
        raise LinkRefused(f"the link is for {link.method}, not for {method}")
    handler = LINK_HANDLERS.get(link.kind)
    if handler is None:
        raise LinkRefused("the link is for something that this version does not have")
    return handler
