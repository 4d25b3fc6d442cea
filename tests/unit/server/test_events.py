"""The hub: who hears what, in which order, and how listening ends."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from swath.server.events import QUEUE_LENGTH, REMEMBERED, Event, EventHub, stream_events


def listen(
    hub: EventHub,
    *,
    token_id: str = "t1",
    last_event_id: str | None = None,
    is_visible: Callable[[Event], bool] = lambda event: True,
    is_alive: Callable[[], bool] = lambda: True,
    heartbeat_s: float = 5.0,
) -> AsyncIterator[bytes]:
    return stream_events(
        hub,
        token_id=token_id,
        last_event_id=last_event_id,
        is_visible=is_visible,
        is_alive=is_alive,
        heartbeat_s=heartbeat_s,
    )


async def hear(stream: AsyncIterator[bytes], count: int) -> list[str]:
    """The next so many things that are said, without greetings and heartbeats."""
    heard: list[str] = []
    while len(heard) < count:
        text = (await asyncio.wait_for(anext(stream), 5)).decode()
        heard += [f"{kind} {id}" for kind, id in re.findall(r'event: (\w+)\ndata: \{(?:"id":"(\w+)")?', text)]
    return heard


def test_what_any_thread_publishes_is_heard_in_its_order() -> None:
    async def scenario() -> None:
        hub = EventHub()
        stream = listen(hub)
        await anext(stream)
        thread = threading.Thread(target=lambda: [hub.publish("run", id=f"r{n}") for n in range(50)])
        thread.start()
        assert await hear(stream, 50) == [f"run r{n}" for n in range(50)]
        thread.join()

    asyncio.run(scenario())


def test_only_what_a_listener_may_see_is_said() -> None:
    async def scenario() -> None:
        hub = EventHub()
        stream = listen(hub, is_visible=lambda event: event.owner_id == "anna")
        await anext(stream)
        hub.publish("tag", id="a", owner_id="berta")
        hub.publish("tag", id="b", owner_id="anna")
        assert await hear(stream, 1) == ["tag b"]

    asyncio.run(scenario())


def test_a_slow_listener_is_told_that_events_were_lost() -> None:
    async def scenario() -> None:
        hub = EventHub()
        stream = listen(hub)
        await anext(stream)
        for number in range(QUEUE_LENGTH + 1):
            hub.publish("run", id=f"r{number}")
        assert await hear(stream, 2) == ["reset ", f"run r{QUEUE_LENGTH}"]

    asyncio.run(scenario())


def test_who_comes_back_hears_what_was_missed() -> None:
    async def scenario() -> None:
        hub = EventHub()
        for number in range(4):
            hub.publish("run", id=f"r{number}")
        assert await hear(listen(hub, last_event_id=f"{hub.epoch}-2"), 2) == ["run r2", "run r3"]

    asyncio.run(scenario())


@pytest.mark.parametrize("last", ["{epoch}-1", "another-1", "nonsense", "{epoch}-99999999", "{epoch}-²", "{epoch}--1"])
def test_who_missed_more_than_is_remembered_is_told_so(last: str) -> None:
    async def scenario() -> None:
        hub = EventHub()
        for number in range(REMEMBERED + 5):
            hub.publish("run", id=f"r{number}")
        assert await hear(listen(hub, last_event_id=last.format(epoch=hub.epoch)), 1) == ["reset "]

    asyncio.run(scenario())


def test_silence_is_broken_by_heartbeats() -> None:
    async def scenario() -> None:
        stream = listen(EventHub(), heartbeat_s=0.01)
        said = [await asyncio.wait_for(anext(stream), 5) for _ in range(3)]
        assert said[1:] == [b": still here\n\n"] * 2

    asyncio.run(scenario())


def test_a_token_that_expired_ends_the_stream_at_the_next_heartbeat() -> None:
    async def scenario() -> None:
        hub = EventHub()
        said = [line async for line in listen(hub, heartbeat_s=0.01, is_alive=lambda: False)]
        assert said == [b": hello\n\n"]
        assert hub.subscription_count == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("end", [lambda hub: hub.disconnect("t1"), lambda hub: hub.close()])
def test_revoking_a_token_and_stopping_the_server_end_the_stream_at_once(end: Callable[[EventHub], None]) -> None:
    async def scenario() -> None:
        hub = EventHub()
        stream = listen(hub)
        await anext(stream)
        asyncio.get_running_loop().call_later(0.01, end, hub)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 2)
        assert hub.subscription_count == 0

    asyncio.run(scenario())


def test_another_token_goes_on_listening() -> None:
    async def scenario() -> None:
        hub = EventHub()
        stream = listen(hub, token_id="t2")
        await anext(stream)
        hub.disconnect("t1")
        hub.publish("run", id="r0")
        assert await hear(stream, 1) == ["run r0"]

    asyncio.run(scenario())


def test_a_listener_whose_loop_is_gone_harms_nobody() -> None:
    hub = EventHub()

    async def listen_once() -> None:
        await anext(listen(hub))

    asyncio.run(listen_once())
    hub.publish("run", id="r0")
