"""Requests that create something can be sent again when the answer got lost: header `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import logging

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swath.core.access import Principal
from swath.core.errors import SwathError
from swath.server.security import is_upload
from swath.server.services import Services
from swath.store.clock import now_ms
from swath.store.idempotency import StoredAnswer, abandon_request, begin_request, finish_request

logger = logging.getLogger("swath.server")

HEADER = "idempotency-key"

REPLAYED = {"Idempotency-Replayed": "true"}

MAX_ANSWER_BYTES = 1 << 20
"""What creates something answers with little; an answer that is larger is not kept."""


class IdempotencyMiddleware:
    """Gives a POST that comes again with the same key the answer of the first one, and does nothing else.

    The answer is kept in a transaction of its own, right after that of the work: a server that dies in between does
    the work again. Only successes are kept; what failed did nothing and may be tried again.
    """

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope.get("state", {}).get("principal")
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if key is None or principal is None or scope["method"] != "POST" or is_upload(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        stored = await run_in_threadpool(self._begin, principal, key, _digest(principal, scope, body))
        if stored is not None:
            again = Response(stored.answer, stored.status, media_type="application/json", headers=REPLAYED)
            await again(scope, receive, send)
            return
        answer = _HeldAnswer(send)
        try:
            await self._app(scope, _receiving(body, receive), answer.send)
        except BaseException:
            await run_in_threadpool(self._abandon, principal, key)
            raise
        await run_in_threadpool(self._finish, principal, key, answer)
        await answer.release()

    def _begin(self, principal: Principal, key: str, digest: bytes) -> StoredAnswer | None:
        with self._services.store.writing() as connection:
            stored = begin_request(connection, principal.user_id, key, digest, now_ms())
        if stored is None:
            return None
        return StoredAnswer(status=stored.status, answer=self._services.vault.decrypt(stored.answer))

    def _finish(self, principal: Principal, key: str, answer: _HeldAnswer) -> None:
        if not answer.can_be_kept():
            self._abandon(principal, key)
            return
        # Encrypted: the answer to who makes a token is its secret.
        kept = self._services.vault.encrypt(answer.body)
        try:
            with self._services.store.writing() as connection:
                finish_request(connection, principal.user_id, key, status=answer.status, answer=kept)
        except SwathError as error:
            # The work is done, and that is what the caller must hear.
            logger.warning("the answer to a request with a key could not be kept: %s", error.message)

    def _abandon(self, principal: Principal, key: str) -> None:
        with self._services.store.writing() as connection:
            abandon_request(connection, principal.user_id, key)


class _HeldAnswer:
    """An answer that waits until it is kept; one that grows too large goes its way as it comes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._is_passing = False
        self.status = 0
        self.body = b""
        self._is_json = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kind = Headers(raw=message.get("headers", [])).get("content-type", "")
            self._is_json = kind.partition(";")[0] == "application/json"
        if self._is_passing:
            await self._send(message)
            return
        self._held.append(message)
        self.body += message.get("body", b"")
        if len(self.body) > MAX_ANSWER_BYTES:
            await self.release()

    def can_be_kept(self) -> bool:
        return not self._is_passing and 200 <= self.status < 300 and self._is_json

    async def release(self) -> None:
        held, self._held = self._held, []
        self._is_passing = True
        for message in held:
            await self._send(message)


def _digest(principal: Principal, scope: Scope, body: bytes) -> bytes:
    """Of all that makes a request what it is: a token of another scope gets no answer that it could not get itself."""
    path = scope["path"].encode("utf-8", "surrogatepass")
    parts = (principal.scope.value.encode(), scope["method"].encode(), path, scope["query_string"], body)
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).digest()


async def _whole_body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _receiving(body: bytes, receive: Receive) -> Receive:
    """`receive` for an application that comes after somebody read the body."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
