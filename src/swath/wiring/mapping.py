"""Maps that a person on this machine asks for: in this process, or through the server of the home."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import NotFound, SwathError
from swath.pipeline.ports import RunObserver
from swath.settings import Settings
from swath.store.home import ServerAddress
from swath.store.projection_runs import schedule_extension, schedule_map
from swath.store.projection_session import open_projection
from swath.store.projections import projection_of
from swath.store.sharing import find_own
from swath.store.users import local_user
from swath.wire.maps import MapParameters, ProjectionRunResult, complete_parameters
from swath.wiring.served import server_address
from swath.wiring.workspace import open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRequest:
    """Make the map of a dataset (name or id) by a method, or with `extends` put what it misses onto it."""

    dataset: str
    method: ProjectionMethod
    parameters: MapParameters
    extends: bool = False


def make_map(request: MapRequest, settings: Settings, *, observer: RunObserver) -> ProjectionRunResult:
    """Make or extend a map: through the server that uses the home, else in this process.

    Raises SwathError for what keeps it from starting; later the result says how it ended.
    """
    address = server_address(settings)
    if address is None:
        return _make_here(request, settings, observer)
    return _make_through_server(request, address, observer)


def _make_here(request: MapRequest, settings: Settings, observer: RunObserver) -> ProjectionRunResult:
    """Waits while another process uses the home."""
    # It brings numba: a command that goes through a server does without.
    from swath.pipeline.make_map import execute_projection_run

    def schedule(connection: Connection) -> str:
        owner_id = local_user(connection).id
        dataset = find_own(connection, request.dataset, owner_id, to="make maps of it")
        if not request.extends:
            parameters = complete_parameters(request.method, request.parameters)
            return schedule_map(connection, dataset, request.method, parameters, owner_id=owner_id)
        projection = projection_of(connection, dataset.id, request.method)
        if projection is None:
            raise _no_map(request)
        return schedule_extension(connection, projection, owner_id=owner_id)

    with open_workspace(settings) as workspace:
        what = f"a map of `{request.dataset}`"
        with workspace.home.lock(lambda notice: observer.note("INFO", notice), what=what):
            session = open_projection(workspace.store, workspace.home, schedule)
            return execute_projection_run(session.run_id, session.config, session, observer, threads=settings.threads)


def _make_through_server(request: MapRequest, address: ServerAddress, observer: RunObserver) -> ProjectionRunResult:
    """A worker of the server does it; this waits for its result. Ctrl-C cancels it."""
    from swath.client import Client
    from swath.wiring.served_runs import watch_run

    with Client(address.url, address.token) as client:
        dataset = client.datasets.get(request.dataset)
        if request.extends:
            found = next((one for one in dataset.projections if one.method is request.method), None)
            if found is None:
                raise _no_map(request)
            run = found.extend()
        else:
            parameters = request.parameters.model_dump(exclude_none=True)
            made = dataset.make_projection(request.method, parameters=parameters).run
            assert made is not None, "a map that is made without a run"
            run = made
        observer.note("INFO", f"run {run.id} waits for a worker of {address.url}")
        try:
            result = watch_run(run, observer)
        except KeyboardInterrupt:
            with suppress(SwathError):
                run.cancel()
            raise
    # One that never began has nothing to say but how it ended.
    return ProjectionRunResult.model_validate(result.model_dump())


def _no_map(request: MapRequest) -> NotFound:
    method = request.method.value
    return NotFound(
        f"dataset `{request.dataset}` has no {method} map",
        hint=f"Make it: `swath map {request.dataset} --method {method}`.",
    )
