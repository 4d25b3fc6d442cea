"""Endpoints of the format that this server has not: answered with the reason rather than with nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from swath.server.dependencies import Anybody
from swath.server.lightly.errors import ErrorCode, FacadeError

WORKERS = "workers of this server do not speak the old protocol: start one with `swath worker`"
"""The old worker is closed software for the old service; ours has a protocol with leases."""

TEAMS = "there are no teams: users share datasets with each other"

SCORES = (
    "runs compute the scores of tasks; those of your own belong to tags: `/v1/datasets/{dataset}/tags/{tag}/scores`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOffered:
    """One endpoint, its path without `/v1`."""

    method: str
    path: str
    reason: str
    status: int = 501
    code: ErrorCode = ErrorCode.NOT_IMPLEMENTED


def _not(reason: str, *endpoints: str, **answer: Any) -> tuple[NotOffered, ...]:
    split = (endpoint.split() for endpoint in endpoints)
    return tuple(NotOffered(method=method, path=path, reason=reason, **answer) for method, path in split)


NOT_OFFERED = (
    *_not(
        WORKERS,
        "GET /docker/worker/default",
        "PUT /docker/worker/{worker}",
        "GET /docker/worker/{worker}/schedule",
        "PUT /datasets/{dataset}/docker/worker/{worker}/schedule/{scheduled}",
        "POST /docker/runs",
        "PUT /docker/runs/{run}",
        "PUT /docker/runs/{run}/logs",
        "POST /docker/runs/{run}/artifacts",
        "PUT /docker/runs/{run}/artifacts/{artifact}/confirmUpload",
        "GET /docker/runs/{run}/writeReportUrl",
        "POST /docker",
        "POST /docker/authorization",
        "POST /docker/workerAuthorization",
        "GET /docker/licenseInformation",
    ),
    *_not(
        TEAMS,
        "GET /teams/{team}",
        "GET /teams/{team}/members",
        "POST /teams/{team}/members",
        "PUT /teams/{team}/members/{user}",
        "DELETE /teams/{team}/members/{user}",
        "GET /teams/{team}/serviceaccounts",
        "POST /teams/{team}/serviceaccounts/{account}/token",
        status=404,
        code=ErrorCode.TEAM_UNKNOWN,
    ),
    *_not("a configuration never changes: make another one", "PUT /docker/worker/config/{config}"),
    *_not(SCORES, "POST /datasets/{dataset}/predictions/scores"),
    *_not("the server makes maps of embeddings itself", "POST /datasets/{dataset}/embeddings/{embedding}/2d"),
)


def _refusing(endpoint: NotOffered) -> Callable[[Any], Coroutine[Any, Any, None]]:
    async def refuse(principal: Anybody) -> None:
        raise FacadeError(endpoint.status, endpoint.code, endpoint.reason)

    return refuse


router = APIRouter()
for _endpoint in NOT_OFFERED:
    router.add_api_route(_endpoint.path, _refusing(_endpoint), methods=[_endpoint.method])
