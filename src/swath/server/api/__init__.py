"""The routes of `/api`: one module per noun, each endpoint a thin translation to one function of the store."""

from __future__ import annotations

from swath.server.api import (
    datasets,
    events,
    exports,
    health,
    images,
    login,
    metadata,
    neighbors,
    operations,
    previews,
    projection_runs,
    projections,
    runs,
    samples,
    selection_runs,
    selections,
    tags,
    tokens,
    users,
    views,
    worker_protocol,
    workers,
)

ROUTERS = (
    datasets.router,
    events.router,
    exports.router,
    health.router,
    images.router,
    login.router,
    metadata.router,
    neighbors.router,
    operations.router,
    previews.router,
    projection_runs.router,
    projections.router,
    runs.router,
    samples.router,
    selection_runs.router,
    selections.router,
    tags.router,
    tokens.router,
    users.router,
    views.router,
    worker_protocol.router,
    workers.router,
)
"""All routers; their paths are without `/api`."""
