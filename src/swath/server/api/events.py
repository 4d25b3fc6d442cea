"""What changes, as it changes (server-sent events)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from swath.core.access import Principal
from swath.server.auth import secret_of
from swath.server.dependencies import AuthenticatorDep, Reader, ServicesDep
from swath.server.events import Event, stream_events
from swath.server.run_documents import find_visible_run
from swath.server.services import Services
from swath.store.sharing import visible_datasets

router = APIRouter(tags=["server"])

VISIBILITY_S = 5.0
"""How long the datasets a listener sees are remembered; an event about one that is new to it asks again at once."""

LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)]

EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Events `run`, `worker`, `dataset`, `tag`, `projection`, `export`, … whose data is `{id, dataset_id}`: "
            "that thing has changed or is gone. `reset`: events were lost, look at everything anew. A comment line "
            "comes every 15 seconds."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/events", response_class=StreamingResponse, responses=EVENT_STREAM)
async def get_events(
    services: ServicesDep,
    principal: Reader,
    authenticator: AuthenticatorDep,
    request: Request,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Everything that changes and that the caller may see, until the connection ends."""
    return _stream(services, principal, authenticator.find, request, last_event_id, _visible_to(services, principal))


@router.get("/runs/{run}/events", response_class=StreamingResponse, responses=EVENT_STREAM)
async def get_run_events(
    services: ServicesDep,
    principal: Reader,
    authenticator: AuthenticatorDep,
    request: Request,
    run: str,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """What changes of one run."""
    await run_in_threadpool(_check_run, services, principal, run)

    def is_of_run(event: Event) -> bool:
        return event.kind == "run" and event.id == run

    return _stream(services, principal, authenticator.find, request, last_event_id, is_of_run)


def _stream(
    services: Services,
    principal: Principal,
    find: Callable[[str], Principal | None],
    request: Request,
    last_event_id: str | None,
    is_visible: Callable[[Event], bool],
) -> StreamingResponse:
    secret = secret_of(request.scope) or ""
    lines = stream_events(
        services.events,
        token_id=principal.token_id,
        last_event_id=last_event_id,
        is_visible=is_visible,
        is_alive=lambda: find(secret) is not None,
    )
    return StreamingResponse(
        lines, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _check_run(services: Services, principal: Principal, run_id: str) -> None:
    """Raise NotFound for a run that this listener does not see."""
    with services.store.reading() as connection:
        find_visible_run(connection, run_id, principal.user_id)


def _visible_to(services: Services, principal: Principal) -> Callable[[Event], bool]:
    """Whether this listener may see an event: it is its own, or of a dataset it sees."""
    seen: set[str] = set()
    asked_at = float("-inf")

    def is_visible(event: Event) -> bool:
        nonlocal seen, asked_at
        if event.owner_id == principal.user_id:
            return True
        if event.dataset_id is None:
            return False
        # Whoever saw a dataset may hear that it is gone, or not shared with them any more.
        was_seen = event.kind == "dataset" and event.dataset_id in seen
        is_old = time.monotonic() > asked_at + VISIBILITY_S
        if is_old or event.kind == "dataset" or event.dataset_id not in seen:
            with services.store.reading() as connection:
                seen = {dataset.id for dataset in visible_datasets(connection, principal.user_id)}
            asked_at = time.monotonic()
        return was_seen or event.dataset_id in seen

    return is_visible
