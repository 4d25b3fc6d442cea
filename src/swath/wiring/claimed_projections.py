"""A run that makes or extends a map and that a worker has claimed, done to its end."""

from __future__ import annotations

from swath.adapters.remote_projection import RemoteProjectionSession
from swath.client.transport import Transport
from swath.pipeline.ports import RunObserver
from swath.settings import Settings
from swath.wire.maps import ProjectionRunResult, parse_projection_run_config
from swath.wire.runs import Assignment
from swath.wiring.claimed_configs import understood_config
from swath.wiring.runs import kill_point


def execute_claimed_projection(
    settings: Settings, transport: Transport, assignment: Assignment, observer: RunObserver
) -> ProjectionRunResult:
    """Do such a run that was claimed, to its end. Raises StaleLease if it is another worker's by now, and
    InvalidConfig, once the run is closed as FAILED, for one that this version does not understand."""
    # It brings numba: a worker that never makes a map does without.
    from swath.pipeline.make_map import execute_projection_run

    session = RemoteProjectionSession(transport, assignment.run_id, assignment.lease, kill_point(settings))
    config = understood_config(parse_projection_run_config, assignment, session, ProjectionRunResult)
    return execute_projection_run(assignment.run_id, config, session, observer, threads=settings.threads)
