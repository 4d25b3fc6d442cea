"""Requests to a server: with the token, tried again where that is safe, and answered by values or errors of ours."""

from __future__ import annotations

import base64
import hashlib
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from pydantic import ValidationError

from swath import __version__
from swath.core.errors import InvalidConfig, SourceUnavailable, SwathError
from swath.wire.problems import MEDIA_TYPE as PROBLEM_TYPE
from swath.wire.problems import Problem, error_of
from swath.wire.runs import LEASE_HEADER

API = "/api"
IDEMPOTENCY_HEADER = "Idempotency-Key"
DIGEST_HEADER = "Content-Digest"

CLIENT_PATIENCE_S = 15.0
WORKER_PATIENCE_S = 300.0
"""How long a server that does not answer is tried again: a person waits, a worker outlasts a restart."""

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 120.0

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0

PIECE_BYTES = 1 << 20

TRY_AGAIN = frozenset({429, 502, 503, 504})

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Query = Mapping[str, Any]
Headers = Mapping[str, str]


class Transport:
    """The line to one server. Paths are without `/api`; safe to use from threads.

    What fails on the way (no connection, 502, 503, 504, 429) is tried again with growing pauses for up to
    `patience_s` seconds. That does no harm: a POST that does not say that it may be repeated carries an idempotency
    key. Raises the error of ours that the server's problem document stands for, SourceUnavailable where no server
    answers (or another error of that shape, given as `out_of_reach`). The token is in no error and no representation.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience_s: float = CLIENT_PATIENCE_S,
        out_of_reach: type[SwathError] = SourceUnavailable,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = checked_url(url)
        self._patience_s = patience_s
        self._out_of_reach = out_of_reach
        self._clock = clock
        self._sleep = sleep
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise InvalidConfig("the token holds characters that no token has", field="token")
        self._client = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"swath/{__version__}"},
            timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            # A redirect would take the token elsewhere.
            follow_redirects=False,
            # A proxy does not reach this machine's own addresses.
            trust_env=urlsplit(self.url).hostname not in _LOOPBACK,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, query: Query | None = None, *, headers: Headers | None = None) -> Any:
        """The JSON value of the answer; None for an empty one."""
        return self._json(self._request("GET", path, query=query, headers=headers))

    def get_bytes(self, path: str, query: Query | None = None, *, headers: Headers | None = None) -> bytes:
        return self._request("GET", path, query=query, headers=headers).content

    def post(
        self,
        path: str,
        document: Any = None,
        *,
        headers: Headers | None = None,
        may_repeat: bool = False,
        timeout_s: float | None = None,
    ) -> Any:
        """Send a JSON value. `may_repeat` says that the same request twice does what it does once."""
        sent = dict(headers or {})
        # Calls of the worker protocol are made to be repeated.
        if not may_repeat and LEASE_HEADER not in sent:
            sent.setdefault(IDEMPOTENCY_HEADER, str(uuid.uuid4()))
        return self._json(self._request("POST", path, json=document, headers=sent, timeout_s=timeout_s))

    def put(self, path: str, document: Any = None, *, headers: Headers | None = None) -> Any:
        return self._json(self._request("PUT", path, json=document, headers=headers))

    def patch(self, path: str, document: Any = None, *, headers: Headers | None = None) -> Any:
        return self._json(self._request("PATCH", path, json=document, headers=headers))

    def delete(self, path: str, query: Query | None = None, *, headers: Headers | None = None) -> Any:
        return self._json(self._request("DELETE", path, query=query, headers=headers))

    def put_bytes(self, path: str, data: bytes | memoryview, *, headers: Headers | None = None) -> Any:
        """Send bytes, with their digest, by which the server knows that they have arrived as they were."""
        view = memoryview(data).cast("B")
        sent = {
            **(headers or {}),
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(view)),
            DIGEST_HEADER: content_digest(hashlib.sha256(view).digest()),
        }

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(view), PIECE_BYTES):
                yield bytes(view[start : start + PIECE_BYTES])

        return self._json(self._request("PUT", path, content=pieces, headers=sent))

    def download(self, path: str, target: Path, query: Query | None = None) -> None:
        """Write the answer to a file as it comes; one that breaks off is loaded again from its start.

        The file has its name only once it is whole. Raises SourceUnavailable if it cannot be written.
        """
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")

        def write(response: httpx2.Response) -> None:
            with partial.open("wb") as file:
                for piece in response.iter_bytes(PIECE_BYTES):
                    file.write(piece)

        try:
            self._request("GET", path, query=query, consume=write)
            partial.replace(target)
        except OSError as exc:
            raise SourceUnavailable(f"cannot write `{target}`: {exc.strerror or exc}") from exc
        finally:
            partial.unlink(missing_ok=True)

    def _json(self, response: httpx2.Response) -> Any:
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as exc:
            raise self._no_swath(response) from exc

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: Any = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        headers: Headers | None = None,
        timeout_s: float | None = None,
        consume: Callable[[httpx2.Response], None] | None = None,
    ) -> httpx2.Response:
        """Send a request until it is answered; `content` makes the body anew for every try."""
        deadline = self._clock() + self._patience_s
        pause = FIRST_PAUSE_S
        while True:
            request = self._client.build_request(
                method,
                f"{API}{path}",
                params=_plain(query),
                json=json,
                content=None if content is None else content(),
                headers=dict(headers or {}),
                timeout=httpx2.USE_CLIENT_DEFAULT if timeout_s is None else _timeout(timeout_s),
            )
            asked_pause: float | None = None
            try:
                response = self._answered(request, consume)
            except httpx2.TransportError as exc:
                error: SwathError = self._unreachable(exc)
                may_try_again = True
            else:
                if response.is_success:
                    return response
                error = self._error(response)
                may_try_again = response.status_code in TRY_AGAIN
                asked_pause = _retry_after(response)
            wait = asked_pause if asked_pause is not None else pause * random.uniform(0.5, 1.0)
            if not may_try_again or self._clock() + wait > deadline:
                raise error
            self._sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _answered(self, request: httpx2.Request, consume: Callable[[httpx2.Response], None] | None) -> httpx2.Response:
        response = self._client.send(request, stream=True)
        try:
            if consume is not None and response.is_success:
                consume(response)
            else:
                response.read()
        finally:
            response.close()
        return response

    def _error(self, response: httpx2.Response) -> SwathError:
        if response.headers.get("content-type", "").partition(";")[0] == PROBLEM_TYPE:
            try:
                problem = Problem.model_validate_json(response.content)
            except ValidationError:
                return self._no_swath(response)
            return error_of(problem, retry_after_s=round(_retry_after(response) or 1))
        return self._no_swath(response)

    def _no_swath(self, response: httpx2.Response) -> SwathError:
        return SourceUnavailable(
            f"`{self.url}` answered {response.status_code} and nothing that Swath would",
            hint="Is this the address of a Swath server, and of the same version?",
        )

    def _unreachable(self, exc: Exception) -> SwathError:
        reason = str(exc) or type(exc).__name__
        return self._out_of_reach(
            f"the server at `{self.url}` cannot be reached: {reason}",
            hint="Is it running (`swath up`), and is this its address?",
        )


def checked_url(url: str) -> str:
    """The address of a server without what comes after it. Raises InvalidConfig for what is none."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        shown = url if parts.username is None and parts.password is None else f"{parts.scheme}://…@{parts.hostname}"
        raise InvalidConfig(
            f"`{shown}` is not the address of a server", field="server", hint="Write `http://127.0.0.1:8080`, say."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(API)}"


def content_digest(sha256: bytes) -> str:
    """The value of the header `Content-Digest` (RFC 9530) for a digest of 32 bytes."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def _plain(query: Query | None) -> dict[str, Any] | None:
    return None if query is None else {name: value for name, value in query.items() if value is not None}


def _timeout(answer_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(answer_s, connect=CONNECT_TIMEOUT_S)


def _retry_after(response: httpx2.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
