"""Who asks: tokens and cookies, before a request reaches any endpoint."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from swath.core.access import Principal
from swath.core.errors import NotLoggedIn, SwathError, TooManyAttempts
from swath.server.paths import is_api, is_open
from swath.server.problems import error_response, named_response
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.tokens import find_principal, touch_token

COOKIE = "swath_session"

SESSION_DAYS = 30
"""How long a browser stays logged in."""

REMEMBER_S = 3.0
"""How long a token that was good is taken for good; one revoked through this server is forgotten at once."""

REMEMBERED = 1024

ATTEMPTS_PER_MINUTE = 20
KNOWN_ADDRESSES = 4096

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Attempts:
    """Counts wrong tokens and codes per client address: so many a minute, then no more are heard.

    Memory is bounded: of too many addresses, those that have been quiet longest are forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def record(self, address: str) -> None:
        """Count a failure. Raises TooManyAttempts if there were too many already."""
        now = self._clock()
        with self._lock:
            failures = self._failures.setdefault(address, deque())
            self._failures.move_to_end(address)
            while failures and failures[0] <= now - 60:
                failures.popleft()
            if len(failures) >= ATTEMPTS_PER_MINUTE:
                raise TooManyAttempts(
                    "too many wrong tokens or codes came from this address",
                    retry_after_s=max(1, int(failures[0] + 60 - now) + 1),
                    hint="Wait a minute; a good token works all the same.",
                )
            failures.append(now)
            while len(self._failures) > KNOWN_ADDRESSES:
                self._failures.popitem(last=False)


@dataclass(slots=True)
class Authenticator:
    """Finds the principal of a token, remembering those found for a few seconds, and notes which ones are used."""

    store: Store
    attempts: Attempts = field(default_factory=Attempts)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _used: dict[str, int] = field(default_factory=dict)  # by token: when, ms
    _known: OrderedDict[bytes, tuple[float, Principal]] = field(default_factory=OrderedDict)
    _generation: int = 0

    def remembered(self, secret: str) -> Principal | None:
        """The principal of a token that was found just now; asks no database."""
        with self._lock:
            known = self._known.get(_digest(secret))
            return known[1] if known is not None and known[0] > time.monotonic() else None

    def find(self, secret: str) -> Principal | None:
        """The principal of a token, from the database. Blocks."""
        generation = self._generation
        with self.store.reading() as connection:
            principal = find_principal(connection, secret, now_ms())
        if principal is None:
            return None
        with self._lock:
            self._used[principal.token_id] = now_ms()
            # A token that was revoked while we looked must not be remembered as good.
            if generation == self._generation:
                self._known[_digest(secret)] = (time.monotonic() + REMEMBER_S, principal)
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return principal

    def forget(self) -> None:
        """Look up every token anew: one was revoked, or a user changed. Call it after the transaction."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def note_uses(self) -> None:
        """Write down which tokens were used since the last time. No request waits for this."""
        with self._lock:
            used, self._used = self._used, {}
        if used:
            with self.store.writing() as connection:
                for token_id, moment in used.items():
                    touch_token(connection, token_id, moment)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class AuthenticationMiddleware:
    """Lets nothing of the interfaces through without a good token; whose it is goes into `request.state.principal`."""

    def __init__(self, app: ASGIApp, *, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_api(scope["path"]) or is_open(scope):
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._principal(scope)
        except SwathError as error:
            await error_response(error)(scope, receive, send)
            return
        if _came_by_cookie(scope) and scope["method"] not in SAFE_METHODS and not is_same_origin(Headers(scope=scope)):
            answer = named_response(
                "foreign-origin",
                "the request changes something and does not come from a page of this server",
                hint="Scripts use a token: `Authorization: Bearer …`.",
            )
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _principal(self, scope: AsgiScope) -> Principal:
        secret = secret_of(scope)
        if secret is None:
            raise NotLoggedIn(
                "this needs a token",
                hint="Send `Authorization: Bearer …`; `swath token create` makes one, `swath up` logs a browser in.",
            )
        principal = self._authenticator.remembered(secret)
        if principal is None:
            principal = await run_in_threadpool(self._authenticator.find, secret)
        if principal is None:
            # A browser whose session is over asks a lot with its old cookie, and must hear that it should log in.
            if not _came_by_cookie(scope):
                self._authenticator.attempts.record(client_address(scope))
            raise NotLoggedIn("the token is wrong, expired or revoked", hint="`swath token create` makes a new one.")
        return principal


def secret_of(scope: AsgiScope) -> str | None:
    """The token of a request: that of the header, else that of the cookie."""
    headers = Headers(scope=scope)
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None
    return cookie_parser(headers.get("cookie", "")).get(COOKIE) or None


def _came_by_cookie(scope: AsgiScope) -> bool:
    return "authorization" not in Headers(scope=scope)


def is_same_origin(headers: Headers) -> bool:
    """Whether a browser says that a page of this server sent the request; without a word from it: no."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return origin_host(headers.get("origin", "")) == headers.get("host", "").lower()


def origin_host(origin: str) -> str:
    """`host[:port]` of an Origin header; empty for `null` and anything odd.

    Not the scheme: behind a proxy that speaks https the server itself sees http.
    """
    scheme, separator, host = origin.partition("://")
    return host.lower() if separator and scheme in ("http", "https") else ""


def client_address(scope: AsgiScope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
