"""A selection run: in this process, or for a worker that has claimed one."""

from __future__ import annotations

from swath.adapters.remote_selection import RemoteSelectionSession
from swath.client.transport import Transport
from swath.core.errors import InvalidConfig
from swath.core.runs import RunState
from swath.pipeline.ports import RunObserver
from swath.pipeline.select_again import execute_selection_run
from swath.settings import Settings
from swath.store import selection_runs
from swath.store.selection_runs import SelectionPlan
from swath.store.selection_session import open_selection
from swath.store.sharing import find_own
from swath.store.tags import find_tag, tag_members
from swath.store.users import local_user
from swath.wire.runs import Assignment
from swath.wire.selection_run import (
    SampleSelection,
    SelectionRunResult,
    parse_selection_run_config,
    requested_selection,
)
from swath.wiring.runs import kill_point
from swath.wiring.workspace import open_workspace


def select_here(
    settings: Settings,
    dataset: str,
    selection: SampleSelection,
    *,
    input_tag: str | None = None,
    preselected_tag: str | None = None,
    new_tag: str | None = None,
    dry_run: bool = False,
    observer: RunObserver,
) -> SelectionRunResult:
    """Choose among the samples of a dataset (of its tag `input_tag`) in this process; waits while another one uses
    the same home.

    Raises SwathError for what keeps a run from starting; once it has started, the result says how it ended.
    """
    with open_workspace(settings) as workspace:
        store, home = workspace.store, workspace.home
        with home.lock(lambda notice: observer.note("INFO", notice), what=f"a selection in `{dataset}`"):
            with store.reading() as connection:
                owner_id = local_user(connection).id
                found = find_own(connection, dataset, owner_id, to="start runs on it")
                members = None
                if input_tag is not None:
                    members = tag_members(connection, find_tag(connection, found.id, input_tag))
            plan = SelectionPlan(
                dataset=found,
                selection=requested_selection(selection, selection_runs.unit_of(found)),
                members=members,
                preselected_tag=preselected_tag,
                new_tag=new_tag,
                dry_run=dry_run,
            )
            session = open_selection(store, home, plan, owner_id=owner_id)
            return execute_selection_run(session.run_id, session.config, session, observer, threads=settings.threads)


def execute_claimed_selection(
    settings: Settings, transport: Transport, assignment: Assignment, observer: RunObserver
) -> SelectionRunResult:
    """Do a selection run that was claimed, to its end. Raises StaleLease if it is another worker's by now, and
    InvalidConfig, once the run is closed as FAILED, for one that this version does not understand."""
    session = RemoteSelectionSession(transport, assignment.run_id, assignment.lease, kill_point(settings))
    try:
        config = parse_selection_run_config(assignment.config)
    except InvalidConfig as exc:
        result = SelectionRunResult(
            run=assignment.run_id, state=RunState.FAILED.value, message=exc.message, hint=exc.hint
        )
        session.finish(RunState.FAILED, exc.message, result.model_dump_json())
        raise
    return execute_selection_run(assignment.run_id, config, session, observer, threads=settings.threads)
