"""The routers of the facade: one module per noun; their paths are without `/v1`."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.lightly import (
    collaboration,
    datasets,
    datasources,
    embeddings,
    exports,
    linked_files,
    links,
    predictions,
    quota,
    runs,
    samples,
    schedules,
    tags,
    teams,
    uploads,
    versions,
    worker_configs,
    workers,
)

ROUTERS: tuple[APIRouter, ...] = (
    collaboration.router,
    datasets.router,
    datasources.router,
    embeddings.router,
    exports.router,
    linked_files.router,
    links.router,
    predictions.router,
    quota.router,
    runs.router,
    samples.router,
    schedules.router,
    tags.router,
    teams.router,
    uploads.router,
    versions.router,
    worker_configs.router,
    workers.router,
)
"""All routers of the facade."""
