"""How large a dataset may be, as clients ask before they upload one."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.dependencies import Reader

router = APIRouter()

MAX_DATASET_SIZE = 100_000_000
"""Samples. Nothing counts them; clients want a number."""


@router.get("/quota")
async def get_quota(principal: Reader) -> str:
    """A number in a string."""
    return str(MAX_DATASET_SIZE)
