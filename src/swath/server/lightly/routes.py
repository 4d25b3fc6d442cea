"""The routers of the facade: one module per noun; their paths are without `/v1`."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.lightly import datasets, linked_files, links, predictions, quota, samples, tags, uploads, versions

ROUTERS: tuple[APIRouter, ...] = (
    datasets.router,
    linked_files.router,
    links.router,
    predictions.router,
    quota.router,
    samples.router,
    tags.router,
    uploads.router,
    versions.router,
)
"""All routers of the facade."""
