"""Requests to a store and what came of them: pooled connections, time limits, and patience with stores that fail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that may be another a moment later. Refusals (401, 403) and missing files (404) are final."""

POOL_SIZE = 64
"""Connections that are kept open to one store."""

_PART_BYTES = 256 * 1024
_ERROR_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it goes out, signed. Left out of representations: nearly all of it may hold a secret."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a store answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Unanswered(Exception):
    """No answer that can be used came in all attempts. `reason` is for a person and holds no secret."""

    def __init__(self, reason: str, attempts: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempts = attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to bear with a store. Times in seconds."""

    attempts: int = 8
    """Of one request, the first included: with a fifth of all answers failing, one in 400,000 requests gives up."""

    first_pause: float = 0.1
    longest_pause: float = 5.0
    connect: float = 5.0
    silence: float = 20.0
    """Without any byte arriving."""

    whole: float = 60.0
    """For one answer of at most `PART` bytes: a body that trickles is given up and asked for again."""

    total: float = 180.0
    """From the first attempt on: no further one is made after that."""

    def pause(self, attempt: int, retry_after: float) -> float:
        """Before attempt 1, 2, …: grows exponentially, with jitter, so that many threads do not come back at once."""
        longest = min(self.first_pause * 2 ** (attempt - 1), self.longest_pause)
        # A store that says when to come back is believed, within reason.
        return max(random.uniform(longest / 2, longest), min(retry_after, self.longest_pause))


class Exchange:
    """Sends requests. Safe to use from several threads."""

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        """`url` is of the store: it decides whether the machine's proxy is used."""
        self._pool = _new_pool(url)
        self._patience = patience or Patience()

    def send(self, make: Callable[[], Request], on_retry: Callable[[], None]) -> Answer:
        """The first answer that is worth having.

        `make` makes and signs the request anew for each attempt, for signatures age. `on_retry` is called before each
        attempt but the first. Raises Unanswered.
        """
        retry_after = 0.0
        reason = ""
        attempt = 0
        deadline = time.monotonic() + self._patience.total
        while attempt < self._patience.attempts and time.monotonic() < deadline:
            if attempt:
                time.sleep(self._patience.pause(attempt, retry_after))
                on_retry()
            request = make()
            outcome = self._once(request)
            if isinstance(outcome, Answer):
                if not _is_worth_repeating(outcome):
                    return outcome
                reason, retry_after = f"it answers {outcome.status}", _retry_after(outcome)
            else:
                reason, retry_after = outcome, 0.0
            attempt += 1
        raise Unanswered(reason, attempt)

    def _once(self, request: Request) -> Answer | str:
        """The answer, or why there is none."""
        import urllib3

        patience = self._patience
        try:
            response = self._pool.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body or None,
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=patience.connect, read=patience.silence),
            )
            return _whole_answer(response, request.method, time.monotonic() + patience.whole)
        except urllib3.exceptions.NameResolutionError:
            return "its host is not known"
        except urllib3.exceptions.NewConnectionError:
            return "nothing answers at its address"
        except urllib3.exceptions.SSLError:
            return "its certificate is not trusted, or it does not speak TLS"
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            return "it is too slow"
        except (urllib3.exceptions.HTTPError, OSError):
            # The words of the exception are left out: they may hold the URL, and that may hold a token.
            return "the connection broke"


def _whole_answer(response: BaseHTTPResponse, method: str, deadline: float) -> Answer:
    """Read the body. Raises TimeoutError at the deadline, urllib3's errors, and OSError for a body cut short."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = BytesIO()
    finished = False
    try:
        while part := response.read1(_PART_BYTES):
            body.write(part)
            if time.monotonic() > deadline:
                raise TimeoutError
        promised = headers.get("content-length", "")
        if method != "HEAD" and promised.isdigit() and body.tell() < int(promised):
            raise OSError("the body is cut short")
        finished = True
    finally:
        if finished:
            response.release_conn()
        else:
            with suppress(OSError):
                response.close()
    return Answer(status=response.status, headers=headers, body=body.getvalue())


def _is_worth_repeating(answer: Answer) -> bool:
    if answer.status in RETRIED_STATUSES:
        return True
    # S3's words for "ask again": two conditional writes met, or the connection was too slow for it.
    return answer.status in (400, 409) and any(
        word in answer.body[:_ERROR_BYTES] for word in (b"<Code>ConditionalRequestConflict<", b"<Code>RequestTimeout<")
    )


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0


def _new_pool(url: str) -> PoolManager:
    """Connections to a store, through the machine's proxy if it names one for such URLs."""
    import urllib3

    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.netloc):
        return urllib3.ProxyManager(proxy, num_pools=4, maxsize=POOL_SIZE)
    return urllib3.PoolManager(num_pools=4, maxsize=POOL_SIZE)
