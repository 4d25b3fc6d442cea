"""Whether the server is there."""

from __future__ import annotations

from fastapi import APIRouter

from swath import __version__
from swath.wire.datasets import Document

router = APIRouter(tags=["server"])


class Health(Document):
    status: str  # ok
    version: str


@router.get("/health")
async def get_health() -> Health:
    """Answers as long as the server runs; asks no database and wants no token."""
    return Health(status="ok", version=__version__)
