"""What has changed, told to whoever looks: a hub that any thread publishes to, and its server-sent events."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

REMEMBERED = 1000
"""Events kept for who lost the connection for a moment."""

QUEUE_LENGTH = 256
"""Events that wait for one subscriber; one that is slower is told to look at everything anew."""

HEARTBEAT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something of kind `kind` (run, worker, tag, dataset, projection, export, …) with this id has changed or is gone.

    It says that, not how: whoever cares asks. `owner_id` is the user who may see it whatever else; others may if
    they see the dataset.
    """

    number: int
    kind: str
    id: str
    dataset_id: str | None
    owner_id: str | None


class Subscription:
    """What one listener has not heard yet. Belongs to the event loop it was made in."""

    def __init__(self, token_id: str) -> None:
        self.token_id = token_id
        self.must_reset = False
        self.is_over = False
        self._waiting: deque[Event] = deque()
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    def take(self) -> list[Event]:
        """Everything that waits. Called with the hub's lock held."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._woken.clear()
        return taken

    def put(self, event: Event) -> None:
        """Called with the hub's lock held, from any thread."""
        if len(self._waiting) >= QUEUE_LENGTH:
            self._waiting.clear()
            self.must_reset = True
        self._waiting.append(event)
        self.wake()

    def end(self) -> None:
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def wait(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), timeout_s)
        except TimeoutError:
            return


@dataclass(slots=True)
class EventHub:
    """Takes events from any thread, keeps the last ones, and hands them to every subscription."""

    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    """Numbers of events start anew with every server; this tells them apart."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0
    _recent: deque[Event] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _subscriptions: set[Subscription] = field(default_factory=set)
    _is_closed: bool = False

    def publish(self, kind: str, *, id: str, dataset_id: str | None = None, owner_id: str | None = None) -> None:
        """Say that something has changed. Never blocks, never fails; call it after the transaction."""
        with self._lock:
            self._count += 1
            event = Event(number=self._count, kind=kind, id=id, dataset_id=dataset_id, owner_id=owner_id)
            self._recent.append(event)
            for subscription in self._subscriptions:
                subscription.put(event)

    def subscribe(self, token_id: str, last_event_id: str | None = None) -> Subscription:
        """Listen from now on, or from after the event of that id if all since then are remembered."""
        subscription = Subscription(token_id)
        with self._lock:
            missed = self._missed(last_event_id)
            if missed is None:
                subscription.must_reset = True
            for event in missed or ():
                subscription.put(event)
            if self._is_closed:
                subscription.end()
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def take(self, subscription: Subscription) -> tuple[bool, list[Event]]:
        """Whether events were dropped since the last call, and those that were not."""
        with self._lock:
            must_reset, subscription.must_reset = subscription.must_reset, False
            return must_reset, subscription.take()

    def disconnect(self, token_id: str) -> None:
        """End what listens with a token that is revoked."""
        with self._lock:
            for subscription in self._subscriptions:
                if subscription.token_id == token_id:
                    subscription.end()

    def close(self) -> None:
        """End everything that listens, so that a server can stop."""
        with self._lock:
            self._is_closed = True
            for subscription in self._subscriptions:
                subscription.end()

    @property
    def subscription_count(self) -> int:
        return len(self._subscriptions)

    def event_id(self, event: Event) -> str:
        return f"{self.epoch}-{event.number}"

    def _missed(self, last_event_id: str | None) -> list[Event] | None:
        """The events after that one; None if some of them are forgotten, or were another server's."""
        if last_event_id is None:
            return []
        epoch, _, number = last_event_id.rpartition("-")
        if epoch != self.epoch or not (number.isascii() and number.isdigit()) or len(number) > 18:
            return None
        last = int(number)
        oldest = self._recent[0].number if self._recent else self._count + 1
        if last > self._count or last < oldest - 1:
            return None
        return [event for event in self._recent if event.number > last]


async def stream_events(
    hub: EventHub,
    *,
    token_id: str,
    last_event_id: str | None,
    is_visible: Callable[[Event], bool],
    is_alive: Callable[[], bool],
    heartbeat_s: float = HEARTBEAT_S,
) -> AsyncIterator[bytes]:
    """The lines of a `text/event-stream`, until the hub ends it.

    `is_visible` (asked in a thread) says whether this listener may see an event; `is_alive` (asked in a thread, at
    every heartbeat) whether its token is still good.
    """
    # Made here and not by the caller: a stream that is never begun is never closed either.
    subscription = hub.subscribe(token_id, last_event_id)
    try:
        yield b": hello\n\n"
        while not subscription.is_over:
            must_reset, events = hub.take(subscription)
            if must_reset:
                yield b"event: reset\ndata: {}\n\n"
            visible = await asyncio.to_thread(_those, events, is_visible) if events else []
            if visible:
                yield b"".join(_lines(hub, event) for event in visible)
            if events or must_reset or subscription.is_over:
                continue
            if not await _wait_for_news(subscription, heartbeat_s):
                if not await asyncio.to_thread(is_alive):
                    return
                yield b": still here\n\n"
    finally:
        hub.unsubscribe(subscription)


def _those(events: list[Event], is_visible: Callable[[Event], bool]) -> list[Event]:
    return [event for event in events if is_visible(event)]


async def _wait_for_news(subscription: Subscription, timeout_s: float) -> bool:
    """Whether something happened within that time."""
    started = asyncio.get_running_loop().time()
    await subscription.wait(timeout_s)
    return asyncio.get_running_loop().time() - started < timeout_s


def _lines(hub: EventHub, event: Event) -> bytes:
    data = json.dumps({"id": event.id, "dataset_id": event.dataset_id}, separators=(",", ":"))
    return f"id: {hub.event_id(event)}\nevent: {event.kind}\ndata: {data}\n\n".encode()
