"""The routers of the facade: one module per noun; their paths are without `/v1`."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.lightly import (
    collaboration,
    datasets,
    datasource_files,
    datasources,
    embeddings,
    exports,
    jobs,
    linked_files,
    links,
    listings,
    metadata,
    not_offered,
    prediction_scores,
    predictions,
    processed,
    quota,
    runs,
    samples,
    sampling,
    schedules,
    scores,
    tags,
    uploaded_embeddings,
    uploads,
    versions,
    worker_configs,
    workers,
)

ROUTERS: tuple[APIRouter, ...] = (
    not_offered.router,  # before the endpoint that would take `default` for the id of a worker
    collaboration.router,
    datasets.router,
    datasource_files.router,
    datasources.router,
    embeddings.router,
    exports.router,
    jobs.router,
    linked_files.router,
    links.router,
    listings.router,
    metadata.router,
    prediction_scores.router,
    predictions.router,
    processed.router,
    quota.router,
    runs.router,
    samples.router,
    sampling.router,
    schedules.router,
    scores.router,
    tags.router,
    uploaded_embeddings.router,
    uploads.router,
    versions.router,
    worker_configs.router,
    workers.router,
)
"""All routers of the facade."""
