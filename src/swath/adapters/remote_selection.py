"""A selection run's line to its dataset over HTTP: what a worker has in the place of the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from swath.adapters.remote_run_line import RemoteRunLine
from swath.core.candidates import Candidates, InputPage, StrategyInput, categories_of_pages, strategy_input
from swath.core.embeddings import STORED_DTYPE
from swath.core.objects import KEY_BYTES
from swath.wire.selection_pages import GroupPage, SamplePage, read_group_page, read_placed_page, read_sample_page
from swath.wire.selection_run import Choice, SelectionRunResult, write_choice

ROWS_AT_ONCE = 20_000
"""In one answer: some 50 MB of vectors, soon enough repeated."""


class RemoteSelectionSession(RemoteRunLine):
    """Implements `pipeline.ports.SelectionSession` for the run that a worker holds under a lease."""

    def candidates(self) -> Candidates:
        first_page = self._sample_page("candidates", 0)
        samples, before = self._samples("candidates", first_page), self._samples("preselected")
        groups, groups_before = list(self._groups("candidates")), list(self._groups("preselected"))
        has_images = all(group.image_of is not None for group in groups)
        return Candidates(
            sample_indices=samples.sample_indices,
            keys=samples.keys,
            vectors=samples.vectors,
            preselected=before.vectors,
            inputs=tuple(self._input(number) for number in range(first_page.strategies)),
            image_of=np.concatenate([group.image_of for group in groups]) if has_images else None,
            categories=categories_of_pages(
                [group.categories for group in groups], [group.categories for group in groups_before]
            ),
        )

    def keep(self, choice: Choice) -> SelectionRunResult:
        answer = self._hand_in("selection", write_choice(choice))
        return SelectionRunResult.model_validate(answer, extra="ignore")

    def _samples(self, which: str, first_page: SamplePage | None = None) -> SamplePage:
        """All of them, with no second copy of their vectors beside the pages that are being read."""
        page = self._sample_page(which, 0) if first_page is None else first_page
        total = page.total
        whole = SamplePage(
            total=total,
            strategies=page.strategies,
            sample_indices=np.empty(total, dtype=np.int64),
            keys=np.empty((total, KEY_BYTES), dtype=np.uint8),
            vectors=np.empty((total, page.vectors.shape[1]), dtype=STORED_DTYPE),
        )
        first = 0
        while True:
            end = first + len(page.sample_indices)
            whole.sample_indices[first:end] = page.sample_indices
            whole.keys[first:end] = page.keys
            whole.vectors[first:end] = page.vectors
            if end >= total:
                return whole
            first, page = end, self._sample_page(which, end)

    def _sample_page(self, which: str, first: int) -> SamplePage:
        return read_sample_page(self._get("candidates", which, first))

    def _groups(self, which: str) -> Iterator[GroupPage]:
        first, total = 0, 1
        while first < total:
            page = read_group_page(self._get("groups", which, first))
            total, first = page.total, first + ROWS_AT_ONCE
            yield page

    def _input(self, strategy: int) -> StrategyInput:
        what = f"inputs/{strategy}"
        candidates = list(self._input_pages(what, "candidates"))
        is_known = candidates[0] is not None
        return strategy_input(
            candidates,
            list(self._input_pages(what, "preselected")) if is_known else [],
            list(self._input_pages(what, "query")),
        )

    def _input_pages(self, what: str, which: str) -> Iterator[InputPage | None]:
        """All pages, at least one; a single one where nothing is to be known."""
        first, total = 0, 1
        while first < total:
            placed = read_placed_page(self._get(what, which, first))
            yield placed.page
            if placed.page is None:
                return
            total, first = placed.total, max(placed.next, first + 1)

    def _get(self, what: str, which: str, first: int) -> bytes:
        query: dict[str, Any] = {"which": which, "first": first, "count": ROWS_AT_ONCE}
        return self._transport.get_bytes(f"{self._path}/session/{what}", query, headers=self._headers)
