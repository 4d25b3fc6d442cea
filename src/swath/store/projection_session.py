"""The line of a run that makes or extends a map to its dataset, answered by the database in this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.store import runs
from swath.store.database import Store
from swath.store.home import Home
from swath.store.projection_runs import keep_points, projection_config_of, read_placed_points, read_vector_rows
from swath.store.run_line import StoreRunLine, begin_scheduled
from swath.wire.maps import ProjectionRunConfig, ProjectionRunResult


def open_projection(store: Store, home: Home, schedule: Callable[[Connection], str]) -> StoreProjectionSession:
    """Start the run that `schedule` asks for in this process. The caller holds `home.lock` until the run is over.

    Raises as `schedule_map` and `schedule_extension` do; nothing is recorded then.
    """
    run_id = begin_scheduled(store, home, schedule)
    return StoreProjectionSession(store, home, run_id)


class StoreProjectionSession(StoreRunLine):
    """Implements `pipeline.ports.ProjectionSession`, for a run of this process or (with its lease) of a worker."""

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

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        return keep_points(self._store, self._home, self.run_id, self._lease, first_index, points)
