"""The routes of `/api`: one module per noun, each endpoint a thin translation to one function of the store."""

from __future__ import annotations

from swath.server.api import (
    datasets,
    events,
    exports,
    health,
    images,
    login,
    neighbors,
    operations,
    samples,
    selections,
    tags,
    tokens,
    users,
    views,
)

ROUTERS = (
    datasets.router,
    events.router,
    exports.router,
    health.router,
    images.router,
    login.router,
    neighbors.router,
    operations.router,
    samples.router,
    selections.router,
    tags.router,
    tokens.router,
    users.router,
    views.router,
)
"""All routers; their paths are without `/api`."""
