"""The routes of `/api`: one module per noun, each endpoint a thin translation to one function of the store."""

from __future__ import annotations

from swath.server.api import health

ROUTERS = (health.router,)
"""All routers; their paths are without `/api`."""
