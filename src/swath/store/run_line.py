"""What the lines of all runs on the samples of a dataset to the database have in common: state, log and end."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import Connection

from swath.core.errors import RunCancelled
from swath.core.runs import RunState
from swath.store import runs
from swath.store.database import Store
from swath.store.home import Home
from swath.store.run_endings import close_abandoned_runs
from swath.store.selection_runs import begin_here


def begin_scheduled(store: Store, home: Home, schedule: Callable[[Connection], str]) -> str:
    """Schedule a run and begin it in this process; returns its id. The caller holds `home.lock` until it is over.

    Raises as `schedule` does; nothing is recorded then.
    """
    if not home.is_locked():
        raise RuntimeError("a run may only be opened while `home.lock` is held")
    with store.writing() as connection:
        close_abandoned_runs(connection)
    with store.writing() as connection:
        run_id = schedule(connection)
        begin_here(connection, run_id)
    return run_id


class StoreRunLine:
    """A run of this process or (with its lease) of a worker."""

    def __init__(self, store: Store, home: Home, run_id: str, lease: int | None = None) -> None:
        self.run_id = run_id
        self._store = store
        self._home = home
        self._lease = lease

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

    def finish(self, state: RunState, message: str, result: str) -> None:
        with self._store.writing() as connection:
            if self._lease is None:
                runs.finish_run(connection, self.run_id, state, message=message, result=result)
            else:
                runs.finish_leased_run(connection, self.run_id, self._lease, state, message=message, result=result)
