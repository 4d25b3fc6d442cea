"""Projections: the points of a dataset as columns of numbers, columns of codes to colour them by, and asking for new
ones."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.browsing import ColorScheme
from swath.core.errors import Conflict, NotFound
from swath.server.byte_ranges import matches_etag
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import browse
from swath.server.maps import TAG_PREFIX, BrowsedMap, open_map
from swath.server.run_events import publish_projection, publish_run
from swath.server.services import Services
from swath.store import runs
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.ids import is_id
from swath.store.projection_runs import delete_map, projection_config_of, schedule_extension, schedule_map, standing
from swath.store.projections import Projection, ensure_projection, find_projection, list_projections
from swath.store.sharing import find_own, require_owner, sees_dataset
from swath.store.tags import list_tags
from swath.wire.maps import (
    LegendDocument,
    LegendEntryDocument,
    NewProjection,
    ProjectionDocument,
    ProjectionList,
    complete_parameters,
)

FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]

SMALLEST_PICTURE, LARGEST_PICTURE, DEFAULT_PICTURE = 64, 2048, 800

BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "Columns of little-endian numbers"}
}

PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "A PNG."}}

Version = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="version, from the document")]

router = APIRouter(tags=["projections"])


@router.get("/datasets/{dataset}/projections", response_model=ProjectionList)
def list_projections_of_dataset(services: ServicesDep, principal: Reader, dataset: str) -> ProjectionList:
    """The maps of a dataset. That of PCA is always there; one that an earlier version left without is made now, which
    takes seconds."""
    browsed = browse(services, principal, dataset)
    ensure_projection(services.store, services.home, browsed.dataset.id)
    with services.store.reading() as connection:
        found = list_projections(connection, browsed.dataset.id)
    items = tuple(_document(services, open_map(services, browsed, projection.id)) for projection in found)
    return ProjectionList(items=items, total=len(items))


@router.post("/datasets/{dataset}/projections", status_code=201)
def create_projection(
    services: ServicesDep, principal: Member, dataset: str, request: NewProjection
) -> ProjectionDocument:
    """Ask for a map by another method than PCA, or for one that is there anew; a worker makes it."""
    parameters = complete_parameters(request.method, request.parameters)
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="make maps of it")
        run_id = schedule_map(
            connection,
            found,
            request.method,
            parameters,
            owner_id=principal.user_id,
            priority=request.priority,
            runs_on=request.runs_on,
        )
        run = runs.find_run(connection, run_id)
    publish_run(services, run)
    return get_projection(services, principal, projection_config_of(run).projection_id)


@router.get("/projections/{projection}")
def get_projection(services: ServicesDep, principal: Reader, projection: str) -> ProjectionDocument:
    """One map as it is now."""
    return _document(services, _visible_map(services, principal, projection))


@router.post("/projections/{projection}:extend")
def extend_projection(services: ServicesDep, principal: Member, projection: str) -> ProjectionDocument:
    """Ask for a run that puts the samples that are missing onto a map. The points that are there stay where they are.

    409 if none is missing, or a run is on this map.
    """
    with services.store.writing() as connection:
        found, _ = _own_projection(connection, principal, projection, to="extend its maps")
        run = runs.find_run(connection, schedule_extension(connection, found, owner_id=principal.user_id))
    publish_run(services, run)
    return get_projection(services, principal, projection)


@router.delete("/projections/{projection}", status_code=204)
def delete_projection(services: ServicesDep, principal: Member, projection: str) -> None:
    """Delete a map; a run that is on it is cancelled. 409 for that of PCA."""
    with services.store.writing() as connection:
        found, dataset = _own_projection(connection, principal, projection, to="delete its maps")
        run = delete_map(connection, found)
    if run is not None:
        publish_run(services, run)
    publish_projection(services, found.id, dataset.id, dataset.owner_id)


@router.get("/projections/{projection}/points.bin", response_class=Response, responses=BINARY)
def get_projection_points(
    services: ServicesDep,
    principal: Reader,
    projection: str,
    v: Version = None,
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


@router.get("/projections/{projection}/density.png", response_class=Response, responses=PICTURE)
def get_projection_density(
    services: ServicesDep,
    principal: Reader,
    projection: str,
    size: Annotated[
        int, Query(ge=SMALLEST_PICTURE, le=LARGEST_PICTURE, description="pixels of each side")
    ] = DEFAULT_PICTURE,
    scheme: ColorScheme = ColorScheme.LIGHT,
    v: Version = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A picture of how densely the points lie, by the logarithm of their number; transparent where there are none.

    x grows to the right and y upwards, both by the same scale, with the map in the middle.
    """
    found = _visible_map(services, principal, projection)
    version = str(found.projection.version)
    etag = f"{found.projection.id}-{version}-{size}-{scheme.value}"
    headers = _headers(etag, asked=None if v is None else str(v), version=version)
    if matches_etag(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(found.density_png(size, scheme), media_type="image/png", headers=headers)


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
        projection = _visible_projection(connection, principal, projection_id)
    browsed = services.browser.open(services.store, services.home, projection.dataset_id)
    return open_map(services, browsed, projection_id)


def _visible_projection(connection: Connection, principal: Principal, projection_id: str) -> Projection:
    projection = find_projection(connection, projection_id) if is_id(projection_id) else None
    if projection is None or not sees_dataset(connection, projection.dataset_id, principal.user_id):
        raise NotFound(f"there is no projection `{projection_id}`")
    return projection


def _own_projection(
    connection: Connection, principal: Principal, projection_id: str, *, to: str
) -> tuple[Projection, Dataset]:
    """A map of a dataset of the caller. Raises NotFound, and NotAllowed for one that they only see."""
    projection = _visible_projection(connection, principal, projection_id)
    dataset = dataset_by_id(connection, projection.dataset_id)
    assert dataset is not None, f"projection {projection.id} without a dataset"
    require_owner(connection, dataset, principal.user_id, to=to)
    return projection, dataset


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
        how = standing(connection, projection)
    at, version = f"/api/projections/{projection.id}", projection.version
    return ProjectionDocument(
        id=projection.id,
        dataset_id=projection.dataset_id,
        method=projection.method,
        parameters=json.loads(projection.parameters),
        state=how.state,
        message=how.message,
        run_id=how.run_id,
        version=version,
        point_count=len(found.display_order()),
        sample_count=len(found.browsed),
        points_url=f"{at}/points.bin?v={version}" if version else None,
        density_url=f"{at}/density.png?v={version}" if version else None,
        columns=(*found.column_names, *(f"{TAG_PREFIX}{tag.id}" for tag in tags if not tag.is_initial)),
        created_at=projection.created_at,
        modified_at=projection.modified_at,
    )
