"""A selection run's line to its dataset over HTTP: what a worker has in the place of the database."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from swath.adapters.remote_run_line import RemoteRunLine
from swath.core.candidates import Candidates, Choice
from swath.core.embeddings import STORED_DTYPE
from swath.core.objects import KEY_BYTES
from swath.wire.columns import Columns, read_columns
from swath.wire.selection_run import SelectionRunResult, write_choice

ROWS_AT_ONCE = 20_000
"""In one answer: some 50 MB of vectors, soon enough repeated."""


class RemoteSelectionSession(RemoteRunLine):
    """Implements `pipeline.ports.SelectionSession` for the run that a worker holds under a lease."""

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

    def keep(self, choice: Choice) -> SelectionRunResult:
        answer = self._hand_in("selection", write_choice(choice))
        return SelectionRunResult.model_validate(answer, extra="ignore")

    def _pages(self, what: str) -> Iterator[Columns]:
        """All rows in pages, at least one. They were settled when the run was asked for."""
        first, total = 0, 1
        while first < total:
            path, query = f"{self._path}/session/{what}", {"first": first, "count": ROWS_AT_ONCE}
            page = read_columns(self._transport.get_bytes(path, query, headers=self._headers), what=f"`{what}`")
            total = page.count("total")
            yield page
            first += ROWS_AT_ONCE
