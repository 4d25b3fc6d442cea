"""Which client versions this server takes: clients ask when they are imported and made, without a token."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()

OLDEST = "1.0.0"
"""Older than any client that has this interface: none is refused, and none is told to update."""


@router.get("/versions/pip/minimum")
async def get_minimum_version() -> str:
    """The oldest client that works. A client that is older refuses to be made."""
    return OLDEST


@router.get("/versions/pip/latest")
async def get_latest_version() -> str:
    """The client that one should have."""
    return OLDEST
