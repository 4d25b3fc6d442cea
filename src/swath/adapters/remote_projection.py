"""The line of a run that makes or extends a map to its dataset, over HTTP: what a worker has in the place of the
database."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.adapters.remote_session import RANGE_BYTES, RemoteRunSession
from swath.client.transport import Transport
from swath.core.embeddings import STORED_DTYPE
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint
from swath.wire.columns import Columns, read_columns
from swath.wire.maps import ProjectionRunResult, write_new_points
from swath.wire.runs import LEASE_HEADER

FIRST_ROWS = 1_000
"""In the first answer, which also says how long the vectors are."""


def do_nothing(point: str) -> None:
    """The kill point of every worker outside tests."""


class RemoteProjectionSession:
    """Implements `pipeline.ports.ProjectionSession` for the run that a worker holds under a lease.

    Every method raises StaleLease once the run is another worker's, and SourceUnavailable when the server did not
    answer for as long as the transport is patient.
    """

    def __init__(self, transport: Transport, run_id: str, lease: int, at_point: KillPoint = do_nothing) -> None:
        self._transport = transport
        self._path = f"/runs/{run_id}"
        self._headers = {LEASE_HEADER: str(lease)}
        self._at_point = at_point
        # States, log and end are those of any run.
        self._run = RemoteRunSession(transport, run_id, lease, at_point)

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

    def enter(self, state: RunState) -> None:
        self._run.enter(state)

    def log(self, level: str, message: str) -> None:
        self._run.log(level, message)

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        self._run.flush_log()
        self._at_point("before_finish")
        document = write_new_points(first_index, points)
        answer = self._transport.put_bytes(f"{self._path}/projection", document, headers=self._headers)
        return ProjectionRunResult.model_validate(answer, extra="ignore")

    def finish(self, state: RunState, message: str, result: str) -> None:
        self._run.finish(state, message, result)

    def _vectors(self, first: int, count: int) -> Columns:
        query = {"first": first, "count": count}
        data = self._transport.get_bytes(f"{self._path}/session/vectors", query, headers=self._headers)
        return read_columns(data, what="`vectors`")
