"""A selection run's line to its dataset, answered by the database in this process."""

from __future__ import annotations

from swath.core.candidates import Candidates, Choice
from swath.core.errors import RunCancelled
from swath.core.runs import RunState
from swath.store import runs
from swath.store.database import Store
from swath.store.home import Home
from swath.store.run_endings import close_abandoned_runs
from swath.store.selection_runs import (
    SelectionPlan,
    begin_here,
    keep_choice,
    load_candidates,
    schedule_selection,
    selection_config_of,
)
from swath.wire.selection_run import SelectionRunConfig, SelectionRunResult


def open_selection(store: Store, home: Home, plan: SelectionPlan, *, owner_id: str) -> StoreSelectionSession:
    """Start a selection run in this process. The caller holds `home.lock` until the run is over.

    Raises as `schedule_selection` does; nothing is recorded then.
    """
    if not home.is_locked():
        raise RuntimeError("a run may only be opened while `home.lock` is held")
    with store.writing() as connection:
        close_abandoned_runs(connection)
    with store.writing() as connection:
        run_id = schedule_selection(connection, plan, owner_id=owner_id)
        begin_here(connection, run_id)
    return StoreSelectionSession(store, home, run_id)


class StoreSelectionSession:
    """Implements `pipeline.ports.SelectionSession`, for a run of this process or (with its lease) of a worker."""

    def __init__(self, store: Store, home: Home, run_id: str, lease: int | None = None) -> None:
        self.run_id = run_id
        self._store = store
        self._home = home
        self._lease = lease

    @property
    def config(self) -> SelectionRunConfig:
        with self._store.reading() as connection:
            return selection_config_of(runs.find_run(connection, self.run_id))

    def candidates(self) -> Candidates:
        with self._store.reading() as connection:
            return load_candidates(connection, self._home, runs.find_run(connection, self.run_id))

    def enter(self, state: RunState) -> None:
        with self._store.writing() as connection:
            run = runs.find_run(connection, self.run_id)
            if self._lease is not None:
                runs.check_lease(connection, run.id, self._lease)
            if self._lease is None or run.state is not state:
                runs.move_run(connection, run.id, state)
        if run.cancel_requested:
            raise RunCancelled(f"run `{self.run_id}` was cancelled")

    def log(self, level: str, message: str) -> None:
        with self._store.writing(durable=False) as connection:
            runs.append_log(connection, self.run_id, level, message)

    def keep(self, choice: Choice) -> SelectionRunResult:
        return keep_choice(self._store, self.run_id, self._lease, choice)

    def finish(self, state: RunState, message: str, result: str) -> None:
        with self._store.writing() as connection:
            if self._lease is None:
                runs.finish_run(connection, self.run_id, state, message=message, result=result)
            else:
                runs.finish_leased_run(connection, self.run_id, self._lease, state, message=message, result=result)
