"""Teams, of which there are none: users share datasets with each other."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.dependencies import Anybody
from swath.server.lightly.errors import ErrorCode, FacadeError

router = APIRouter(prefix="/teams/{team}")


@router.get("")
@router.get("/members")
@router.post("/members")
@router.put("/members/{user}")
@router.delete("/members/{user}")
@router.get("/serviceaccounts")
@router.post("/serviceaccounts/{account}/token")
async def refuse_team(principal: Anybody, team: str) -> None:
    """Whatever is asked of a team: it is not there."""
    raise FacadeError(404, ErrorCode.TEAM_UNKNOWN, f"there is no team `{team}`: this server knows users only")
