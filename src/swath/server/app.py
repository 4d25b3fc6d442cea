"""The server as an application, and how it is served."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import cache

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute

from swath import __version__
from swath.core.errors import SwathError
from swath.server.api import ROUTERS
from swath.server.auth import AuthenticationMiddleware, Authenticator
from swath.server.dependencies import Anybody
from swath.server.exporting import exporting
from swath.server.idempotency import IdempotencyMiddleware
from swath.server.leases import watch_leases
from swath.server.lightly.app import create_facade
from swath.server.lightly.door import FacadeDoorMiddleware
from swath.server.openapi import rendered
from swath.server.paths import FACADE
from swath.server.problems import install_problem_handlers
from swath.server.security import CompressionMiddleware, FaultMiddleware, GuardMiddleware
from swath.server.services import Services
from swath.server.webapp import WebAppMiddleware, webapp_dir

logger = logging.getLogger("swath.server")

NOTE_USES_EVERY_S = 30.0

THREADS = 40
"""Endpoints that run at the same time."""

Background = Callable[[Services], AbstractContextManager[None]]
"""Something that runs as long as the server does: entered when it starts, left when it stops."""

BACKGROUND: tuple[Background, ...] = (exporting, watch_leases)


def create_app(services: Services, background: Sequence[Background] = BACKGROUND) -> FastAPI:
    """The application: interfaces and web app. What runs in the background starts with the server, not before."""
    authenticator = Authenticator(services.store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        with ExitStack() as running:
            running.enter_context(_noting_uses(authenticator))
            for run in background:
                running.enter_context(run(services))
            yield
            services.events.close()
            # Threads are joined here; the loop must go on meanwhile.
            await run_in_threadpool(running.close)

    app = FastAPI(
        title="Swath",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        # The first one is the outermost.
        middleware=[
            Middleware(CompressionMiddleware),
            Middleware(FacadeDoorMiddleware),
            Middleware(GuardMiddleware, options=services.options),
            Middleware(FaultMiddleware),
            Middleware(WebAppMiddleware, folder=webapp_dir(services.options.webapp)),
            Middleware(AuthenticationMiddleware, authenticator=authenticator),
            Middleware(IdempotencyMiddleware, services=services),
        ],
    )
    app.state.services = services
    app.state.authenticator = authenticator
    install_problem_handlers(app)
    app.mount(FACADE, create_facade(services, authenticator))
    app.router.routes.extend(_native_routes())
    app.add_api_route("/api/openapi.json", _description, include_in_schema=False)
    return app


@cache
def _native_routes() -> list[BaseRoute]:
    """The routes of `/api`. What is worked out for them at the first requests serves every application."""
    native = APIRouter()
    for router in ROUTERS:
        native.include_router(router, prefix="/api")
    return native.routes


@contextmanager
def _noting_uses(authenticator: Authenticator) -> Iterator[None]:
    """Write down now and then which tokens are used."""
    stopping = threading.Event()

    def note_now_and_then() -> None:
        while not stopping.wait(NOTE_USES_EVERY_S):
            try:
                authenticator.note_uses()
            except SwathError as error:
                logger.warning("when tokens were used last could not be written down: %s", error.message)

    # A server that stops does not wait for its turn to write this.
    threading.Thread(target=note_now_and_then, name="swath-token-uses", daemon=True).start()
    yield
    stopping.set()


@cache
def _description_text() -> str:
    return rendered()


def _description(principal: Anybody) -> Response:
    return Response(_description_text(), media_type="application/json")
