"""Selection runs that a person on this machine asks for: in this process, or through the server of the home."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from swath.core.errors import SwathError
from swath.pipeline.ports import RunObserver
from swath.pipeline.select_again import execute_selection_run
from swath.settings import Settings
from swath.store import selection_runs
from swath.store.home import ServerAddress
from swath.store.selection_runs import SelectionPlan
from swath.store.selection_session import open_selection
from swath.store.sharing import find_own
from swath.store.tags import find_tag, tag_members
from swath.store.users import local_user
from swath.wire.selection_run import (
    SampleSelection,
    SelectionRunResult,
    requested_selection,
)
from swath.wiring.served import server_address
from swath.wiring.workspace import open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRequest:
    """Choose among the samples of a dataset (name or id): those of tag `input_tag`, all where none is named.

    Samples of `preselected_tag` count as chosen. What is chosen becomes tag `new_tag` (None: of a name that is made
    up); a dry run makes none.
    """

    dataset: str
    selection: SampleSelection
    input_tag: str | None = None
    preselected_tag: str | None = None
    new_tag: str | None = None
    dry_run: bool = False


def select_again(request: SelectionRequest, settings: Settings, *, observer: RunObserver) -> SelectionRunResult:
    """Do a selection run: through the server that uses the home, else in this process.

    Raises SwathError for what keeps it from starting; later the result says how it ended.
    """
    address = server_address(settings)
    if address is None:
        return _select_here(request, settings, observer)
    return _select_through_server(request, address, observer)


def _select_here(request: SelectionRequest, settings: Settings, observer: RunObserver) -> SelectionRunResult:
    """Waits while another process uses the home."""
    with open_workspace(settings) as workspace:
        store, home = workspace.store, workspace.home
        what = f"a selection in `{request.dataset}`"
        with home.lock(lambda notice: observer.note("INFO", notice), what=what):
            with store.reading() as connection:
                owner_id = local_user(connection).id
                dataset = find_own(connection, request.dataset, owner_id, to="start runs on it")
                members = input_tag = None
                if request.input_tag is not None:
                    tag = find_tag(connection, dataset.id, request.input_tag)
                    members, input_tag = tag_members(connection, tag), tag.name
            plan = SelectionPlan(
                dataset=dataset,
                selection=requested_selection(request.selection, selection_runs.unit_of(dataset)),
                members=members,
                input_tag=input_tag,
                preselected_tag=request.preselected_tag,
                new_tag=request.new_tag,
                dry_run=request.dry_run,
            )
            session = open_selection(store, home, plan, owner_id=owner_id)
            return execute_selection_run(session.run_id, session.config, session, observer, threads=settings.threads)


def _select_through_server(
    request: SelectionRequest, address: ServerAddress, observer: RunObserver
) -> SelectionRunResult:
    """A worker of the server does it; this waits for its result. Ctrl-C cancels it."""
    from swath.client import Client
    from swath.wiring.served_runs import watch_run

    with Client(address.url, address.token) as client:
        run = client.runs.select(
            request.dataset,
            selection=request.selection.model_dump(mode="json"),
            dry_run=request.dry_run,
            input_tag=request.input_tag,
            preselected_tag=request.preselected_tag,
            new_tag=request.new_tag,
        )
        observer.note("INFO", f"run {run.id} waits for a worker of {address.url}")
        try:
            result = watch_run(run, observer)
        except KeyboardInterrupt:
            with suppress(SwathError):
                run.cancel()
            raise
    # One that never began has nothing to say but how it ended.
    return SelectionRunResult.model_validate(result.model_dump())
