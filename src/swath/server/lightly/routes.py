"""The routers of the facade: one module per noun; their paths are without `/v1`."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.lightly import datasets, linked_files, links, quota, samples, tags, versions

ROUTERS: tuple[APIRouter, ...] = (
    datasets.router,
    linked_files.router,
    links.router,
    quota.router,
    samples.router,
    tags.router,
    versions.router,
)
"""All routers of the facade."""
