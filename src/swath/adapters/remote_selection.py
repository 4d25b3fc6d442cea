"""A selection run's line to its dataset over HTTP: what a worker has in the place of the database."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.candidates import Candidates, Choice
from swath.core.embeddings import STORED_DTYPE
from swath.core.objects import KEY_BYTES
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint
from swath.wire.columns import Columns, read_columns
from swath.wire.runs import LEASE_HEADER
from swath.wire.selection_run import SelectionRunResult, write_choice

ROWS_AT_ONCE = 20_000
"""In one answer: some 50 MB of vectors, soon enough repeated."""


def do_nothing(point: str) -> None:
    """The kill point of every worker outside tests."""


class RemoteSelectionSession:
    """Implements `pipeline.ports.SelectionSession` for the run that a worker holds under a lease.

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

    def candidates(self) -> Candidates:
        pages = list(self._pages("candidates"))
        return Candidates(
            sample_indices=np.concatenate([page.array("sample_index", np.int64) for page in pages]),
            keys=np.concatenate([page.array("key", np.uint8, (None, KEY_BYTES)) for page in pages]),
            vectors=np.concatenate([page.array("vector", STORED_DTYPE, (None, None)) for page in pages]),
            preselected=np.concatenate(
                [page.array("vector", STORED_DTYPE, (None, None)) for page in self._pages("preselected")]
            ),
        )

    def enter(self, state: RunState) -> None:
        self._run.enter(state)

    def log(self, level: str, message: str) -> None:
        self._run.log(level, message)

    def keep(self, choice: Choice) -> SelectionRunResult:
        self._run.flush_log()
        self._at_point("before_finish")
        answer = self._transport.put_bytes(f"{self._path}/selection", write_choice(choice), headers=self._headers)
        return SelectionRunResult.model_validate(answer, extra="ignore")

    def finish(self, state: RunState, message: str, result: str) -> None:
        self._run.finish(state, message, result)

    def _pages(self, what: str) -> Iterator[Columns]:
        """All rows in pages, at least one. They were settled when the run was asked for."""
        first, total = 0, 1
        while first < total:
            path, query = f"{self._path}/session/{what}", {"first": first, "count": ROWS_AT_ONCE}
            page = read_columns(self._transport.get_bytes(path, query, headers=self._headers), what=f"`{what}`")
            total = page.count("total")
            yield page
            first += ROWS_AT_ONCE
