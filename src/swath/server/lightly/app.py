"""The facade as an application of its own below `/v1`, with errors of its own shape."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware import Middleware

from swath.server.auth import Authenticator
from swath.server.lightly.dataset_documents import DatasetSizes
from swath.server.lightly.errors import install_error_handlers
from swath.server.lightly.routes import ROUTERS
from swath.server.security import FaultMiddleware
from swath.server.services import Services


def create_facade(services: Services, authenticator: Authenticator) -> FastAPI:
    """What the server mounts at `/v1`. Who asks, and how errors of the layers around it read, is settled outside:
    `swath.server.lightly.door`.
    """
    facade = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(FaultMiddleware)],
    )
    facade.state.services = services
    facade.state.authenticator = authenticator
    facade.state.dataset_sizes = DatasetSizes()
    install_error_handlers(facade)
    # As they are, with what was worked out when they were declared: to include a router is to work it out anew for
    # every application, a tenth of a second at the first request.
    facade.router.routes.extend(route for router in ROUTERS for route in router.routes)
    return facade
