"""A selection run that a worker has claimed, done to its end."""

from __future__ import annotations

from swath.adapters.remote_selection import RemoteSelectionSession
from swath.client.transport import Transport
from swath.pipeline.ports import RunObserver
from swath.pipeline.select_again import execute_selection_run
from swath.settings import Settings
from swath.wire.runs import Assignment
from swath.wire.selection_run import SelectionRunResult, parse_selection_run_config
from swath.wiring.claimed_configs import understood_config
from swath.wiring.runs import kill_point


def execute_claimed_selection(
    settings: Settings, transport: Transport, assignment: Assignment, observer: RunObserver
) -> SelectionRunResult:
    """Do a selection run that was claimed, to its end. Raises StaleLease if it is another worker's by now, and
    InvalidConfig, once the run is closed as FAILED, for one that this version does not understand."""
    session = RemoteSelectionSession(transport, assignment.run_id, assignment.lease, kill_point(settings))
    config = understood_config(parse_selection_run_config, assignment, session, SelectionRunResult)
    return execute_selection_run(assignment.run_id, config, session, observer, threads=settings.threads)
