"""A selection run's line to its dataset, answered by the database in this process."""

from __future__ import annotations

from swath.core.candidates import Candidates
from swath.store import runs
from swath.store.database import Store
from swath.store.home import Home
from swath.store.run_line import StoreRunLine, begin_scheduled
from swath.store.selection_candidates import CandidateReader, selection_config_of
from swath.store.selection_runs import SelectionPlan, keep_choice, schedule_selection, with_inputs
from swath.wire.selection_run import Choice, SelectionRunConfig, SelectionRunResult


def open_selection(store: Store, home: Home, plan: SelectionPlan, *, owner_id: str) -> StoreSelectionSession:
    """Start a selection run in this process. The caller holds `home.lock` until the run is over.

    Raises as `schedule_selection` does; nothing is recorded then.
    """
    with store.reading() as connection:
        plan = with_inputs(connection, plan, owner_id=owner_id)
    run_id = begin_scheduled(store, home, lambda connection: schedule_selection(connection, plan, owner_id=owner_id))
    return StoreSelectionSession(store, home, run_id)


class StoreSelectionSession(StoreRunLine):
    """Implements `pipeline.ports.SelectionSession`, for a run of this process or (with its lease) of a worker."""

    @property
    def config(self) -> SelectionRunConfig:
        with self._store.reading() as connection:
            return selection_config_of(runs.find_run(connection, self.run_id))

    def candidates(self) -> Candidates:
        with self._store.reading() as connection:
            run = runs.find_run(connection, self.run_id)
            return CandidateReader(connection, self._home, run).everything()

    def keep(self, choice: Choice) -> SelectionRunResult:
        return keep_choice(self._store, self.run_id, self._lease, choice)
