"""The line of a run that makes or extends a map to its dataset, over HTTP: what a worker has in the place of the
database."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.adapters.remote_run_line import RemoteRunLine
from swath.adapters.remote_session import RANGE_BYTES
from swath.core.embeddings import STORED_DTYPE
from swath.wire.columns import Columns, read_columns
from swath.wire.maps import ProjectionRunResult, write_new_points

FIRST_ROWS = 1_000
"""In the first answer, which also says how long the vectors are."""


class RemoteProjectionSession(RemoteRunLine):
    """Implements `pipeline.ports.ProjectionSession` for the run that a worker holds under a lease."""

    def vectors(self) -> NDArray[np.float16]:
        page = self._vectors(0, FIRST_ROWS)
        total = page.count("total")
        first_rows = page.array("vector", STORED_DTYPE, (None, None))
        found = np.empty((total, first_rows.shape[1]), dtype=STORED_DTYPE)
        found[: len(first_rows)] = first_rows
        done = len(first_rows)
        rows_at_once = max(1, RANGE_BYTES // max(1, found.itemsize * found.shape[1]))
        while done < total:
            # Samples that came in meanwhile are not asked for.
            count = min(rows_at_once, total - done)
            rows = self._vectors(done, count).array("vector", STORED_DTYPE, (count, found.shape[1]))
            found[done : done + count] = rows
            done += count
        return found

    def points(self) -> NDArray[np.float32]:
        data = self._transport.get_bytes(f"{self._path}/session/points", headers=self._headers)
        return read_columns(data, what="`points`").array("point", np.float32, (None, 2))

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        answer = self._hand_in("projection", write_new_points(first_index, points))
        return ProjectionRunResult.model_validate(answer, extra="ignore")

    def _vectors(self, first: int, count: int) -> Columns:
        query = {"first": first, "count": count}
        data = self._transport.get_bytes(f"{self._path}/session/vectors", query, headers=self._headers)
        return read_columns(data, what="`vectors`")
