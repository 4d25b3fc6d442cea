"""Projections: the points of a dataset as columns of numbers, and columns of codes to colour them by."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from swath.core.access import Principal
from swath.core.errors import Conflict, NotFound
from swath.server.byte_ranges import matches_etag
from swath.server.dependencies import Reader, ServicesDep
from swath.server.looking import browse
from swath.server.maps import TAG_PREFIX, BrowsedMap, open_map
from swath.server.services import Services
from swath.store.projections import ensure_projection, find_projection
from swath.store.sharing import sees_dataset
from swath.store.tags import list_tags
from swath.wire.browsing import LegendDocument, LegendEntryDocument, ProjectionDocument, ProjectionList

FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]

BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "Columns of little-endian numbers"}
}

router = APIRouter(tags=["projections"])


@router.get("/datasets/{dataset}/projections", response_model=ProjectionList)
def list_projections_of_dataset(services: ServicesDep, principal: Reader, dataset: str) -> ProjectionList:
    """The maps of a dataset. One that an earlier version left without is made now, which takes seconds."""
    browsed = browse(services, principal, dataset)
    projection = ensure_projection(services.store, services.home, browsed.dataset.id)
    items = () if projection is None else (_document(services, open_map(services, browsed, projection.id)),)
    return ProjectionList(items=items, total=len(items))


@router.get("/projections/{projection}/points.bin", response_class=Response, responses=BINARY)
def get_projection_points(
    services: ServicesDep,
    principal: Reader,
    projection: str,
    v: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="version, from `points_url`")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All points: float32 x of each, then float32 y of each, then the uint32 index of the sample of each.

    `Swath-Count` says how many there are. They come in random order, so that any first part of each column is a fair
    sample; place i in every column, and bit i of a bitmap, is the same point.
    """
    found = _visible_map(services, principal, projection)
    version = str(found.projection.version)
    headers = _headers(f"{found.projection.id}-{version}", asked=None if v is None else str(v), version=version)
    order = found.display_order()
    headers["Swath-Count"] = str(len(order))
    if matches_etag(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    x, y = found.points().take(order, axis=0).astype("<f4").T
    data = x.tobytes() + y.tobytes() + order.astype("<u4").tobytes()
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/projections/{projection}/columns/{name}.bin", response_class=Response, responses=BINARY)
def get_projection_column(
    services: ServicesDep,
    principal: Reader,
    projection: str,
    name: str,
    v: Annotated[str | None, Query(max_length=64, description="version, from the legend")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One uint8 code per point, in the order of `points.bin`; the legend says what codes stand for."""
    column = _visible_map(services, principal, projection).column(name)
    headers = _headers(column.version, asked=v, version=column.version)
    headers["Swath-Count"] = str(len(column.codes))
    if matches_etag(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(column.codes.tobytes(), media_type="application/octet-stream", headers=headers)


@router.get("/projections/{projection}/columns/{name}", response_model=LegendDocument)
def get_projection_legend(services: ServicesDep, principal: Reader, projection: str, name: str) -> LegendDocument:
    """What the codes of a column stand for: `category`, `score`, `run`, `stale`, `object_count`, `tag:<name or id>` or
    `selection:<id>`."""
    found = _visible_map(services, principal, projection)
    column = found.column(name)
    return LegendDocument(
        name=name,
        version=column.version,
        url=f"/api/projections/{found.projection.id}/columns/{quote(name)}.bin?v={column.version}",
        entries=tuple(
            LegendEntryDocument(code=code, kind=entry.kind, label=entry.label, count=entry.count)
            for code, entry in enumerate(column.legend)
        ),
    )


def _visible_map(services: Services, principal: Principal, projection_id: str) -> BrowsedMap:
    """Raises NotFound, in the same words for one that is not there and one that is hidden."""
    with services.store.reading() as connection:
        projection = find_projection(connection, projection_id)
        if not sees_dataset(connection, projection.dataset_id, principal.user_id):
            raise NotFound(f"there is no projection `{projection_id}`")
    browsed = services.browser.open(services.store, services.home, projection.dataset_id)
    return open_map(services, browsed, projection_id)


def _headers(etag: str, *, asked: str | None, version: str) -> dict[str, str]:
    """Raises Conflict where another version is asked for than there is."""
    if asked is not None and asked != version:
        raise Conflict(
            f"there is version `{version}` by now, not `{asked}`", hint="Ask for the projection again and use its URLs."
        )
    return {"ETag": f'"{etag}"', "Cache-Control": ASK_AGAIN if asked is None else FOREVER}


def _document(services: Services, found: BrowsedMap) -> ProjectionDocument:
    projection = found.projection
    with services.store.reading() as connection:
        tags = list_tags(connection, projection.dataset_id)
    return ProjectionDocument(
        id=projection.id,
        dataset_id=projection.dataset_id,
        method=projection.method,
        version=projection.version,
        point_count=len(found.points()),
        points_url=f"/api/projections/{projection.id}/points.bin?v={projection.version}",
        columns=(*found.column_names, *(f"{TAG_PREFIX}{tag.id}" for tag in tags if not tag.is_initial)),
        created_at=projection.created_at,
        modified_at=projection.modified_at,
    )
