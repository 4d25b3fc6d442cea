"""An HTTP server on loopback that passes requests on to another one, late, wrongly or not at all.

It stands before a server that speaks the protocol of a store. The Host header goes through as it came: it is signed.

    with FaultyProxy("http://127.0.0.1:5000", faults=0.2, seed=1, latency_s=0.05) as proxy:
        ...  # requests to proxy.url
    assert not [request for request in proxy.requests if request.path.endswith(".jpg")]

As a program (`python -m tests.support.faulty_proxy TARGET --latency 0.05`) it prints its URL and runs until its
standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

LONGEST_HEAD = 256 * 1024


class Fault(StrEnum):
    """What may be done to a request."""

    INTERNAL_ERROR = "500"
    SLOW_DOWN = "503"
    SILENCE = "silence"  # nothing for a while, then the connection is closed
    RESET_BEFORE = "reset before"  # the request never arrives
    RESET_AFTER = "reset after"  # it is carried out, but the answer is lost
    SLOW_BODY = "slow body"
    CUT_BODY = "cut body"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request as it came. `path` is decoded; `fault` is what was done to it."""

    method: str
    path: str
    query: str
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer in the place of the server's own, in the form of S3."""

    status: int
    code: str

    def render(self, method: str) -> bytes:
        body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{self.code}</Code><Message/></Error>'.encode()
        head = f"HTTP/1.1 {self.status} -\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + (b"" if method == "HEAD" else body)


_REFUSALS: dict[Fault | None, Refusal] = {
    Fault.INTERNAL_ERROR: Refusal(status=500, code="InternalError"),
    Fault.SLOW_DOWN: Refusal(status=503, code="SlowDown"),
}


@dataclass(slots=True)
class _Message:
    start: str
    headers: dict[str, str]
    head: bytes
    body: bytes


@dataclass(slots=True)
class _Connections:
    """The streams of one client and of what it is passed on to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        self.writer.close()
        if self.upstream is not None:
            self.upstream[1].close()


class FaultyProxy:
    """Passes requests on to `target` from a thread of its own while it is entered.

    A share of `faults` of the requests is spoiled. Which ones follows from the seed, the request and how often it came
    before, not from the order in which threads send them. Each answer comes `latency_s` late. `requests` is the log.
    Tests may set `faults`, and `before`, which is called with each request before it is passed on, and may answer it
    in the place of the server.
    """

    def __init__(
        self, target: str, *, faults: float = 0.0, seed: int = 0, latency_s: float = 0.0, silence_s: float = 1.0
    ) -> None:
        parts = urlsplit(target)
        assert parts.hostname is not None
        self._target = (parts.hostname, parts.port or 80)
        self._seed = seed
        self._latency_s = latency_s
        self._silence_s = silence_s
        self._seen: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-proxy", daemon=True)
        self.faults = faults
        self.before: Callable[[LoggedRequest], Refusal | None] | None = None
        self.requests: list[LoggedRequest] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD), self._loop
        ).result(30)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # closed streams let go of their sockets a moment later

    def spoiled(self) -> Counter[Fault]:
        """How many requests each fault was done to."""
        return Counter(request.fault for request in self.requests if request.fault is not None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections = _Connections(reader, writer)
        with suppress(OSError, EOFError, asyncio.CancelledError):
            while (request := await _read_message(reader)) is not None:
                if not await self._answer(request, connections):
                    break
        connections.close()

    async def _answer(self, message: _Message, connections: _Connections) -> bool:
        """Answer one request; whether the connection is of any more use."""
        method, target, _ = message.start.split(" ", 2)
        path, _, query = target.partition("?")
        fault = self._fault(f"{method} {target}")
        request = LoggedRequest(method=method, path=unquote(path), query=query, fault=fault)
        self.requests.append(request)
        refusal = None if self.before is None else await asyncio.to_thread(self.before, request)
        if refusal is None:
            refusal = _REFUSALS.get(fault)
        await asyncio.sleep(self._latency_s)
        writer = connections.writer
        if refusal is not None:
            writer.write(refusal.render(method))
            await writer.drain()
            return True
        if fault is Fault.SILENCE:
            await asyncio.sleep(self._silence_s)
            return False
        if fault is Fault.RESET_BEFORE:
            writer.transport.abort()
            return False
        answer = await self._pass_on(message, method, connections)
        if fault is Fault.RESET_AFTER:
            writer.transport.abort()
            return False
        writer.write(answer.head)
        if fault is Fault.CUT_BODY:
            writer.write(answer.body[: len(answer.body) // 2])
            await writer.drain()
            writer.transport.abort()
            return False
        if fault is Fault.SLOW_BODY:
            for start in range(0, len(answer.body), max(1, len(answer.body) // 4)):
                writer.write(answer.body[start : start + max(1, len(answer.body) // 4)])
                await writer.drain()
                await asyncio.sleep(0.05)
        else:
            writer.write(answer.body)
        await writer.drain()
        return answer.headers.get("connection", "").lower() != "close"

    def _fault(self, request: str) -> Fault | None:
        self._seen[request] += 1
        chance = random.Random(f"{self._seed} {request} {self._seen[request]}")
        return chance.choice(list(Fault)) if chance.random() < self.faults else None

    async def _pass_on(self, message: _Message, method: str, connections: _Connections) -> _Message:
        for is_fresh in (False, True):
            if connections.upstream is None or is_fresh:
                connections.upstream = await asyncio.open_connection(*self._target, limit=LONGEST_HEAD)
            reader, writer = connections.upstream
            with suppress(OSError, EOFError):
                writer.write(message.head + message.body)
                await writer.drain()
                answer = await _read_message(reader, is_answer_to=method)
                if answer is not None:
                    if answer.headers.get("connection", "").lower() == "close" or answer.start.startswith("HTTP/1.0"):
                        writer.close()
                        connections.upstream = None
                    return answer
        raise ConnectionError("the target does not answer")


async def _read_message(reader: asyncio.StreamReader, *, is_answer_to: str = "") -> _Message | None:
    """A request, or the answer to one of that method; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as exc:
        if exc.partial:
            raise
        return None
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    has_no_body = is_answer_to == "HEAD" or start.split(" ", 2)[1] in ("204", "304")
    if has_no_body:
        body = b""
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.read() if is_answer_to else b""
    return _Message(start, headers, head, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body as it was sent, sizes and all."""
    parts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        parts += [line, await reader.readexactly(size + 2)]
        if size == 0:
            return b"".join(parts)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="URL of the server to pass requests on to")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--faults", type=float, default=0.0, help="share of the requests")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    with FaultyProxy(given.target, faults=given.faults, seed=given.seed, latency_s=given.latency) as proxy:
        print(proxy.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
