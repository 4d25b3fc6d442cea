"""The line of a run that makes or extends a map to its dataset, answered by the database in this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import RunCancelled
from swath.core.runs import RunState
from swath.store import runs
from swath.store.database import Store
from swath.store.home import Home
from swath.store.projection_runs import keep_points, projection_config_of, read_placed_points, read_vector_rows
from swath.store.run_endings import close_abandoned_runs
from swath.store.selection_runs import begin_here
from swath.wire.maps import ProjectionRunConfig, ProjectionRunResult


def open_projection(store: Store, home: Home, schedule: Callable[[Connection], str]) -> StoreProjectionSession:
    """Start the run that `schedule` asks for in this process. The caller holds `home.lock` until the run is over.

    Raises as `schedule_map` and `schedule_extension` do; nothing is recorded then.
    """
    if not home.is_locked():
        raise RuntimeError("a run may only be opened while `home.lock` is held")
    with store.writing() as connection:
        close_abandoned_runs(connection)
    with store.writing() as connection:
        run_id = schedule(connection)
        begin_here(connection, run_id)
    return StoreProjectionSession(store, home, run_id)


class StoreProjectionSession:
    """Implements `pipeline.ports.ProjectionSession`, for a run of this process or (with its lease) of a worker."""

    def __init__(self, store: Store, home: Home, run_id: str, lease: int | None = None) -> None:
        self.run_id = run_id
        self._store = store
        self._home = home
        self._lease = lease

    @property
    def config(self) -> ProjectionRunConfig:
        with self._store.reading() as connection:
            return projection_config_of(runs.find_run(connection, self.run_id))

    def vectors(self) -> NDArray[np.float16]:
        with self._store.reading() as connection:
            run = runs.find_run(connection, self.run_id)
            return read_vector_rows(connection, self._home, run, first=0, count=None).vectors

    def points(self) -> NDArray[np.float32]:
        with self._store.reading() as connection:
            return read_placed_points(connection, self._home, runs.find_run(connection, self.run_id))

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

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        return keep_points(self._store, self._home, self.run_id, self._lease, first_index, points)

    def finish(self, state: RunState, message: str, result: str) -> None:
        with self._store.writing() as connection:
            if self._lease is None:
                runs.finish_run(connection, self.run_id, state, message=message, result=result)
            else:
                runs.finish_leased_run(connection, self.run_id, self._lease, state, message=message, result=result)
