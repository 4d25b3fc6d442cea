"""Runs that make or extend maps: what the worker that holds one reads and hands in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from swath.server.api.worker_protocol import COLUMNS, LeaseDep
from swath.server.dependencies import ServicesDep
from swath.server.map_extensions import extend_maps
from swath.server.run_events import publish_run
from swath.store import runs
from swath.store.projection_runs import keep_points, projection_config_of, read_placed_points, read_vector_rows
from swath.wire.columns import MEDIA_TYPE, write_columns
from swath.wire.maps import ProjectionRunResult, read_new_points
from swath.wire.selection_pages import MOST_ROWS

router = APIRouter(tags=["worker protocol"])

First = Annotated[int, Query(ge=0, lt=2**31, description="number of the first row")]
Count = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows, at most")]


@router.get("/runs/{run}/session/vectors", response_class=Response, responses=COLUMNS)
def get_vectors(services: ServicesDep, lease: LeaseDep, first: First, count: Count) -> Response:
    """Embeddings of the samples of the dataset of a map, by index: column `vector`; the head's `total` counts all.

    It may grow from one answer to the next; what is there does not change its place.
    """
    with services.store.reading() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        rows = read_vector_rows(connection, services.home, found, first=first, count=count)
    return Response(write_columns({"vector": rows.vectors}, {"total": rows.total}), media_type=MEDIA_TYPE)


@router.get("/runs/{run}/session/points", response_class=Response, responses=COLUMNS)
def get_placed_points(services: ServicesDep, lease: LeaseDep) -> Response:
    """The points that are on the map that a run extends, by sample index: column `point` (NaN: no place); none for a
    run that makes it."""
    with services.store.reading() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        points = read_placed_points(connection, services.home, found)
    return Response(write_columns({"point": points}), media_type=MEDIA_TYPE)


@router.put("/runs/{run}/projection")
def put_projection(
    services: ServicesDep, lease: LeaseDep, document: Annotated[bytes, Body(media_type=MEDIA_TYPE)]
) -> ProjectionRunResult:
    """The points that a run has made: the next version of the map, and the end of the run. The same again answers the
    same."""
    first_index, points = read_new_points(document)
    services.at_point("before_finish")
    result = keep_points(services.store, services.home, lease.run_id, lease.number, first_index, points)
    services.at_point("after_finish")
    with services.store.reading() as connection:
        found = runs.find_run(connection, lease.run_id)
    publish_run(services, found)
    services.events.publish("worker", id=found.worker_id or "", owner_id=found.owner_id)
    # More samples may have come while it worked.
    extend_maps(services, projection_config_of(found).dataset_id)
    return result
